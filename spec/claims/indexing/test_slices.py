"""Slices.

x[:, 1] selects a column and x[:, 3:5] a block of columns. Both are windows on x and share its memory.
"""
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import STORAGE, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.indexing._helpers import (
    GRID,
    READABLE,
    WRITABLE,
    Case,
    above_its_storage,
    cells_of,
    sliced,
    storage_after,
)
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB, TEMPLATE
from spec.strategies import LAYOUTS, SEPARATE, shapes, slices, tensors
from spec.strategies.choices import draw_choices
from spec.strategies.indexing import place_of
from spec.strategies.tensors import draw_tensor


@st.composite
def columns(draw, dtype=READABLE, layouts=LAYOUTS):
    """Draw a Case of a matrix of 0 to 6 rows and 1 to 6 columns, and the index of a column."""
    choices = draw_choices(draw, 4)
    name, shape = choices.of(dtype), (choices.between(0, 6), choices.between(1, 6))
    return Case(draw_tensor(draw, name, shape, layouts), (slice(None), place_of(choices, shape[1])))


COLUMN_SELECTION = Claim(
    "indexing.column-selection",
    "x[:, 1] selects the second column: a tensor of one dimension with one element for each row.",
    sources=[FLOYDHUB["Tensor"]],
    kills=["columns-keep-their-dimension", "negative-columns-are-one-off", "integers-count-from-one"],
)


@COLUMN_SELECTION
@reaches(no_rows=lambda case: case.x.size[0] == 0, one_column=lambda case: case.x.size[1] == 1,
         negative=lambda case: case.index[1] < 0, strided=lambda case: not case.x.contiguous)
@example(case=Case(GRID, (slice(None), 1)))
@given(case=columns())
def test_a_column_has_one_dimension_and_one_element_for_each_row(device, case):
    """
    >>> x[index]
    """
    column = case.x.on(device)[case.index]
    assert tuple(column.shape) == (case.x.size[0],)
    agrees(column, case.x.array[case.index], dtype=case.x.dtype, sign_of_zero=True)


@COLUMN_SELECTION
@needs(STORAGE)
@pytest.mark.parametrize("number", [0, 1, 4, -1, -5])
def test_a_column_begins_at_its_number_times_the_stride_of_columns_and_keeps_that_of_rows(device, number):
    x = GRID.on(device)[1:, :]
    column = x[:, number]
    assert column.storage_offset() == 5 + number % 5 and column.stride() == (5,)
    column = x.t()[:, number % 3]
    assert column.storage_offset() == 5 + number % 3 * 5 and column.stride() == (1,)


@COLUMN_SELECTION
@reaches(no_rows=lambda case: case.x.size[0] == 0, one_column=lambda case: case.x.size[1] == 1,
         negative=lambda case: case.index[1] < 0, strided=lambda case: not case.x.contiguous)
@example(case=Case(GRID, (slice(None), 1)))
@given(case=columns(dtype=WRITABLE, layouts=SEPARATE))
def test_writing_to_a_column_changes_that_column_and_nothing_else(device, case):
    """
    >>> x[index].copy_(torch.tensor(7))
    >>> x
    """
    storage, x = above_its_storage(case.x, device)
    x[case.index].copy_(torch.tensor(7))
    agrees(storage, storage_after(case, 7), sign_of_zero=True)


SLICES_SHARE_STORAGE = Claim(
    "indexing.slices-share-storage",
    "A basic slice is a view: it shares storage with the tensor that it was taken from.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["slices-are-copies", "dense-slices-are-copies", "slices-of-strided-tensors-are-copies"],
)


@SLICES_SHARE_STORAGE
@reaches(stepped=lambda case: any(step not in (None, 1) for step in steps(case)),
         empty=lambda case: case.x.numel and not cells_of(case).cells.size,
         strided=lambda case: not case.x.contiguous)
@example(case=Case(GRID, (slice(None), slice(3, 5))))
@given(case=sliced(dtype=WRITABLE))
def test_writing_to_a_slice_changes_exactly_the_elements_it_selects(device, case):
    """
    >>> x[index].copy_(torch.tensor(7))
    >>> x
    """
    storage, x = above_its_storage(case.x, device)
    part = x[case.index]
    agrees(part, case.x.array[case.index], sign_of_zero=True)
    part.copy_(torch.tensor(7))
    agrees(storage, storage_after(case, 7), sign_of_zero=True)


def steps(case):
    """Return the steps of the slices of an index."""
    return [part.step for part in (case.index if isinstance(case.index, tuple) else (case.index,))]


@SLICES_SHARE_STORAGE
@needs(STORAGE)
@reaches(stepped=lambda case: any(step not in (None, 1) for step in steps(case)),
         empty=lambda case: case.x.numel and not cells_of(case).cells.size,
         offset=lambda case: case.x.offset > 0, shared=lambda case: case.x.layout() in ("expanded", "overlapping"))
@example(case=Case(GRID, (slice(None), slice(3, 5))))
@given(case=sliced(layouts=LAYOUTS))
def test_a_slice_begins_in_the_cell_of_its_first_element_and_steps_by_multiples_of_the_strides(device, case):
    """
    >>> x[index].storage_offset(), x[index].stride(), x.stride()
    """
    x = case.x.on(device)
    part, model = x[case.index], cells_of(case)
    if model.cells.size:
        assert part.storage_offset() == model.offset
        assert part.data_ptr() - x.data_ptr() == (model.offset - case.x.offset) * x.element_size()
    factors = [step or 1 for step in steps(case)] + [1] * case.x.ndim
    assert list(part.stride()) == [factor * step for factor, step in zip(factors, case.x.stride)]


@SLICES_SHARE_STORAGE
@needs(STORAGE)
@reaches(dense=lambda case: cells_of(case).cells.size > 1 and cells_of(case).contiguous,
         scattered=lambda case: not cells_of(case).contiguous)
@example(case=Case(GRID, (slice(None), slice(3, 5))))
@example(case=Case(GRID, slice(1, 3)))
@given(case=sliced(layouts=LAYOUTS))
def test_contiguous_copies_a_slice_only_where_its_cells_do_not_follow_each_other(device, case):
    """
    >>> x[index].contiguous().data_ptr() == x[index].data_ptr()
    """
    part, model = case.x.on(device)[case.index], cells_of(case)
    dense = part.contiguous()
    agrees(dense, part, sign_of_zero=True)
    if model.cells.size:
        assert (dense.data_ptr() == part.data_ptr()) == model.contiguous


@SLICES_SHARE_STORAGE
@pytest.mark.parametrize("index", [[1, 2], (slice(None), [0]), ([0, 3], [4, 4])], ids=["rows", "column", "elements"])
def test_lists_of_indices_and_masks_give_copies(device, index):
    x = GRID.on(device)
    x[index].copy_(torch.tensor(7))
    x[x > 3].fill_(7)
    agrees(x, GRID.array)


NEGATIVE_STEP = Claim(
    "indexing.negative-step",
    "Tensors can be indexed with Python's slices, which includes those with a negative step.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    deviations=[
        Deviation(
            "A negative step raises ValueError; torch.flip reverses a dimension, and copies it.",
            witness=[
                {"x": GRID, "part": slice(None, None, -1)},
                {"x": GRID, "part": slice(0, 0, -2)},
            ],
            where=lambda part: (part.step or 1) < 0,
            raises=ValueError,
        )
    ],
    kills=["negative-steps-count-forwards", "flip-leaves-the-first-element", "steps-are-one-longer"],
)


@NEGATIVE_STEP
@reaches(stepped=lambda part: (part.step or 1) > 1)
@given(x=tensors(READABLE, shape=shapes(1, 3, min_side=1, max_elements=32)),
       part=slices(5, steps=(None, 1, 2, 3, 5, 40, -1, -2)))
def test_a_slice_selects_the_rows_that_it_selects_in_numpy(device, x, part):
    """
    >>> x[part]
    """
    agrees(x.on(device)[part], x.array[part], dtype=x.dtype, sign_of_zero=True)


@NEGATIVE_STEP.instead
@pytest.mark.parametrize("part", [slice(None, None, -1), slice(0, 0, -1), slice(9, 2, -2), slice(None, None, -2 ** 62)],
                         ids=["all", "none", "some", "huge"])
@pytest.mark.parametrize("rows", [4, 1, 0])
def test_a_negative_step_raises_value_error_on_reading_and_on_writing(device, part, rows):
    x = GRID.on(device)[:rows]
    for index in (part, (slice(None), part)):
        with pytest.raises(ValueError):
            x[index]
        with pytest.raises(ValueError):
            x[index] = 0
    agrees(x, GRID.array[:rows])


@NEGATIVE_STEP.instead
@reaches(strided=lambda x: not x.contiguous, empty=lambda x: x.numel == 0)
@given(x=tensors(WRITABLE, shape=shapes(1, 3, max_elements=32), layouts=LAYOUTS), data=st.data())
def test_flip_gives_a_copy_in_the_reverse_order(device, x, data):
    """
    >>> torch.flip(x, [0])
    """
    axis = data.draw(st.integers(0, x.ndim - 1), label="axis")
    backwards = (slice(None),) * axis + (slice(None, None, -1),)
    tensor = x.on(device)
    flipped = torch.flip(tensor, [axis])
    agrees(flipped, x.array[backwards], sign_of_zero=True)
    flipped.fill_(7)
    agrees(tensor, x.array, sign_of_zero=True)


@NEGATIVE_STEP.regardless
def test_a_step_of_0_raises_value_error_as_in_numpy(device):
    with pytest.raises(ValueError):
        torch.zeros(4, device=device)[::0]
