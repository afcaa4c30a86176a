"""The tensor strategies reach every corner, soon, and shrink to something simple."""

import numpy as np
import pytest
from hypothesis import given

from spec import dtypes
from spec.selftest.strategies.reaching import for_examples, minimal, reaches, share
from spec.strategies import (
    LAYOUTS,
    SEPARATE,
    SIZES,
    Blueprint,
    arrays,
    elements,
    fills,
    matrices,
    scalars,
    shapes,
    sizes,
    tensors,
    vectors,
)
from spec.strategies.values import table

FLOAT32 = tensors("float32")
TINY = dtypes.limits("float32").smallest_normal


def has(predicate):
    """Lift a predicate on arrays to Blueprints."""
    return lambda blueprint: bool(np.any(predicate(blueprint.array)))


def has_tie(array):
    return array.size - np.unique(array).size


CORNERS = {
    "0-dim": lambda b: b.ndim == 0,
    "4 dimensions": lambda b: b.ndim == 4,
    "empty": lambda b: b.numel == 0,
    "empty behind a side": lambda b: b.numel == 0 and b.ndim > 1 and b.size[0] > 0,
    "a side of 1 among others": lambda b: 1 in b.size and b.numel > 1,
    "size 15": lambda b: 15 in b.size,
    "size 16": lambda b: 16 in b.size,
    "size 17": lambda b: 17 in b.size,
    "zero": has(lambda a: a == 0),
    "minus zero": has(lambda a: (a == 0) & np.signbit(a)),
    "one half": has(lambda a: a == 0.5),
    "NaN": has(np.isnan),
    "infinity": has(np.isposinf),
    "minus infinity": has(np.isneginf),
    "subnormal": has(lambda a: (a != 0) & (abs(a) < TINY)),
    "largest": has(lambda a: a == dtypes.limits("float32").max),
    "one plus eps": has(lambda a: a == np.float32(1 + dtypes.limits("float32").eps)),
    "an unremarkable number": lambda b: any(0.01 < abs(value) < 2 and value % 0.5 for value in b.storage),
    "tie": has(has_tie),
    "offset": lambda b: b.offset > 0,
    "inner stride above 1": lambda b: b.ndim and b.size[-1] > 1 and b.stride[-1] > 1,
    "an odd stride on a side of 1": lambda b: any(
        n == 1 and step not in (1, inner)
        for n, step, inner in zip(b.size, b.stride, Blueprint.of(np.zeros(b.size)).stride)
    ),
    "transposed 3 dimensions": lambda b: b.layout() == "transposed" and b.ndim == 3,
    "transposed with an offset": lambda b: b.layout() == "transposed" and b.offset,
    "contiguous": lambda b: b.layout() == "contiguous" and b.numel > 1,
    "transposed": lambda b: b.layout() == "transposed",
    "sliced": lambda b: b.layout() == "sliced",
    "all zeros, more than one": lambda b: b.numel > 1 and not b.array.any(),
    "finite": lambda b: b.numel and np.isfinite(b.array).all(),
}


@pytest.mark.parametrize("corner", sorted(CORNERS))
def test_tensors_reach_the_corner_of(corner):
    assert reaches(FLOAT32, CORNERS[corner])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tensors_reach_the_layout_where_it_is_asked_for(layout):
    asked = tensors("float32", layouts=(layout,))
    assert reaches(asked, lambda b: b.layout() == layout and b.numel > 1)
    assert reaches(tensors("float32", layouts=LAYOUTS), lambda b: b.layout() == layout)


@pytest.mark.parametrize("name", dtypes.INTEGERS)
def test_integers_reach_both_extremes(name):
    low, high = dtypes.limits(name)
    assert reaches(tensors(name), has(lambda a: a == low))
    assert reaches(tensors(name), has(lambda a: a == high))


@pytest.mark.parametrize("name", dtypes.ALL)
def test_every_dtype_can_be_drawn_and_built(name):
    @for_examples(30)
    @given(tensors(name, layouts=LAYOUTS))
    def build(blueprint):
        assert blueprint.dtype == name
        assert tuple(blueprint.on().size()) == blueprint.size

    build()


def test_half_the_tensors_with_more_than_one_element_hold_a_tie_and_not_all_do():
    several = tensors("float64", shape=(3,), finite=True)
    assert 0.3 < share(several, has(has_tie)) < 0.95


@for_examples()
@given(FLOAT32)
def test_by_default_no_two_elements_share_a_cell(blueprint):
    assert blueprint.layout() in SEPARATE
    assert len(np.unique(blueprint.indices)) == blueprint.numel


def test_without_slices_no_tensor_has_an_offset_or_an_unused_cell():
    dense = tensors("float32", layouts=("contiguous", "transposed"))
    assert not reaches(dense, lambda b: b.offset or len(b.storage) > b.numel)
    assert reaches(dense, lambda b: b.layout() == "transposed")


@pytest.mark.parametrize(
    "options, holds",
    [
        ({"finite": True}, np.isfinite),
        ({"kinks": False}, lambda a: a != 0),
        ({"subnormal": False}, lambda a: (a == 0) | ~(abs(a) < TINY)),
        ({"integral": True}, lambda a: (a == np.round(a)) & (abs(a) <= 9)),
        ({"bounded": 2.5, "finite": True}, lambda a: abs(a) <= 2.5),
        ({"bounded": (0.25, 0.75), "finite": True}, lambda a: (a >= 0.25) & (a <= 0.75)),
        ({"positive": True, "finite": True}, lambda a: a > 0),
        ({"integral": True, "kinks": False, "bounded": 2}, lambda a: (a != 0) & (abs(a) <= 2)),
    ],
)
def test_an_option_is_kept_by_every_value_of_every_table(options, holds):
    for number in range(64):
        assert np.all(holds(np.array(table("float32", number, **options))))


@pytest.mark.parametrize("name", dtypes.INTEGERS)
def test_options_hold_for_integers_too(name):
    for number in range(16):
        values = table(name, number, bounded=(1, 100), kinks=False)
        assert all(1 <= value <= 100 and isinstance(value, int) for value in values)


@pytest.mark.parametrize("name", dtypes.ALL)
def test_every_value_of_a_table_is_exact_in_its_dtype(name):
    for number in range(8):
        values = list(table(name, number))
        assert len(values) == 256
        assert repr(dtypes.nearest(name, values)) == repr(values)


def test_an_option_that_leaves_nothing_is_an_error():
    with pytest.raises(ValueError, match="left"):
        table("float32", bounded=0, kinks=False)


def test_values_may_be_given():
    assert minimal(tensors("float64", shape=(2,), among=(0.25, 0.5))) == Blueprint.of([0.25, 0.25])
    assert reaches(tensors("float64", shape=(2,), among=(0.25, 0.5)), lambda b: set(b.storage) == {0.25, 0.5})


def test_the_simplest_tensor_is_a_0_dim_zero():
    assert minimal(tensors("float32")) == Blueprint.of(0.0, "float32")
    assert minimal(tensors()) == Blueprint.of(0, "uint8")
    assert minimal(vectors("float32")) == Blueprint.of([0.0], "float32")
    assert minimal(matrices("float32")) == Blueprint.of([[0.0]], "float32")


def test_a_tensor_shrinks_to_the_one_element_that_matters():
    found = minimal(vectors("float32"), has(np.isnan)).array
    assert np.isnan(found).sum() == 1 and (found == 0).sum() == found.size - 1
    assert minimal(FLOAT32, lambda b: b.numel > 1) == Blueprint.of([0.0, 0.0], "float32")
    assert minimal(FLOAT32, lambda b: b.layout() == "transposed").numel == 4


def test_shorthands_have_the_dimensions_that_they_say():
    assert not reaches(vectors(), lambda b: b.ndim != 1)
    assert not reaches(matrices(), lambda b: b.ndim != 2)
    assert not reaches(scalars(), lambda b: b.ndim != 0)


@pytest.mark.parametrize("side", SIZES)
def test_sizes_and_vectors_reach_each_side(side):
    assert reaches(sizes(), lambda size: size == side)
    assert reaches(vectors("float32"), lambda b: b.size == (side,), examples=800)


SOME = shapes(2, 5, 1, 4, 60)
ONES = SOME.map(lambda size: (1,) * len(size))


@for_examples()
@given(tensors("float32", shape=SOME), arrays("float32", shape=SOME, misaligned=None), tensors("float32", shape=ONES))
def test_the_shape_of_a_tensor_or_an_array_comes_from_the_strategy_that_is_given(tensor, array, other):
    for size in (tensor.size, array.size):
        assert 2 <= len(size) <= 5 and set(size) <= {1, 2, 3, 4} and np.prod(size) <= 60
    assert other.size in [(1,) * dims for dims in (2, 3, 4, 5)]


@for_examples()
@given(shapes(min_dims=1, max_dims=3, min_side=1, max_side=9, max_elements=40))
def test_shapes_stay_within_their_bounds(shape):
    assert 1 <= len(shape) <= 3
    assert all(1 <= side <= 9 for side in shape)
    assert np.prod(shape) <= 40


def test_a_fill_has_the_number_of_values_asked_for():
    assert len(minimal(fills("int8", 17))) == 17
    assert minimal(fills("int8", 0)) == ()
    assert reaches(elements("float64"), lambda value: value != value)


def test_a_wrong_request_is_refused():
    with pytest.raises(ValueError, match="float12"):
        tensors("float12")
    with pytest.raises(ValueError, match="diagonal"):
        tensors("float32", layouts=("diagonal",))
