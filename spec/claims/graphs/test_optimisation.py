"""Optimisation.

A graph that is known as a whole before it runs can be made cheaper, and its operations can be placed.
"""
import numpy as np
import pytest

from spec.capabilities import TENSORFLOW, needs
from spec.claim import Claim
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, TEMPLATE
from spec.tensorflow_beside import executed, new_graph

STATIC_GRAPH_OPTIMISED_UP_FRONT = Claim(
    "graphs.static-graph-optimised-up-front",
    "A static graph can be optimised before it runs, and every run is then one of the optimised graph.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"],
             FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["graphs-are-not-optimised"],
)


def products_run(tf, session, fetch, feed=None):
    """Run a fetch; return its value and the number of matrix products in the graph that was executed for it."""
    value, graphs = executed(tf, session, fetch, feed)
    return value, sum(node.op == "MatMul" for graph in graphs for node in graph.node)


@STATIC_GRAPH_OPTIMISED_UP_FRONT
@needs(TENSORFLOW)
@pytest.mark.parametrize("length", [1, 5])
def test_products_of_constants_are_computed_before_the_graph_runs(length):
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
    with new_graph() as tf:
        product = tf.constant(np.eye(2))
        for _ in range(length):
            product = tf.matmul(product, tf.constant(matrix))
        described = [one.type for one in tf.get_default_graph().get_operations()].count("MatMul")
        with tf.Session() as session:
            value, run = products_run(tf, session, tf.identity(product))
    assert (described, run) == (length, 0)
    agrees(value, np.linalg.matrix_power(matrix, length))


@STATIC_GRAPH_OPTIMISED_UP_FRONT
@needs(TENSORFLOW)
def test_every_run_is_one_of_the_optimised_graph_whatever_is_fed_to_it():
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
    with new_graph() as tf:
        fed = tf.placeholder("float64", (2, 2))
        result = tf.matmul(fed, tf.matmul(tf.constant(matrix), tf.constant(matrix)))
        with tf.Session() as session:
            for x in (np.eye(2), matrix, -matrix):
                value, run = products_run(tf, session, result, {fed: x})
                agrees(value, x @ matrix @ matrix)
                assert run == 1


STATIC_GRAPH_MULTI_DEVICE = Claim(
    "graphs.static-graph-multi-device",
    "The operations of a static graph can be distributed over several devices.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"],
             FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["device-scopes-are-ignored"],
)


@STATIC_GRAPH_MULTI_DEVICE
@needs(TENSORFLOW)
@pytest.mark.parametrize("places", [(0, 0), (0, 1), (1, 0), (1, 1)], ids=str)
def test_two_products_run_on_the_processors_they_are_placed_on_and_give_the_same_result(places):
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    with new_graph() as tf:
        fed = result = tf.placeholder("float64", (2, 2))
        for place in places:
            with tf.device("/cpu:{}".format(place)):
                result = tf.matmul(result, fed)
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        told = tf.RunMetadata()
        with tf.Session(config=tf.ConfigProto(device_count={"CPU": 2})) as session:
            agrees(session.run(result, {fed: x}, options, told), np.array([[37.0, 54.0], [81.0, 118.0]]))
    used = {one.device[-1] for one in told.step_stats.dev_stats if one.device.startswith("/job")
            for node in one.node_stats if node.node_name.startswith("MatMul")}
    assert used == {str(place) for place in places}
