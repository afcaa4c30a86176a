"""Elements.

One integer for each dimension selects one element, counted from zero, or from the end where it is negative.
"""
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import example, given

from spec.capabilities import STORAGE, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.indexing._helpers import (
    GRID,
    WRITABLE,
    Case,
    above_its_storage,
    items,
    out_of_range,
    places,
    storage_after,
)
from spec.oracles.agreement import agrees
from spec.sources import TEMPLATE
from spec.strategies import LAYOUTS, Blueprint

ZERO_BASED = Claim(
    "indexing.zero-based",
    "Tensor indices count from zero: a[0, 3] is the element in the first row and the fourth column.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["integers-count-from-one", "last-element-is-the-one-before"],
)


@ZERO_BASED
@reaches(zero=lambda case: 0 in case.index, negative=lambda case: min(case.index) < 0,
         strided=lambda case: not case.x.contiguous)
@example(case=Case(GRID, (0, 3)))
@given(case=places(min_dims=2, max_dims=2))
def test_two_integers_select_the_element_in_that_row_and_that_column(device, case):
    """
    >>> x[index]
    """
    x = case.x.on(device)
    agrees(x[case.index], case.x.array[case.index], dtype=case.x.dtype, sign_of_zero=True)


@ZERO_BASED
def test_rows_and_columns_run_from_0_to_one_less_than_their_number(device):
    a = GRID.on(device)
    assert [[a[row, column].item() for column in range(5)] for row in range(4)] == GRID.array.tolist()
    assert [[a[row - 4, column - 5].item() for column in range(5)] for row in range(4)] == GRID.array.tolist()


@ZERO_BASED
def test_a_vector_has_no_column(device):
    with pytest.raises(IndexError):
        torch.zeros(4, device=device)[0, 3]


@ZERO_BASED
@pytest.mark.parametrize("index", [0.0, 1.0, np.float32(0), (0, 1.0)], ids=repr)
def test_a_floating_point_number_is_no_index(device, index):
    with pytest.raises(IndexError):
        torch.zeros(4, 5, device=device)[index]


ELEMENT_IS_A_VIEW = Claim(
    "indexing.element-is-a-view",
    "Selecting one element, b = a[0, 3], gives a tensor without dimensions that is a view of a.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["elements-are-copies", "elements-have-one-dimension", "elements-of-strided-tensors-are-copies"],
)


@ELEMENT_IS_A_VIEW
@reaches(no_dimension=lambda case: case.x.ndim == 0, offset=lambda case: case.x.offset > 0,
         shared=lambda case: case.x.layout() in ("expanded", "overlapping"))
@example(case=Case(GRID, (0, 3)))
@given(case=places(dtype=WRITABLE, layouts=LAYOUTS))
def test_a_selected_element_has_no_dimension_and_writing_to_it_changes_the_tensor_there_and_nowhere_else(device, case):
    """
    >>> b = x[index]
    >>> b.copy_(torch.tensor(7)).shape, x
    """
    storage, a = above_its_storage(case.x, device)
    expected = storage_after(case, 7)
    b = a[case.index]
    assert isinstance(b, torch.Tensor) and b.dim() == 0 and b.numel() == 1
    agrees(b, case.x.array[case.index], sign_of_zero=True)
    b.copy_(torch.tensor(7))
    agrees(storage, expected, sign_of_zero=True)
    agrees(a, expected[case.x.indices], sign_of_zero=True)


@ELEMENT_IS_A_VIEW
@needs(STORAGE)
def test_a_selected_element_lies_at_the_sum_of_its_indices_times_the_strides(device):
    a = GRID.on(device)[1:].t()
    b = a[3, -1]
    assert a.stride() == (1, 5) and b.storage_offset() == 5 + 3 * 1 + 2 * 5
    assert b.data_ptr() == a.data_ptr() + (3 * 1 + 2 * 5) * a.element_size()


@ELEMENT_IS_A_VIEW
def test_the_gradient_of_a_selected_element_is_1_there_and_0_elsewhere(device):
    a = torch.zeros(2, 3, device=device, requires_grad=True)
    b = a[1, -1]
    b.backward()
    agrees(a.grad, np.array([[0, 0, 0], [0, 0, 1]], dtype="float32"))


INTERNAL_ERROR = Deviation(
    "The largest and the smallest integer of 64 bits raise RuntimeError; others raise IndexError.",
    witness={},
    since="2.0",
    until="2.0",
)
CRASH = Deviation(
    "The smallest integer of 64 bits ends the interpreter by a segmentation fault; others raise IndexError.",
    witness={},
    since="2.1",
    until="2.2",
)

OUT_OF_RANGE_RAISES = Claim(
    "indexing.out-of-range-raises",
    "An index past the end raises IndexError instead of reading other memory.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["indices-wrap-around", "the-first-index-past-the-end-is-clipped", "assigning-past-the-end-does-nothing"],
    deviations=[INTERNAL_ERROR, CRASH],
)


@OUT_OF_RANGE_RAISES.regardless
@reaches(empty=lambda case: case.x.numel == 0,
         inner=lambda case: case.x.ndim > 1 and type(items(case.index)[-1]) is int)
@example(case=Case(GRID, (4, 0)))
@example(case=Case(GRID, (0, 5)))
@example(case=Case(GRID, (0, -6)))
@given(case=out_of_range())
def test_an_integer_outside_its_dimension_raises_index_error_on_reading_and_on_writing(device, case):
    """
    >>> x[index]
    """
    storage, x = above_its_storage(case.x, device)
    with pytest.raises(IndexError):
        x[case.index]
    with pytest.raises(IndexError):
        x[case.index] = 1
    agrees(storage, Blueprint(case.x.dtype, case.x.storage, (len(case.x.storage),)).array, sign_of_zero=True)


def exceptions_of_extreme_integers(folder):
    """Index with 2**63 - 1 and -2**63 in a process of its own: return its status and the exceptions in order."""
    done = subprocess.run(
        [sys.executable, "-c", _EXTREME_SCRIPT], cwd=str(folder), timeout=120,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
    )
    return done.returncode, done.stdout.split()


_EXTREME_SCRIPT = """
import torch
x = torch.arange(6).view(2, 3)
for index in (2 ** 63 - 1, (0, 2 ** 63 - 1), -2 ** 63, (0, -2 ** 63)):
    try:
        x[index]
    except Exception as error:
        print(type(error).__name__, flush=True)
"""


@OUT_OF_RANGE_RAISES
def test_the_largest_and_the_smallest_integer_of_64_bits_raise_index_error(tmp_path):
    assert exceptions_of_extreme_integers(tmp_path) == (0, ["IndexError"] * 4)


@INTERNAL_ERROR.instead
def test_the_largest_and_the_smallest_integer_of_64_bits_raise_runtime_error(tmp_path):
    assert exceptions_of_extreme_integers(tmp_path) == (0, ["RuntimeError"] * 4)


@CRASH.instead
def test_the_smallest_integer_of_64_bits_ends_the_interpreter(tmp_path):
    status, raised = exceptions_of_extreme_integers(tmp_path)
    assert status != 0 and raised == ["IndexError"] * 2


@OUT_OF_RANGE_RAISES.regardless
def test_a_tensor_without_dimensions_has_no_element_0(device):
    with pytest.raises(IndexError):
        torch.tensor(1.0, device=device)[0]


@OUT_OF_RANGE_RAISES.regardless
@pytest.mark.parametrize("far", [0, 1, 2 ** 31, 2 ** 61])
def test_the_bounds_of_a_slice_are_clipped_where_an_integer_is_refused(device, far):
    a = GRID.on(device)
    agrees(a[4 + far:], GRID.array[:0])
    agrees(a[:-4 - far], GRID.array[:0])
    agrees(a[:4 + far], GRID.array)
    agrees(a[-4 - far:, :5 + far], GRID.array)


@OUT_OF_RANGE_RAISES.regardless
@pytest.mark.parametrize("place", [3, -4, 2 ** 62])
def test_a_list_with_an_index_past_the_end_is_refused_and_nothing_is_written(place):
    x = torch.arange(3)  # on the CPU only: an accelerator reports a bad list by refusing to work for the process at all
    with pytest.raises((IndexError, RuntimeError)):
        x[[0, place]]
    with pytest.raises((IndexError, RuntimeError)):
        x[[place]] = 7
    with pytest.raises((IndexError, RuntimeError)):
        x.index_add_(0, torch.tensor([place]), torch.tensor([7]))
    agrees(x, np.arange(3))
