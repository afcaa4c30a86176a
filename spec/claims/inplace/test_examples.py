"""Filling, adding and clearing.

The documents show the two forms with three operations: a tensor is filled with a number and has one added to it, one
tensor is added into another, and a gradient is cleared before the next step.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.claim import Claim, Deviation, at_least, reaches
from spec.claims.inplace._cells import changed_only
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.oracles.memory import shares_memory
from spec.sources import FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import LAYOUTS, SEPARATE, Blueprint, tensors
from spec.strategies.choices import draw_choices
from spec.strategies.groups import GIVING_WAY_BYTES, giving_way
from spec.strategies.tensors import draw_tensor

QUARTERS = st.integers(-40, 40).map(lambda number: number / 4)
FILLABLE = dtypes.BOOL + dtypes.REAL + dtypes.COMPLEX
WINDOWS = Blueprint("float32", [5.0] * 12, (2, 2, 3), (6, 1, 1), 0)
"""Two windows of three elements, which overlap, in each row of six: torch.full((2, 6), 5).unfold(1, 3, 1)[:, :2]."""

FILL_AND_ADD = Claim(
    "inplace.fill-add-example",
    "After a.fill_(3.5) every entry of a is 3.5; b = a.add(4.0) is a new tensor of 7.5 while a keeps 3.5.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    deviations=[Deviation(
        "Filling windows that overlap may fill cells of the memory that belong to no window.",
        witness={"a": WINDOWS, "filling": 1.0, "more": 1.0}, where=lambda a: a.layout() == "overlapping", until="1.1",
    )],
    kills=["fill-underscore-forgets-the-last-row", "add-writes-into-its-tensor", "fill-underscore-rounds"],
)


@FILL_AND_ADD.regardless
def test_the_example_of_the_document_fills_with_three_and_a_half_and_adds_four(device):
    a = torch.zeros(5, 7, device=device)
    a.fill_(3.5)
    agrees(a, np.full((5, 7), 3.5, dtype="float32"))
    b = a.add(4.0)
    agrees(a, np.full((5, 7), 3.5, dtype="float32"))
    agrees(b, np.full((5, 7), 7.5, dtype="float32"))


@FILL_AND_ADD
@reaches(strided=lambda a: not a.contiguous, empty=lambda a: a.numel == 0, number=lambda a: a.size == (),
         expanded=lambda a: a.layout() == "expanded")
@given(a=tensors(dtypes.FLOATS, layouts=LAYOUTS), filling=QUARTERS, more=QUARTERS)
def test_a_tensor_of_floats_is_filled_with_any_number_and_stays_so_when_another_is_added(device, a, filling, more):
    """
    >>> a.fill_(filling)
    >>> b = a.add(more)
    >>> a, b
    """
    tensor = a.on(device)
    assert tensor.fill_(filling) is tensor
    changed_only(a, tensor, np.full(a.size, filling), dtype=a.dtype)
    result = tensor.add(more)
    agrees(result, np.full(a.size, filling + more), dtype=a.dtype)
    agrees(tensor, np.full(a.size, filling), dtype=a.dtype)
    assert not shares_memory(result, tensor) or a.numel == 0


@FILL_AND_ADD.instead
def test_filling_windows_in_rows_of_six_fills_the_rows(device):
    x = torch.zeros(2, 6, device=device)
    x.unfold(1, 3, 1)[:, :2].fill_(1)
    agrees(x, np.ones((2, 6), dtype="float32"))


@FILL_AND_ADD.regardless
@reaches(fraction=lambda filling: filling % 1 != 0, small=lambda filling: 0 < filling < 1,
         strided=lambda a: not a.contiguous, no_dimension=lambda a: a.ndim == 0)
@given(a=tensors(dtypes.INTEGERS), filling=st.integers(0, 40).map(lambda number: number / 4))
def test_in_a_tensor_of_integers_fill_underscore_leaves_the_whole_part_of_a_number(device, a, filling):
    """
    >>> a.fill_(filling)
    """
    tensor = a.on(device)
    assert tensor.fill_(filling) is tensor
    changed_only(a, tensor, np.full(a.size, int(filling)), dtype=a.dtype)


class Sum(NamedTuple("Sum", [("y", Blueprint), ("x", Blueprint)])):
    """A tensor that is added to, and one that broadcasts to its size."""

    __slots__ = ()

    @property
    def repeats(self):
        """Whether elements of y share a cell, so that no result in place can be right but that of adding zeros."""
        return self.y.layout() == "expanded"

    @property
    def total(self):
        """The values of y + x, in whole numbers modulo the range of the dtype."""
        with np.errstate(all="ignore"):
            return np.array(self.y.array + self.x.array, dtype=self.y.dtype)


@st.composite
def sums(draw):
    """Draw a Sum of any real dtype; y may be expanded."""
    y = draw(tensors(layouts=SEPARATE + ("expanded",), max_elements=40))
    return Sum(y, draw_tensor(draw, y.dtype, giving_way(draw_choices(draw, GIVING_WAY_BYTES), y.size)))


ADD = Claim(
    "inplace.add-underscore",
    "y.add_(x) adds x into y: y changes and is returned, x does not change; an expanded y, whose elements share "
    "memory, is refused.",
    sources=[FLOYDHUB["Tensor"]],
    deviations=[Deviation(
        "y.add_(x) on an expanded y adds to an element once for each of its repetitions.",
        witness={"case": Sum(Blueprint("float32", [1.0], (2,), (0,), 0), Blueprint.of([1.0, 1.0], "float32"))},
        where=lambda case: case.repeats, until="1.0", issue="pytorch#17935",
    )],
    kills=["add-underscore-on-a-copy", "add-underscore-adds-its-operand-to-both", "add-underscore-forgets-to-broadcast",
           "add-underscore-saturates"],
)


@ADD
@reaches(
    broadcasts=lambda case: case.x.size != case.y.size,
    strided=lambda case: not case.y.contiguous and not case.repeats,
    wraps=lambda case: "int" in case.y.dtype and bool(((case.total < case.y.array) & (case.x.array > 0)).any()),
    empty=lambda case: case.y.numel == 0,
)
@example(Sum(Blueprint.of([250], "uint8"), Blueprint.of([10], "uint8")))
@example(Sum(Blueprint.of([[1.0, 2.0], [3.0, 4.0]], "float32"), Blueprint.of([[10.0, 20.0]], "float32")))
@given(case=sums())
def test_add_underscore_leaves_the_sum_in_its_tensor_and_the_other_one_as_it_was(device, case):
    """
    >>> y.add_(x), x
    """
    y, x = case.y.on(device), case.x.on(device)
    before, address = array_of(x), y.data_ptr()
    try:
        result = y.add_(x)
    except RuntimeError:
        assert case.repeats
        agrees(y, case.y.array)
        return
    assert result is y and y.data_ptr() == address
    changed_only(case.y, y, case.total)
    unchanged(x, before)


@ADD.instead
def test_adding_to_an_expanded_tensor_counts_every_repetition(device):
    y = torch.ones(1, device=device)
    y.expand(3).add_(torch.ones(3, device=device))
    agrees(y, [4.0], any_dtype=True)


@ADD.regardless
@reaches(strided=lambda y: not y.contiguous, long=lambda y: y.numel > 16,
         no_dimension=lambda y: y.ndim == 0)
@given(y=tensors(dtypes.REAL, integral=True))
def test_a_tensor_that_is_added_to_itself_doubles(device, y):
    """
    >>> y.add_(y)
    """
    tensor = y.on(device)
    assert tensor.add_(tensor) is tensor
    changed_only(y, tensor, y.array * 2, dtype=y.dtype)


@ADD.regardless
@pytest.mark.parametrize("size", [(3, 2), (2, 2, 3), (4,)], ids=str)
def test_what_does_not_broadcast_to_the_size_of_the_tensor_is_refused(device, size):
    y = torch.zeros(2, 3, device=device)
    with pytest.raises(RuntimeError):
        y.add_(torch.ones(size, device=device))
    agrees(y, np.zeros((2, 3), dtype="float32"))


@ADD.regardless
def test_fractions_cannot_be_added_into_integers(device):
    y = torch.zeros(3, dtype=torch.int64, device=device)
    with pytest.raises(RuntimeError):
        y.add_(torch.ones(3, device=device) / 2)
    agrees(y, np.zeros(3, dtype="int64"))


CLEARS = Claim(
    "inplace.zero-clears",
    "g.zero_() sets every element to zero in place, whatever it held, and returns g with its shape.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Variables and AutoGrad"]],
    deviations=[Deviation(
        "Clearing windows that overlap may clear cells of the memory that belong to no window.",
        witness={"g": WINDOWS}, where=lambda g: g.layout() == "overlapping", until="1.3",
    )],
    kills=["zero-underscore-multiplies-by-zero", "zero-underscore-returns-nothing",
           "zero-underscore-clears-the-whole-storage"],
)


@CLEARS
@reaches(
    infinite=lambda g: g.dtype.startswith("float") and bool(np.isinf(g.array).any()),
    negative_zero=at_least(
        0.01, lambda g: g.dtype.startswith("float") and bool((np.signbit(g.array) & (g.array == 0)).any())),
    strided=lambda g: not g.contiguous,
    empty=lambda g: g.numel == 0,
)
@example(Blueprint.of([float("nan"), float("inf"), -0.0, -1.0], "float32"))
@example(Blueprint("float64", [float("nan"), 1.0], (3, 2), (0, 1), 0))
@example(Blueprint("float32", [1.0, 2.0, 3.0, 4.0, 5.0], (3,), (2,), 0))
@given(g=tensors(FILLABLE, layouts=LAYOUTS))
def test_zero_underscore_leaves_positive_zeros_in_the_tensor_whatever_it_held(device, g):
    """
    >>> g.zero_()
    """
    tensor = g.on(device)
    address, stride = tensor.data_ptr(), tensor.stride()
    assert tensor.zero_() is tensor
    changed_only(g, tensor, np.zeros(g.size, dtype=g.dtype), sign_of_zero=True)
    assert (tensor.data_ptr(), tensor.stride()) == (address, stride)


@CLEARS.instead
def test_clearing_windows_in_rows_of_six_clears_the_rows(device):
    x = torch.ones(2, 6, device=device)
    x.unfold(1, 3, 1)[:, :2].zero_()
    agrees(x, np.zeros((2, 6), dtype="float32"))


@CLEARS.regardless
def test_a_gradient_that_is_cleared_stays_the_same_tensor_and_takes_up_the_next_one(device):
    w = torch.ones(3, device=device, requires_grad=True)
    (w * 2).sum().backward()
    gradient = w.grad
    assert gradient.zero_() is w.grad
    (w * 5).sum().backward()
    assert w.grad is gradient
    agrees(gradient, [5.0] * 3, any_dtype=True)
