"""The order of a step.

A step of training has five parts: forward, loss, zero the gradients, backward, update. Gradients add up until they are
zeroed, so that the place of the zeroing matters.
"""
from typing import NamedTuple, Tuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, NOTEBOOK

STEP_ORDER = Claim(
    "training.step-order",
    "Each step runs forward, loss, zero the gradients, backward and update; zeroing may also come first or last, but "
    "not between backward and update.",
    sources=[
        EXAMPLES["PyTorch: Variables and autograd"],
        EXAMPLES["PyTorch: nn"],
        EXAMPLES["PyTorch: optim"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        EXAMPLES["PyTorch: Control Flow + Weight Sharing"],
        NOTEBOOK["Autograd"],
        NOTEBOOK["PyTorch - optim"],
        NOTEBOOK["Custom nn module"],
    ],
    kills=["zero-grad-does-nothing", "sgd-climbs", "backward-forgets-what-was-there", "zero-grad-undoes-the-update"],
)

Loop = NamedTuple("Loop", [
    ("curvature", Tuple[float, ...]), ("start", Tuple[float, ...]), ("rate", float), ("steps", int)])
Loop.__doc__ = "Gradient descent on the sum of curvature * w**2, from start; all numbers are dyadic, nothing rounds."

ZEROINGS = ("optimizer.zero_grad()", "model.zero_grad()", "grad.zero_()", "grad = None")
GOOD = (("zero", "forward", "backward", "update"), ("forward", "zero", "backward", "update"),
        ("forward", "backward", "update", "zero"))


@st.composite
def loops(draw):
    """Draw a Loop."""
    size = draw(st.integers(1, 4))
    numbers = st.lists(st.sampled_from([1.0, 2.0, -1.0, 0.0, 3.0]), min_size=size, max_size=size).map(tuple)
    return Loop(draw(numbers), draw(numbers), draw(st.sampled_from([0.25, 0.5, 0.125])), draw(st.integers(1, 4)))


class Quadratic(torch.nn.Module):
    """The sum of curvature * w**2; w is its parameter."""

    def __init__(self, loop, device):
        super().__init__()
        self.curvature = torch.tensor(loop.curvature, dtype=torch.float64, device=device)
        self.w = torch.nn.Parameter(torch.tensor(loop.start, dtype=torch.float64, device=device))

    def forward(self):
        """The value, a tensor without dimensions."""
        return (self.curvature * self.w * self.w).sum()


def trained(loop, order, zeroing, device):
    """Run a loop with the parts of each step in an order; return w."""
    model, loss = Quadratic(loop, device), None
    optimizer = torch.optim.SGD([model.w], lr=loop.rate)
    for _ in range(loop.steps):
        for part in order:
            if part == "forward":
                loss = model()
            elif part == "backward":
                loss.backward()
            elif part == "update":
                optimizer.step()
            elif model.w.grad is not None:
                zero(model, optimizer, zeroing)
    return model.w


def zero(model, optimizer, zeroing):
    """Zero the gradients in one of ZEROINGS."""
    if zeroing == "optimizer.zero_grad()":
        optimizer.zero_grad()
    elif zeroing == "model.zero_grad()":
        model.zero_grad()
    elif zeroing == "grad.zero_()":
        model.w.grad.zero_()
    else:
        model.w.grad = None


@STEP_ORDER
@needs(FLOAT64)
@reaches(last=lambda order: order[-1] == "zero", between=lambda order: order[1] == "zero",
         several=lambda loop: loop.steps > 1, none=lambda zeroing: zeroing == "grad = None")
@example(loop=Loop((1.0,), (1.0,), 0.25, 3), order=GOOD[2], zeroing=ZEROINGS[0])
@given(loop=loops(), order=st.sampled_from(GOOD), zeroing=st.sampled_from(ZEROINGS))
def test_zeroing_before_backward_or_after_the_update_gives_gradient_descent(device, loop, order, zeroing):
    """
    >>> w = torch.tensor(start, requires_grad=True); o = torch.optim.SGD([w], rate)
    >>> parts = dict(zero=o.zero_grad, update=o.step, forward=lambda: 0)
    >>> parts["backward"] = lambda: (torch.tensor(curvature) * w * w).sum().backward()
    >>> print([parts[part]() for _ in range(steps) for part in order], w)
    """
    start, curvature = np.array(loop.start), np.array(loop.curvature)
    agrees(trained(loop, order, zeroing, device), start * (1 - 2 * loop.rate * curvature) ** loop.steps)


@STEP_ORDER
@needs(FLOAT64)
@reaches(several=lambda loop: loop.steps > 1, none=lambda zeroing: zeroing == "grad = None",
         sloping=lambda loop: (np.array(loop.start) * loop.curvature != 0).any())
@given(loop=loops(), zeroing=st.sampled_from(ZEROINGS))
def test_zeroing_between_backward_and_the_update_leaves_the_weights_as_they_are(device, loop, zeroing):
    """
    >>> w = torch.tensor(start, requires_grad=True); o = torch.optim.SGD([w], rate)
    >>> (torch.tensor(curvature) * w * w).sum().backward(); o.zero_grad(); o.step(); print(w)
    """
    agrees(trained(loop, ("forward", "backward", "zero", "update"), zeroing, device), np.array(loop.start))


@STEP_ORDER
@needs(FLOAT64)
@reaches(several=lambda loop: loop.steps > 1 and any(loop.curvature))
@given(loop=loops())
def test_without_zeroing_each_update_takes_the_sum_of_all_gradients_so_far(device, loop):
    """
    >>> w = torch.tensor(start, requires_grad=True); o = torch.optim.SGD([w], rate)
    >>> for _ in range(steps): (torch.tensor(curvature) * w * w).sum().backward(); o.step()
    >>> w
    """
    w, total = np.array(loop.start), 0.0
    for _ in range(loop.steps):
        total = total + 2 * np.array(loop.curvature) * w
        w = w - loop.rate * total
    agrees(trained(loop, ("forward", "backward", "update"), None, device), w)


@STEP_ORDER
@needs(FLOAT64)
@pytest.mark.parametrize("order, expected", [
    ("zero forward backward update", 0.125), ("forward backward update zero", 0.125),
    ("forward backward zero update", 1.0), ("forward backward update", -0.875)])
def test_three_steps_down_the_parabola_show_the_difference(device, order, expected):
    agrees(trained(Loop((1.0,), (1.0,), 0.25, 3), order.split(), ZEROINGS[0], device), np.array([expected]))
