"""Measuring operations one after the other, again and again, with a stopwatch that waits for the device.

A device may only queue what it is told to do. So the clock is read when the queue is empty, before a batch of
iterations and after it, and never in between. Batches of the operations that are compared take turns: what slows the
machine down for a while slows all of them.
"""
import math
import time

from spec.benchmarks import checks

BATCH = 0.01
"""Seconds that a batch takes at least; the iterations in it are chosen for that."""

WARM_UP = 0.05
"""Seconds for which an operation is repeated before it is measured; an operation that takes longer is run once."""

MOST_ITERATIONS = 3 * 10**5
"""The number of iterations that takes more time than BATCH, whatever is done in one."""

ROUNDS = (3, 25)
"""The fewest and the most batches of an operation."""


class Stopwatch:
    """A timer of pytest-benchmark that waits for the device before it reads the clock.

    synchronize  returns when the device has done all it was told to do
    clock        returns seconds
    iterations   how many iterations a batch has: what is read are seconds for one of them
    """

    def __init__(self, synchronize, clock=time.perf_counter):
        self.synchronize, self.clock, self.iterations = synchronize, clock, 1

    def __call__(self):
        self.synchronize()
        return self.clock() / self.iterations

    def seconds(self, batch):
        """Return the seconds for each of its iterations that a batch takes."""
        self.iterations = batch.count
        start = self()
        batch()
        return self() - start


class Operation:
    """One thing that is measured.

    name     what it is called in its group
    run      does it once; called without an argument, or with what `prepare` returned
    prepare  makes, outside the measured time, what one run needs and uses up; None where a run uses nothing up
    work     how much of `unit` one run does at least: "flop", "byte", or "second" of waiting; None where it does
             nothing that can be counted
    """

    def __init__(self, name, run, prepare=None, work=None, unit="flop"):
        self.name, self.run, self.prepare, self.work, self.unit = name, run, prepare, work, unit

    def batch(self, count):
        """Return a Batch of so many runs, ready to be called once."""
        return Batch(self.run, count, None if self.prepare is None else [self.prepare() for _ in range(count)])


class Batch:
    """Some runs of an operation, to be called once."""

    def __init__(self, run, count, inputs):
        self.run, self.count, self.inputs = run, count, inputs

    def __call__(self):
        run = self.run
        if self.inputs is None:
            for _ in range(self.count):
                run()
        else:
            for given in self.inputs:
                run(given)


def iterations(operation, stopwatch):
    """Warm an operation up, and return how many iterations a batch of it needs to take BATCH seconds.

    Raises checks.WrongTiming where no number does.
    """
    spent, count, seconds = 0.0, 1, 0.0
    while spent < WARM_UP:
        seconds = stopwatch.seconds(operation.batch(1))
        spent += max(seconds, 1e-6)
    while seconds < BATCH:
        if count >= MOST_ITERATIONS:
            raise checks.WrongTiming("{}: {} iterations take no time".format(operation.name, count))
        count = max(2 * count, min(10 * count, math.ceil(1.2 * count * BATCH / max(seconds, 1e-9))))
        seconds = count * stopwatch.seconds(operation.batch(count))
    return count


def in_turn(benchmark, stopwatch, operations, synchronize, peaks, budget=0.5):
    """Measure operations in turn, check the times, and return {name: {"iterations", "data", "checks", "work", "unit"}}.

    benchmark    pytest-benchmark's fixture, whose timer is the stopwatch; its row is that of the first operation
    synchronize  empties the device's queue, whatever the stopwatch does
    peaks        {unit: the most of it that the device can do in a second}
    budget       about how many seconds the rounds take; ``data`` has one time for each round, in seconds an iteration

    Raises checks.WrongTiming where the times cannot be right.
    """
    counts = [iterations(operation, stopwatch) for operation in operations]
    left = [checks.nothing_left(operation, count, stopwatch, synchronize)
            for operation, count in zip(operations, counts)]
    seconds, growth = zip(*[checks.proportional(operation, count, stopwatch)
                            for operation, count in zip(operations, counts)])
    expected = sum(count * taken for count, taken in zip(counts, seconds))
    rounds = int(min(max(budget / expected, ROUNDS[0]), ROUNDS[1]))
    data = [[] for _ in operations]

    def others():
        for operation, count, times in list(zip(operations, counts, data))[1:]:
            times.append(stopwatch.seconds(operation.batch(count)))
        batch = operations[0].batch(counts[0])
        stopwatch.iterations = counts[0]
        return (batch,), {}

    benchmark.pedantic(lambda batch: batch(), setup=others, rounds=rounds, iterations=1)
    data[0] = list(benchmark.stats.stats.data)
    for operation, times, count, taken in zip(operations, data, counts, seconds):
        checks.steady(operation, count, stopwatch, taken)
        checks.possible(operation, min(times), peaks)
    return {operation.name: {"iterations": count, "data": times, "work": operation.work, "unit": operation.unit,
                             "checks": {"left": share, "growth": factors}}
            for operation, count, times, share, factors in zip(operations, counts, data, left, growth)}
