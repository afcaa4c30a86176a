"""Source text rebuilds what was drawn, bits and layout included, with torch and numpy alone."""

import numpy as np
import pytest
import torch
from hypothesis import given

from spec import dtypes
from spec.selftest.strategies.reaching import for_examples
from spec.strategies import ARRAY_LAYOUTS, LAYOUTS, Blueprint, arrays, basic_indices, expression, masks, tensors


def rebuilt(value):
    return eval(expression(value), {"torch": torch, "np": np})


@for_examples()
@given(tensors(dtypes.ALL, layouts=LAYOUTS))
def test_a_blueprint_becomes_the_tensor_that_it_builds(blueprint):
    tensor, own = rebuilt(blueprint), blueprint.on()
    assert tensor.dtype == own.dtype and tensor.size() == own.size()
    assert (tensor.stride(), tensor.storage_offset()) == (own.stride(), own.storage_offset())
    assert repr(tensor.tolist()) == repr(own.tolist())


@for_examples()
@given(arrays(layouts=ARRAY_LAYOUTS, readonly=None, foreign=None, misaligned=None))
def test_an_array_blueprint_becomes_the_array_that_it_makes(blueprint):
    array, own = rebuilt(blueprint), blueprint.make()
    assert (array.dtype, array.shape, array.strides) == (own.dtype, own.shape, own.strides)
    assert array.flags.writeable == own.flags.writeable
    assert array.tobytes() == own.tobytes()


@for_examples()
@given(basic_indices((3, 4)))
def test_an_index_becomes_itself(index):
    assert rebuilt(index) == index


@for_examples(50)
@given(masks((2, 3)))
def test_a_mask_becomes_a_tensor(mask):
    assert rebuilt(mask).tolist() == mask.on().tolist()


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        -0.0,
        float("inf"),
        -float("inf"),
        float("nan"),
        complex(float("nan"), -0.0),
        True,
        None,
        Ellipsis,
        "a 'quoted' word",
        slice(None, -1, 2),
        (1,),
        (),
        [1, (2.0, float("inf"))],
        {"lr": 0.1, "betas": (0.9, 0.999)},
        np.float32(0.1),
        np.int8(-3),
        np.float64(float("nan")),
    ],
    ids=repr,
)
def test_a_plain_value_becomes_itself(value):
    assert repr(rebuilt(value)) == repr(value)
    assert type(rebuilt(value)) is type(value)


@pytest.mark.parametrize("size", [(), (0,), (3,), (2, 0), (0, 2), (2, 3)])
@pytest.mark.parametrize("dtype", ["float32", ">f4", "int64", "bool"])
def test_a_numpy_array_keeps_values_dtype_and_shape(dtype, size):
    array = np.arange(np.prod(size, dtype=int)).reshape(size).astype(dtype)
    copy = rebuilt(array)
    assert (copy.dtype, copy.shape, copy.tobytes()) == (array.dtype, array.shape, array.tobytes())


def test_a_named_tuple_becomes_a_plain_one():
    leaves = (Blueprint.of([1.0], "float32"), 2)
    assert expression(leaves) == "(torch.tensor([1.0], dtype=torch.float32), 2)"


def test_a_device_and_a_dtype_become_themselves():
    for value in (torch.device("cpu"), torch.float32):
        assert rebuilt(value) == value
