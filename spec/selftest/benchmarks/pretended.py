"""A device that works off a queue on a clock of its own, and a stand-in for pytest-benchmark's fixture."""
from types import SimpleNamespace


class QueueingDevice:
    """A device that does what it is told later.

    now     the clock, in seconds
    launch  how long it takes to tell it to do something
    depth   how many seconds of work may wait; telling it to do more waits
    """

    def __init__(self, launch=1e-6, depth=float("inf")):
        self.now, self.launch, self.depth, self._idle_from = 0.0, launch, depth, 0.0

    def do(self, seconds):
        """Tell it to do something that takes so many seconds."""
        self.now += self.launch
        self._idle_from = max(self._idle_from, self.now) + seconds
        self.now = max(self.now, self._idle_from - self.depth)

    def clock(self):
        """Return the time; looking at the clock takes a while."""
        self.now += 1e-7
        return self.now

    def synchronize(self):
        """Wait until everything is done."""
        self.now = max(self.now, self._idle_from)

    def forget(self):
        """Return as if everything was done, as a timer does that does not wait."""


class Benchmark:
    """What pytest-benchmark's fixture does with a target and its setup, by any timer."""

    def __init__(self, timer):
        self._timer, self.stats = timer, None

    def pedantic(self, target, setup, rounds, iterations):
        assert iterations == 1
        data = []
        for _ in range(rounds):
            args, kwargs = setup()
            start = self._timer()
            target(*args, **kwargs)
            data.append(self._timer() - start)
        self.stats = SimpleNamespace(stats=SimpleNamespace(data=data))
