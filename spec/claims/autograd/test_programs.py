"""The documents' programs.

Three programs lead up to training: a mean whose gradient can be worked out on paper, one step of linear regression, and
the two-layer network with autograd in place of the hand-written backward pass.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.networks import random_problem, with_autograd
from spec.oracles.agreement import agrees
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import Blueprint, regressions

MEAN_EXAMPLE = Claim(
    "autograd.mean-example",
    "For x = ones(2, 2), y = x + 2 is 3, z = y * y * 3 is 27, out = z.mean() is 27, and after out.backward() x.grad is "
    "4.5 everywhere.",
    sources=[FLOYDHUB["Variables and AutoGrad"]],
    kills=["mean-divides-by-one-more", "mean-has-the-gradient-of-a-sum", "a-square-counts-one-of-its-two-uses"],
)


@MEAN_EXAMPLE
def test_the_example_gives_3_27_27_and_a_gradient_of_4_5(device):
    x = torch.ones(2, 2, device=device, requires_grad=True)
    y = x + 2
    z = y * y * 3
    out = z.mean()
    out.backward()
    agrees(y, np.full((2, 2), 3.0, "float32"))
    agrees(z, np.full((2, 2), 27.0, "float32"))
    agrees(out, np.float32(27))
    agrees(x.grad, np.full((2, 2), 4.5, "float32"))


@MEAN_EXAMPLE
@needs(FLOAT64)
@reaches(one=lambda n: n == 1, many=lambda n: n > 16, zero=lambda a, b: a + b == 0)
@given(n=st.sampled_from([1, 2, 4, 8, 16, 32, 64]), a=st.integers(-9, 9), b=st.integers(-9, 9), k=st.integers(-9, 9))
@example(n=1, a=0, b=0, k=1)
def test_the_gradient_of_a_mean_of_k_squares_is_two_k_times_the_root_over_their_number(device, n, a, b, k):
    """
    >>> x = torch.full((n,), float(a), dtype=torch.float64, requires_grad=True)
    >>> ((x + b) * (x + b) * k).mean().backward()
    >>> x.grad, 2 * k * (a + b) / n
    """
    x = torch.full((n,), float(a), dtype=torch.float64, device=device, requires_grad=True)
    y = x + b
    out = (y * y * k).mean()
    out.backward()
    agrees(out, np.float64(k * (a + b) ** 2))
    agrees(x.grad, np.full(n, 2 * k * (a + b) / n))


LINEAR_REGRESSION_STEP = Claim(
    "autograd.linear-regression-step",
    "For loss = mean((y - x @ w)^2), backward gives w.grad = -2/N x^T(y - x @ w), and one small step w.data -= lr * "
    "w.grad.data lowers the loss.",
    sources=[FLOYDHUB["Variables and AutoGrad"]],
    kills=["mean-has-the-gradient-of-a-sum", "backward-flips-the-sign", "backward-doubles-the-first-gradient"],
)


def _loss(x, y, w):
    return ((y - x.mm(w)) * (y - x.mm(w))).mean()


@LINEAR_REGRESSION_STEP
@needs(FLOAT64)
@reaches(residual=lambda data: (data.x @ data.w != data.y).any(), several_rows=lambda data: len(data.x) > 2)
@given(data=regressions(noise=True))
def test_the_gradient_of_the_mean_squared_error_is_the_closed_form(device, data):
    """
    >>> x, y, w = torch.tensor(x), torch.tensor(y), torch.tensor(w).requires_grad_()
    >>> ((y - x @ w) * (y - x @ w)).mean().backward()
    >>> w.grad, -2 / y.numel() * x.t() @ (y - x @ w)
    """
    x, y = (Blueprint.of(array).on(device) for array in (data.x, data.y))
    w = Blueprint.of(data.w).on(device, requires_grad=True)
    _loss(x, y, w).backward()
    tx, ty, tw = (Rounded(array, "float64") for array in data)
    expected = tx.T @ ((ty - tx @ tw) * (-2.0 / data.y.size))
    agrees(w.grad, expected.value, bound=8 * expected.bound)


@LINEAR_REGRESSION_STEP
@needs(FLOAT64)
@reaches(residual=lambda data: (data.x @ data.w != data.y).any())
@given(data=regressions(noise=True))
def test_a_step_below_the_inverse_curvature_lowers_the_loss_by_at_least_half_the_step_times_the_squared_gradient(
        device, data):
    """
    >>> x, y, w = torch.tensor(x), torch.tensor(y), torch.tensor(w).requires_grad_()
    >>> loss = ((y - x @ w) ** 2).mean(); loss.backward(); lr = y.numel() / 2 / np.linalg.norm(x.numpy(), 2) ** 2
    >>> loss.item(), ((y - x @ (w - lr * w.grad)) ** 2).mean().item()
    """
    x, y = (Blueprint.of(array).on(device) for array in (data.x, data.y))
    w = Blueprint.of(data.w).on(device, requires_grad=True)
    rate = data.y.size / 2 / np.linalg.norm(data.x, 2) ** 2
    before = _loss(x, y, w)
    before.backward()
    w.data -= rate * w.grad.data
    after = _loss(x, y, w).item()
    squared = (w.grad * w.grad).sum().item()
    rounding = 1e-12 * (before.item() + 1)
    assert after <= before.item() - rate / 2 * squared + rounding
    if rate * squared > 4 * rounding:
        assert after < before.item()


@LINEAR_REGRESSION_STEP
@needs(FLOAT64)
def test_a_step_at_the_documents_own_rate_lowers_the_loss_of_their_problem(device):
    random = np.random.RandomState(1)
    x, w = (Blueprint.of(random.standard_normal(size)).on(device) for size in ((10, 5), (5, 1)))
    y = Blueprint.of(random.standard_normal((10, 1))).on(device)
    w.requires_grad_()
    before = _loss(x, y, w)
    before.backward()
    w.data -= 0.01 * w.grad.data
    assert 0 < _loss(x, y, w).item() < before.item()


PROGRAM_FITS = Claim(
    "autograd.program-fits",
    "The two-layer program with autograd runs its 500 steps and fits the data, once loss.item() is printed in place of "
    "loss.data[0].",
    sources=[
        TEMPLATE["Variables and autograd"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        NOTEBOOK["Autograd"],
    ],
    kills=["backward-flips-the-sign", "backward-gives-zeros-at-the-second-call", "zero-underscore-clears-a-copy"],
)


@PROGRAM_FITS
@pytest.mark.parametrize("seed", [0])
def test_500_steps_at_the_documents_own_sizes_lower_the_loss_a_hundred_million_times(device, seed):
    losses = with_autograd.train(*random_problem(seed), device=device).losses
    assert len(losses) == 500 and np.isfinite(losses).all() and min(losses) >= 0
    assert losses[-1] < 1e-8 * losses[0]
