"""The devices of the benchmarks, their stopwatches, and the fixture that measures operations in turn."""
import importlib.util

import pytest

from spec import devices


def pytest_configure(config):
    if not config.pluginmanager.hasplugin("benchmark") or importlib.util.find_spec("threadpoolctl") is None:
        raise pytest.UsageError("the benchmarks need what spec/benchmarks/requirements.txt names")
    from spec.benchmarks import conditions

    try:
        config.spec_waits = {name: conditions.synchronizer(name) for name in config.spec_devices}
    except devices.NoSuchDevice as error:
        raise pytest.UsageError(str(error)) from None
    conditions.fix()


def pytest_generate_tests(metafunc):
    if "device" in metafunc.fixturenames:
        from spec.benchmarks.timing import Stopwatch

        metafunc.parametrize("device", [
            pytest.param(name, marks=pytest.mark.benchmark(timer=Stopwatch(wait)))
            for name, wait in metafunc.config.spec_waits.items()])


@pytest.fixture
def measure(benchmark, request):
    """Return a function that measures operations in turn and hands what was found to pytest-benchmark's file."""
    from spec.benchmarks import conditions
    from spec.benchmarks.timing import in_turn

    def measured(group, operations, size=None, workers=1, budget=0.5, clock=None):
        """Measure operations of one size.

        `workers` processes wait at the same time. A `clock` takes the place of that of the wall on the CPU.
        """
        device = request.node.callspec.params.get("device", "cpu") if hasattr(request.node, "callspec") else "cpu"
        stopwatch = request.node.get_closest_marker("benchmark").kwargs["timer"]
        if clock is not None and device == "cpu":
            stopwatch.clock = clock
        synchronize, peaks = conditions.synchronizer(device), conditions.peaks(device)
        peaks["second"] *= workers
        benchmark.group = group if size is None else "{}, {}".format(group, size)
        benchmark.extra_info["refused"] = True
        found = in_turn(benchmark, stopwatch, operations, synchronize, peaks, budget)
        benchmark.extra_info.update(
            refused=False, group=group, device=device, size=size, operations=found,
            conditions=conditions.described(tuple(request.config.spec_devices)))
    return measured


@pytest.fixture(autouse=True)
def random_numbers_repeat():
    """Make every benchmark draw the same data in every run."""
    import torch

    torch.manual_seed(0)
