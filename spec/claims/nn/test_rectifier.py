"""ReLU and clamp.

The documents rectify with the module ReLU where the network is a Sequential, and with clamp(min=0) where forward is
written by hand. The two are the same function, but no derivative at 0 is the right one, and they need not agree there.
"""
import numpy as np
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, INTRODUCTION, NOTEBOOK
from spec.strategies import LAYOUTS, Blueprint, shapes, tensors

RELU_MODULE_EQUALS_CLAMP = Claim(
    "nn.relu-module-equals-clamp",
    "The module ReLU and clamp(min=0) have equal outputs and equal gradients for every number.",
    sources=[
        EXAMPLES["PyTorch: nn"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        INTRODUCTION["Variables and Autograd"],
        INTRODUCTION["PyTorch nn Module"],
        NOTEBOOK["What is a nn module"],
        NOTEBOOK["Custom nn module"],
    ],
    deviations=[
        Deviation(
            "At 0 they differ: the derivative of ReLU is 0 there and that of clamp is 1.",
            witness=[{"x": Blueprint.of([0.0])}, {"x": Blueprint.of([-0.0], "float32")}],
            until="2.13",
            where=lambda x: bool((x.array == 0).any()),
            issue="pytorch#191142",
        )
    ],
    kills=["relu-has-the-slope-one-at-zero", "relu-lets-small-negatives-through", "clamp-is-the-absolute-value"],
)


def without_nan(x):
    """Return the Blueprint with infinity in the place of every NaN."""
    return x.with_values([float("inf") if value != value else value for value in x.storage])


NUMBERS = st.sampled_from([True, False, False]).flatmap(
    lambda kinks: tensors(dtypes.FLOATS, shapes(max_dims=2, max_elements=17), LAYOUTS, kinks=kinks)).map(without_nan)
"""Tensors without NaN, a third of them with zeros."""


def outputs_and_gradients(x, device):
    """Return (output, gradient of its sum) for the module ReLU and for clamp."""
    found = []
    for rectify in (torch.nn.ReLU(), lambda t: t.clamp(min=0)):
        t = x.on(device, requires_grad=True)
        output = rectify(t)
        output.sum().backward()
        found.append((output, t.grad))
    return found


@RELU_MODULE_EQUALS_CLAMP
@needs(FLOAT64)
@reaches(negative=lambda x: (x.array < 0).any(), infinite=lambda x: np.isinf(x.array).any(),
         strided=lambda x: not x.contiguous)
@given(x=NUMBERS)
@example(x=Blueprint.of([float("-inf"), -5e-324, 5e-324, float("inf")]))
def test_the_module_relu_and_clamp_have_the_same_outputs_and_gradients(device, x):
    """
    >>> a, b = x.clone().requires_grad_(), x.clone().requires_grad_()
    >>> torch.nn.ReLU()(a).sum().backward(); b.clamp(min=0).sum().backward()
    >>> a.grad, b.grad
    """
    (relu, slope_of_relu), (clamp, slope_of_clamp) = outputs_and_gradients(x, device)
    agrees(relu, np.asarray(np.maximum(x.array, 0), x.dtype))
    agrees(clamp, relu)
    agrees(slope_of_relu, np.asarray(x.array > 0, x.dtype))
    agrees(slope_of_clamp, slope_of_relu)


@RELU_MODULE_EQUALS_CLAMP.instead
@needs(FLOAT64)
@reaches(kink=lambda x: (x.array == 0).any(), negative=lambda x: (x.array < 0).any())
@given(x=NUMBERS)
@example(x=Blueprint.of([-1.0, -0.0, 0.0, 1.0]))
def test_at_zero_clamp_passes_the_gradient_and_the_module_relu_does_not(device, x):
    """
    >>> a, b = x.clone().requires_grad_(), x.clone().requires_grad_()
    >>> torch.nn.ReLU()(a).sum().backward(); b.clamp(min=0).sum().backward()
    >>> a.grad, b.grad
    """
    (relu, slope_of_relu), (clamp, slope_of_clamp) = outputs_and_gradients(x, device)
    agrees(clamp, relu)
    agrees(slope_of_relu, np.asarray(x.array > 0, x.dtype))
    agrees(slope_of_clamp, np.asarray(x.array >= 0, x.dtype))
