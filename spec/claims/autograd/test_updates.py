"""Updating weights.

A weight is a leaf that requires a gradient. To change it without the change becoming part of the graph, the documents
go through .data; without that detour an in-place change is refused.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, STORAGE, needs
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import Blueprint, same_shape, tensors

DATA_UPDATE_KEEPS_LEAF = Claim(
    "autograd.data-update-keeps-leaf",
    "w.data -= lr * w.grad.data updates the weight in place and unrecorded: w stays the same leaf, requires a "
    "gradient, and keeps its memory.",
    sources=[
        EXAMPLES["PyTorch: Variables and autograd"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        EXAMPLES["PyTorch: nn"],
        INTRODUCTION["Variables and Autograd"],
        INTRODUCTION["Optimization"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["Autograd"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
        NOTEBOOK["What is a nn module"],
    ],
    kills=["subtraction-in-place-makes-a-new-tensor", "data-is-a-copy", "backward-flips-the-sign"],
)

RATES = st.sampled_from([0.5, 0.25, 2.0, 0.0])
"""Learning rates by which whole numbers can be multiplied without rounding."""


@DATA_UPDATE_KEEPS_LEAF
@needs(FLOAT64, STORAGE)
@reaches(strided=lambda w: not w.contiguous, empty=lambda w: not w.numel, offset=lambda w: w.offset > 0)
@given(w=tensors("float64", integral=True, max_elements=17), rate=RATES)
@example(w=Blueprint.of([1.0, -2.0]), rate=0.5)
def test_an_update_through_data_changes_the_values_and_nothing_else(device, w, rate):
    """
    >>> (w.requires_grad_() * w).sum().backward()
    >>> w.data -= rate * w.grad.data
    >>> w, w.is_leaf, w.grad_fn
    """
    weight = w.on(device, requires_grad=True)
    before, address, strides = weight, weight.data_ptr(), weight.stride()
    (weight * weight).sum().backward()
    weight.data -= rate * weight.grad.data
    agrees(weight, w.array - rate * 2 * w.array)
    assert weight is before and weight.is_leaf and weight.requires_grad and weight.grad_fn is None
    assert (weight.data_ptr(), weight.stride()) == (address, strides)
    agrees(weight.grad, 2 * w.array)


@DATA_UPDATE_KEEPS_LEAF
@needs(FLOAT64)
@reaches(still=lambda rate: rate == 0, onto_zero=lambda w, rate: rate == 0.5 and w.array.any(),
         strided=lambda w: not w.contiguous, no_dimension=lambda w: w.ndim == 0)
@given(w=tensors("float64", integral=True, max_elements=17), rate=RATES)
def test_the_next_forward_and_backward_use_the_updated_value(device, w, rate):
    """
    >>> w.requires_grad_().data -= rate
    >>> (w * w).sum().backward()
    >>> w.grad
    """
    weight = w.on(device, requires_grad=True)
    (weight * weight).sum().backward()
    weight.data -= rate * weight.grad.data
    weight.grad.data.zero_()
    updated = w.array - rate * 2 * w.array
    loss = (weight * weight).sum()
    loss.backward()
    agrees(loss, (updated * updated).sum())
    agrees(weight.grad, 2 * updated)


LEAF_IN_PLACE_REFUSED = Claim(
    "autograd.leaf-in-place-refused",
    "Updating a leaf that requires a gradient directly, without .data or no_grad, is refused, which is why the "
    "programs go through .data.",
    sources=[
        TEMPLATE["nn: The neural network Library"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
    ],
    kills=["a-leaf-can-be-changed-in-place", "a-leaf-is-changed-before-the-refusal",
           "subtraction-in-place-forgets-the-last-element"],
)


def _augmented(w, g):
    w -= g
    return w


REFUSED = {
    "w -= g": _augmented,
    "w.sub_(g)": lambda w, g: w.sub_(g),
    "w.add_(g)": lambda w, g: w.add_(g),
    "w.mul_(2)": lambda w, g: w.mul_(2),
    "w.zero_()": lambda w, g: w.zero_(),
    "w.normal_()": lambda w, g: w.normal_(),
    "w.uniform_()": lambda w, g: w.uniform_(),
}


@LEAF_IN_PLACE_REFUSED
@reaches(strided=lambda pair: not pair[0].contiguous, empty=lambda pair: not pair[0].numel)
@given(pair=same_shape(2, dtype="float32", max_elements=17), update=st.sampled_from(sorted(REFUSED)))
@example(pair=(Blueprint.of([1.0], "float32"), Blueprint.of([2.0], "float32")), update="w -= g")
def test_an_update_of_a_requiring_leaf_in_place_raises_and_leaves_it_as_it_was(device, pair, update):
    """
    >>> w, g = pair[0].requires_grad_(), pair[1]
    >>> exec(update)
    """
    w, g = pair[0].on(device, requires_grad=True), pair[1].on(device)
    with pytest.raises(RuntimeError):
        REFUSED[update](w, g)
    bitwise(w, pair[0].array)
    assert w.is_leaf and w.requires_grad and w.grad is None


@LEAF_IN_PLACE_REFUSED
@reaches(vector=lambda pair: pair[0].ndim == 1 and pair[0].numel)
@given(pair=same_shape(2, dtype="float32", integral=True, max_elements=17))
def test_under_no_grad_the_same_update_works_and_the_leaf_stays_one(device, pair):
    """
    >>> w, g = pair[0].requires_grad_(), pair[1]
    >>> with torch.no_grad(): w.sub_(g)
    >>> w, w.is_leaf
    """
    w, g = pair[0].on(device, requires_grad=True), pair[1].on(device)
    with torch.no_grad():
        assert w.sub_(g) is w
    agrees(w, pair[0].array - pair[1].array)
    assert w.is_leaf and w.requires_grad and w.grad_fn is None
    agrees(g, np.array(pair[1].array))
