"""The devices of the benchmarks, their stopwatches, and the fixture that measures operations in turn."""
import pytest

from spec import devices
from spec.benchmarks import conditions
from spec.benchmarks.timing import Stopwatch, in_turn


def pytest_configure(config):
    if not config.pluginmanager.hasplugin("benchmark"):
        raise pytest.UsageError("the benchmarks need what spec/benchmarks/requirements.txt names")


def pytest_sessionstart():
    conditions.fix()


def pytest_generate_tests(metafunc):
    if "device" in metafunc.fixturenames:
        try:
            marked = [pytest.param(name, marks=pytest.mark.benchmark(timer=Stopwatch(conditions.synchronizer(name))))
                      for name in metafunc.config.spec_devices]
        except devices.NoSuchDevice as error:
            raise pytest.UsageError(str(error)) from None
        metafunc.parametrize("device", marked)


@pytest.fixture
def measure(benchmark, request):
    """Return a function that measures operations in turn and hands what was found to pytest-benchmark's file."""
    def measured(group, operations, size=None, workers=1, budget=0.5):
        """Measure operations of one size; `workers` processes wait at the same time. The group is that of the row."""
        device = request.node.callspec.params.get("device", "cpu") if hasattr(request.node, "callspec") else "cpu"
        stopwatch = request.node.get_closest_marker("benchmark").kwargs["timer"]
        synchronize, peaks = conditions.synchronizer(device), conditions.peaks(device)
        peaks["second"] *= workers
        benchmark.group = group if size is None else "{}, {}".format(group, size)
        found = in_turn(benchmark, stopwatch, operations, synchronize, peaks, budget)
        benchmark.extra_info.update(
            group=group, device=device, size=size, operations=found,
            conditions=conditions.described(tuple(request.config.spec_devices)))
    return measured


@pytest.fixture(autouse=True)
def random_numbers_repeat():
    """Make every benchmark draw the same data in every run."""
    import torch

    torch.manual_seed(0)
