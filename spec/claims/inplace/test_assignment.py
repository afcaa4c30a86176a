"""Augmented assignment.

The documents update weights with w1 -= learning_rate * grad_w1. For Python this is an assignment; for a tensor it is an
operation in place, and everything that refers to the tensor sees the new weights.
"""
from typing import NamedTuple, Union

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.claim import Claim, reaches
from spec.claims.inplace._cells import changed_only
from spec.claims.inplace._facts import Fact, deviations, true_here
from spec.oracles.agreement import agrees
from spec.oracles.memory import shares_memory
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK
from spec.strategies import Blueprint, tensors
from spec.strategies.choices import draw_choices
from spec.strategies.groups import GIVING_WAY_BYTES, giving_way
from spec.strategies.tensors import draw_tensor

OPERATORS = {"+=": np.add, "-=": np.subtract, "*=": np.multiply, "/=": np.divide}


class Update(NamedTuple("Update", [("w", Blueprint), ("operator", str), ("operand", Union[Blueprint, float, int])])):
    """An augmented assignment: a tensor, the operator, and a number or a tensor that broadcasts to its size."""

    __slots__ = ()

    @property
    def by_tensor(self):
        """Whether the operand is a tensor."""
        return isinstance(self.operand, Blueprint)

    @property
    def fractional(self):
        """Whether an integer tensor meets a number that is not whole."""
        return "int" in self.w.dtype and not self.by_tensor and self.operand != int(self.operand)

    @property
    def divides_integers(self):
        """Whether an integer tensor is divided."""
        return "int" in self.w.dtype and self.operator == "/="

    @property
    def expected(self):
        """The values that the expression without assignment has, in the tensor's dtype for floats, else in float64."""
        kind = self.w.dtype if dtypes.is_float(self.w.dtype) else "float64"
        operand = self.operand.array if self.by_tensor else np.array(self.operand)
        with np.errstate(all="ignore"):
            return np.array(OPERATORS[self.operator](self.w.array.astype(kind), operand.astype(kind)), dtype=kind)


@st.composite
def updates(draw):
    """Draw an Update of float tensors with any finite values, or of small non-negative integers.

    Numbers are halves that every dtype has exactly; the divisor of integers is at least 2 (torch 1.0 divides them by
    the whole part, which must not be 0).
    """
    choices = draw_choices(draw, 4 + GIVING_WAY_BYTES)
    whole, operator, by_tensor = choices.below(2), choices.of(sorted(OPERATORS)), choices.below(2)
    options = {"bounded": (10, 20)} if whole else {"finite": True}
    w = draw(tensors(dtypes.INTEGERS if whole else dtypes.FLOATS, max_elements=40, **options))
    if not by_tensor:
        return Update(w, operator, choices.of((2, 3, 2.5, 5) if whole else (2, 0.5, -3, -0.25)))
    bounds = {"bounded": (2, 5)} if whole else {"finite": True}
    return Update(w, operator, draw_tensor(draw, w.dtype, giving_way(choices, w.size), **bounds))


def _fact(says, covers, line, left, operand, **more):
    def shows(device):
        a = torch.tensor([5, 7], device=device)
        names = {"a": a}
        exec(line, names)
        assert names["a"] is a
        agrees(a, left, any_dtype=True)
    words = line.split()
    return Fact(says, covers, Update(Blueprint.of([5, 7], "int64"), words[1], operand), shows, **more)


FACTS = [
    _fact("A tensor of integers drops the fraction of the number that is added to it.",
          lambda case: case.fractional and case.operator != "/=", "a += 0.5", [5, 7], 0.5, until="1.2"),
    _fact("A tensor of integers that is divided drops the fractions.",
          lambda case: case.divides_integers, "a /= 2", [2, 3], 2, until="1.5"),
]

UPDATES = Claim(
    "inplace.augmented-assignment",
    "Augmented assignment on a tensor (w1 -= lr * grad, counter += 2) updates it in place: same object, same storage, "
    "every alias sees the new values; what the tensor's dtype cannot hold is refused.",
    sources=[EXAMPLES["PyTorch: Tensors"], INTRODUCTION["Variables and Autograd"], INTRODUCTION["Optimization"],
             FLOYDHUB["Variables and AutoGrad"], FLOYDHUB["Static vs Dynamic Computational Graph"],
             NOTEBOOK["PyTorch Tensors"]],
    deviations=deviations(FACTS, Update(Blueprint.of([5.0]), "+=", 2)),
    kills=["minus-equals-makes-a-new-tensor", "plus-equals-adds-twice-to-what-is-strided",
           "divided-equals-multiplies-by-the-rounded-inverse", "plus-equals-drops-fractions"],
)


@UPDATES
@reaches(
    strided=lambda case: not case.w.contiguous,
    broadcasts=lambda case: case.by_tensor and case.operand.size != case.w.size,
    number=lambda case: case.w.size == (),
    empty=lambda case: case.w.numel == 0,
)
@example(Update(Blueprint.of([5, 7], "int64"), "-=", 2.5))
@example(Update(Blueprint("float32", [1.0, 2.0, 3.0, 4.0], (2, 2), (1, 2)), "+=", 2))
@example(Update(Blueprint.of([5.0, 3.0]), "/=", Blueprint.of([49.0, 49.0])))
@given(case=updates())
def test_the_tensor_holds_the_result_and_so_does_every_alias_of_it_or_the_update_is_refused(device, case):
    """
    >>> exec("w {} operand".format(operator))
    >>> w
    """
    w = case.w.on(device)
    names = {"w": w, "operand": case.operand.on(device) if case.by_tensor else case.operand}
    alias, address = w[...], w.data_ptr()
    try:
        exec("w {} operand".format(case.operator), names)
    except RuntimeError:
        assert case.fractional or case.divides_integers
        agrees(w, case.w.array)
        return
    assert names["w"] is w and w.data_ptr() == address
    changed_only(case.w, w, case.expected, any_dtype=True)
    agrees(alias, case.expected, any_dtype=True)


@UPDATES.instead
@pytest.mark.parametrize("fact", true_here(FACTS), ids=[fact.witness.operator for fact in true_here(FACTS)])
def test_integers_lose_fractions_without_an_error(device, fact):
    fact.shows(device)


@UPDATES.regardless
def test_a_step_of_gradient_descent_changes_the_weights_that_everybody_holds(device):
    w1 = torch.tensor([1.0, 2.0], device=device)
    layers, first = {"first": w1}, w1[:1]
    w1 -= 0.5 * torch.tensor([2.0, -4.0], device=device)
    assert layers["first"] is w1
    agrees(w1, [0.0, 4.0], any_dtype=True)
    agrees(first, [0.0], any_dtype=True)


@UPDATES.regardless
def test_weights_that_require_a_gradient_are_updated_in_place_where_nothing_is_recorded(device):
    w = torch.tensor([1.0, 2.0], device=device, requires_grad=True)
    before = w
    with pytest.raises(RuntimeError):
        w -= 1
    agrees(w, [1.0, 2.0], any_dtype=True)
    with torch.no_grad():
        w -= 1
    assert w is before and w.requires_grad and w.is_leaf and w.grad_fn is None
    agrees(w, [0.0, 1.0], any_dtype=True)


@UPDATES.regardless
@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_an_operand_that_would_enlarge_the_tensor_is_refused(device, operator):
    w = torch.ones(3, device=device)
    with pytest.raises(RuntimeError):
        exec("w {} torch.ones(2, 3, device=device)".format(operator), {"w": w, "torch": torch, "device": device})
    agrees(w, [1.0] * 3, any_dtype=True)


@UPDATES.regardless
def test_multiplication_of_matrices_with_assignment_makes_a_new_tensor(device):
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], device=device)
    before = a
    a @= torch.tensor([[0.0, 1.0], [1.0, 0.0]], device=device)
    assert a is not before and not shares_memory(a, before)
    agrees(before, [[1.0, 2.0], [3.0, 4.0]], any_dtype=True)
    agrees(a, [[2.0, 1.0], [4.0, 3.0]], any_dtype=True)
