"""One step of learning.

The gradient points uphill. A step of learning moves the weights the other way, in place, and if the step is not too
long the loss is lower afterwards.
"""
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.networks import random_problem, trainer
from spec.oracles.agreement import agrees, bitwise
from spec.oracles.backprop import two_layers
from spec.oracles.exact_ad import exact
from spec.sources import EXAMPLES, NOTEBOOK, TEMPLATE
from spec.strategies import ArrayBlueprint, arrays, regressions, two_layer_networks
from spec.strategies.choices import draw_choices

NUMPY_UPDATE_IN_PLACE = Claim(
    "backprop.numpy-update-in-place",
    "On numpy arrays w1 -= learning_rate * grad_w1 writes the new weights into the array that w1 is, so that whoever "
    "holds that array sees them.",
    sources=[EXAMPLES["Warm-up: numpy"], NOTEBOOK["What are Tensors?"]],
    kills=["subtract-forgets-its-output", "subtract-misses-the-last-row-of-its-output",
           "subtract-overwrites-its-operand"],
)

Update = NamedTuple("Update", [("w", ArrayBlueprint), ("grad", ArrayBlueprint), ("rate", float)])
Update.__doc__ = "Weights and their gradient, float64 arrays of one size, and a learning rate."


@st.composite
def updates(draw):
    """Draw an Update of any layouts without shared cells."""
    w = draw(arrays(dtype="float64", layouts=("contiguous", "fortran", "transposed", "sliced", "reversed")))
    grad = draw(arrays(dtype="float64", shape=w.size, layouts=("contiguous", "transposed", "broadcast")))
    return Update(w, grad, draw_choices(draw, 1).of((1e-6, 0.1, 1.0, 0.0, -0.5)))


def minus_equals(w, step):
    w -= step
    return w


SPELLINGS = {"operator": minus_equals, "function": lambda w, step: np.subtract(w, step, out=w)}
"""The augmented assignment, and the call that it stands for."""


@NUMPY_UPDATE_IN_PLACE
@reaches(strided=lambda update: "contiguous" not in update.w.labels, number=lambda update: not update.w.size,
         rows=lambda update: len(update.w.size) > 1 and update.w.array.size > 1)
@given(update=updates(), spelling=st.sampled_from(sorted(SPELLINGS)))
def test_an_update_changes_the_array_itself(update, spelling):
    """
    >>> alias = w; w -= rate * grad
    >>> alias is w, w
    """
    w, grad = update.w.make(), update.grad.make()
    address, whole = w.__array_interface__["data"], w.base
    with np.errstate(all="ignore"):
        after = SPELLINGS[spelling](w, update.rate * grad)
        expected = [old - update.rate * g for old, g in zip(update.w.array.ravel().tolist(),
                                                            update.grad.array.ravel().tolist())]
    assert after is w and w.__array_interface__["data"] == address and w.base is whole
    agrees(w, np.array(expected).reshape(w.shape))
    bitwise(grad, update.grad.array)


@NUMPY_UPDATE_IN_PLACE
def test_every_name_and_every_view_of_the_weights_sees_the_update():
    for spelling in sorted(SPELLINGS):
        w = np.arange(6.0).reshape(2, 3)
        same, row, transposed = w, w[1], w.T
        step = np.full((2, 3), 0.5)
        assert SPELLINGS[spelling](w, step) is same
        agrees(step, np.full((2, 3), 0.5))
        agrees(row, [2.5, 3.5, 4.5])
        agrees(transposed, [[-0.5, 2.5], [0.5, 3.5], [1.5, 4.5]])


@NUMPY_UPDATE_IN_PLACE
def test_the_long_form_makes_another_array_and_leaves_the_first():
    w = alias = np.ones(3)
    w = w - 0.5 * np.ones(3)
    assert w is not alias
    agrees(alias, [1, 1, 1])


@NUMPY_UPDATE_IN_PLACE
def test_weights_that_are_whole_numbers_or_read_only_refuse_the_update_and_stay():
    for dtype in dtypes.INTEGERS:
        whole = np.arange(3, dtype=dtype)
        with pytest.raises(TypeError, match="same_kind"):
            whole -= 0.1 * np.ones(3)
        agrees(whole, np.arange(3, dtype=dtype))
    fixed = np.ones(3)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        fixed -= 0.1 * np.ones(3)
    agrees(fixed, [1, 1, 1])


DESCENT_STEP_LOWERS_LOSS = Claim(
    "backprop.descent-step-lowers-loss",
    "One step of gradient descent, w <- w - lr * grad, lowers the loss if the learning rate is small enough.",
    sources=[TEMPLATE["Opening"], EXAMPLES["Opening"], EXAMPLES["Warm-up: numpy"]],
    kills=["minus-equals-adds", "minus-equals-has-no-effect", "mm-loses-the-last-product",
           "minus-equals-misses-the-last-row"],
)

Step = NamedTuple("Step", [("x", np.ndarray), ("y", np.ndarray), ("w", np.ndarray), ("rate", float)])
Step.__doc__ = "A linear regression of whole numbers, weights to start from, and a learning rate: a power of 2."


@st.composite
def steps(draw):
    """Draw a Step; one learning rate in two is small enough for certain."""
    x, y, w = draw(regressions(exact=True, noise=True))
    safe = 2.0 ** -int(np.ceil(np.log2((x * x).sum() + 1)))
    return Step(x, y, w, safe * 2.0 ** draw_choices(draw, 1).between(-4, 4))


def change(step):
    """Return (loss, its gradient's squared length, and how much one step lowers it) in exact numbers.

    The loss |xw - y|**2 is quadratic, so with g = 2 x'(xw - y) it falls by lr |g|**2 - lr**2 |xg|**2, whatever the
    learning rate lr. That is above 0 for lr below |g|**2 / |xg|**2, which is at least 2/L, where L is the greatest
    eigenvalue of the Hessian 2 x'x (S. Boyd, L. Vandenberghe, Convex Optimization, 2004, section 9.3).
    """
    x, y, w, rate = exact(step.x), exact(step.y), exact(step.w), Fraction(step.rate)
    error = x.dot(w) - y
    g = 2 * x.T.dot(error)
    return (error ** 2).sum(), (g ** 2).sum(), rate * (g ** 2).sum() - rate ** 2 * (x.dot(g) ** 2).sum()


@DESCENT_STEP_LOWERS_LOSS
@needs(FLOAT64)
@reaches(lower=lambda step: change(step)[2] > 0, higher=lambda step: change(step)[2] < 0,
         flat=lambda step: change(step)[1] == 0)
@given(step=steps())
def test_on_a_quadratic_the_loss_falls_by_what_the_gradient_promises(device, step):
    """
    >>> x, y, w = map(torch.tensor, (x, y, w)); before = (x.mm(w) - y).pow(2).sum()
    >>> w -= rate * 2 * x.t().mm(x.mm(w) - y)
    >>> before - (x.mm(w) - y).pow(2).sum()
    """
    x, y, w = [torch.tensor(array, device=device) for array in step[:3]]
    loss, slope, fall = change(step)
    error = x.mm(w) - y
    assert error.pow(2).sum().item() == loss
    w -= step.rate * (2 * x.t().mm(error))
    after = (x.mm(w) - y).pow(2).sum().item()
    assert after == loss - fall
    greatest = 2 * np.linalg.eigvalsh(step.x.T.dot(step.x)).max()
    if step.rate < 1.99 / greatest:
        assert after < loss if slope else after == loss


@DESCENT_STEP_LOWERS_LOSS
@needs(FLOAT64)
@reaches(silent=lambda net: (net.x.dot(net.w1) < 0).any(), autograd=lambda form: form == "autograd",
         numpy=lambda form: form == "numpy")
@given(net=two_layer_networks(kinks=False), form=st.sampled_from(["numpy", "tensors", "autograd"]))
def test_for_the_network_some_step_earns_half_of_what_the_gradient_promises(device, net, form):
    """
    >>> x, y, w1, w2 = map(torch.tensor, (x, y, w1, w2)); h = x.mm(w1); error = h.clamp(min=0).mm(w2) - y
    >>> g1, g2 = x.t().mm(2 * error.mm(w2.t()) * (h > 0).double()), 2 * h.clamp(min=0).t().mm(error)
    >>> error.pow(2).sum() - (x.mm(w1 - 1e-9 * g1).clamp(min=0).mm(w2 - 1e-9 * g2) - y).pow(2).sum()
    """
    by_hand = two_layers(*net)
    slope = float(np.square(by_hand.grad_w1).sum() + np.square(by_hand.grad_w2).sum())
    place = {} if form == "numpy" else {"device": device}
    for halvings in range(61):
        rate = 2.0 ** -halvings
        losses = trainer(form)(*net, rate, 2, **place).losses
        assert losses[0] == by_hand.loss
        if losses[1] <= losses[0] - rate * slope / 2:
            return
    pytest.fail("no step from 1 down to 2**-60 lowers the loss by half of rate * {}".format(slope))


@DESCENT_STEP_LOWERS_LOSS
@pytest.mark.parametrize("form", ["numpy", "tensors"])
def test_the_printed_learning_rate_is_too_large_for_some_data_and_a_smaller_one_is_not(form):
    problem = random_problem(1)
    before, after = trainer(form)(*problem, 1e-6, 2).losses
    assert after > 1.1 * before
    before, after = trainer(form)(*problem, 1e-7, 2).losses
    assert after < 0.9 * before
