"""What shows a measured time to be none: four checks that every benchmark makes of itself.

nothing_left  after the stopwatch was read, the device's queue is empty
proportional  twice and three times the iterations take twice and three times as long
steady        later iterations do not take ever longer
possible      no more work is done in a second than the hardware can do
"""

TOLERANCE = 0.3
"""How far the time for k times the iterations may be from k times the time, as a share of it."""

LEFT = 0.1
"""The share of a batch's time that emptying the queue may take after the batch; an empty queue takes no time."""

ATTEMPTS, PATIENCE = 5, 8.0
"""How often, and for how many seconds, batches are timed anew before a time is refused: at least both.

What else the machine does only adds to a time, so the least one counts.
"""

SHORT = 0.1
"""The share of a measured batch that is enough for a check: a short batch more often goes undisturbed."""

LONG = 0.1
"""Seconds from which on an operation is timed for one and two iterations only."""

DRIFT = 2
"""How many times longer than before the rounds an iteration may take after them."""


class WrongTiming(Exception):
    """A time that cannot be right; the text says why."""


def nothing_left(operation, count, stopwatch, synchronize):
    """Return the time that the device goes on after the stopwatch was read, as a share of what was read."""
    shares = []
    for _ in _attempts(stopwatch.clock):
        seconds = count * stopwatch.seconds(operation.batch(count))
        before = stopwatch.clock()
        synchronize()
        shares.append(ratio(stopwatch.clock() - before, seconds))
        if shares[-1] <= LEFT:
            return shares[-1]
    raise WrongTiming("{}: the device went on for {:.0%} of the measured time after the clock was read".format(
        operation.name, min(shares)))


def proportional(operation, count, stopwatch):
    """Return the seconds for an iteration, and {k: the time of k times the iterations over k times the time}."""
    least, count = {}, _short(count)
    for _ in _attempts(stopwatch.clock):
        for factor in (1, 2, 3):
            if factor < 3 or count * least[1] < LONG:
                taken = stopwatch.seconds(operation.batch(factor * count))
                least[factor] = min(taken, least.get(factor, taken))
        growth = {factor: ratio(seconds, least[1]) for factor, seconds in least.items() if factor > 1}
        if all(abs(value - 1) <= TOLERANCE for value in growth.values()):
            return least[1], growth
    factor = max(growth, key=lambda factor: abs(growth[factor] - 1))
    raise WrongTiming("{}: {} iterations take {:.3g} times as long as they should by the time of {}".format(
        operation.name, factor * count, growth[factor], count))


def steady(operation, count, stopwatch, seconds):
    """Raise WrongTiming where an iteration takes much longer now than the seconds that `proportional` found earlier."""
    taken = []
    for _ in _attempts(stopwatch.clock):
        taken.append(stopwatch.seconds(operation.batch(_short(count))))
        if taken[-1] <= DRIFT * seconds:
            return
    raise WrongTiming("{}: it takes longer and longer, {:.3g} seconds at first and then {:.3g}".format(
        operation.name, seconds, min(taken)))


def _short(count):
    return max(1, round(SHORT * count))


def _attempts(clock):
    """Yield the numbers of the attempts, until there were enough of them and they took long enough."""
    start = clock()
    for number in range(100 * ATTEMPTS):
        if number >= ATTEMPTS and clock() - start >= PATIENCE:
            return
        yield number


def ratio(a, b):
    """Return a / b, infinite where b is 0."""
    return a / b if b > 0 else float("inf")


def possible(operation, seconds, peaks):
    """Raise WrongTiming where a run in so many seconds would do more work in a second than `peaks` has for its unit."""
    if operation.work is not None and ratio(operation.work, seconds) > peaks[operation.unit]:
        raise WrongTiming("{}: {:.3g} {} in a second are more than the {:.3g} that the hardware can do".format(
            operation.name, ratio(operation.work, seconds), operation.unit, peaks[operation.unit]))
