"""Training in a static graph.

The gradients are a part of the description, and so are the updates of the weights.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import TENSORFLOW, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.graphs._static import describe, has_a_kink
from spec.oracles import backprop
from spec.oracles.agreement import agrees, unchanged
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES, FLOYDHUB, TEMPLATE
from spec.strategies import TwoLayer, shapes, tensors, two_layer_networks
from spec.tensorflow_beside import new_graph

ONE = np.ones((1, 1))
SIZES = (3, 2, 4, 2)
"""Of the drawn networks that are trained in one and the same graph: n, d_in, h and d_out."""
RATE = 2.0**-4

TF_GRADIENTS_EQUAL_TORCH = Claim(
    "graphs.tf-gradients-equal-torch",
    "Both frameworks differentiate a graph automatically: for one network tf.gradients and autograd give one result.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"],
             FLOYDHUB["Static vs Dynamic Computational Graph"]],
    deviations=[
        Deviation(
            "At a hidden unit of exactly 0 tf.maximum passes the whole gradient on, and clamp none of it.",
            witness={"net": TwoLayer(ONE, ONE, 0 * ONE, ONE)},
            where=has_a_kink,
            since="2.14",
        )
    ],
    kills=["gradients-are-twice-as-large", "tf-maximum-is-the-absolute-value"],
)


@pytest.fixture(scope="module")
def loss_and_gradients():
    """Return a function from the arrays of a network to its loss, and to its gradients by w1 and w2."""
    with new_graph() as tf:
        placeholders = [tf.placeholder("float64", (None, None)) for _ in range(4)]
        x, y, w1, w2 = placeholders
        loss = tf.reduce_sum(tf.square(tf.matmul(tf.maximum(tf.matmul(x, w1), tf.zeros(1, "float64")), w2) - y))
        fetches = [loss] + tf.gradients(loss, [w1, w2])
        session = tf.Session()
    yield lambda net: session.run(fetches, dict(zip(placeholders, net)))
    session.close()


def torch_loss_and_gradients(net):
    x, y = torch.tensor(net.x), torch.tensor(net.y)
    w1, w2 = torch.tensor(net.w1, requires_grad=True), torch.tensor(net.w2, requires_grad=True)
    loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
    loss.backward()
    return loss, w1.grad, w2.grad


@TF_GRADIENTS_EQUAL_TORCH
@needs(TENSORFLOW)
@reaches(silent=lambda net: (net.x @ net.w1 < 0).any())
@given(net=two_layer_networks() | two_layer_networks(kinks=False))
@example(net=TwoLayer(ONE, ONE, 0 * ONE, ONE))
def test_loss_and_gradients_of_a_network_of_whole_numbers_are_the_same_to_the_last_bit(loss_and_gradients, net):
    """
    >>> w1, w2 = torch.tensor(w1, requires_grad=True), torch.tensor(w2, requires_grad=True)
    >>> (torch.tensor(x).mm(w1).clamp(min=0).mm(w2) - torch.tensor(y)).pow(2).sum().backward(); print(w1.grad, w2.grad)
    """
    exact = backprop.two_layers(*net)
    for found, with_torch, expected in zip(
            loss_and_gradients(net), torch_loss_and_gradients(net), (exact.loss, exact.grad_w1, exact.grad_w2)):
        agrees(found, expected)
        agrees(with_torch, expected)


@TF_GRADIENTS_EQUAL_TORCH.instead
@needs(TENSORFLOW)
@reaches(kink=has_a_kink)
@given(net=two_layer_networks())
def test_the_slope_at_a_kink_is_1_in_tensorflow_and_0_in_torch(loss_and_gradients, net):
    """
    >>> w1, w2 = torch.tensor(w1, requires_grad=True), torch.tensor(w2, requires_grad=True)
    >>> (torch.tensor(x).mm(w1).clamp(min=0).mm(w2) - torch.tensor(y)).pow(2).sum().backward(); print(w1.grad, w2.grad)
    """
    for found, slope in ((loss_and_gradients(net), 1), (torch_loss_and_gradients(net), 0)):
        agrees(found[1], backprop.two_layers(*net, at_zero=slope).grad_w1)


@TF_GRADIENTS_EQUAL_TORCH.regardless
@needs(TENSORFLOW)
def test_tf_gradients_sums_over_a_result_of_several_numbers_and_gives_none_for_what_it_does_not_depend_on():
    with new_graph() as tf, tf.Session() as session:
        x, other = tf.constant([1.0, 2.0]), tf.constant(1.0)
        slope, none = tf.gradients(x * x, [x, other])
        agrees(session.run(slope), np.array([2, 4], dtype="float32"))
        assert none is None


TF_MAXIMUM_IS_RELU = Claim(
    "graphs.tf-maximum-is-relu",
    "tf.maximum(h, tf.zeros(1)) is the rectifier: its one zero is compared with each entry of h.",
    sources=[EXAMPLES["TensorFlow: Static Graphs"]],
    kills=["tf-maximum-is-the-absolute-value", "gradients-are-twice-as-large"],
)


@pytest.fixture(scope="module")
def rectifiers():
    """Return a function from an array to its rectified values and the slopes of tf.maximum and tf.nn.relu."""
    fetches = {}
    with new_graph() as tf:
        for dtype in ("float32", "float64"):
            h = tf.placeholder(dtype)
            active = tf.maximum(h, tf.zeros(1, dtype))
            fetches[dtype] = h, (active, tf.gradients(active, [h])[0], tf.gradients(tf.nn.relu(h), [h])[0])
        session = tf.Session()

    def rectify(array):
        placeholder, results = fetches[array.dtype.name]
        return session.run(results, {placeholder: array})
    yield rectify
    session.close()


@TF_MAXIMUM_IS_RELU
@needs(TENSORFLOW)
@reaches(kink=lambda h: (h.array == 0).any(), nan=lambda h: np.isnan(h.array).any(), empty=lambda h: h.array.size == 0)
@given(h=tensors(("float32", "float64"), shape=shapes(max_elements=40, min_dims=1), subnormal=False))
def test_tf_maximum_rectifies_and_its_slope_is_1_from_0_on(rectifiers, h):
    """
    >>> np.maximum(h.numpy(), 0), h >= 0
    """
    active, slope, slope_of_relu = rectifiers(h.array)
    agrees(active, np.maximum(h.array, 0))
    agrees(slope, (h.array >= 0).astype(h.dtype))
    agrees(slope_of_relu, (h.array > 0).astype(h.dtype))


TF_UPDATE_IS_IN_GRAPH = Claim(
    "graphs.tf-update-is-in-graph",
    "In TensorFlow the update of the weights is a part of the graph: they change when it is evaluated, and only then.",
    sources=[EXAMPLES["TensorFlow: Static Graphs"]],
    kills=["a-session-computes-twice", "gradients-are-twice-as-large"],
)


@pytest.fixture(scope="module")
def trained():
    """Return a session, and the network that it trains, described with resource variables."""
    with new_graph() as tf:
        description = describe(tf, SIZES[1:], RATE, use_resource=True)
        session = tf.Session(graph=description.graph)
    yield session, description
    session.close()


@TF_UPDATE_IS_IN_GRAPH
@needs(TENSORFLOW)
@reaches(moved=lambda net, updates: updates and backprop.two_layers(*net).grad_w1.any(),
         not_updated=lambda updates: updates == 0)
@given(net=two_layer_networks(sizes=SIZES), updates=st.integers(0, 2))
def test_the_weight_changes_once_in_each_run_that_asks_for_its_update_and_in_no_other(trained, net, updates):
    """
    >>> w = torch.tensor(w1, requires_grad=True)
    >>> loss = (torch.tensor(x).mm(w).clamp(min=0).mm(torch.tensor(w2)) - torch.tensor(y)).pow(2).sum()
    >>> loss.backward(); print(w); w.data -= w.grad / 16; print(w)
    """
    session, parts = trained
    feed = {parts.x: net.x, parts.y: net.y}
    w1 = net.w1
    session.run(parts.start, {parts.start1: net.w1, parts.start2: net.w2})
    for _ in range(updates):
        session.run([parts.loss, parts.grad1, parts.grad2], feed)
        unchanged(session.run(parts.w1), w1)
        w1 = w1 - RATE * backprop.two_layers(net.x, net.y, w1, net.w2).grad_w1
        for result in session.run([parts.new1, parts.new1], feed):
            agrees(result, w1)
    agrees(session.run(parts.w1), w1)
    unchanged(session.run(parts.w2), net.w2)


TF_LOSS_IS_BEFORE_UPDATE = Claim(
    "graphs.tf-loss-is-before-update",
    "In the documents' program the loss that comes with an update of the weights is that of the weights before it.",
    sources=[EXAMPLES["TensorFlow: Static Graphs"]],
    kills=["a-session-runs-its-last-fetch-first"],
)


@TF_LOSS_IS_BEFORE_UPDATE
@needs(TENSORFLOW)
@reaches(kink=lambda net: (net.x.dot(net.w1) == 0).any(), dead_unit=lambda net: (net.x.dot(net.w1) <= 0).all(0).any())
@given(net=two_layer_networks(sizes=SIZES))
def test_the_loss_of_a_run_is_that_of_the_weights_which_the_run_before_it_left(trained, net):
    """
    >>> np.square(np.maximum(x @ w1, 0) @ w2 - y).sum()
    """
    session, parts = trained
    session.run(parts.start, {parts.start1: net.w1, parts.start2: net.w2})
    weights = [net.w1, net.w2]
    for _ in range(2):
        rounded = backprop.two_layers(*[Rounded(array, "float64") for array in [net.x, net.y] + weights])
        loss, *weights = session.run([parts.loss, parts.new1, parts.new2], {parts.x: net.x, parts.y: net.y})
        agrees(loss, rounded.loss.value, rounded.loss.bound)


@TF_LOSS_IS_BEFORE_UPDATE
@needs(TENSORFLOW)
def test_a_loss_that_has_to_wait_for_the_update_is_that_of_the_new_weights():
    with new_graph() as tf:
        weight = tf.Variable(3.0, use_resource=True)
        update = weight.assign_sub(1.0)
        with tf.control_dependencies([update]):
            loss = tf.square(weight)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            assert session.run([loss, update]) == [4, 2]
