"""At a kink.

Where a function has a corner it has no derivative, and a convention decides what backward returns. A convention can
change: this one did in torch 2.14, and with it the first thing that all five documents teach.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.claim import Claim, Deviation, reaches
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies import Blueprint, same_shape

CLAMP_AT_BOUND = Claim(
    "autograd.clamp-gradient-at-bound",
    "Where its input is exactly 0, clamp(min=0) used as a rectifier has the gradient of relu, 0.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Defining new autograd functions"]],
    deviations=[Deviation(
        "clamp passes the gradient on at its bounds, so that clamp(min=0) has gradient 1 at 0 where relu has 0; write "
        "relu, or h[h < 0] = 0 by hand, to be independent of the release.",
        until="2.13",
        witness=[{"pair": (Blueprint.of([0.0]), Blueprint.of([1.0]))},
                 {"pair": (Blueprint.of([-1.0, -0.0]), Blueprint.of([1.0, -3.0]))}],
        where=lambda pair: bool(((pair[0].array == 0) & (pair[1].array != 0)).any()),
        issue="pytorch#191142",
    )],
    kills=["clamp-follows-the-other-convention-at-its-lower-bound", "relu-passes-the-gradient-at-zero"],
)

PAIRS = st.booleans().flatmap(lambda kinks: same_shape(2, dtype=dtypes.FLOATS, integral=True, kinks=kinks))


def _gradient(function, pair, device):
    x = pair[0].on(device, requires_grad=True)
    function(x).backward(pair[1].on(device))
    return x.grad


@CLAMP_AT_BOUND
@reaches(away=lambda pair: pair[0].numel and (pair[0].array != 0).all())
@given(pair=PAIRS)
def test_clamp_passes_the_gradient_on_above_zero_only(device, pair):
    """
    >>> h, g = pair
    >>> h.requires_grad_().clamp(min=0).backward(g)
    >>> h.grad
    """
    expected = np.where(pair[0].array > 0, pair[1].array, 0)
    agrees(_gradient(lambda x: x.clamp(min=0), pair, device), expected, any_dtype=True)


@CLAMP_AT_BOUND.regardless
@pytest.mark.parametrize("rectifier", ["relu", "hardtanh"])
@reaches(kink=lambda pair: (pair[0].array == 0).any())
@given(pair=PAIRS)
@example(pair=(Blueprint.of([0.0, -0.0, 1.0]), Blueprint.of([1.0, 2.0, 3.0])))
def test_relu_and_hardtanh_have_gradient_zero_at_their_bounds_in_every_release(device, rectifier, pair):
    """
    >>> h, g = pair
    >>> getattr(torch.nn.functional, rectifier)(h.requires_grad_()).backward(g)
    >>> h.grad
    """
    h, g = (one.array for one in pair)
    inside = (h > 0) if rectifier == "relu" else (h > -1) & (h < 1)
    function = getattr(torch.nn.functional, rectifier)
    agrees(_gradient(function, pair, device), np.where(inside, g, 0), any_dtype=True)


@CLAMP_AT_BOUND.instead
@reaches(kink=lambda pair: (pair[0].array == 0).any())
@given(pair=PAIRS)
def test_clamp_passes_the_gradient_on_at_both_bounds_too(device, pair):
    """
    >>> h, g = pair
    >>> h.requires_grad_().clamp(0, 2).backward(g)
    >>> h.grad
    """
    h, g = (one.array for one in pair)
    agrees(_gradient(lambda x: x.clamp(min=0), pair, device), np.where(h >= 0, g, 0), any_dtype=True)
    both = np.where((h >= 0) & (h <= 2), g, 0)
    agrees(_gradient(lambda x: x.clamp(0, 2), pair, device), both, any_dtype=True)
