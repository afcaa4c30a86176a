"""Index expressions.

numpy-like indexing, with all bells and whistles: how far the likeness goes.
"""
import warnings
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import HERE
from spec.claim import Claim, Deviation, reaches
from spec.claims.indexing._forms import FORMS, deviations, otherwise_in
from spec.claims.indexing._helpers import (
    GATHERABLE,
    GRID,
    WRITABLE,
    Case,
    above_its_storage,
    cells_of,
    indexed,
    items,
    storage_after,
)
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, index_lists, shapes, tensors
from spec.strategies.choices import draw_choices
from spec.strategies.indexing import place_of
from spec.strategies.tensors import draw_tensor


def has(kind):
    """Return a predicate over a Case: some item of its index is of a type."""
    return lambda case: any(isinstance(item, kind) for item in items(case.index))


BASIC_MATCHES_NUMPY = Claim(
    "indexing.basic-matches-numpy",
    "Integers, also negative ones, Python's slices (start included, stop excluded, bounds clipped, step positive), "
    "Ellipsis and None, in any combination, select the same elements in the same shape as in numpy.",
    sources=[TEMPLATE["PyTorch for Torch Users"], FLOYDHUB["Tensor"]],
    kills=["stops-are-included", "steps-are-one-longer", "an-ellipsis-takes-no-dimension", "none-goes-to-the-end",
           "integers-count-from-one"],
)


@BASIC_MATCHES_NUMPY
@reaches(ellipsis=has(type(Ellipsis)), none=has(type(None)), slices=has(slice),
         negative=lambda case: any(type(item) is int and item < 0 for item in items(case.index)),
         element=lambda case: case.x.array[case.index].ndim == 0,
         empty=lambda case: case.x.numel and not case.x.array[case.index].size,
         strided=lambda case: not case.x.contiguous)
@example(case=Case(GRID, (slice(None), slice(3, 5))))
@example(case=Case(Blueprint.of([[1, 2], [3, 4]]), (slice(None), slice(3, 5))))
@example(case=Case(GRID, (1, Ellipsis, None, -2)))
@example(case=Case(GRID, (slice(None, None, 2), slice(None, None, 2))))
@example(case=Case(GRID, (Ellipsis, 1)))
@example(case=Case(GRID, (None, 1)))
@given(case=indexed(layouts=LAYOUTS))
def test_a_basic_index_selects_the_elements_that_it_selects_in_numpy_in_the_same_shape(device, case):
    """
    >>> x[index]
    """
    selected = case.x.on(device)[case.index]
    assert isinstance(selected, torch.Tensor)
    agrees(selected, case.x.array[case.index], dtype=case.x.dtype, sign_of_zero=True)


@BASIC_MATCHES_NUMPY
@reaches(ellipsis=has(type(Ellipsis)), none=has(type(None)), slices=has(slice),
         element=lambda case: cells_of(case).shape == (),
         empty=lambda case: case.x.numel and not cells_of(case).cells.size,
         strided=lambda case: not case.x.contiguous)
@given(case=indexed(dtype=WRITABLE))
def test_writing_to_what_a_basic_index_selects_changes_exactly_those_elements(device, case):
    """
    >>> x[index].copy_(torch.tensor(7))
    >>> x
    """
    storage, x = above_its_storage(case.x, device)
    x[case.index].copy_(torch.tensor(7))
    agrees(storage, storage_after(case, 7), sign_of_zero=True)
    agrees(x, storage_after(case, 7)[case.x.indices], sign_of_zero=True)


@BASIC_MATCHES_NUMPY
@pytest.mark.parametrize("index", [(0, 0, 0), (Ellipsis, 0, 0, 0), (0, slice(None), slice(None))],
                         ids=["three integers", "Ellipsis and three integers", "an integer and two slices"])
def test_more_indices_than_dimensions_raise_index_error_as_in_numpy(device, index):
    with pytest.raises(IndexError):
        torch.zeros(4, 5, device=device)[index]
    with pytest.raises(IndexError):
        np.zeros((4, 5))[index]


def ways_to_write_2():
    """Return the integer 2 in the types that have __index__."""
    return [2, np.int64(2), np.uint8(2), torch.tensor(2)]


@BASIC_MATCHES_NUMPY
@pytest.mark.parametrize("two", ways_to_write_2(), ids=["int", "numpy int64", "numpy uint8", "tensor"])
def test_integers_of_any_type_are_the_same_index(device, two):
    x = GRID.on(device)
    agrees(x[two], GRID.array[2])
    agrees(x[1, two], GRID.array[1, 2])
    agrees(x[:two], GRID.array[:2])


ALL_NUMPY_FORMS = Claim(
    "indexing.all-numpy-forms",
    "Every index that numpy accepts is accepted by tensors and means the same.",
    sources=[FLOYDHUB["Tensor"]],
    deviations=deviations(),
    kills=["lists-are-sorted", "lists-lose-their-last-index", "negative-steps-count-forwards",
           "an-integer-beside-a-list-follows-numpy", "masks-are-inverted"],
)


def selected(form, device):
    """Index a tensor of three rows, four columns and five layers, which holds 0 to 59, with one of the forms."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.arange(60, dtype=torch.int64, device=device).view(3, 4, 5)[FORMS[form].index(device)]


SIXTY = np.arange(60).reshape(3, 4, 5)


@ALL_NUMPY_FORMS
@pytest.mark.parametrize("form", list(FORMS))
def test_an_index_selects_what_it_selects_in_numpy(device, form):
    agrees(selected(form, device), SIXTY[FORMS[form].meaning])


@ALL_NUMPY_FORMS.instead
@pytest.mark.parametrize("form", list(otherwise_in(HERE)))
def test_an_index_is_refused_or_read_in_another_way(device, form):
    outcome = otherwise_in(HERE)[form]
    if isinstance(outcome, type):
        with pytest.raises(outcome):
            selected(form, device)
    else:
        agrees(selected(form, device), outcome(SIXTY))


Listed = NamedTuple("Listed", [("x", Blueprint), ("lists", object)])
Listed.__doc__ = "A tensor, and a list of indices for its first dimension or a tuple of lists for its first two."


@st.composite
def listed(draw):
    """Draw a Listed of short lists."""
    x = draw(tensors(GATHERABLE, shape=shapes(1, 3, max_elements=32), layouts=LAYOUTS))
    return Listed(x, draw(index_lists(x.size, axes=draw_choices(draw, 1).between(1, min(2, x.ndim)))))


@ALL_NUMPY_FORMS.regardless
@reaches(pair=lambda case: isinstance(case.lists, tuple), empty=lambda case: not np.size(case.lists),
         repeated=lambda case: isinstance(case.lists, list) and len(set(case.lists)) < len(case.lists),
         strided=lambda case: not case.x.contiguous)
@given(case=listed())
def test_lists_of_integers_select_the_elements_that_they_select_in_numpy(device, case):
    """
    >>> x[lists]
    """
    places = tuple(np.array(one, dtype=int) for one in case.lists) if isinstance(case.lists, tuple) else np.array(
        case.lists, dtype=int)
    agrees(case.x.on(device)[case.lists], case.x.array[places], dtype=case.x.dtype, sign_of_zero=True)


Mixed = NamedTuple("Mixed", [("x", Blueprint), ("index", tuple)])
Mixed.__doc__ = "A tensor of three dimensions, and an index made of one integer, one slice and one list in some order."


@st.composite
def mixed(draw, orders=("isl", "ils", "sil", "sli", "lis", "lsi")):
    """Draw a Mixed; an order is written by the first letters of integer, slice and list."""
    choices = draw_choices(draw, 4 + 3 * 4 + 1)
    size = tuple(choices.of((2, 3, 4, 1, 5)) for _ in range(3))
    items = []
    for letter, side in zip(choices.of(orders), size):
        length, places = choices.between(1, 3), [place_of(choices, side) for _ in range(3)]
        items.append({"i": places[0], "s": slice(None), "l": places[:length]}[letter])
    return Mixed(draw_tensor(draw, choices.of(GATHERABLE), size), tuple(items))


def slice_between(case):
    """Say whether the index is an integer, a slice and a list in this order."""
    return [type(item) for item in case.index] == [int, slice, list]


INT_LIST_SLICE_SHAPE = Claim(
    "indexing.int-list-slice-shape",
    "x[0, :, [1, 2]], for an x of shape (3, 4, 5), has the shape that numpy gives it, (2, 4).",
    sources=[FLOYDHUB["Tensor"]],
    deviations=[
        Deviation(
            "The shape is (4, 2): torch takes the integer first and then indexes x[0] by [:, [1, 2]], whereas numpy "
            "takes the integer and the list together and puts what they select in front.",
            witness={"case": Mixed(Blueprint.of(SIXTY), (0, slice(None), [1, 2]))},
            where=slice_between,
        )
    ],
    kills=["an-integer-beside-a-list-follows-numpy", "lists-lose-their-last-index"],
)


@INT_LIST_SLICE_SHAPE
@reaches(adjacent=lambda case: isinstance(case.index[1], int), list_first=lambda case: isinstance(case.index[0], list))
@example(case=Mixed(Blueprint.of(SIXTY), (slice(None), 0, [1, 2])))
@given(case=mixed())
def test_an_integer_a_slice_and_a_list_give_the_shape_and_the_elements_that_they_give_in_numpy(device, case):
    """
    >>> x[index].shape, x.cpu().numpy()[index].shape
    """
    agrees(case.x.on(device)[case.index], case.x.array[case.index], dtype=case.x.dtype, sign_of_zero=True)


@INT_LIST_SLICE_SHAPE.instead
@reaches(one=lambda case: len(case.index[2]) == 1, square=lambda case: len(case.index[2]) == case.x.size[1] > 1)
@example(case=Mixed(Blueprint.of(SIXTY), (0, slice(None), [1, 2])))
@example(case=Mixed(Blueprint.of(SIXTY), (0, slice(None), [1, 2, 2, 3])))
@example(case=Mixed(Blueprint.of(SIXTY), (-1, slice(None), [1])))
@given(case=mixed(orders=("isl",)))
def test_an_integer_before_a_slice_and_a_list_is_taken_first(device, case):
    """
    >>> x[index].shape, x[index[0]][index[1:]].shape
    """
    expected = case.x.array[case.index[0]][case.index[1:]]
    agrees(case.x.on(device)[case.index], expected, dtype=case.x.dtype, sign_of_zero=True)


@INT_LIST_SLICE_SHAPE.regardless
@pytest.mark.parametrize("places", [[1, 2], [-1], [4, 0, 4, 2]], ids=["two", "one", "four"])
def test_a_list_of_one_integer_in_place_of_the_integer_gives_what_numpy_gives(device, places):
    x = torch.arange(60, dtype=torch.int64, device=device).view(3, 4, 5)
    agrees(x[[2], :, places], SIXTY[[2], :, places])
