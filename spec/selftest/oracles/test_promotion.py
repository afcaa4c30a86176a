"""The model of dtype promotion gives what was read off torch, era by era, and what numpy gives where both agree."""
import itertools

import numpy as np
import pytest

from spec.oracles.promotion import (
    comparison_dtype,
    division_dtype,
    in_place_dtype,
    promote,
    result_dtype,
    zero_dim,
)

INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
FLOATS = ("float32", "float64", "complex64", "complex128")
NEW = (2, 15)


def category(name):
    """The rank of a dtype's category: bool, integers, floats, complex numbers."""
    return {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}[np.dtype(name).kind]


@pytest.mark.parametrize("a, b", [pair for names in (("bool",) + INTEGERS + ("float16", "float32"), ("bool",) + FLOATS)
                                  for pair in itertools.product(names, repeat=2)])
def test_promotion_is_that_of_numpy_but_for_integers_beside_floats(a, b):
    low, high = sorted((a, b), key=category)
    if category(low) == 1 < category(high):
        assert promote(a, b) == high
    else:
        assert promote(a, b) == np.promote_types(a, b).name


def test_promotion_forms_a_lattice():
    for names in (("bool",) + INTEGERS + FLOATS, INTEGERS + ("float16", "bfloat16", "float32", "float64")):
        for a, b, c in itertools.product(names, repeat=3):
            assert promote(a, a) == a
            assert promote(a, b) == promote(b, a)
            assert promote(promote(a, b), c) == promote(a, promote(b, c))


@pytest.mark.parametrize("a, b, version, expected", [
    ("float32", "float32", (1, 0), "float32"),
    ("float32", "float64", (1, 2), TypeError),
    ("int64", "float32", (1, 2), TypeError),
    ("int64", "float32", (1, 3), "float32"),
    ("uint8", "int8", (1, 3), "int16"),
    ("float16", "bfloat16", NEW, "float32"),
    ("int64", zero_dim("float64"), (1, 2), "int64"),
    ("int64", zero_dim("float64"), (1, 3), "float64"),
    ("float32", zero_dim("float64"), (1, 0), "float32"),
    ("float32", zero_dim("float64"), NEW, "float32"),
    ("uint8", zero_dim("int64"), NEW, "uint8"),
    (zero_dim("uint8"), zero_dim("int8"), (1, 0), "int16"),
    (zero_dim("int64"), "float32", NEW, "float32"),
    ("int64", 2.5, (1, 2), "int64"),
    ("int64", 2.5, (1, 3), "float32"),
    (2.5, zero_dim("int64"), NEW, "float32"),
    ("uint8", 2, NEW, "uint8"),
    ("bool", 2, NEW, "int64"),
    ("bool", True, NEW, "bool"),
    ("float64", 2.5, NEW, "float64"),
    (zero_dim("float16"), 2.5, NEW, "float16"),
    ("float64", 2j, NEW, "complex128"),
    ("int64", 2j, NEW, "complex64"),
    ("float32", zero_dim("complex128"), (1, 11), "complex128"),
    ("float32", zero_dim("complex128"), (1, 12), "complex64"),
], ids=str)
def test_sums_have_the_dtype_that_was_observed(a, b, version, expected):
    for operands in ((a, b), (b, a)):
        if expected is TypeError:
            with pytest.raises(TypeError):
                result_dtype(*operands, version)
        else:
            assert result_dtype(*operands, version) == expected


def test_a_python_float_brings_the_default_dtype():
    assert result_dtype("int64", 2.5, NEW, default="float64") == "float64"
    assert result_dtype("bool", 2j, NEW, default="float64") == "complex128"
    assert division_dtype("int64", "int64", NEW, default="float64") == "float64"


@pytest.mark.parametrize("a, b, version, expected", [
    ("int64", "int64", (1, 5), "int64"),
    ("int64", "int64", (1, 6), TypeError),
    ("int64", 2, (1, 6), TypeError),
    (2, "int64", (1, 6), "int64"),
    ("int64", "int64", (1, 7), "float32"),
    ("bool", "bool", (1, 7), "float32"),
    ("int64", "float64", (1, 6), "float64"),
    (2.5, "int64", (1, 4), "int64"),
    ("int64", 2.5, (1, 4), "float32"),
    ("int64", 2.5, (1, 2), "int64"),
    ("float16", 2, NEW, "float16"),
], ids=str)
def test_quotients_have_the_dtype_that_was_observed(a, b, version, expected):
    if expected is TypeError:
        with pytest.raises(TypeError):
            division_dtype(a, b, version)
    else:
        assert division_dtype(a, b, version) == expected


def test_comparisons_give_uint8_up_to_1_1_and_bool_from_1_2():
    assert [comparison_dtype("float32", 0, (1, minor)) for minor in range(3)] == ["uint8", "uint8", "bool"]
    assert comparison_dtype("int64", "float32", NEW) == "bool"
    for b in ("float64", zero_dim("float64")):
        with pytest.raises(TypeError):
            comparison_dtype("float32", b, (1, 2))
        assert comparison_dtype("float32", b, (1, 3)) == "bool"


@pytest.mark.parametrize("a, b, version, refused", [
    ("int64", 1.5, (1, 2), False),
    ("int64", 1.5, (1, 3), True),
    ("int64", "float32", (1, 2), True),
    ("int64", zero_dim("float32"), (1, 2), False),
    ("float32", "float64", (1, 2), True),
    ("float32", "float64", (1, 3), False),
    ("int8", "int64", NEW, False),
    ("bool", "int64", NEW, True),
    (zero_dim("int16"), zero_dim("uint8"), (1, 2), False),
    (zero_dim("uint8"), zero_dim("int16"), (1, 2), True),
], ids=str)
def test_in_place_the_dtype_stays_or_the_operation_is_refused(a, b, version, refused):
    if refused:
        with pytest.raises(TypeError):
            in_place_dtype(a, b, version)
    else:
        assert in_place_dtype(a, b, version) == (a if isinstance(a, str) else a.dtype)


def test_in_place_division_of_integers_is_refused_from_1_6():
    assert in_place_dtype("int64", "int64", (1, 5), division=True) == "int64"
    for version in ((1, 6), NEW):
        with pytest.raises(TypeError):
            in_place_dtype("int64", "int64", version, division=True)


def test_a_dtype_that_is_not_modelled_is_refused():
    with pytest.raises(KeyError):
        promote("uint16", "float32")
