"""Assignment.

x[:, 1] = 5 writes to a selection in place. With a mask it is how the documents' backward pass leaves out the hidden
units that were negative: grad_h[h < 0] = 0.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import STORAGE, needs
from spec.claim import Claim, reaches
from spec.claims.indexing._helpers import WRITABLE, above_its_storage, cells_of, indexed, storage_after
from spec.oracles import memory
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import Blueprint, index_lists, same_shape, shapes, tensors
from spec.strategies.choices import draw_choices
from spec.strategies.tensors import draw_tensor

Assigned = NamedTuple("Assigned", [("x", Blueprint), ("index", object), ("value", object)])
Assigned.__doc__ = "A tensor, an index, and what is assigned to it: a Python number, or a Blueprint that broadcasts."

SMALL = Blueprint.of([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "float32")


@st.composite
def assigned(draw):
    """Draw an Assigned with a basic index; numbers for tensors of integers may have a fraction part."""
    x, index = draw(indexed(dtype=WRITABLE))
    choices = draw_choices(draw, 3)
    if choices.below(2):
        numbers = (0, 5, 2.75) if x.dtype == "uint8" else (0, -1, 5, 2.75, -2.75)
        return Assigned(x, index, choices.of(numbers))
    size = memory.View(x.indices)[index].shape
    dropped, ones = choices.between(0, len(size)), choices.below(16)
    size = tuple(1 if ones >> axis & 1 else side for axis, side in enumerate(size))[dropped:]
    return Assigned(x, index, draw_tensor(draw, x.dtype, size))


ASSIGNMENT = Claim(
    "indexing.assignment",
    "Indexed assignment (x[:, 1] = 5, x[0] = 2, x[1:, 2:] = -1, z[:, 0] = 10) broadcasts the value over the selection "
    "and changes nothing else.",
    sources=[
        TEMPLATE["PyTorch for Torch Users"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Tensor"],
        FLOYDHUB["Defining new autograd functions"],
    ],
    kills=["assignment-to-a-strided-tensor-is-lost", "assignment-takes-the-first-value-only",
           "assignment-leaves-the-last-element", "assignment-rounds-to-integers", "assignment-of-a-scalar-adds",
           "stops-are-included-on-assignment"],
)


@ASSIGNMENT
@reaches(number=lambda case: not isinstance(case.value, Blueprint),
         fraction=lambda case: dtypes.is_integer(case.x.dtype) and case.value in (2.75, -2.75),
         broadcast=lambda case: isinstance(case.value, Blueprint) and case.value.size != cells_of(case).shape,
         strided=lambda case: not case.x.contiguous, element=lambda case: cells_of(case).shape == ())
@example(case=Assigned(SMALL, (slice(None), 1), 5))
@example(case=Assigned(SMALL, 0, 2))
@example(case=Assigned(SMALL, (slice(1, None), slice(2, None)), -1))
@example(case=Assigned(SMALL, (slice(None), 0), Blueprint.of([7.0, -0.0], "float32")))
@example(case=Assigned(SMALL, (0, slice(2)), Blueprint.of([float("nan"), 1.0], "float32")))
@example(case=Assigned(Blueprint.of([3, 4, 5]), slice(1, None), 2.75))
@example(case=Assigned(Blueprint.of([3, 4, 5]), slice(None, 2), -2.75))
@given(case=assigned())
def test_assigning_to_an_index_writes_the_value_to_the_selected_elements_and_to_no_other_memory(device, case):
    """
    >>> x[index] = value
    >>> x
    """
    storage, x = above_its_storage(case.x, device)
    blueprint = isinstance(case.value, Blueprint)
    expected = storage_after(case, case.value.array if blueprint else np.array(case.value).astype(case.x.dtype))
    value = case.value.on(device) if blueprint else case.value
    x[case.index] = value
    agrees(storage, expected, sign_of_zero=True)
    agrees(x, expected[case.x.indices], sign_of_zero=True)
    if blueprint:
        agrees(value, case.value.array, sign_of_zero=True)


@ASSIGNMENT
def test_two_columns_are_filled_with_a_number_each(device):
    z = torch.empty(5, 2, device=device)
    z[:, 0] = 10
    z[:, 1] = 100
    agrees(z, np.array([[10, 100]] * 5, dtype="float32"))


@ASSIGNMENT
@needs(STORAGE)
@pytest.mark.parametrize(
    "index", [0, (slice(None), 1), (0, 0), slice(0, 0), Ellipsis, [1, 0], (slice(None), [2])],
    ids=["row", "column", "element", "nothing", "all", "list of rows", "list of columns"])
def test_assignment_changes_the_tensor_in_place_and_counts_as_one_change(device, index):
    x = SMALL.on(device)
    address, version = x.data_ptr(), x._version
    x[index] = 3
    assert x.data_ptr() == address and x._version == version + 1


@ASSIGNMENT
@pytest.mark.parametrize(
    "index, size", [(1, (2,)), ((slice(None), 1), (3,)), ((slice(None), 1), (2, 2)), ((0, 0), (2,))],
    ids=["row", "column", "too many dimensions", "element"])
def test_a_value_that_does_not_broadcast_raises_runtime_error_and_changes_nothing(device, index, size):
    x = SMALL.on(device)
    with pytest.raises(RuntimeError):
        x[index] = torch.zeros(size, device=device)
    agrees(x, SMALL.array)


@ASSIGNMENT
@pytest.mark.parametrize("index, value", [((slice(None), 1), [[[7.0, 8.0]]]), ((0, 0), [7.0]), (0, [[7.0, 8.0, 9.0]])],
                         ids=["column", "element", "row"])
def test_leading_dimensions_of_size_1_of_the_value_do_not_count(device, index, value):
    x, expected = SMALL.on(device), SMALL.array
    x[index] = torch.tensor(value, device=device)
    expected[index] = np.array(value).reshape(expected[index].shape)
    agrees(x, expected)


@ASSIGNMENT
@reaches(repeated=lambda x, places: len({place % x.size[0] for place in places}) < len(places))
@given(x=tensors(("int32", "int64"), shape=shapes(1, 1, min_side=1, max_side=9)), places=index_lists((9,), min_size=1))
def test_a_place_that_is_listed_twice_receives_one_of_its_values(device, x, places):
    """
    >>> rows = [place % len(x) for place in places]
    >>> x[rows] = torch.arange(len(rows), dtype=x.dtype)
    >>> x
    """
    rows = [place % x.size[0] for place in places]
    tensor = x.on(device)
    tensor[rows] = torch.arange(len(rows), dtype=dtypes.torch_dtype(x.dtype), device=device)
    for row, (before, after) in enumerate(zip(x.array.tolist(), tensor.tolist())):
        allowed = [number for number, written in enumerate(rows) if written == row] or [before]
        assert after in allowed


@ASSIGNMENT
def test_adding_1_to_a_place_that_is_listed_twice_adds_it_once(device):
    t = torch.zeros(3, device=device)
    t[[0, 0]] += 1
    agrees(t, np.array([1, 0, 0], dtype="float32"))


@ASSIGNMENT
def test_assignment_to_a_leaf_under_no_grad_leaves_it_a_leaf_that_requires_a_gradient(device):
    w = SMALL.on(device, requires_grad=True)
    with torch.no_grad():
        w[:, 1] = 5
        w[w > 5] = -1
    assert w.is_leaf and w.requires_grad
    agrees(w, np.array([[1, 5, 3], [4, 5, -1]], dtype="float32"))


MASK_ASSIGNMENT = Claim(
    "indexing.mask-assignment",
    "g[h < 0] = 0 puts 0, in place, for exactly those entries of g at which h is negative.",
    sources=[
        EXAMPLES["PyTorch: Tensors"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        NOTEBOOK["PyTorch Tensors"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["less-than-includes-equal", "less-than-includes-nan", "masks-are-read-as-row-numbers-on-assignment",
           "assignment-to-a-strided-tensor-is-lost", "assignment-leaves-the-last-element"],
)

Masking = NamedTuple("Masking", [("g", Blueprint), ("h", Blueprint)])
Masking.__doc__ = "A gradient g and the hidden units h at which it is taken, of one size and dtype."

SIGNS = Masking(
    Blueprint.of([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "float32"),
    Blueprint.of([-0.0, 0.0, float("nan"), -float("inf"), -1e-45, 1e-45], "float32"),
)


@MASK_ASSIGNMENT
@needs(STORAGE)
@reaches(strided=lambda case: not case.g.contiguous, empty=lambda case: case.g.numel == 0,
         kink=lambda case: (case.h.array == 0).any(), negative=lambda case: (case.h.array < 0).any(),
         nan=lambda case: np.isnan(case.h.array.astype("float64")).any(),
         vector=lambda case: case.h.ndim == 1 and 1 < len(set((case.h.array < 0).tolist())))
@example(case=SIGNS)
@given(case=same_shape(2, dtype=tuple(name for name in WRITABLE if name != "uint8")).map(lambda pair: Masking(*pair)))
def test_assigning_0_where_h_is_negative_changes_those_entries_of_g_in_place_and_nothing_else(device, case):
    """
    >>> g[h < 0] = 0
    >>> g
    """
    (storage, g), h = above_its_storage(case.g, device), case.h.on(device)
    address = g.data_ptr()
    with np.errstate(invalid="ignore"):
        negative = case.h.array < 0
    g[h < 0] = 0
    agrees(g, np.where(negative, np.zeros((), case.g.dtype), case.g.array), sign_of_zero=True)
    agrees(storage, memory.write(
        Blueprint(case.g.dtype, case.g.storage, (len(case.g.storage),)).array,
        memory.View(case.g.indices[negative]), 0), sign_of_zero=True)
    agrees(h, case.h.array, sign_of_zero=True)
    assert g.data_ptr() == address


@MASK_ASSIGNMENT
def test_a_mask_of_one_dimension_masks_the_rows_of_a_matrix(device):
    g, h = torch.ones(3, 2, device=device), torch.tensor([-1.0, 2.0, -3.0], device=device)
    g[h < 0] = 0
    agrees(g, np.array([[0, 0], [1, 1], [0, 0]], dtype="float32"))


@MASK_ASSIGNMENT
def test_an_entry_where_h_is_minus_0_or_nan_keeps_its_value(device):
    g = torch.tensor([1.0, 2.0, 3.0, 4.0], device=device)
    g[torch.tensor([0.0, -0.0, float("nan"), -1.0], device=device) < 0] = 0
    agrees(g, np.array([1, 2, 3, 0], dtype="float32"))
