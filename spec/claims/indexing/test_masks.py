"""Masks.

A mask tells for each element, or each row, whether it is selected: t[t > 5] has the elements above 5.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.claim import Claim, Deviation, reaches
from spec.claims.indexing._helpers import GATHERABLE, WRITABLE
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB
from spec.strategies import LAYOUTS, SEPARATE, Blueprint, Mask
from spec.strategies.choices import draw_choices
from spec.strategies.indexing import MASK_BYTES, mask_of
from spec.strategies.tensors import draw_tensor

Masked = NamedTuple("Masked", [("x", Blueprint), ("mask", Mask)])
Masked.__doc__ = "A tensor and a mask of its first dimensions."

_ROWS = (3, 2, 1, 0, 5, 31, 32, 33, 40)


@st.composite
def masked(draw, dtype=GATHERABLE, layouts=SEPARATE, rows=_ROWS, min_dims=1):
    """Draw a Masked: as many rows as `rows` has it, up to three dimensions, masked by the first min_dims at least."""
    choices = draw_choices(draw, 6 + MASK_BYTES)
    further = choices.between(min_dims - 1, 2)
    size = (choices.of(rows), choices.between(1, 3), choices.between(1, 3))[:1 + further]
    dims = choices.between(min_dims, len(size))
    return Masked(draw_tensor(draw, choices.of(dtype), size, layouts), mask_of(choices, size[:dims]))


def read_as_a_tuple(case):
    """Say whether the mask has rows, and so few that torch took such a sequence for a tuple of indices."""
    return len(case.mask.size) > 1 and 0 < case.mask.size[0] < 32


ABOVE_FIVE = Masked(Blueprint.of([[0, 9, 4], [6, 5, 7]]), Mask((2, 3), (False, True, False, True, False, True)))
"""x and the mask x > 5."""

REFUSED = Deviation(
    "A numpy mask raises TypeError, or IndexError if it has several dimensions; a torch mask works.",
    witness={"case": Masked(Blueprint.of([7, 7]), Mask((2,), (True, True)))},
    until="1.0",
    raises=(TypeError, IndexError),
)
READ_AS_INTEGERS = Deviation(
    "A numpy mask is read as integers, 0 and 1; a torch mask works.",
    witness={"case": Masked(Blueprint.of([4, 9, 5]), Mask((3,), (False, True, False)))},
    since="1.1",
    until="1.1",
)
READ_AS_A_TUPLE = Deviation(
    "A numpy mask of several dimensions with fewer than 32 rows is read as a tuple of masks, one for each dimension, "
    "which mostly raises IndexError and sometimes selects other elements; a torch mask works.",
    witness=[
        {"case": ABOVE_FIVE},
        {"case": Masked(Blueprint.of([[6, 1], [2, 7]]), Mask((2, 2), (True, False, False, True)))},
    ],
    where=read_as_a_tuple,
    raises=(IndexError, AssertionError),
    since="1.2",
    until="2.1",
    issue="pytorch#108954",
)

TRANSPOSED = Masked(Blueprint("int64", (0, 1, 2, 3, 4, 5), (2, 3), (1, 2)), Mask((2, 3), (True,) * 5 + (False,)))
"""A mask of a matrix whose columns lie one after the other."""

NUMPY_BOOL_MASK = Claim(
    "indexing.numpy-bool-mask",
    "A numpy array of booleans of the tensor's shape, such as x > 5 for the array x it was made from, is a mask: "
    "t[x > 5] selects those elements.",
    sources=[FLOYDHUB["Tensor"]],
    deviations=[REFUSED, READ_AS_INTEGERS, READ_AS_A_TUPLE],
    kills=["masks-are-inverted", "masks-lose-their-last-element", "masks-of-strided-tensors-are-transposed"],
)


@NUMPY_BOOL_MASK
@reaches(vector=lambda case: len(case.mask.size) == 1,
         many_rows=lambda case: len(case.mask.size) > 1 and case.mask.size[0] > 31,
         lower=lambda case: len(case.mask.size) < case.x.ndim, none=lambda case: not any(case.mask.bits))
@example(case=ABOVE_FIVE)
@example(case=TRANSPOSED)
@example(case=Masked(Blueprint.of([[1, 2]] * 32), Mask((32, 2), (True,) * 64)))
@given(case=masked(layouts=LAYOUTS))
def test_a_numpy_mask_selects_the_elements_that_it_selects_in_numpy(device, case):
    """
    >>> x[mask.numpy() != 0]
    """
    agrees(case.x.on(device)[case.mask.array], case.x.array[case.mask.array], dtype=case.x.dtype, sign_of_zero=True)


@NUMPY_BOOL_MASK
@reaches(lower=lambda case: len(case.mask.size) < case.x.ndim, none=lambda case: not any(case.mask.bits),
         all=lambda case: all(case.mask.bits), strided=lambda case: not case.x.contiguous)
@given(case=masked(dtype=WRITABLE))
def test_assigning_to_a_numpy_mask_writes_to_the_elements_it_selects(device, case):
    """
    >>> x[mask.numpy() != 0] = 7
    >>> x
    """
    tensor, expected = case.x.on(device), case.x.array
    tensor[case.mask.array] = 7
    expected[case.mask.array] = 7
    agrees(tensor, expected, sign_of_zero=True)


@REFUSED.instead
@pytest.mark.parametrize("size", [(3,), (40,), (3, 4), (40, 2)], ids=str)
def test_a_numpy_mask_raises_type_error_or_index_error(device, size):
    tensor = torch.zeros(size, device=device)
    with pytest.raises((TypeError, IndexError)):
        tensor[np.ones(size, dtype=bool)]


@READ_AS_INTEGERS.instead
@given(case=masked(rows=(3, 2, 5, 33)).filter(lambda case: len(case.mask.size) == 1))
def test_a_numpy_mask_of_rows_is_read_as_row_numbers(device, case):
    """
    >>> x[mask.numpy() != 0]
    """
    expected = case.x.array[case.mask.array.astype(int)]
    agrees(case.x.on(device)[case.mask.array], expected, dtype=case.x.dtype, sign_of_zero=True)


@READ_AS_A_TUPLE.instead
def test_a_numpy_mask_of_few_rows_raises_index_error_or_takes_its_rows_for_masks_of_single_dimensions(device):
    tensor = torch.tensor([[6, 1], [2, 7]], device=device)
    agrees(tensor[np.array([[True, False], [False, True]])], np.array([1]))  # row 0, column 1
    for size in ((3, 4), (2, 3, 4), (31, 2)):
        with pytest.raises(IndexError):
            torch.zeros(size, device=device)[np.ones(size, dtype=bool)]


@NUMPY_BOOL_MASK.regardless
@reaches(lower=lambda case: len(case.mask.size) < case.x.ndim, strided=lambda case: not case.x.contiguous)
@example(case=ABOVE_FIVE)
@example(case=TRANSPOSED)
@given(case=masked(layouts=LAYOUTS))
def test_a_torch_mask_selects_the_elements_that_it_selects_in_numpy(device, case):
    """
    >>> x[mask]
    """
    selected = case.x.on(device)[case.mask.on(device)]
    agrees(selected, case.x.array[case.mask.array], dtype=case.x.dtype, sign_of_zero=True)


LIST_OF_BOOL_MASK = Claim(
    "indexing.list-of-bool-mask",
    "A Python list of booleans selects rows as in numpy: t[[True, False, True]] keeps the rows 0 and 2.",
    sources=[FLOYDHUB["Tensor"]],
    deviations=[
        Deviation(
            "The booleans are read as integers, 1 and 0: t[[True, False, True]] has the rows 1, 0 and 1.",
            witness={"case": Masked(Blueprint.of([4, 9, 5]), Mask((3,), (True, False, True)))},
            until="1.0",
        )
    ],
    kills=["lists-of-booleans-are-inverted", "lists-lose-their-last-index"],
)


@st.composite
def rows_masked(draw, dtype=GATHERABLE, rows=(3, 2, 1, 5, 31, 32, 33)):
    """Draw a Masked whose mask has one dimension."""
    choices = draw_choices(draw, 3 + MASK_BYTES)
    size = (choices.of(rows),) + choices.of(((), (2,), (1, 3)))
    return Masked(draw_tensor(draw, choices.of(dtype), size), mask_of(choices, size[:1]))


@LIST_OF_BOOL_MASK
@reaches(one=lambda case: len(case.mask.bits) == 1, all=lambda case: all(case.mask.bits),
         many=lambda case: len(case.mask.bits) > 31)
@example(case=Masked(Blueprint.of([[4, 9]]), Mask((1,), (False,))))
@example(case=Masked(Blueprint.of([4, 9, 5]), Mask((3,), (True,) * 3)))
@given(case=rows_masked(dtype=WRITABLE))
def test_a_list_of_booleans_as_long_as_there_are_rows_keeps_those_where_it_is_true(device, case):
    """
    >>> bits = [bit != 0 for bit in mask.tolist()]
    >>> x[bits]
    """
    kept, bits = [row for row, bit in enumerate(case.mask.bits) if bit], list(case.mask.bits)
    tensor, expected = case.x.on(device), case.x.array
    agrees(tensor[bits], expected[kept], sign_of_zero=True)
    tensor[bits] = 7
    expected[kept] = 7
    agrees(tensor, expected, sign_of_zero=True)
    with pytest.raises(IndexError):
        tensor[bits + [True]]


@LIST_OF_BOOL_MASK.instead
@given(case=rows_masked(rows=(2, 3, 5, 31, 33)))
def test_a_list_of_booleans_is_read_as_row_numbers(device, case):
    """
    >>> x[[bit != 0 for bit in mask.tolist()]]
    """
    rows = [int(bit) for bit in case.mask.bits]
    agrees(case.x.on(device)[list(case.mask.bits)], case.x.array[rows], dtype=case.x.dtype, sign_of_zero=True)


@LIST_OF_BOOL_MASK.regardless
def test_a_list_that_mixes_booleans_and_integers_is_a_list_of_integers_as_in_numpy(device):
    x = torch.tensor([4, 9, 5], device=device)
    agrees(x[[True, 2, False]], np.array([4, 9, 5])[[True, 2, False]])
