"""numpy arrays of every layout are reached, and are what their description says."""

import numpy as np
import pytest
from hypothesis import given

from spec.selftest.strategies.reaching import for_examples, minimal, reaches
from spec.strategies import ARRAY_LAYOUTS, ORDINARY_LAYOUTS, ArrayBlueprint, arrays

EVERYTHING = arrays(layouts=ARRAY_LAYOUTS, readonly=None, foreign=None, misaligned=None)


def axes(array):
    return zip(array.shape, array.strides)


@for_examples()
@given(EVERYTHING)
def test_an_array_has_the_values_and_the_flags_that_its_description_says(blueprint):
    array = blueprint.make()
    assert array.shape == blueprint.size
    assert array.dtype == blueprint.numpy_dtype
    assert repr(array.ravel().tolist()) == repr(blueprint.array.ravel().tolist())
    assert array.flags.writeable == blueprint.writeable
    pitch = array.itemsize + blueprint.padding
    assert array.strides == tuple(step * pitch for step in blueprint.stride)
    assert array.flags.c_contiguous == ("contiguous" in blueprint.labels and not blueprint.padding) or array.size < 2
    assert array.flags.f_contiguous == ("fortran" in blueprint.labels and not blueprint.padding) or array.size < 2


@for_examples()
@given(EVERYTHING)
def test_the_values_are_those_of_the_cells(blueprint):
    cells = blueprint.indices
    for place in np.ndindex(*blueprint.size):
        expected = blueprint.storage[cells[place]]
        assert repr(blueprint.array[place].item()) == repr(expected)


@pytest.mark.parametrize("label", ARRAY_LAYOUTS + ("readonly", "foreign", "misaligned"))
def test_arrays_reach_the_label(label):
    assert reaches(EVERYTHING, lambda blueprint: label in blueprint.labels and blueprint.array.size > 1)


@pytest.mark.parametrize(
    "name, predicate",
    [
        ("0-dim", lambda array: array.ndim == 0),
        ("empty", lambda array: array.size == 0),
        ("negative stride", lambda array: min(array.strides or (0,)) < 0),
        ("negative stride on a side of 1", lambda array: any(n == 1 and s < 0 for n, s in axes(array))),
        ("stride 0", lambda array: any(n > 1 and s == 0 for n, s in axes(array))),
        ("stride no multiple of the item", lambda array: any(step % array.itemsize for step in array.strides)),
        ("address not aligned", lambda array: not array.flags.aligned),
        ("NaN", lambda array: array.dtype.kind == "f" and np.isnan(array).any()),
        ("two reversed axes", lambda array: sum(step < 0 for step in array.strides) > 1),
        ("reversed with a step", lambda array: any(step < -array.itemsize for step in array.strides)),
    ],
)
def test_arrays_reach_the_corner_of(name, predicate):
    assert reaches(EVERYTHING, lambda blueprint: predicate(blueprint.make()), examples=800)


@for_examples()
@given(arrays())
def test_by_default_an_array_is_one_that_torch_can_take_over(blueprint):
    array = blueprint.make()
    assert all(step >= 0 and step % array.itemsize == 0 for step in array.strides)
    assert array.dtype.isnative and array.flags.writeable and array.flags.aligned
    assert len(np.unique(blueprint.indices)) == array.size


@pytest.mark.parametrize("flag", ["readonly", "foreign", "misaligned"])
def test_a_flag_means_always_never_or_either(flag):
    def labelled(blueprint):
        return flag in blueprint.labels

    def unlabelled(blueprint):
        return flag not in blueprint.labels

    assert not reaches(arrays("float32", **{flag: True}), unlabelled)
    assert not reaches(arrays("float32", **{flag: False}), labelled)
    assert reaches(arrays("float32", **{flag: None}), labelled)
    assert reaches(arrays("float32", **{flag: None}), unlabelled)


def test_two_arrays_of_one_description_share_nothing():
    blueprint = ArrayBlueprint("float64", [1.0, 2.0, 3.0], (2,), (-2,), 2)
    first, second = blueprint.make(), blueprint.make()
    first[...] = 9
    assert second.tolist() == [3.0, 1.0] == blueprint.array.tolist()


@for_examples()
@given(EVERYTHING)
def test_the_repr_evaluates_to_an_equal_description(blueprint):
    copy = eval(repr(blueprint), {"ArrayBlueprint": ArrayBlueprint})
    assert copy == blueprint and hash(copy) == hash(blueprint)


def test_the_simplest_array_is_a_0_dim_zero():
    assert minimal(arrays("float32")) == ArrayBlueprint("float32", [0.0], ())


def test_a_reversed_array_shrinks_to_one_axis():
    found = minimal(arrays("float32", layouts=("reversed",)), lambda b: b.array.size > 1 and "reversed" in b.labels)
    assert found.make().strides in ((-4,), (4, -4), (-4, 4), (-4, -4), (-4, -8), (-8, -4))


def test_a_wrong_request_is_refused():
    with pytest.raises(ValueError, match="diagonal"):
        arrays(layouts=("diagonal",))
    with pytest.raises(ValueError, match="cells"):
        ArrayBlueprint("float32", [0.0], (2,))
    assert set(ORDINARY_LAYOUTS) < set(ARRAY_LAYOUTS)
