"""The place of zeroing in the loop.

Each round of training clears the gradients once, somewhere between one update and the next backward pass. Nothing does
it by itself.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.optim._helpers import COMMON, cleared, make
from spec.oracles.agreement import agrees, bitwise, unchanged
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies import regressions

ZEROING_POSITION_IS_FREE = Claim(
    "optim.zeroing-position-is-free",
    "Gradients may be zeroed right after the update or just before the new ones are computed; training is the same.",
    sources=[INTRODUCTION["Variables and Autograd"], INTRODUCTION["Optimization"], FLOYDHUB["Variables and AutoGrad"]],
    kills=["zero-grad-moves-the-weights", "the-first-zero-grad-is-ignored"],
)

PLACES = ["at the start of the round", "between forward and backward", "after the step"]


def trained(place, problem, name, device, rounds=3):
    """Fit a linear model with the optimizer of a name, with gradients cleared at a place; return its weights."""
    x, y = [torch.tensor(array, device=device) for array in (problem.x, problem.y)]
    w = torch.zeros(problem.w.shape, dtype=torch.float64, device=device, requires_grad=True)
    optimizer = make(name, [w], **({"momentum": 0.5} if name == "SGD" else {}))
    for _ in range(rounds):
        if place == PLACES[0]:
            optimizer.zero_grad()
        loss = (x.mm(w) - y).pow(2).sum()
        if place == PLACES[1]:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if place == PLACES[2]:
            optimizer.zero_grad()
    assert cleared(w) or place != PLACES[2]
    return w


@ZEROING_POSITION_IS_FREE
@needs(FLOAT64)
@reaches(several=lambda problem: len(problem.x) > 1, momentum=lambda name: name == "SGD",
         adam=lambda name: name == "Adam")
@given(problem=regressions(), name=st.sampled_from(COMMON))
def test_the_weights_are_the_same_to_the_last_bit_wherever_the_gradients_are_cleared(device, problem, name):
    """
    >>> x, y, p, q = torch.tensor(x), torch.tensor(y), 0 * torch.tensor(w), 0 * torch.tensor(w)
    >>> o, r = [getattr(torch.optim, name)([v.requires_grad_()], lr=0.01) for v in (p, q)]
    >>> for _ in "123": o.zero_grad(); (x.mm(p) - y).pow(2).sum().backward(); o.step()
    >>> [((x.mm(q) - y).pow(2).sum().backward(), r.step(), r.zero_grad(), p.tolist(), q.tolist()) for _ in "123"][-1]
    """
    results = [trained(place, problem, name, device) for place in PLACES]
    assert results[0].detach().ne(0).any() or not np.any(problem.x.T.dot(problem.y))
    for result in results[1:]:
        bitwise(result, results[0])


@ZEROING_POSITION_IS_FREE
def test_zeroing_between_backward_and_step_takes_the_update_away(device):
    w = torch.ones(2, device=device, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.5)
    for _ in range(3):
        (w * w).sum().backward()
        optimizer.zero_grad()
        optimizer.step()
        unchanged(w, np.ones(2, "float32"))


@ZEROING_POSITION_IS_FREE
@pytest.mark.parametrize("name", COMMON)
def test_a_function_given_to_step_may_clear_the_gradients_itself(device, name):
    weights = [torch.full((2,), 3.0, device=device).requires_grad_() for _ in range(2)]
    optimizers = [make(name, [w]) for w in weights]

    def closure():
        optimizers[0].zero_grad()
        loss = (weights[0] * weights[0]).sum()
        loss.backward()
        return loss

    for _ in range(3):
        expected = (weights[1] * weights[1]).sum()
        optimizers[1].zero_grad()
        expected.backward()
        optimizers[1].step()
        assert optimizers[0].step(closure).item() == expected.item()
        bitwise(*weights)


ZEROING_IS_REQUIRED = Claim(
    "optim.zeroing-is-required",
    "Even with an optimizer gradients must be zeroed by hand before new ones are computed; otherwise step() uses the "
    "running sum of all of them.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Variables and AutoGrad"]],
    kills=["step-clears-the-gradients", "backward-replaces-gradients", "zero-grad-does-nothing"],
)

Slope = NamedTuple("Slope", [("w", float), ("slopes", list), ("lr", float)])
Slope.__doc__ = "A first weight, the slopes of a linear loss in each step, and a rate; exact in float32."


@st.composite
def slopes(draw):
    """Draw a Slope of two to six steps."""
    return Slope(float(draw(st.integers(-9, 9))), draw(st.lists(st.integers(-9, 9), min_size=2, max_size=6)),
                 draw(st.sampled_from([0.5, 0.25, 1.0, 2.0])))


@ZEROING_IS_REQUIRED
@reaches(differs=lambda case: any(case.slopes[:-1]), signs=lambda case: min(case.slopes) < 0 < max(case.slopes))
@given(case=slopes())
def test_without_zeroing_each_step_goes_by_the_sum_of_all_gradients_so_far(device, case):
    """
    >>> p = torch.tensor(w, requires_grad=True); o = torch.optim.SGD([p], lr=lr)
    >>> for c in slopes: (c * p).backward(); o.step()
    >>> p
    """
    zeroed, piled = [torch.tensor(case.w, device=device, requires_grad=True) for _ in range(2)]
    optimizers = [torch.optim.SGD([w], lr=case.lr) for w in (zeroed, piled)]
    for slope in case.slopes:
        optimizers[0].zero_grad()
        for w, optimizer in zip((zeroed, piled), optimizers):
            (slope * w).backward()
            optimizer.step()
    agrees(zeroed, np.float32(case.w - case.lr * sum(case.slopes)))
    agrees(piled, np.float32(case.w - case.lr * np.cumsum(case.slopes).sum()))
    agrees(piled.grad, np.float32(sum(case.slopes)))


@ZEROING_IS_REQUIRED
def test_without_zeroing_a_loss_that_would_fall_in_every_step_rises_again(device):
    losses = {}
    for zeroing in (True, False):
        w = torch.ones(1, device=device, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.25)
        losses[zeroing] = []
        for _ in range(8):
            if zeroing:
                optimizer.zero_grad()
            loss = (w * w).sum()
            losses[zeroing].append(loss.item())
            loss.backward()
            optimizer.step()
    # With zeroing w halves in each step; without it w follows w' = w - (w_0 + ... + w) / 2, and goes to and fro.
    assert losses[True] == [0.25 ** step for step in range(8)]
    assert losses[False] == [w * w for w in (1, 0.5, -0.25, -0.875, -1.0625, -0.71875, -0.015625, 0.6953125)]
