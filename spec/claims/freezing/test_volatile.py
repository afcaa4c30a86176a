"""Volatile inputs.

The documents mark the input of a network as volatile when the network is only used. The mark has no effect any more.
"""
import warnings

import pytest
import torch
from hypothesis import given
from torch.autograd import Variable

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.freezing._helpers import expected, frozen_networks, module_of
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB, INTRODUCTION

VOLATILE_EXCLUDES_SUBGRAPH = Claim(
    "freezing.volatile-excludes-subgraph",
    "Variable(t, volatile=True) switches recording off for everything computed from it: one volatile input makes the "
    "output, and all later layers, not require a gradient.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    deviations=[
        Deviation(
            "volatile=True is ignored with a UserWarning; torch.no_grad() does what is described.",
            witness={},
        )
    ],
    kills=["volatile-switches-recording-off", "volatile-warns-twice", "volatile-may-require-a-gradient"],
)


def volatile(*args, **kwargs):
    """Make a Variable and return it with the categories of the warnings that this caused."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        variable = Variable(*args, **kwargs)
    return variable, [warning.category for warning in caught]


@VOLATILE_EXCLUDES_SUBGRAPH
def test_the_sum_of_a_volatile_variable_and_one_that_requires_a_gradient_requires_none(device):
    x = Variable(torch.randn(5, 5, device=device), requires_grad=True)
    y, _ = volatile(torch.randn(5, 5, device=device), volatile=True)
    a = x + y
    assert not a.requires_grad


@VOLATILE_EXCLUDES_SUBGRAPH.instead
@needs(FLOAT64)
@reaches(deep=lambda case: len(case.weights) > 2)
@given(case=frozen_networks())
def test_a_volatile_input_warns_once_and_every_layer_gets_its_gradient_all_the_same(device, case):
    """
    >>> v = torch.autograd.Variable(torch.tensor(x), volatile=True); w = [torch.tensor(one) for one in weights]
    >>> for one in w: v = v.mm(one.requires_grad_()).clamp(min=0)
    >>> v.requires_grad
    """
    model, linears = module_of(case._replace(frozen=(False,) * len(case.weights)), device)
    x, caught = volatile(torch.tensor(case.x, device=device), volatile=True)
    assert caught == [UserWarning] and not x.requires_grad
    prediction = model(x)
    assert prediction.requires_grad
    ((prediction - torch.tensor(case.y, device=device)) ** 2).sum().backward()
    for linear, gradient in zip(linears, expected(case).grad_weights):
        agrees(linear.weight.grad, gradient.T)


@VOLATILE_EXCLUDES_SUBGRAPH.instead
def test_volatile_warns_as_the_third_argument_too_and_is_silent_where_it_is_false(device):
    data = torch.ones(2, device=device)
    assert volatile(data, False, True)[1] == [UserWarning]
    assert volatile(data, False, False)[1] == [] and volatile(data, volatile=False)[1] == []
    variable, caught = volatile(data, requires_grad=True, volatile=False)
    assert variable.requires_grad and caught == []


@VOLATILE_EXCLUDES_SUBGRAPH.instead
def test_a_variable_that_is_volatile_and_requires_a_gradient_is_refused(device):
    with pytest.raises(ValueError):
        volatile(torch.ones(2, device=device), requires_grad=True, volatile=True)
    with pytest.raises(ValueError):
        volatile(torch.ones(2, device=device), True, True)
