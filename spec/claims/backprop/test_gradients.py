"""The gradient, written out.

From the last line of the program to the first: the error of the prediction, doubled, is the gradient of the squared
error; one matrix product carries it back over each layer, and the mask over the rectifier.
"""
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.backprop._helpers import exact_loss_and_gradients, gradients_that, has_a_kink
from spec.networks import trainer
from spec.oracles.agreement import agrees, unchanged
from spec.oracles.backprop import two_layers
from spec.oracles.derivatives import central_difference
from spec.oracles.exact_ad import exact
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import TwoLayer, two_layer_networks
from spec.strategies.choices import draw_choices

MANUAL_GRADIENTS_ARE_EXACT = Claim(
    "backprop.manual-gradients-are-exact",
    "The backward pass that the programs write out, from twice the error of the prediction back through the mask "
    "h < 0, yields the gradient of the summed squared error with respect to w1 and w2.",
    sources=[
        TEMPLATE["Tensors"],
        EXAMPLES["Warm-up: numpy"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["What are Tensors?"],
    ],
    kills=["maximum-takes-absolute-values", "mm-loses-the-last-product", "mask-of-negative-units-includes-zero",
           "t-of-a-square-matrix-is-the-matrix", "clamp-lets-minus-one-through"],
)

ONE = np.ones((1, 1))
ON_THE_KINK = TwoLayer(ONE, ONE, 0 * ONE, ONE)
SILENT = TwoLayer(ONE, ONE, -ONE, ONE)
SQUARE = TwoLayer(np.array([[1.0, 2.0], [-1.0, 1.0]]), np.ones((2, 1)),
                  np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[1.0], [-2.0]]))


@MANUAL_GRADIENTS_ARE_EXACT
@reaches(kink=lambda net: has_a_kink(net), silent=lambda net: (net.x.dot(net.w1) < 0).any(),
         square=lambda net: net.w1.shape[0] == net.w1.shape[1] > 1)
@given(net=two_layer_networks())
@example(net=ON_THE_KINK)
@example(net=SILENT)
@example(net=SQUARE)
def test_the_numpy_program_descends_along_the_exact_gradient(net):
    """
    >>> h = x.dot(w1); error = np.maximum(h, 0).dot(w2) - y
    >>> grad_h = 2 * error.dot(w2.T); grad_h[h < 0] = 0
    >>> x.T.dot(grad_h), 2 * np.maximum(h, 0).T.dot(error)
    """
    loss, gradients = exact_loss_and_gradients(net)
    for computed, gradient in zip(gradients_that("numpy", net), gradients):
        agrees(computed, gradient)
    assert trainer("numpy")(*net, 1.0, 1).losses == [loss]


@MANUAL_GRADIENTS_ARE_EXACT
@needs(FLOAT64)
@reaches(kink=lambda net: has_a_kink(net), silent=lambda net: (net.x.dot(net.w1) < 0).any(),
         square=lambda net: net.w1.shape[0] == net.w1.shape[1] > 1)
@given(net=two_layer_networks())
@example(net=ON_THE_KINK)
@example(net=SILENT)
@example(net=SQUARE)
def test_the_tensor_program_descends_along_the_exact_gradient(device, net):
    """
    >>> x, y, w1, w2 = map(torch.tensor, (x, y, w1, w2)); h = x.mm(w1); error = h.clamp(min=0).mm(w2) - y
    >>> grad_h = 2 * error.mm(w2.t()); grad_h[h < 0] = 0
    >>> x.t().mm(grad_h), 2 * h.clamp(min=0).t().mm(error)
    """
    before = [array.copy() for array in net]
    loss, gradients = exact_loss_and_gradients(net)
    for computed, gradient in zip(gradients_that("tensors", net, device=device), gradients):
        agrees(computed, gradient)
    assert trainer("tensors")(*net, 1.0, 1, device=device).losses == [loss]
    for array, untouched in zip(net, before):
        unchanged(array, untouched)


Directed = NamedTuple("Directed", [("net", TwoLayer), ("v1", np.ndarray), ("v2", np.ndarray)])
Directed.__doc__ = "A network away from its kinks, and a direction of the shape of each of its weights."


@st.composite
def directed(draw):
    """Draw a Directed of whole numbers, directions up to 2 in size."""
    net = draw(two_layer_networks(kinks=False))
    random = np.random.RandomState(draw_choices(draw, 2).below(2**16))
    return Directed(net, *[random.randint(-2, 3, w.shape) for w in (net.w1, net.w2)])


@MANUAL_GRADIENTS_ARE_EXACT
@reaches(silent=lambda case: (case.net.x.dot(case.net.w1) < 0).any(), moving=lambda case: case.v1.any())
@given(case=directed())
def test_the_gradient_is_the_rate_at_which_the_loss_changes(case):
    """
    >>> x, y, w1, w2 = net; loss = lambda w: np.square(np.maximum(x.dot(w), 0).dot(w2) - y).sum()
    >>> h = x.dot(w1); grad_h = 2 * (np.maximum(h, 0).dot(w2) - y).dot(w2.T) * (h >= 0)
    >>> (x.T.dot(grad_h) * v1).sum(), 64 * (loss(w1 + v1 / 128) - loss(w1 - v1 / 128))
    """
    x, y, w1, w2 = [exact(array) for array in case.net]
    h = Fraction(1, 1024)  # no unit comes near 0 on this way: they are at least 1 in size, and change by a part of that
    rates = [
        central_difference(lambda w: two_layers(x, y, w, w2).loss, w1, case.v1, h),
        central_difference(lambda w: two_layers(x, y, w1, w).loss, w2, case.v2, h),
    ]
    for gradient, direction, rate in zip(gradients_that("numpy", case.net), (case.v1, case.v2), rates):
        assert (gradient * direction).sum() == rate


NOTHING = [
    pytest.param(0, 2, 3, 4, id="no-example"),
    pytest.param(2, 0, 3, 4, id="no-input"),
    pytest.param(2, 3, 0, 4, id="no-hidden-unit"),
]
"""Sizes n, d_in, h, d_out of which one is 0."""


@MANUAL_GRADIENTS_ARE_EXACT
@pytest.mark.parametrize("n, d_in, h, d_out", NOTHING)
def test_where_a_size_is_0_the_gradients_of_the_numpy_program_are_0(n, d_in, h, d_out):
    net = TwoLayer(*[np.ones(size) for size in [(n, d_in), (n, d_out), (d_in, h), (h, d_out)]])
    for gradient, weight in zip(gradients_that("numpy", net), (net.w1, net.w2)):
        agrees(gradient, np.zeros(weight.shape))


@MANUAL_GRADIENTS_ARE_EXACT
@pytest.mark.parametrize("n, d_in, h, d_out", NOTHING)
def test_where_a_size_is_0_the_gradients_of_tensors_are_0(device, n, d_in, h, d_out):
    sizes = [(n, d_in), (n, d_out), (d_in, h), (h, d_out)]
    x, y, w1, w2 = [torch.ones(size, device=device) for size in sizes]
    active = x.mm(w1).clamp(min=0)
    grad_output = 2 * (active.mm(w2) - y)
    grad_hidden = grad_output.mm(w2.t())
    grad_hidden[x.mm(w1) < 0] = 0
    agrees(active.t().mm(grad_output), np.zeros((h, d_out), "float32"))
    agrees(x.t().mm(grad_hidden), np.zeros((d_in, h), "float32"))
