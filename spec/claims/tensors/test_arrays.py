"""Boxes of numbers.

A tensor has a shape, a number of elements and a type of element, and it holds what it was given.
"""
from typing import List, NamedTuple, Union

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, tensors

Nested = NamedTuple("Nested", [("data", Union[List, float, int, bool]), ("dtype", str)])
Nested.__doc__ = "Nested lists, or a bare number, and the dtype in which to hold them."


@st.composite
def nested_data(draw):
    """Draw a Nested of zero to four dimensions, of any real dtype or of the dtype of masks."""
    blueprint = draw(tensors(dtypes.BOOL + dtypes.REAL, layouts=["contiguous"], max_elements=64))
    return Nested(blueprint.array.tolist(), blueprint.dtype)


N_DIMENSIONAL_ARRAY = Claim(
    "tensors.n-dimensional-array",
    "A tensor is an n-dimensional array: made from nested lists it has the shape, the number of dimensions, the number "
    "of elements and the values of the numpy array made from the same lists.",
    sources=[
        TEMPLATE["Opening"],
        TEMPLATE["Tensors"],
        EXAMPLES["Opening"],
        EXAMPLES["PyTorch: Tensors"],
        INTRODUCTION["PyTorch Tensors"],
        FLOYDHUB["Tensor"],
        NOTEBOOK["PyTorch Tensors"],
    ],
    kills=[
        "tensor-drops-outer-dimension-of-one",
        "tensor-loses-the-sign-of-zero",
        "numel-counts-an-empty-dimension-as-one",
        "dim-overlooks-dimensions-of-one",
        "tolist-flattens-the-last-dimension",
    ],
)


@N_DIMENSIONAL_ARRAY
@needs(FLOAT64)
@reaches(
    number=lambda nested: not isinstance(nested.data, list),
    empty=lambda nested: np.array(nested.data).size == 0,
    deep=lambda nested: np.array(nested.data).ndim > 2,
    floating=lambda nested: dtypes.is_float(nested.dtype),
    integer=lambda nested: dtypes.is_integer(nested.dtype),
)
@given(nested=nested_data())
@example(nested=Nested([[], []], "float32"))
@example(nested=Nested([[[1.0]]], "float64"))
@example(nested=Nested([-0.0, float("nan"), float("-inf")], "float32"))
@example(nested=Nested([[-(2**63), 2**63 - 1]], "int64"))
def test_a_tensor_has_the_shape_and_the_values_of_the_array_made_from_the_same_lists(device, nested):
    """
    >>> tensor, array = torch.tensor(data, dtype=getattr(torch, dtype)), np.array(data, dtype)
    >>> tensor.shape, array.shape, tensor.tolist(), array.tolist()
    """
    tensor = torch.tensor(nested.data, dtype=dtypes.torch_dtype(nested.dtype), device=device)
    array = np.array(nested.data, dtype=dtypes.numpy_dtype(nested.dtype))
    agrees(tensor, array, sign_of_zero=True)
    assert (tensor.dim(), tensor.numel(), tensor.nelement()) == (array.ndim, array.size, array.size)
    assert repr(tensor.tolist()) == repr(array.tolist())


@N_DIMENSIONAL_ARRAY
@needs(FLOAT64)
@reaches(strided=lambda t: not t.contiguous, expanded=lambda t: t.layout() == "expanded")
@given(t=tensors(layouts=LAYOUTS))
def test_the_way_a_tensor_lies_in_memory_does_not_show_in_what_it_holds(device, t):
    """
    >>> t.shape, t.numel(), t.tolist()
    """
    tensor = t.on(device)
    agrees(tensor, t.array, sign_of_zero=True)
    assert (tensor.dim(), tensor.numel()) == (t.array.ndim, t.array.size)
    assert repr(tensor.tolist()) == repr(t.array.tolist())


@N_DIMENSIONAL_ARRAY
@pytest.mark.parametrize("ragged", [[[1, 2], [3]], [[1], 2], [[[1]], [[]]]], ids=["lengths", "depths", "empty"])
def test_lists_of_unequal_length_do_not_make_a_tensor(device, ragged):
    with pytest.raises((ValueError, TypeError)):
        torch.tensor(ragged, device=device)


SIZE_IS_A_TUPLE = Claim(
    "tensors.size-is-a-tuple",
    "x.size() is the shape of x, as x.shape is: a torch.Size, which is a tuple and prints as torch.Size([10, 20]).",
    sources=[INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"]],
    kills=["size-is-a-plain-tuple", "size-of-a-negative-dimension-is-off-by-one", "size-forgets-trailing-ones"],
)


@SIZE_IS_A_TUPLE
@needs(FLOAT64)
@reaches(
    scalar=lambda t: t.ndim == 0,
    empty=lambda t: t.numel == 0,
    trailing_one=lambda t: t.size[-1:] == (1,),
    expanded=lambda t: t.layout() == "expanded",
)
@given(t=tensors(layouts=LAYOUTS))
@example(t=Blueprint("float32", (0.0,), (1, 1), None))
def test_size_is_a_tuple_of_the_lengths_of_the_dimensions_and_prints_as_such(device, t):
    """
    >>> t.size(), t.shape, [t.size(dim) for dim in range(-t.dim(), t.dim())]
    """
    tensor = t.on(device)
    size = tensor.size()
    assert isinstance(size, tuple) and type(size) is type(tensor.shape) is torch.Size
    assert size == tensor.shape == t.size and hash(size) == hash(t.size)
    assert all(type(side) is int for side in size)
    assert [tensor.size(dim) for dim in range(-t.ndim, t.ndim)] == list(t.size) * 2
    assert size.numel() == t.numel
    assert str(size) == repr(size) == "torch.Size({})".format(list(t.size))
    assert type(size[1:]) is torch.Size and size[1:] == t.size[1:]


@SIZE_IS_A_TUPLE
def test_the_size_of_a_matrix_of_10_by_20_prints_as_the_documents_show_it(device):
    assert str(torch.randn(10, 20, device=device).size()) == "torch.Size([10, 20])"


@SIZE_IS_A_TUPLE
@pytest.mark.parametrize("shape, dim", [((), 0), ((3,), 1), ((3,), -2), ((2, 3), 2)], ids=str)
def test_a_dimension_that_is_not_there_has_no_size(device, shape, dim):
    with pytest.raises((IndexError, RuntimeError)):
        torch.zeros(shape, device=device).size(dim)
