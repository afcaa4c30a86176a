"""Blueprints describe exactly the tensors that they build."""

import pickle
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given

from spec import dtypes
from spec.selftest.strategies.reaching import for_examples
from spec.strategies import LAYOUTS, Blueprint, tensors

EVERYTHING = tensors(dtypes.ALL, layouts=LAYOUTS)


def element_by_element(blueprint):
    """Read the elements one at a time: position times stride, plus offset, by hand."""
    found = []
    for place in product(*(range(side) for side in blueprint.size)):
        cell = blueprint.offset
        for index, step in zip(place, blueprint.stride):
            cell += index * step
        found.append(blueprint.storage[cell])
    return found


def flat(values):
    """Show the values of an array or nested lists so that NaN equals NaN and 0.0 differs from -0.0."""
    while values and isinstance(values[0], list):
        values = [item for row in values for item in row]
    return repr(values)


def values_of(tensor):
    return flat(tensor.tolist()) if tensor.dim() else repr([tensor.item()])


@for_examples()
@given(EVERYTHING)
def test_the_array_holds_the_cells_that_stride_and_offset_name(blueprint):
    assert blueprint.array.shape == blueprint.size
    assert repr(blueprint.array.ravel().tolist()) == repr(element_by_element(blueprint))
    assert blueprint.array.flags.c_contiguous
    assert blueprint.array.dtype == dtypes.value_dtype(blueprint.dtype)


@for_examples()
@given(EVERYTHING)
def test_the_tensor_holds_what_the_array_holds(blueprint):
    if blueprint.numel:
        assert values_of(blueprint.on()) == repr(element_by_element(blueprint))


@for_examples()
@given(EVERYTHING)
def test_the_tensor_has_exactly_the_layout_asked_for(blueprint):
    tensor = blueprint.on()
    assert tuple(tensor.size()) == blueprint.size
    assert tensor.stride() == blueprint.stride
    assert tensor.storage_offset() == blueprint.offset
    assert tensor.dtype == dtypes.torch_dtype(blueprint.dtype)
    assert tensor.is_contiguous() == blueprint.contiguous


def devices_without_hardware():
    """Return the devices that every machine has for the installed torch."""
    try:
        torch.empty(1, device="meta")
    except (RuntimeError, TypeError):
        return ["cpu"]
    return ["cpu", "meta"]


@pytest.mark.parametrize("device", devices_without_hardware())
def test_the_layout_is_the_same_on_every_device(device):
    @for_examples()
    @given(tensors(dtypes.ALL, layouts=LAYOUTS))
    def check(blueprint):
        tensor = blueprint.on(device)
        assert tensor.device.type == device
        assert (tuple(tensor.size()), tensor.stride()) == (blueprint.size, blueprint.stride)
        assert tensor.storage_offset() == blueprint.offset

    check()


@for_examples(50)
@given(tensors(dtypes.FLOATS, layouts=LAYOUTS))
def test_the_tensor_is_a_leaf_and_no_view(blueprint):
    for requires_grad in (False, True):
        tensor = blueprint.on(requires_grad=requires_grad)
        assert tensor.is_leaf and tensor._base is None
        assert tensor.requires_grad == requires_grad


@for_examples()
@given(EVERYTHING)
def test_the_strided_array_has_the_same_values_and_strides(blueprint):
    array = blueprint.strided()
    assert array.shape == blueprint.size
    assert array.strides == tuple(step * array.itemsize for step in blueprint.stride)
    assert repr(array.ravel().tolist()) == repr(element_by_element(blueprint))


@for_examples()
@given(EVERYTHING)
def test_the_repr_evaluates_to_an_equal_blueprint(blueprint):
    copy = eval(repr(blueprint), {"Blueprint": Blueprint})
    assert copy == blueprint and hash(copy) == hash(blueprint)
    assert (copy.size, copy.stride, copy.offset) == (blueprint.size, blueprint.stride, blueprint.offset)
    assert repr(copy.storage) == repr(blueprint.storage)


def test_a_plain_blueprint_prints_as_nested_lists():
    assert repr(Blueprint.of([1.0, 2.0], "float32")) == "Blueprint.of([1.0, 2.0], 'float32')"
    assert repr(Blueprint.of([[1, 2], [3, 4]])) == "Blueprint.of([[1, 2], [3, 4]], 'int64')"
    assert repr(Blueprint.of(1.5)) == "Blueprint.of(1.5, 'float64')"


def test_two_tensors_of_one_blueprint_share_nothing():
    blueprint = Blueprint("float64", [1.0, 2.0, 3.0, 4.0], (2, 2), (1, 2))
    first, second = blueprint.on(), blueprint.on()
    first.fill_(9)
    assert second.tolist() == [[1.0, 3.0], [2.0, 4.0]]
    array, strided = blueprint.array, blueprint.strided()
    array[...] = 9
    strided[...] = 9
    assert blueprint.array.tolist() == second.tolist() == blueprint.strided().tolist()


def test_values_are_rounded_to_the_dtype():
    assert Blueprint.of([0.1], "float32").storage == (float(np.float32(0.1)),)
    assert Blueprint.of([2**63 - 1, -(2**63)], "int64").storage == (2**63 - 1, -(2**63))
    with pytest.raises(OverflowError):
        Blueprint.of([128], "int8")


def test_the_dtype_of_plain_python_values_is_that_of_numpy():
    assert Blueprint.of(True).dtype == "bool"
    assert Blueprint.of([0.5]).dtype == "float64"
    assert Blueprint.of(np.zeros((2, 0), dtype=np.float32)).dtype == "float32"


def test_minus_zero_and_nan_count_in_a_comparison():
    assert Blueprint.of([0.0]) != Blueprint.of([-0.0])
    assert Blueprint.of([float("nan")]) == Blueprint.of([float("nan")])
    assert Blueprint.of([1.0], "float32") != Blueprint.of([1.0], "float64")


@pytest.mark.parametrize("wrong", [{"stride": (3, 1)}, {"stride": (1, 1)}, {"offset": 1}])
def test_a_stride_or_an_offset_off_by_one_is_noticed(wrong):
    right = {"stride": (2, 1), "offset": 0}
    blueprint = Blueprint("int64", range(8), (2, 2), **right)
    tampered = Blueprint("int64", range(8), (2, 2), **dict(right, **wrong))
    assert values_of(tampered.on()) != repr(element_by_element(blueprint))
    assert repr(tampered.array.ravel().tolist()) != repr(element_by_element(blueprint))


@pytest.mark.parametrize(
    "arguments",
    [((2, 2), (2, 1), 1), ((4,), (2,), 0), ((2,), (1, 1), 0), ((2,), (-1,), 1), ((1,), (1,), -1), ((0,), (1,), 5)],
)
def test_a_layout_that_leaves_the_storage_is_refused(arguments):
    with pytest.raises(ValueError):
        Blueprint("float32", [0.0] * 4, *arguments)


def test_a_blueprint_does_not_change_and_survives_pickling():
    blueprint = Blueprint.of([1.0, float("nan")])
    with pytest.raises(AttributeError):
        blueprint.offset = 1
    assert pickle.loads(pickle.dumps(blueprint)) == blueprint


@pytest.mark.parametrize(
    "layout, size, stride, offset",
    [
        ("contiguous", (2, 3), (3, 1), 0),
        ("contiguous", (), (), 0),
        ("contiguous", (1, 6), (17, 1), 0),
        ("transposed", (3, 2), (1, 3), 0),
        ("sliced", (2, 2), (3, 1), 0),
        ("sliced", (2,), (1,), 3),
        ("sliced", (3,), (2,), 0),
        ("expanded", (4, 6), (0, 1), 0),
        ("overlapping", (2, 5), (1, 1), 0),
    ],
)
def test_the_layout_has_the_name_of_its_most_peculiar_trait(layout, size, stride, offset):
    cells = 1 if size == () else 6
    assert Blueprint("float32", [0.0] * cells, size, stride, offset).layout() == layout


def test_new_values_keep_the_layout():
    blueprint = Blueprint("int64", [1, 2, 3], (2,), (2,), 0).with_values([4, 5, 6])
    assert blueprint.array.tolist() == [4, 6] and blueprint.stride == (2,)
    with pytest.raises(ValueError):
        blueprint.with_values([1])
