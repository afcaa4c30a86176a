"""Tensors as Python objects.

What Python does with lists and numbers it does with tensors too: it counts them, walks through them, asks them for a
truth value, and lets them stand on either side of an operator.
"""
from typing import NamedTuple, Union

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, at_least, reaches
from spec.claims.tensors._facts import Fact, deviations, true_here
from spec.claims.tensors._helpers import evaluate
from spec.oracles import rounding
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies import LAYOUTS, Blueprint, tensors
from spec.strategies.choices import draw_choices

ARITHMETIC = ("k + t", "k - t", "k * t", "k / t", "k // t", "k % t", "t // k", "t % k")
COMPARISONS = ("k < t", "k >= t", "k == t", "k != t")

RECIPROCAL = 2
"""k / t is computed as k times the reciprocal of t, which is rounded twice."""

Reflected = NamedTuple("Reflected", [("expression", str), ("k", Union[int, float]), ("t", Blueprint)])
Reflected.__doc__ = "A Python expression of a number k and a tensor t, and both."


@st.composite
def reflected(draw):
    """Draw a Reflected: whole numbers, as integers or as floats, of which k and those of t are not 0."""
    choices = draw_choices(draw, 4)
    expression = choices.of(ARITHMETIC + COMPARISONS + ("k in t",))
    dtype = choices.of(["int64", "float64"])
    k = choices.between(1, 9) * choices.of((1, -1))
    t = draw(tensors(dtype, layouts=LAYOUTS, max_elements=33, integral=True, kinks=False))
    return Reflected(expression, float(k) if dtype == "float64" else k, t)


def of_whole_numbers(operator):
    """Return a function of a Reflected that says whether it has that operator and integers."""
    return lambda case: operator in case.expression.split() and dtypes.is_integer(case.t.dtype)


def searches_rows(case):
    """Say whether a case looks for a number in a tensor that is not a vector."""
    return case.expression == "k in t" and case.t.ndim != 1


def rounds_down(case):
    """Say whether a case divides, rounding down, by a number of the other sign."""
    return "//" in case.expression and bool((case.t.array * case.k < 0).any())


def searches_vectors_only(device):
    """Assert that a number is looked for in a vector, and that a matrix refuses."""
    assert 3 in torch.tensor([1, 3], device=device)
    with pytest.raises(RuntimeError, match="ambiguous"):
        assert 3 in torch.tensor([[1, 3]], device=device)


def drops_the_fraction(device):
    """Assert that 7 / 2 and -7 / 2 of integers are 3 and -3."""
    agrees(7 / torch.tensor([2, -2], device=device), np.array([3, -3]))


def knows_no_remainder_of_a_number(device):
    """Assert that the remainder of a number by a tensor is not defined."""
    with pytest.raises(TypeError, match="unsupported operand"):
        7 % torch.tensor([2], device=device)


def rounds_towards_zero(device):
    """Assert that -7 // 2 is -3, whichever side is a tensor and whatever its type."""
    agrees(evaluate("-7 // t", torch, t=torch.tensor([2], device=device)), np.array([-3]))
    agrees(evaluate("t // 2", torch, t=torch.tensor([-7.0], device=device)), np.array([-3], dtype="float32"))


FACTS = [
    Fact("A matrix cannot be asked whether it contains a number.", searches_rows,
         Reflected("k in t", 3, Blueprint.of([[1, 3]])), searches_vectors_only, until="1.0", raises=RuntimeError),
    Fact("A number divided by integers loses its fraction.", of_whole_numbers("/"),
         Reflected("k / t", 7, Blueprint.of([2, -2])), drops_the_fraction, until="1.6", issue="pytorch#38620"),
    Fact("The remainder of a number by a tensor is not defined.", lambda case: case.expression == "k % t",
         Reflected("k % t", 7, Blueprint.of([2])), knows_no_remainder_of_a_number, until="1.9", raises=TypeError),
    Fact("Division by // rounds towards 0.", rounds_down,
         Reflected("k // t", -7, Blueprint.of([2])), rounds_towards_zero, until="1.12", issue="pytorch#43874"),
]

PYTHONIC_PROTOCOLS = Claim(
    "tensors.pythonic-protocols",
    "Tensors follow the protocols of Python: len, iteration, truth and value of one element, use as an index, "
    "containment, and operators with a number on the left.",
    sources=[INTRODUCTION["Opening"], FLOYDHUB["Abstract"], FLOYDHUB["Summary"]],
    deviations=deviations(FACTS, Reflected("k + t", 1, Blueprint.of([2]))),
    kills=["minus-from-the-left-is-not-reversed", "containment-asks-for-the-first", "floor-division-truncates",
           "len-counts-all-elements", "iteration-skips-the-last", "int-rounds", "truth-of-a-negative-is-false",
           "an-index-counts-from-one"],
)


@PYTHONIC_PROTOCOLS
@needs(FLOAT64)
@reaches(
    found=at_least(0.01, lambda case: case.expression == "k in t" and case.k in case.t.array),
    not_found=lambda case: case.expression == "k in t" and case.k not in case.t.array,
    negative=lambda case: case.k < 0,
    integers=lambda case: dtypes.is_integer(case.t.dtype),
)
@given(case=reflected())
@example(case=Reflected("k - t", 5, Blueprint.of([7, -2])))
@example(case=Reflected("k // t", -7, Blueprint.of([2, -2, 7])))
@example(case=Reflected("k in t", 3, Blueprint.of([[1, 2], [3, 4]])))
@example(case=Reflected("k in t", 3, Blueprint.of([5, 3])))
@example(case=Reflected("k in t", 3, Blueprint.of([])))
@example(case=Reflected("k in t", 7.0, Blueprint.of([1.0, 2.0])))
def test_an_operator_with_a_number_does_to_each_element_what_it_does_to_numbers(device, case):
    """
    >>> eval(expression)
    """
    k, t = case.k, case.t.on(device)
    elements = case.t.array.ravel().tolist()
    result = evaluate(case.expression, torch, k=k, t=t)
    if case.expression == "k in t":
        assert result is (k in elements)
        return
    expected = np.array([evaluate(case.expression, np, k=k, t=one) for one in elements]).reshape(case.t.size)
    bound = 0
    if case.expression == "k / t":
        bound = rounding.elementwise(expected, "float64" if dtypes.is_float(case.t.dtype) else "float32", RECIPROCAL)
    agrees(result, expected, bound, any_dtype=True)


@PYTHONIC_PROTOCOLS.instead
@pytest.mark.parametrize("fact", true_here(FACTS), ids=[fact.says for fact in true_here(FACTS)])
def test_an_operator_with_a_number_does_something_else(device, fact):
    fact.shows(device)


@PYTHONIC_PROTOCOLS.regardless
@needs(FLOAT64)
@reaches(empty=lambda t: t.size[0] == 0, deep=lambda t: t.ndim > 1)
@given(t=tensors(layouts=LAYOUTS).filter(lambda t: t.ndim > 0))
def test_len_and_iteration_go_through_the_first_dimension(device, t):
    """
    >>> len(t), [row.tolist() for row in t], [row.tolist() for row in reversed(t)]
    """
    tensor = t.on(device)
    assert len(tensor) == t.size[0]
    rows = [repr(row.tolist()) for row in t.array]
    assert [repr(row.tolist()) for row in tensor] == rows
    assert [repr(row.tolist()) for row in reversed(tensor)] == rows[::-1]


@PYTHONIC_PROTOCOLS.regardless
@needs(FLOAT64)
@reaches(
    fraction=lambda t: t.array.item() % 1 != 0,
    negative=lambda t: t.array.item() < 0,
    zero=lambda t: t.array.item() == 0,
)
@given(t=tensors(("float32", "float64", "int64", "uint8"), shape=st.sampled_from([(), (1,), (1, 1)]), finite=True))
@example(t=Blueprint.of([-2.7]))
@example(t=Blueprint.of(-0.0))
def test_a_tensor_of_one_element_is_true_and_counts_as_its_element_does(device, t):
    """
    >>> bool(t), int(t), float(t), t.item()
    """
    tensor, number = t.on(device), t.array.item()
    assert bool(tensor) is bool(number)
    assert (int(tensor), repr(float(tensor))) == (int(number), repr(float(number)))
    assert type(int(tensor)) is int and type(float(tensor)) is float and type(tensor.item()) is type(number)


@PYTHONIC_PROTOCOLS.regardless
@pytest.mark.parametrize("size", [(0,), (2,), (2, 1)], ids=str)
def test_none_or_several_elements_have_no_truth_and_no_value(device, size):
    tensor = torch.ones(size, device=device)
    with pytest.raises(RuntimeError, match="(?i)bool.* value of Tensor"):
        bool(tensor)
    for convert in (int, float):
        with pytest.raises((ValueError, RuntimeError)):
            convert(tensor)


@PYTHONIC_PROTOCOLS.regardless
@pytest.mark.parametrize("act", [len, list, iter], ids=["len", "list", "iter"])
def test_a_tensor_without_dimensions_has_no_length_and_no_elements_to_go_through(device, act):
    with pytest.raises(TypeError, match="0-d tensor"):
        act(torch.tensor(1.0, device=device))


@PYTHONIC_PROTOCOLS.regardless
@pytest.mark.parametrize("place", [0, 3, -1])
@pytest.mark.parametrize("dtype", dtypes.INTEGERS[1:])
def test_a_whole_number_in_a_tensor_is_an_index_into_a_list(device, place, dtype):
    tensor = torch.tensor(place, dtype=dtypes.torch_dtype(dtype), device=device)
    values = [10, 20, 30, 40, 50]
    assert values[tensor] == values[place] and values[tensor:] == values[place:]
    assert list(range(torch.tensor(3, device=device))) == [0, 1, 2]


@PYTHONIC_PROTOCOLS.regardless
@pytest.mark.parametrize("value", [1.0, [1, 2]], ids=["float", "several"])
def test_a_tensor_that_is_not_one_whole_number_is_no_index(device, value):
    with pytest.raises(TypeError, match="index"):
        [10, 20, 30][torch.tensor(value, device=device)]
