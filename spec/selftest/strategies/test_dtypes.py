"""Names of dtypes, their limits and rounding."""

import numpy as np
import pytest
import torch

from spec import dtypes


def test_names_lead_to_torch_dtypes_and_back():
    for name in dtypes.ALL:
        assert dtypes.name_of(dtypes.torch_dtype(name)) == name


def test_names_lead_to_numpy_dtypes_and_back():
    for name in dtypes.BITS:
        if name != "bfloat16":
            assert dtypes.name_of(dtypes.numpy_dtype(name)) == name
            assert dtypes.numpy_dtype(name).itemsize * 8 == dtypes.BITS[name]


def test_a_foreign_byte_order_has_the_same_name():
    assert dtypes.name_of(">f4") == dtypes.name_of("<f4") == "float32"


def test_every_torch_has_the_numbers_that_torch_1_0_had():
    assert dtypes.REAL == ("uint8", "int8", "int16", "int32", "int64", "float32", "float64")
    assert "float16" in dtypes.HALVES


def test_a_dtype_that_torch_lacks_is_refused_by_name():
    with pytest.raises(ValueError, match="float12"):
        dtypes.torch_dtype("float12")


def test_numpy_has_no_bfloat16():
    with pytest.raises(ValueError, match="bfloat16"):
        dtypes.numpy_dtype("bfloat16")


@pytest.mark.parametrize("name", ["uint8", "int8", "int16", "int32", "int64"])
def test_integer_limits_are_those_of_numpy(name):
    info = np.iinfo(name)
    assert dtypes.limits(name) == (info.min, info.max)
    assert dtypes.is_integer(name) and not dtypes.is_float(name)


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_float_limits_are_those_of_numpy(name):
    info, limits, kind = np.finfo(name), dtypes.limits(name), np.dtype(name).type
    assert (limits.max, limits.smallest_normal, limits.eps) == (float(info.max), float(info.tiny), float(info.eps))
    assert limits.smallest_subnormal == float(np.nextafter(kind(0), kind(1)))
    assert dtypes.is_float(name) and not dtypes.is_integer(name)


def test_bfloat16_has_the_exponents_of_float32_and_eight_bits_of_precision():
    wide, narrow = dtypes.limits("float32"), dtypes.limits("bfloat16")
    assert narrow.smallest_normal == wide.smallest_normal
    assert narrow.eps == 2.0**-7
    assert wide.max / 2 < narrow.max < wide.max


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_limits_are_numbers_of_the_dtype_and_the_next_ones_are_not(name):
    limits = dtypes.limits(name)
    assert dtypes.nearest(name, limits) == list(limits)
    assert dtypes.nearest(name, [1 + limits.eps / 2]) == [1.0]
    assert dtypes.nearest(name, [limits.smallest_subnormal * 0.5]) == [0.0]


@pytest.mark.parametrize("name", dtypes.HALVES)
def test_rounding_to_a_half_agrees_with_torch(name):
    numbers = np.random.RandomState(0).standard_normal(2000).astype(np.float32).tolist()
    numbers += [1.00390625, 1.01171875, 3.4e38, float("inf"), -0.0, 1e-40, 9.183549615799121e-41]
    rounded = torch.tensor(numbers).to(dtypes.torch_dtype(name)).float()
    assert dtypes.nearest(name, numbers) == rounded.tolist()


def test_an_integer_that_does_not_fit_is_refused():
    for value in (256, -1):
        with pytest.raises(OverflowError):
            dtypes.nearest("uint8", [value])
    with pytest.raises(ValueError):
        dtypes.nearest("int8", [0.5])
