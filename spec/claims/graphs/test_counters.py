"""A loop of two counters.

The documents write one small loop twice, with tf.while_loop and in Python.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import TENSORFLOW, needs
from spec.claim import Claim, reaches
from spec.sources import EXAMPLES, FLOYDHUB, TEMPLATE
from spec.tensorflow_beside import new_graph

TF_WHILE_LOOP_PROGRAM = Claim(
    "graphs.tf-while-loop-program",
    "The program with tf.while_loop, which adds 2 to 0 and 1 to 10 while the first is less than the second, yields 20 "
    "and 20.",
    sources=[FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["a-loop-runs-once-more"],
)


@pytest.fixture(scope="module")
def counters():
    """Return a function that runs the documents' loop from given counters by given increments.

    It returns both counters, a third variable that the loop carries along, and how often its body was called so far."""
    calls = []

    def body(first, second, carried):
        calls.append(1)
        return first + increments[0], second + increments[1], carried

    with new_graph() as tf:
        begin = [tf.placeholder("int32", ()) for _ in range(3)]
        increments = [tf.placeholder("int32", ()) for _ in range(2)]
        result = tf.while_loop(lambda first, second, *rest: first < second, body, begin)
        session = tf.Session()

    def loop(first, second, more, less, carried=15):
        values = session.run(result, dict(zip(begin + increments, (first, second, carried, more, less))))
        return list(values), len(calls)
    yield loop
    session.close()


def python_loop(first, second, more, less):
    """Return the counters after the same loop over torch tensors in Python, and the number of its turns."""
    first, second, turns = torch.tensor([first]), torch.tensor([second]), 0
    while (first < second)[0]:
        first += more
        second += less
        turns += 1
    return [first.item(), second.item()], turns


@TF_WHILE_LOOP_PROGRAM
@needs(TENSORFLOW)
@reaches(no_turn=lambda first, gap: gap <= 0, equal=lambda gap, gain: gap > 0 and gap % gain == 0,
         past=lambda gap, gain: gap > 0 and gap % gain != 0)
@example(first=0, gap=10, gain=1, less=1)
@given(first=st.integers(-99, 99), gap=st.integers(-3, 12), gain=st.integers(1, 3), less=st.integers(0, 3))
def test_the_loop_runs_until_the_first_counter_is_no_longer_behind(counters, first, gap, gain, less):
    """
    >>> a, b = torch.tensor(first), torch.tensor(first + gap)
    >>> while a < b: a += less + gain; b += less
    >>> a, b
    """
    turns = max(0, -(-gap // gain))
    expected = [first + turns * (less + gain), first + gap + turns * less]
    (*found, _), _ = counters(first, first + gap, less + gain, less)
    assert found == expected
    assert python_loop(first, first + gap, less + gain, less) == (expected, turns)


@TF_WHILE_LOOP_PROGRAM
@needs(TENSORFLOW)
def test_the_printed_loop_ends_at_20_and_20():
    with new_graph() as tf:
        counted = tf.while_loop(
            lambda first, second, *rest: first < second,
            lambda first, second, carried: (tf.add(first, 2), tf.add(second, 1), carried),
            [tf.constant(0), tf.constant(10), tf.Variable(15)])
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            assert list(session.run(counted[:2])) == [20, 20]


TF_LOOP_BODY_TRACED_ONCE = Claim(
    "graphs.tf-loop-body-traced-once",
    "The Python function that is the body of a loop is called while the graph is built, however often the loop runs.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"],
             FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["a-loop-is-unrolled-for-nothing"],
)


@TF_LOOP_BODY_TRACED_ONCE
@needs(TENSORFLOW)
@pytest.mark.parametrize("turns", [0, 1, 2, 1000])
def test_python_calls_the_body_a_time_or_two_when_the_loop_is_described_and_never_when_it_runs(counters, turns):
    (first, second, _), calls = counters(0, turns, 1, 0)
    assert (first, second) == (turns, turns)
    assert 1 <= calls <= 2


TF_CONDITION_TAKES_ALL_VARIABLES = Claim(
    "graphs.tf-condition-takes-all-variables",
    "The condition of tf.while_loop must accept all variables of the loop.",
    sources=[FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["a-condition-sees-what-it-asks-for"],
)

CONDITIONS = {
    "a": ([1], lambda a: a < 3),
    "a, b": ([2], lambda a, b: a < 3),
    "a, b, c": ([3], lambda a, b, c: a < 3),
    "a, *rest": ([1, 2, 3], lambda a, *rest: a < 3),
    "a, b=0": ([1, 2], lambda a, b=0: a < 3),
}
"""Conditions by their parameters, each with the numbers of variables, up to 3, that it takes."""


@TF_CONDITION_TAKES_ALL_VARIABLES
@needs(TENSORFLOW)
@pytest.mark.parametrize("variables", [1, 2, 3])
@pytest.mark.parametrize("parameters", sorted(CONDITIONS))
def test_a_condition_that_does_not_take_as_many_arguments_as_there_are_variables_is_refused(parameters, variables):
    taken, condition = CONDITIONS[parameters]
    with new_graph() as tf:
        def loop():
            return tf.while_loop(condition, lambda *state: [one + 1 for one in state], [tf.constant(0)] * variables)

        if variables in taken:
            with tf.Session() as session:
                assert np.ravel(session.run(loop())).tolist() == [3] * variables
        else:
            with pytest.raises(TypeError):
                loop()


TF_UNCHANGED_LOOP_VARIABLE = Claim(
    "graphs.tf-unchanged-loop-variable",
    "A variable that the body returns as it is comes out of tf.while_loop with the value it went in with.",
    sources=[FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["the-last-loop-variable-is-counted"],
)


@TF_UNCHANGED_LOOP_VARIABLE
@needs(TENSORFLOW)
@pytest.mark.parametrize("turns", [0, 1, 10])
@pytest.mark.parametrize("carried", [15, 0, -1, 2**31 - 1, -(2**31)])
def test_a_loop_hands_a_variable_on_that_it_does_not_change(counters, turns, carried):
    assert counters(0, turns, 1, 0, carried)[0] == [turns, turns, carried]
