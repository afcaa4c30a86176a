"""The stopwatch waits for the device; times that are none are caught."""
import pytest

from spec.benchmarks import checks
from spec.benchmarks.timing import Batch, Operation, Stopwatch, in_turn, iterations
from spec.selftest.benchmarks.pretended import Benchmark, QueueingDevice

PEAKS = {"flop": 1e12, "byte": 1e12, "second": 1.0}


def measured(device, operations, wait=None, **options):
    stopwatch = Stopwatch(wait or device.synchronize, device.clock)
    return in_turn(Benchmark(stopwatch), stopwatch, operations, device.synchronize, PEAKS, **options)


def test_a_stopwatch_that_waits_reads_the_time_that_the_device_takes():
    device = QueueingDevice()
    found = measured(device, [Operation("mm", lambda: device.do(1e-3), work=1e6)])["mm"]
    assert found["iterations"] >= 10
    assert all(abs(seconds / 1e-3 - 1) < 0.01 for seconds in found["data"])
    assert found["checks"]["left"] < 0.01
    assert all(abs(growth - 1) < 0.01 for growth in found["checks"]["growth"].values())


@pytest.mark.parametrize("depth", [float("inf"), 0.05], ids=["an endless queue", "a queue that fills up"])
@pytest.mark.parametrize("launch", [1e-6, 0.0], ids=["launches that take time", "launches that take none"])
def test_a_stopwatch_that_does_not_wait_is_caught(depth, launch):
    device = QueueingDevice(launch, depth)
    with pytest.raises(checks.WrongTiming):
        measured(device, [Operation("mm", lambda: device.do(1e-3))], device.forget)


def test_a_stopwatch_that_does_not_wait_leaves_work_in_the_queue():
    device = QueueingDevice(launch=1e-5)
    with pytest.raises(checks.WrongTiming, match="the device went on for"):
        measured(device, [Operation("mm", lambda: device.do(1e-3))], device.forget)


def test_the_time_of_a_stopwatch_that_does_not_wait_is_more_than_the_hardware_can_do():
    device = QueueingDevice()
    operation = Operation("mm", lambda: device.do(1e-3), work=1e8)
    for wait, right in ((device.synchronize, True), (device.forget, False)):
        device.synchronize()
        seconds = Stopwatch(wait, device.clock).seconds(operation.batch(10))
        if right:
            checks.possible(operation, seconds, PEAKS)
        else:
            with pytest.raises(checks.WrongTiming, match="flop in a second are more than the 1e.12"):
                checks.possible(operation, seconds, PEAKS)


def test_a_queue_that_fills_up_makes_the_time_of_a_stopwatch_that_does_not_wait_grow_out_of_proportion():
    device = QueueingDevice(launch=1e-6, depth=0.02)
    with pytest.raises(checks.WrongTiming, match="times as long as they should"):
        checks.proportional(Operation("mm", lambda: device.do(1e-3)), 100, Stopwatch(device.forget, device.clock))


class Whole(Operation):
    """An operation whose batch of n iterations takes the device seconds(n)."""

    def __init__(self, device, seconds):
        super().__init__("whole", lambda: None)
        self.device, self.seconds = device, seconds

    def batch(self, count):
        return Batch(lambda seconds: self.device.do(seconds), count, [self.seconds(count)])


@pytest.mark.parametrize("seconds", [
    lambda count: 1e-5 * count**2, lambda count: 0.5, lambda count: 0.1 + 1e-4 * count,
], ids=["grows with the square", "is paid only once", "is mostly paid once"])
def test_a_time_that_is_not_in_proportion_to_the_count_is_caught(seconds):
    device = QueueingDevice()
    with pytest.raises(checks.WrongTiming, match="times as long as they should"):
        measured(device, [Whole(device, seconds)])


def test_an_operation_that_takes_longer_each_time_is_caught():
    device, calls = QueueingDevice(), []

    def run():
        calls.append(0)
        device.do(1e-3 * 1.01**len(calls))
    with pytest.raises(checks.WrongTiming, match="longer and longer"):
        measured(device, [Operation("grows", run)], budget=10)


def test_an_operation_that_takes_no_time_is_caught():
    stopwatch = Stopwatch(lambda: None, lambda: 0.0)
    with pytest.raises(checks.WrongTiming, match="take no time"):
        iterations(Operation("nothing", lambda: None), stopwatch)


def test_noise_that_passes_is_no_fault():
    device, calls = QueueingDevice(), []

    def run():
        calls.append(0)
        device.do(1e-2 if 200 < len(calls) < 260 else 1e-3)
    assert measured(device, [Operation("disturbed", run)])


def test_operations_take_turns_so_that_a_slow_while_slows_both():
    device = QueueingDevice()
    slow = [1.0]

    def run(seconds):
        slow[0] *= 1.0002
        device.do(seconds * slow[0])
    found = measured(device, [Operation("a", lambda: run(2e-3)), Operation("b", lambda: run(1e-3))], budget=1)
    quotients = [a / b for a, b in zip(found["a"]["data"], found["b"]["data"])]
    assert found["a"]["data"][-1] > 1.05 * found["a"]["data"][0]
    assert all(abs(quotient - 2) < 0.05 for quotient in quotients)


def test_what_a_run_uses_up_is_made_outside_the_measured_time():
    device, made, used = QueueingDevice(), [], []

    def prepare():
        device.do(0.2)
        made.append(len(made))
        return made[-1]

    def run(given):
        used.append(given)
        device.do(0.02)
    found = measured(device, [Operation("fresh", run, prepare=prepare)])["fresh"]
    assert used == made
    assert all(abs(seconds / 0.02 - 1) < 0.01 for seconds in found["data"])


def test_more_waiting_than_there_are_seconds_is_caught():
    device = QueueingDevice()
    with pytest.raises(checks.WrongTiming, match="second"):
        measured(device, [Operation("loading", lambda: device.do(0.1), work=0.2, unit="second")])
