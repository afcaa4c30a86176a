"""Adding at an index.

index_add_ adds slices of one tensor to chosen slices of another. The documents use it to show how a name of Lua torch
became one of Python's.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees, bitwise, unchanged
from spec.sources import TEMPLATE
from spec.strategies import Blueprint
from spec.strategies.choices import draw_choices
from spec.strategies.tensors import draw_tensor

INDEX_ADD_RENAMED = Claim(
    "inplace.index-add-renamed",
    "What Lua torch calls indexAdd is named index_add_ here, and the old name is gone.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["torch-has-an-index-add-of-lua", "tensors-have-an-index-add-of-lua", "index-add-works-in-place"],
)


@INDEX_ADD_RENAMED
def test_tensors_have_index_add_with_and_without_an_underscore_and_no_index_add_of_lua():
    assert hasattr(torch.Tensor, "index_add_") and hasattr(torch.Tensor, "index_add")
    assert not hasattr(torch.Tensor, "indexAdd") and not hasattr(torch, "indexAdd")


@INDEX_ADD_RENAMED
def test_the_form_without_an_underscore_leaves_its_receiver_as_it_was(device):
    x = torch.ones(3, device=device)
    index, source = torch.tensor([2, 0], device=device), torch.tensor([5.0, 7.0], device=device)
    agrees(x.index_add(0, index, source), [8.0, 1.0, 6.0])
    agrees(x, [1.0, 1.0, 1.0])
    assert x.index_add_(0, index, source) is x
    agrees(x, [8.0, 1.0, 6.0])


INDEX_ADD_EXAMPLE = Claim(
    "inplace.index-add-example",
    "With x the 5x5 matrix of ones and z of two columns, 10 and 100, x.index_add_(1, torch.LongTensor([4, 0]), z) "
    "makes every row of x equal to [101, 1, 1, 1, 11].",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["index-add-underscore-replaces", "index-add-underscore-mixes-up-rows-and-columns"],
)


@INDEX_ADD_EXAMPLE
def test_the_example_makes_every_row_101_1_1_1_11(device):
    x = torch.ones(5, 5, device=device)
    z = torch.Tensor(5, 2).to(device)
    z[:, 0] = 10
    z[:, 1] = 100
    assert x.index_add_(1, torch.LongTensor([4, 0]).to(device), z) is x
    agrees(x, np.array([[101, 1, 1, 1, 11]] * 5, "float32"))


@INDEX_ADD_EXAMPLE
@reaches(all=lambda columns: columns == 5, apart=lambda order, columns: columns > 1 and order[0] > order[1],
         nothing=lambda value: value == 0)
@given(order=st.permutations(range(5)), columns=st.integers(1, 5), value=st.integers(-9, 9))
@example(order=[4, 0, 1, 2, 3], columns=2, value=10)
def test_any_columns_in_any_order_receive_the_columns_of_z(device, order, columns, value):
    """
    >>> index, z = torch.tensor(order[:columns]), value + torch.arange(columns).float().repeat(5, 1)
    >>> torch.ones(5, 5).index_add_(1, index, z)
    """
    index = order[:columns]
    rows = np.tile(np.arange(columns, dtype="float32") + value, (5, 1))
    expected = np.ones((5, 5), "float32")
    expected[:, index] += rows
    x = torch.ones(5, 5, device=device)
    x.index_add_(1, torch.tensor(index, device=device), Blueprint.of(rows).on(device))
    agrees(x, expected)


INDEX_ADD_ACCUMULATES = Claim(
    "inplace.index-add-accumulates",
    "index_add_(dim, index, source) adds slice k of the source to slice index[k] of the receiver; where an index comes "
    "twice, both slices are added.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["index-add-underscore-takes-each-index-once", "index-add-underscore-replaces",
           "index-add-underscore-mixes-up-rows-and-columns", "index-add-underscore-wraps-negative-indices"],
)


@st.composite
def additions(draw):
    """Draw a receiver of two dimensions, one of them, indices into it, and a source of the size that is needed."""
    choices = draw_choices(draw, 5 + 6)
    name = choices.of([name for name in ("float32", "float64", "int32", "int64") if name in dtypes.REAL])
    shape, dim = [choices.between(1, 4), choices.between(1, 4)], choices.below(2)
    receiver = draw_tensor(draw, name, tuple(shape), integral=True)
    index = [choices.below(shape[dim]) for _ in range(choices.between(0, 6))]
    shape[dim] = len(index)
    return receiver, dim, index, draw_tensor(draw, name, tuple(shape), ("contiguous",), integral=True)


@INDEX_ADD_ACCUMULATES
@reaches(repeated=lambda case: len(set(case[2])) < len(case[2]), none=lambda case: not case[2],
         rows=lambda case: case[1] == 0 and case[2], columns=lambda case: case[1] == 1 and case[2],
         strided=lambda case: not case[0].contiguous)
@given(case=additions())
@example(case=(Blueprint.of([[1.0, 2.0]]), 1, [1, 1, 0], Blueprint.of([[10.0, 20.0, 30.0]])))
def test_slices_of_the_source_are_added_one_after_the_other(device, case):
    """
    >>> x, dim, index, source = case
    >>> x.index_add_(dim, torch.tensor(index, dtype=torch.int64), source)
    """
    x, dim, index, source = case
    receiver, added, expected = x.on(device), source.on(device), x.array
    np.add.at(expected, (slice(None),) * dim + (index,), source.array)
    result = receiver.index_add_(dim, torch.tensor(index, dtype=torch.int64, device=device), added)
    assert result is receiver
    agrees(receiver, expected)
    unchanged(added, source.array)


@INDEX_ADD_ACCUMULATES
@pytest.mark.parametrize("index", [3, -1])
def test_an_index_out_of_range_is_refused_and_nothing_is_added(device, index):
    x = torch.ones(3, 2, device=device)
    with pytest.raises((RuntimeError, IndexError)):
        x.index_add_(0, torch.tensor([index], device=device), torch.ones(1, 2, device=device))
    bitwise(x, np.ones((3, 2), "float32"))
