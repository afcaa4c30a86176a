"""A static graph: its first run against later ones, and built anew for each run against built once."""
import pytest

from spec.benchmarks import conditions, networks
from spec.benchmarks.timing import Operation, Stopwatch
from spec.tensorflow_beside import tensorflow_major

pytestmark = [
    pytest.mark.benchmark(timer=Stopwatch(conditions.synchronizer("cpu"))),
    pytest.mark.skipif(tensorflow_major() is None, reason="tensorflow is not installed"),
]


def test_static_graph(measure):
    from spec.benchmarks.static import StaticNetwork, build_and_run

    problem = networks.sized(1000)
    ready, work = StaticNetwork(problem, networks.STILL), networks.flop(problem)
    measure("static graph", [
        Operation("first run", lambda network: network.run(), work=work,
                  prepare=lambda: StaticNetwork(problem, networks.STILL)),
        Operation("later runs", ready.run, work=work),
        Operation("built anew", lambda: build_and_run(problem, networks.STILL), work=work),
    ], budget=2)
