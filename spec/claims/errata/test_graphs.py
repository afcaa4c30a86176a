"""Static graphs.

The programs of the documents that use TensorFlow. Both describe a graph first and run it in a session.
"""
import importlib.util

import torch

from spec.capabilities import HERE, TENSORFLOW, Capability, needs
from spec.claims.errata._erratum import Correction, Erratum
from spec.claims.errata._helpers import whole_numbers
from spec.oracles import backprop
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB
from spec.tensorflow_beside import tensorflow


def _tensorflow_of_its_time(device):
    if importlib.util.find_spec("tensorflow") is None:
        return False
    return tensorflow().__version__.split(".")[0] == str(HERE[0])


TENSORFLOW_OF_ITS_TIME = Capability(
    "TensorFlow is not installed in the version of the time of this torch, 1 beside 1 and 2 beside 2", False,
    _tensorflow_of_its_time)

SESSION = Erratum(
    "errata.tensorflow-session-removed",
    "The loop in TensorFlow runs as printed and prints its two counters.",
    [FLOYDHUB["Static vs Dynamic Computational Graph"]],
    Correction("TensorFlow 2 has no tf.Session: it has computed the counters, 20 and 20, without one.",
               AttributeError, "Session", since="2.0"),
    kills=["less-than-includes-equal"],
)


@SESSION.printed
@needs(TENSORFLOW_OF_ITS_TIME)
def test_a_session_runs_the_loop():
    """
    >>> import tensorflow as tf
    >>> body = lambda first, second: (tf.add(first, 2), tf.add(second, 1))
    >>> counters = tf.while_loop(lambda first, second: first < second, body, [tf.constant(0), tf.constant(10)])
    >>> with tf.Session() as session: assert session.run(counters) == (20, 20)
    """


@SESSION.corrected
@needs(TENSORFLOW_OF_ITS_TIME)
def test_the_loop_has_run_when_it_has_been_described():
    """
    >>> import tensorflow as tf
    >>> body = lambda first, second: (tf.add(first, 2), tf.add(second, 1))
    >>> counters = tf.while_loop(lambda first, second: first < second, body, [tf.constant(0), tf.constant(10)])
    >>> assert [int(counter) for counter in counters] == [20, 20]
    """


@SESSION.regardless
@needs(TENSORFLOW)
def test_in_a_graph_of_its_own_the_loop_is_run_by_a_session_in_every_version():
    tf = tensorflow().compat.v1
    with tf.Graph().as_default() as graph:
        counters = tf.while_loop(lambda first, second: first < second,
                                 lambda first, second: (tf.add(first, 2), tf.add(second, 1)),
                                 [tf.constant(0), tf.constant(10)])
    with tf.Session(graph=graph) as session:
        assert [int(counter) for counter in session.run(counters)] == [20, 20]


@SESSION.regardless
def test_in_torch_the_counters_end_at_20_and_20_too():
    first, second = torch.tensor(0), torch.tensor(10)
    while first < second:
        first, second = first + 2, second + 1
    assert first.item() == second.item() == 20


RACE = Erratum(
    "errata.tf-update-race",
    "The program with TensorFlow updates both weights by the gradients that they had together.",
    [EXAMPLES["TensorFlow: Static Graphs"]],
    Correction("Nothing says that the gradient of w1, which needs w2, is computed before w2 is overwritten; both "
               "updates have to wait for both gradients."),
    kills=["minus-equals-has-no-effect"],
)

X, Y, W1, W2 = whole_numbers(9, (3, 4), (3, 2), (4, 5), (5, 2))
RATE = 0.125


def expected():
    """Return the weights after one step in which both gradients are those at the start."""
    gradients = backprop.two_layers(X, Y, W1, W2)
    return W1 - RATE * gradients.grad_w1, W2 - RATE * gradients.grad_w2


def one_step(waits):
    """Return the weights after a step of the program in which w2 is overwritten as early as the program allows.

    waits  the updates wait for both gradients, which the document's do not
    """
    tf = tensorflow().compat.v1
    with tf.Graph().as_default() as graph:
        w1, w2 = [tf.Variable(array, use_resource=False) for array in (W1, W2)]
        loss = tf.reduce_sum((tf.matmul(tf.maximum(tf.matmul(X, w1), 0), w2) - Y) ** 2)
        if waits:
            grad1, grad2 = tf.gradients(loss, [w1, w2])
            with tf.control_dependencies([grad1, grad2]):
                new2 = w2.assign(w2 - RATE * grad2)
        else:
            grad2, = tf.gradients(loss, [w2])
            new2 = w2.assign(w2 - RATE * grad2)
            with tf.control_dependencies([new2]):
                grad1, = tf.gradients(loss, [w1])
        with tf.control_dependencies([new2]):
            new1 = w1.assign(w1 - RATE * grad1)
        start = tf.global_variables_initializer()
    with tf.Session(graph=graph) as session:
        session.run(start)
        return session.run([new1, new2])


@RACE
@needs(TENSORFLOW)
def test_overwriting_w2_first_does_not_change_the_update_of_w1():
    for weight, wanted in zip(one_step(waits=False), expected()):
        agrees(weight, wanted)


@RACE.instead
@needs(TENSORFLOW)
def test_where_the_updates_wait_for_both_gradients_the_order_does_not_matter():
    for weight, wanted in zip(one_step(waits=True), expected()):
        agrees(weight, wanted)


@RACE.regardless
def test_in_torch_both_gradients_are_there_before_a_weight_is_updated():
    w1, w2 = [torch.tensor(array, requires_grad=True) for array in (W1, W2)]
    (torch.tensor(X).mm(w1).clamp(min=0).mm(w2) - torch.tensor(Y)).pow(2).sum().backward()
    w2.data -= RATE * w2.grad
    w1.data -= RATE * w1.grad
    for weight, wanted in zip((w1, w2), expected()):
        agrees(weight, wanted)
