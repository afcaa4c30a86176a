"""Indices are legal on torch and on numpy, mean the same, and reach every form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.selftest.strategies.reaching import for_examples, minimal, reaches
from spec.strategies import Blueprint, basic_indices, index_lists, masks, shapes

SHAPE = (3, 4, 2)


def counting(shape):
    """Return the Blueprint of `shape` that numbers its elements."""
    return Blueprint.of(np.arange(np.prod(shape, dtype=int)).reshape(shape).astype("int64"))


def items(index):
    return index if isinstance(index, tuple) else (index,)


@for_examples()
@given(shapes(max_elements=60).flatmap(lambda shape: st.tuples(st.just(shape), basic_indices(shape))))
def test_a_basic_index_means_the_same_to_torch_and_numpy(case):
    shape, index = case
    blueprint = counting(shape)
    found, expected = blueprint.on()[index], blueprint.array[index]
    assert tuple(found.size()) == expected.shape
    assert found.contiguous().view(-1).tolist() == expected.ravel().tolist()


@pytest.mark.parametrize(
    "name, predicate",
    [
        ("an Ellipsis", lambda index: any(item is Ellipsis for item in items(index))),
        ("an Ellipsis that stands for nothing", lambda index: len([i for i in items(index) if i is not None]) == 4),
        ("None", lambda index: any(item is None for item in items(index))),
        ("a negative int", lambda index: any(isinstance(item, int) and item < 0 for item in items(index))),
        ("a full set of ints", lambda index: len(items(index)) == 3 and all(isinstance(i, int) for i in items(index))),
        ("a step", lambda index: any(isinstance(item, slice) and (item.step or 1) > 1 for item in items(index))),
        ("an empty slice", lambda index: np.zeros(SHAPE)[index].size == 0),
        ("a bound out of range", lambda index: any(isinstance(i, slice) and (i.stop or 0) > 4 for i in items(index))),
        ("fewer entries than axes", lambda index: len(items(index)) == 1 and Ellipsis not in items(index)),
        ("the empty tuple", lambda index: index == ()),
        ("a bare int", lambda index: isinstance(index, int)),
        ("a bare slice", lambda index: isinstance(index, slice)),
        ("an int behind an Ellipsis", lambda index: [type(item) for item in items(index)] == [type(...), int]),
    ],
)
def test_basic_indices_reach(name, predicate):
    assert reaches(basic_indices(SHAPE), predicate)


@for_examples()
@given(index_lists((3, 4, 2), axes=2))
def test_index_lists_pick_the_same_elements_from_torch_and_numpy(lists):
    blueprint = counting((3, 4, 2))
    found, expected = blueprint.on()[lists], blueprint.array[lists]
    assert tuple(found.size()) == expected.shape
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize(
    "name, predicate",
    [
        ("a repeated index", lambda chosen: len(set(chosen)) < len(chosen)),
        ("a negative index", lambda chosen: any(index < 0 for index in chosen)),
        ("the first and the last", lambda chosen: 0 in chosen and 4 in chosen),
        ("the most negative", lambda chosen: -5 in chosen),
        ("none", lambda chosen: chosen == []),
        ("more than the side", lambda chosen: len(chosen) > 5),
    ],
)
def test_index_lists_reach(name, predicate):
    assert reaches(index_lists((5, 2)), predicate)


def test_an_axis_without_elements_has_only_the_empty_list():
    assert not reaches(index_lists((0, 2)), lambda chosen: chosen != [])
    with pytest.raises(ValueError):
        index_lists((2,), axes=2)


@for_examples()
@given(masks((2, 3)))
def test_a_mask_is_the_same_to_torch_and_numpy(mask):
    assert [bool(bit) for row in mask.on().tolist() for bit in row] == mask.array.ravel().tolist()
    blueprint = counting((2, 3))
    assert blueprint.on()[mask.on()].tolist() == blueprint.array[mask.array].tolist()


def test_masks_reach_all_none_and_some():
    assert reaches(masks((2, 3)), lambda mask: all(mask.bits))
    assert reaches(masks((2, 3)), lambda mask: not any(mask.bits))
    assert reaches(masks((2, 3)), lambda mask: 0 < sum(mask.bits) < 6)
    assert minimal(masks(())).array.shape == ()
    assert minimal(masks((0, 2))).on().size() == (0, 2)


def test_indices_shrink_to_the_simplest_of_their_form():
    assert minimal(basic_indices((3,))) == ()
    assert minimal(index_lists((3,), min_size=1)) == [0]
    assert not any(minimal(masks((2,))).bits)
