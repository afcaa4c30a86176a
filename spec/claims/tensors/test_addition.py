"""The four ways to add.

The documents show the syntaxes of operations with addition: an operator, a function, a function that writes into a
tensor it is given, and a method that changes its own tensor.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, STORAGE, needs
from spec.claim import Claim, reaches
from spec.claims.tensors._helpers import evaluate
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import FLOYDHUB
from spec.strategies import LAYOUTS, SEPARATE, Blueprint, same_shape
from spec.strategies.groups import GIVING_WAY_BYTES, giving_way
from spec.strategies.tensors import draw_common, draw_tensor

Sum = NamedTuple("Sum", [("x", Blueprint), ("y", Blueprint), ("r", Blueprint)])
Sum.__doc__ = "Two terms that broadcast, and a tensor of the sum's size and dtype, to write the sum into."


@st.composite
def sums(draw, layouts=LAYOUTS):
    """Draw a Sum of any real dtype: the terms in any of the layouts, r in one where no two elements share a cell."""
    dtype, shape, choices = draw_common(draw, dtypes.REAL, None, max_elements=40, more=GIVING_WAY_BYTES)
    x = draw_tensor(draw, dtype, giving_way(choices, shape), layouts)
    y, r = (draw_tensor(draw, dtype, shape, SEPARATE) for _ in range(2))
    return Sum(x, y, r)


def added(x, y):
    """Return the sum of two arrays, of their own dtype; integers wrap around."""
    return np.asarray(evaluate("xp.add(x, y)", np, x=x.array, y=y.array))


def cells(tensor, blueprint):
    """Return all the cells of a tensor's storage as a flat tensor that shares it."""
    return tensor.as_strided((len(blueprint.storage),), (1,), 0)


ADD_SYNTAXES_AGREE = Claim(
    "tensors.add-syntaxes-agree",
    "x + y, torch.add(x, y), torch.add(x, y, out=r) and y.add_(x) are the same sum of each pair of elements.",
    sources=[FLOYDHUB["Tensor"]],
    kills=["plus-rounds-to-single-precision", "torch-add-saturates-bytes", "add-with-out-ignores-strides",
           "add-in-place-takes-x-for-its-first-row", "plus-loses-the-sign-of-zero", "add-in-place-on-a-copy"],
)


@ADD_SYNTAXES_AGREE
@needs(STORAGE, FLOAT64)
@reaches(
    broadcast=lambda case: case.x.size != case.y.size,
    strided=lambda case: not case.y.contiguous,
    expanded=lambda case: case.x.layout() == "expanded",
    scattered=lambda case: not case.r.contiguous,
    integer=lambda case: dtypes.is_integer(case.x.dtype),
    empty=lambda case: case.y.numel == 0,
)
@given(case=sums())
@example(case=Sum(Blueprint.of([200], "uint8"), Blueprint.of([100], "uint8"), Blueprint.of([0], "uint8")))
@example(case=Sum(Blueprint.of([-0.0, float("inf"), float("nan")]), Blueprint.of([-0.0, -float("inf"), 1.0]),
                  Blueprint.of([1.0, 1.0, 1.0])))
@example(case=Sum(Blueprint.of([[1.0], [2.0]]), Blueprint.of([[1.0, 1.0], [1.0, 1.0]]), Blueprint.of([[0.1] * 2] * 2)))
@example(case=Sum(Blueprint("float32", (0.1,), (2, 3), (0, 0)), *[Blueprint.of([[0.2] * 3] * 2, "float32")] * 2))
@example(case=Sum(Blueprint.of([1e16]), Blueprint.of([1.0]), Blueprint.of([0.0])))
def test_the_four_ways_to_add_give_one_sum(device, case):
    """
    >>> x + y, torch.add(x, y), torch.add(x, y, out=torch.empty_like(y)), y.clone().add_(x)
    """
    x, y = case.x.on(device), case.y.on(device)
    r = case.r.on(device)
    expected, before = added(case.x, case.y), array_of(y)
    agrees(x + y, expected, sign_of_zero=True)
    agrees(torch.add(x, y), expected, sign_of_zero=True)
    torch.add(x, y, out=r)
    agrees(r, expected, sign_of_zero=True)
    bitwise(y, before)
    assert y.add_(x) is y
    agrees(y, expected, sign_of_zero=True)
    bitwise(x, array_of(case.x.on(device)))


@ADD_SYNTAXES_AGREE
@needs(FLOAT64)
@pytest.mark.parametrize("y", [Blueprint.of([1.0, -0.0, float("inf")]), Blueprint.of([[100, 200]], "uint8")], ids=repr)
def test_a_tensor_can_be_added_to_itself_in_place(device, y):
    tensor = y.on(device)
    assert tensor.add_(tensor) is tensor
    agrees(tensor, added(y, y), sign_of_zero=True)


@ADD_SYNTAXES_AGREE
@pytest.mark.parametrize("small, large", [((1,), (3,)), ((), (1,)), ((2, 1), (2, 3)), ((3,), (2, 3))], ids=str)
def test_a_sum_in_place_does_not_make_its_tensor_larger(device, small, large):
    y, x = torch.ones(small, device=device), torch.ones(large, device=device)
    assert (x + y).shape == x.shape
    with pytest.raises(RuntimeError):
        y.add_(x)
    agrees(y, np.ones(small, "float32"))


ADD_OUT_ARGUMENT = Claim(
    "tensors.add-out-argument",
    "torch.add(x, y, out=r) overwrites r with the sum and returns r itself.",
    sources=[FLOYDHUB["Tensor"]],
    kills=["add-with-out-returns-another-tensor", "add-with-out-moves-to-new-memory",
           "add-with-out-adds-to-what-was-there", "add-with-out-writes-beyond-a-slice",
           "add-with-out-lets-integers-take-fractions"],
)


@ADD_OUT_ARGUMENT
@needs(STORAGE, FLOAT64)
@reaches(
    scattered=lambda case: len(case.r.storage) > case.r.numel > 0,
    transposed=lambda case: case.r.layout() == "transposed",
    broadcast=lambda case: case.x.size != case.y.size,
)
@given(case=sums(SEPARATE))
@example(case=Sum(Blueprint.of([1.0]), Blueprint.of([2.0]), Blueprint("float64", (7.0, 8.0, 9.0), (1,), (1,), 1)))
@example(case=Sum(Blueprint.of([1, 2]), Blueprint.of([[3, 4], [5, 6]]), Blueprint("int64", range(4), (2, 2), (1, 2))))
def test_r_is_returned_with_its_elements_overwritten_and_nothing_beside_them(device, case):
    """
    >>> torch.add(x, y, out=r) is r, r
    """
    x, y, r = case.x.on(device), case.y.on(device), case.r.on(device)
    address, version = r.data_ptr(), r._version
    assert torch.add(x, y, out=r) is r
    assert r.data_ptr() == address and r._version > version
    assert r.numel() < 2 or all(n == 1 or step == own for n, step, own in zip(r.shape, r.stride(), case.r.stride))
    after = np.array(case.r.storage, dtype=case.r.dtype)
    after[case.r.indices] = added(case.x, case.y)
    agrees(cells(r, case.r), after, sign_of_zero=True)
    agrees(x, case.x.array, sign_of_zero=True)
    empty = torch.empty(0, dtype=x.dtype, device=device)
    assert torch.add(x, y, out=empty) is empty
    agrees(empty, added(case.x, case.y), sign_of_zero=True)


@ADD_OUT_ARGUMENT
@needs(FLOAT64)
@reaches(apart=lambda pair: pair[0].stride != pair[1].stride, strided=lambda pair: not pair[0].contiguous,
         long=lambda pair: pair[0].numel > 16, no_dimension=lambda pair: pair[0].ndim == 0)
@given(pair=same_shape(2))
def test_r_may_be_one_of_the_terms(device, pair):
    """
    >>> x, y = pair; torch.add(x, y, out=x)
    """
    for place in (0, 1):
        terms = [blueprint.on(device) for blueprint in pair]
        assert torch.add(*terms, out=terms[place]) is terms[place]
        agrees(terms[place], added(*pair), sign_of_zero=True)
        agrees(terms[1 - place], pair[1 - place].array, sign_of_zero=True)


@ADD_OUT_ARGUMENT
def test_an_r_of_integers_refuses_a_sum_of_floats(device):
    r = torch.full((2,), 7, dtype=torch.int64, device=device)
    with pytest.raises(RuntimeError):
        torch.add(torch.ones(2, device=device), 0.5 * torch.ones(2, device=device), out=r)
    agrees(r, np.array([7, 7]))


@ADD_OUT_ARGUMENT
def test_a_sum_that_would_be_recorded_cannot_be_written_into_r(device):
    x, r = torch.ones(2, device=device, requires_grad=True), torch.zeros(2, device=device)
    with pytest.raises(RuntimeError, match="automatic differentiation"):
        torch.add(x, x, out=r)
    agrees(r, np.zeros(2, "float32"))
