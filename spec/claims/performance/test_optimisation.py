"""Optimisation.

A graph that is known before it runs can be made smaller, and be cut into parts for several devices. What this costs is
paid once.
"""
from typing import NamedTuple, Tuple

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import TENSORFLOW, needs
from spec.claim import Claim, reaches
from spec.measurements import measured, ratio
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, TEMPLATE
from spec.tensorflow_beside import executed, new_graph

SOURCES = [TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"],
           FLOYDHUB["Static vs Dynamic Computational Graph"]]

STATIC_GRAPH_IS_OPTIMISED = Claim(
    "performance.static-graph-is-optimised",
    "A static graph can be optimised up front, for example by fusing or simplifying operations.",
    sources=SOURCES[-1:],
    kills=["graphs-are-not-optimised"],
)

OPERATIONS = {"add": np.add, "multiply": np.multiply, "subtract": np.subtract}

Step = NamedTuple("Step", [("op", str), ("inner", str), ("numbers", Tuple[int, int])])
Step.__doc__ = "One step of a graph: an operation with the result of an inner one on two constants."


@st.composite
def steps(draw, min_size=1, max_size=6):
    """Draw a list of Steps over whole numbers, so that float64 is exact in any order of the operations."""
    ops, numbers = st.sampled_from(sorted(OPERATIONS)), st.integers(-3, 3)
    return draw(st.lists(st.builds(Step, ops, ops, st.tuples(numbers, numbers)), min_size=min_size, max_size=max_size))


def described(x, chain, operation, constant, place=lambda number: None):
    """Apply Steps to x.

    operation  what an operation is, by its name; constant  makes one of a number; place  is called before each step
    """
    for number, step in enumerate(chain):
        place(number)
        left, right = [constant(value) for value in step.numbers]
        x = operation(step.op)(x, operation(step.inner)(left, right))
    return x


def in_tensorflow(tf, x, chain):
    """Describe Steps as a part of the default graph."""
    return described(x, chain, lambda name: getattr(tf, name), lambda number: tf.constant(number, "float64"))


def in_numpy(x, chain):
    """Compute Steps."""
    return described(x, chain, OPERATIONS.get, np.float64)


def as_described(tf):
    """Return the configuration of a session that runs graphs as they are."""
    config = tf.ConfigProto()
    config.graph_options.optimizer_options.opt_level = -1
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config


def number_of_nodes(graphs):
    """Return how many operations there are in some graphs, without what feeds them and takes their results."""
    return sum(not node.op.startswith("_") for graph in graphs for node in graph.node)


X = np.array([2.0, -3.0, 0.0])


@STATIC_GRAPH_IS_OPTIMISED
@needs(TENSORFLOW)
@reaches(long=lambda chain: len(chain) > 3, whole=lambda chain: chain[0].inner == "multiply")
@given(chain=steps())
def test_fewer_operations_are_executed_than_were_described_and_the_values_are_the_same(chain):
    """
    >>> ops = {"add": torch.add, "multiply": torch.mul, "subtract": torch.sub}; x = torch.tensor([2.0, -3.0, 0.0])
    >>> for op, inner, numbers in chain: x = ops[op](x, ops[inner](*torch.tensor(numbers).float())); print(x)
    """
    with new_graph() as tf:
        fed = tf.placeholder("float64", (3,))
        result = tf.identity(in_tensorflow(tf, fed, chain))
        with tf.Session(config=as_described(tf)) as session:
            plain, graphs = executed(tf, session, result, {fed: X})
            before = number_of_nodes(graphs)
        with tf.Session() as session:
            value, graphs = executed(tf, session, result, {fed: X})
    assert before == 4 * len(chain) + 1
    assert number_of_nodes(graphs) <= 2 * len(chain) + 1
    agrees(plain, in_numpy(X, chain))
    agrees(value, in_numpy(X, chain))


@STATIC_GRAPH_IS_OPTIMISED
@needs(TENSORFLOW)
def test_constants_that_are_computed_before_the_graph_runs_keep_nan_infinity_and_the_sign_of_zero():
    values = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.5, -2.0])
    with new_graph() as tf:
        left, right = tf.constant(values[:, None]), tf.constant(values)
        results = [tf.identity(operation) for operation in (left * right, left + right, -left)]
        with tf.Session() as session, np.errstate(all="ignore"):
            expected = [values[:, None] * values, values[:, None] + values, -values[:, None]]
            found, graphs = executed(tf, session, results)
    assert {node.op for graph in graphs for node in graph.node} <= {"Const", "Identity", "_Retval"}
    for value, right_value in zip(found, expected):
        agrees(value, right_value, sign_of_zero=True)


STATIC_GRAPH_COST_AMORTISED = Claim(
    "performance.static-graph-cost-amortised",
    "What the optimisation of a static graph costs is paid once and amortised, for the same graph runs over and over.",
    sources=SOURCES,
    kills=["running-a-graph-adds-to-it", "a-session-remembers-its-first-result"],
)


@STATIC_GRAPH_COST_AMORTISED
@needs(TENSORFLOW)
@reaches(often=lambda runs: runs > 20)
@given(chain=steps(), runs=st.integers(2, 40))
def test_a_graph_that_is_built_once_runs_as_it_was_optimised_for_the_first_run_however_often(chain, runs):
    """
    >>> ops = {"add": torch.add, "multiply": torch.mul, "subtract": torch.sub}; x = torch.tensor([2.0, -3, 0]) + runs
    >>> for op, inner, numbers in chain: x = ops[op](x, ops[inner](*torch.tensor(numbers).float())); print(x)
    """
    with new_graph() as tf:
        fed = tf.placeholder("float64", (3,))
        result = in_tensorflow(tf, fed, chain)
        graph = tf.get_default_graph()
        described_nodes = len(graph.get_operations())
        with tf.Session() as session:
            optimised = []
            for number in range(runs):
                value, graphs = executed(tf, session, result, {fed: X + number})
                agrees(value, in_numpy(X + number, chain))
                optimised.append([one.SerializeToString(deterministic=True) for one in graphs])
        assert optimised == optimised[:1] * runs
        assert len(graph.get_operations()) == described_nodes == 1 + 4 * len(chain)


@STATIC_GRAPH_COST_AMORTISED
@needs(TENSORFLOW)
def test_a_program_that_describes_the_graph_again_for_each_run_describes_all_its_operations_again():
    chain = [Step("add", "multiply", (2, 3))] * 5
    with new_graph() as tf:
        sizes = []
        with tf.Session() as session:
            for number in range(1, 4):
                agrees(session.run(in_tensorflow(tf, tf.constant(X + number), chain)), X + number + 30)
                sizes.append(len(tf.get_default_graph().get_operations()))
    assert sizes == [21, 42, 63]


@STATIC_GRAPH_COST_AMORTISED
@needs(TENSORFLOW, measured("static graph: first run over later runs"))
def test_the_first_run_takes_more_than_three_times_as_long_as_a_later_one():
    """The first run is that of a fresh graph, so that what comes up front is in it."""
    assert ratio("static graph: first run over later runs", "cpu").low > 3


@STATIC_GRAPH_COST_AMORTISED
@needs(TENSORFLOW, measured("static graph: built anew over rerun"))
def test_to_build_the_graph_anew_for_each_run_takes_more_than_three_times_as_long_as_to_run_it_again():
    """Over a hundred runs."""
    assert ratio("static graph: built anew over rerun", "cpu").low > 3


GRAPH_CAN_BE_DISTRIBUTED = Claim(
    "performance.graph-can-be-distributed",
    "A static graph can be distributed across several devices or machines.",
    sources=SOURCES[-1:],
    kills=["device-scopes-are-ignored"],
)

PLACES = 3


@GRAPH_CAN_BE_DISTRIBUTED
@needs(TENSORFLOW)
@reaches(one=lambda places: len(set(places)) == 1, all=lambda places: len(set(places)) == PLACES,
         back=lambda places: any(one == third != second for one, second, third in zip(places, places[1:], places[2:])))
@given(places=st.lists(st.integers(0, PLACES - 1), min_size=1, max_size=6))
@example(places=[1, 2, 1])
def test_a_graph_is_cut_into_as_many_parts_as_devices_are_named_and_computes_the_same(places):
    """
    >>> x = torch.tensor([2.0, -3.0, 0.0])
    >>> for place in places: x = x * x - x; print(x)
    """
    expected = X
    for _ in places:
        expected = expected * expected - expected
    with new_graph() as tf:
        with tf.device("/cpu:{}".format(places[0])):
            fed = result = tf.placeholder("float64", (3,))
        for place in places:
            with tf.device("/cpu:{}".format(place)):
                result = result * result - result
        with tf.Session(config=tf.ConfigProto(device_count={"CPU": PLACES})) as session:
            value, graphs = executed(tf, session, result, {fed: X})
    agrees(value, expected, 2.0 ** -40 * abs(expected))
    used = [{node.device[-1] for node in graph.node if not node.op.startswith("_")} for graph in graphs]
    # One more part, on the first device, may only pass on what is fed and what is fetched.
    assert sorted(filter(None, used), key=sorted) == [{str(place)} for place in sorted(set(places))]


@GRAPH_CAN_BE_DISTRIBUTED
@needs(TENSORFLOW)
@pytest.mark.parametrize("soft", [False, True], ids=["as placed", "placed softly"])
def test_a_graph_for_a_device_that_is_not_there_runs_only_where_it_may_be_placed_elsewhere(soft):
    with new_graph() as tf:
        with tf.device("/cpu:{}".format(PLACES)):
            result = tf.constant(2.0) + 3.0
        config = tf.ConfigProto(device_count={"CPU": 1}, allow_soft_placement=soft)
        with tf.Session(config=config) as session:
            if soft:
                assert session.run(result) == 5
            else:
                with pytest.raises(tf.errors.InvalidArgumentError):
                    session.run(result)
