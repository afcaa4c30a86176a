"""Loops in a static graph.

A loop whose length depends on the data has to be an operation of the graph. Python's own loops and conditions run while
the graph is built, and leave only what they built.
"""
import numpy as np
import pytest
import torch
from hypothesis import given

from spec.capabilities import TENSORFLOW, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.graphs._static import Recurrence, recurrences, states
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.tensorflow_beside import new_graph

TF_PYTHON_FLOW_NOT_RECORDED = Claim(
    "graphs.tf-python-flow-not-recorded",
    "Python's own control flow is no part of a static graph: an if or a while on a tensor without a value is refused, "
    "and a for loop leaves one operation for each of its turns.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"],
             FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["what-is-described-is-true"],
)


@TF_PYTHON_FLOW_NOT_RECORDED
@needs(TENSORFLOW)
@pytest.mark.parametrize("fed", [True, False], ids=["placeholder", "constant"])
def test_python_cannot_decide_by_a_comparison_that_has_no_value(fed):
    with new_graph() as tf:
        value = tf.placeholder("float32", ()) if fed else tf.constant(3.0)
        with pytest.raises(TypeError):
            bool(value < 2)
        with pytest.raises(TypeError):
            while value > 0:
                value = value - 1


@TF_PYTHON_FLOW_NOT_RECORDED
@needs(TENSORFLOW)
@pytest.mark.parametrize("turns", [0, 1, 7])
def test_a_python_loop_leaves_an_operation_for_each_turn(turns):
    with new_graph() as tf:
        x = result = tf.placeholder("float64", ())
        for _ in range(turns):
            result = tf.multiply(result, 3)
        assert [one.type for one in tf.get_default_graph().get_operations()].count("Mul") == turns
        with tf.Session() as session:
            assert session.run(result, {x: 2.0}) == 2 * 3**turns


@TF_PYTHON_FLOW_NOT_RECORDED
def test_python_may_decide_by_a_comparison_of_torch_tensors(device):
    value = torch.tensor([3.0], device=device, requires_grad=True)
    assert bool(value < 2) is False and bool(value > 2) is True
    turns = 0
    while value > 0:
        value, turns = value - 1, turns + 1
    assert turns == 3 and value.requires_grad


TF_LOOP_OPERATORS = Claim(
    "graphs.tf-loop-operators",
    "TensorFlow has operators such as tf.scan and tf.while_loop, by which a loop is a part of the graph and its number "
    "of steps need not be known when the graph is built.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"],
             FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["scan-doubles-its-first-state", "gradients-are-twice-as-large"],
)


@pytest.fixture(scope="module")
def recurrence():
    """Return a function from a Recurrence to its states by tf.scan and, of their sum, the gradients by w and start.

    The length of the inputs is open, and one graph serves for all."""
    with new_graph() as tf:
        w, start = tf.placeholder("float64", (2, 2)), tf.placeholder("float64", (2,))
        inputs = tf.placeholder("float64", (None, 2))
        found = tf.scan(lambda state, value: tf.reduce_sum(w * state, 1) + value, inputs, initializer=start)
        fetches = [found] + tf.gradients(tf.reduce_sum(found), [w, start])
        session = tf.Session()
    yield lambda case: session.run(fetches, {w: case.w, start: case.start, inputs: case.inputs})
    session.close()


def torch_recurrence(case):
    """Return the same from a Python loop over torch tensors."""
    w, start = torch.tensor(case.w, requires_grad=True), torch.tensor(case.start, requires_grad=True)
    state, found = start, []
    for value in torch.tensor(case.inputs):
        state = w.mv(state) + value
        found.append(state)
    total = torch.stack(found)
    total.sum().backward()
    return total, w.grad, start.grad


@TF_LOOP_OPERATORS
@needs(TENSORFLOW)
@reaches(one=lambda case: len(case.inputs) == 1, longest=lambda case: len(case.inputs) == 6)
@given(case=recurrences(min_length=1))
def test_one_graph_with_tf_scan_computes_the_states_and_gradients_of_python_loops_of_any_length(recurrence, case):
    """
    >>> state, w = torch.tensor(start), torch.tensor(w)
    >>> for value in torch.tensor(inputs): state = w.mv(state) + value; print(state)
    """
    found, by_torch = recurrence(case), torch_recurrence(case)
    agrees(found[0], states(case))
    for one, other in zip(found, by_torch):
        agrees(one, other)


@TF_LOOP_OPERATORS
@needs(TENSORFLOW)
def test_tf_scan_over_no_inputs_gives_no_states(recurrence):
    found = recurrence(Recurrence(np.eye(2), np.ones(2), np.zeros((0, 2))))
    agrees(found[0], np.zeros((0, 2)))
    agrees(found[1], np.zeros((2, 2)))


STATIC_SEQUENCE_LENGTH_IS_FIXED = Claim(
    "graphs.static-sequence-length-is-fixed",
    "With a static graph the length of a recurrent network's input is constant, so that shorter inputs are padded.",
    sources=[INTRODUCTION["Opening"]],
    deviations=[
        Deviation(
            "A static graph may leave the length open, and take sequences of any length; only a placeholder of a fixed "
            "shape refuses other lengths.",
            witness={"case": Recurrence(np.eye(2), np.ones(2), np.ones((3, 2)))},
        )
    ],
    kills=["scan-doubles-its-first-state", "any-shape-may-be-fed"],
)


@STATIC_SEQUENCE_LENGTH_IS_FIXED
@needs(TENSORFLOW)
@reaches(none=lambda case: len(case.inputs) == 0, one_less=lambda case: len(case.inputs) == 5)
@given(case=recurrences(max_length=5))
def test_a_sequence_is_refused_by_the_graph_that_took_a_longer_one(recurrence, case):
    """
    >>> state, w = torch.tensor(start), torch.tensor(w)
    >>> for value in torch.tensor(inputs): state = w.mv(state) + value
    """
    recurrence(Recurrence(case.w, case.start, np.zeros((6, 2))))
    with pytest.raises(ValueError):
        recurrence(case)


@STATIC_SEQUENCE_LENGTH_IS_FIXED.instead
@needs(TENSORFLOW)
@reaches(none=lambda case: len(case.inputs) == 0, one=lambda case: len(case.inputs) == 1,
         many=lambda case: len(case.inputs) > 3, asymmetric=lambda case: (case.w != case.w.T).any())
@given(case=recurrences())
def test_a_graph_of_open_length_computes_as_many_states_as_there_are_inputs(recurrence, case):
    """
    >>> state, w = torch.tensor(start), torch.tensor(w)
    >>> for value in torch.tensor(inputs): state = w.mv(state) + value; print(state)
    """
    agrees(recurrence(case)[0], states(case))


@STATIC_SEQUENCE_LENGTH_IS_FIXED.instead
@needs(TENSORFLOW)
@pytest.mark.parametrize("length", [0, 1, 2, 3, 4])
def test_a_graph_of_fixed_length_refuses_every_other_length(length):
    with new_graph() as tf, tf.Session() as session:
        inputs = tf.placeholder("float64", (3, 2))
        sums = tf.scan(lambda state, value: state + value, inputs)
        if length == 3:
            agrees(session.run(sums, {inputs: np.ones((3, 2))}), np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]))
        else:
            with pytest.raises(ValueError):
                session.run(sums, {inputs: np.ones((length, 2))})
