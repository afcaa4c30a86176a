"""Constructors that take an array.

The oldest way to make a tensor of an array is to call a type, `torch.DoubleTensor(array)` or `torch.Tensor(array)`.
Whether that shares memory depends on the array's dtype; `torch.from_numpy` always shares and `torch.tensor` never does.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given

from spec import dtypes
from spec.claim import Claim, Deviation, reaches
from spec.claims.numpy_bridge._helpers import (
    BRIDGED,
    Construction,
    address,
    byte_strides,
    constructions,
    is_a_size,
    refusal,
)
from spec.oracles.agreement import agrees, bitwise
from spec.sources import FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import shapes
from spec.strategies.arrays import ArrayBlueprint, arrays

SOME_SHAPES = shapes(max_dims=3, min_side=1, max_elements=33)
REAL = [name for name in BRIDGED if not dtypes.is_complex(name)]

DOUBLETENSOR_SHARES = Claim(
    "numpy-bridge.doubletensor-shares",
    "torch.DoubleTensor(a) built from a float64 array shares its memory: after np.add(a, 1, out=a) the tensor shows "
    "the new values.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["doubletensor-copies", "doubletensor-copies-what-is-strided"],
)


@DOUBLETENSOR_SHARES
@reaches(strided=lambda a: "contiguous" not in a.labels)
@given(a=arrays("float64", shape=SOME_SHAPES))
@example(a=ArrayBlueprint("float64", [1.0] * 5, (5,)))
def test_adding_in_place_to_a_float64_array_changes_the_doubletensor_built_from_it(a):
    """
    >>> b = torch.DoubleTensor(a)
    >>> np.add(a, 1, out=a)
    >>> b
    """
    array = a.make()
    tensor = torch.DoubleTensor(array)
    bitwise(tensor, a.array)
    assert address(tensor) == address(array) and byte_strides(tensor) == byte_strides(array)
    np.add(array, 1, out=array)
    agrees(tensor, a.array + 1)


LEGACY_CONSTRUCTOR_SHARES_ANY_DTYPE = Claim(
    "numpy-bridge.legacy-constructor-shares-any-dtype",
    "A tensor built from a numpy array by a constructor such as torch.DoubleTensor or torch.Tensor shares the array's "
    "memory, whatever the array's dtype.",
    sources=[TEMPLATE["PyTorch for Torch Users"], INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"]],
    deviations=[
        Deviation(
            "Memory is shared exactly where the array's dtype is the constructor's own; any other array is silently "
            "converted into new memory. A single "
            "integer, an array without dimensions, is taken for a size. from_numpy always shares, torch.tensor never.",
            witness=[
                {"made": Construction("DoubleTensor", ArrayBlueprint("float32", [1.0, 2.0], (2,)))},
                {"made": Construction("Tensor", ArrayBlueprint("float64", [1.0, 2.0], (2,)))},
                {"made": Construction("DoubleTensor", ArrayBlueprint("int64", [1, 2], (2,)))},
                {"made": Construction("LongTensor", ArrayBlueprint("int64", [3], ()))},
            ],
            where=lambda made: made.converts or is_a_size(made.a),
        )
    ],
    kills=[
        "doubletensor-copies",
        "doubletensor-copies-what-is-strided",
        "tensor-constructor-copies",
        "tensor-constructor-works-like-from-numpy",
    ],
)


@LEGACY_CONSTRUCTOR_SHARES_ANY_DTYPE
@reaches(
    default=lambda made: made.constructor == "Tensor",
    integer=lambda made: made.a.dtype == "int64",
    strided=lambda made: "contiguous" not in made.a.labels,
)
@given(made=constructions(converting=False))
@example(made=Construction("DoubleTensor", ArrayBlueprint("float64", [1.0, 2.0, 3.0], (2,), (2,))))
@example(made=Construction("Tensor", ArrayBlueprint("float32", [1.0, 2.0], (2,))))
@example(made=Construction("LongTensor", ArrayBlueprint("int64", [1, 2], (2,))))
def test_adding_in_place_to_an_array_changes_the_tensor_that_a_constructor_built_from_it(made):
    """
    >>> tensor = getattr(torch, constructor)(a)
    >>> np.add(a, 1, out=a)
    >>> tensor, a
    """
    array = made.a.make()
    tensor = getattr(torch, made.constructor)(array)
    np.add(array, 1, out=array)
    agrees(tensor, made.a.array + 1, any_dtype=True)


@LEGACY_CONSTRUCTOR_SHARES_ANY_DTYPE.instead
@reaches(integer=lambda made: made.a.dtype == "int64", strided=lambda made: "contiguous" not in made.a.labels)
@given(made=constructions(converting=True))
@example(made=Construction("Tensor", ArrayBlueprint("float64", [1.0, 2.0], (2,))))
@example(made=Construction("DoubleTensor", ArrayBlueprint("float32", [1.0, 2.0], (2,))))
@example(made=Construction("IntTensor", ArrayBlueprint("int64", [1, 2, 3], (2,), (2,))))
def test_a_constructor_of_another_dtype_converts_the_values_into_memory_of_its_own(made):
    """
    >>> tensor = getattr(torch, constructor)(a)
    >>> tensor.dtype, tensor.data_ptr() == a.__array_interface__["data"][0]
    """
    array = made.a.make()
    tensor = getattr(torch, made.constructor)(array)
    converted = made.a.array.astype(made.own_dtype)
    agrees(tensor, converted)
    np.add(array, 1, out=array)
    agrees(tensor, converted)
    tensor.zero_()
    agrees(array, made.a.array + np.ones((), made.a.dtype))


@LEGACY_CONSTRUCTOR_SHARES_ANY_DTYPE.instead
@reaches(strided=lambda a: "contiguous" not in a.labels, no_dimension=lambda a: a.size == (),
         integer=lambda a: dtypes.is_integer(a.dtype))
@given(a=arrays(BRIDGED, shape=SOME_SHAPES))
def test_from_numpy_shares_and_the_function_tensor_copies_an_array_of_any_dtype(a):
    """
    >>> shared, copied = torch.from_numpy(a), torch.tensor(a)
    >>> [tensor.data_ptr() == a.__array_interface__["data"][0] for tensor in (shared, copied)]
    """
    array = a.make()
    shared, copied = torch.from_numpy(array), torch.tensor(array)
    bitwise(copied, a.array)
    array[...] = np.zeros((), a.dtype)
    bitwise(copied, a.array)
    bitwise(shared, np.zeros(a.size, a.dtype))


LEGACY_CONSTRUCTOR_MAKES_FLOAT32 = Claim(
    "numpy-bridge.legacy-constructor-makes-float32",
    "torch.Tensor(array) gives a FloatTensor that holds the array's values rounded to float32, whatever real dtype of "
    "torch's the array has; only a single integer, an array without dimensions, is taken for a size.",
    sources=[INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"]],
    kills=[
        "tensor-constructor-works-like-from-numpy",
        "tensor-constructor-rounds-toward-zero",
        "tensor-constructor-takes-no-array-for-a-size",
    ],
)


@LEGACY_CONSTRUCTOR_MAKES_FLOAT32
@reaches(
    rounded=lambda a: a.dtype == "float64" and (as_float32(a.array) != a.array).any(),
    overflow=lambda a: a.dtype == "float64" and (np.isinf(as_float32(a.array)) & np.isfinite(a.array)).any(),
    large_integer=lambda a: a.dtype == "int64" and (abs(a.array.astype(object)) > 2**24).any(),
    scalar=lambda a: a.size == (),
)
@given(a=arrays(REAL + ["float64", "int64"] * 3, shape=SOME_SHAPES).filter(lambda a: not is_a_size(a)))
@example(a=ArrayBlueprint("float64", [0.1], ()))
@example(a=ArrayBlueprint("int64", [2**24 + 1, 2**24 + 3, -(2**53) - 1], (3,)))
@example(a=ArrayBlueprint("float64", [1e300, -1e300, 1 + 2.0**-24, 1 + 3 * 2.0**-24, 1e-45, -0.0], (6,)))
def test_calling_the_type_tensor_rounds_every_value_to_float32_into_a_copy_unless_it_is_float32_already(a):
    """
    >>> tensor = torch.Tensor(a)
    >>> print(tensor); tensor.zero_()
    >>> a
    """
    array = a.make()
    tensor = torch.Tensor(array)
    assert tensor.type() == "torch.FloatTensor"
    agrees(tensor, as_float32(a.array), sign_of_zero=True)
    tensor.zero_()
    bitwise(array, np.zeros_like(a.array) if a.dtype == "float32" else a.array)


def as_float32(array):
    """Return an array's values rounded to float32, infinite where they are too large for it."""
    with np.errstate(over="ignore"):
        return array.astype("float32")


@LEGACY_CONSTRUCTOR_MAKES_FLOAT32
@pytest.mark.parametrize("constructor", ["Tensor", "FloatTensor", "DoubleTensor", "LongTensor"])
@pytest.mark.parametrize("dtype", ["int64", "uint8"])
def test_a_single_integer_without_dimensions_is_taken_for_a_size(constructor, dtype):
    for number in (0, 1, 3):
        assert tuple(getattr(torch, constructor)(np.array(number, dtype)).shape) == (number,)


@LEGACY_CONSTRUCTOR_MAKES_FLOAT32
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_calling_the_type_tensor_makes_a_doubletensor_where_float64_is_the_default_dtype(dtype):
    array = np.array([[1, 2], [3, 4]], dtype)
    torch.set_default_dtype(torch.float64)
    try:
        tensor = torch.Tensor(array)
    finally:
        torch.set_default_dtype(torch.float32)
    assert tensor.type() == "torch.DoubleTensor"
    agrees(tensor, array.astype("float64"))


TWO_WAYS_ARE_EQUIVALENT = Claim(
    "numpy-bridge.two-ways-are-equivalent",
    "torch.from_numpy(a) and torch.Tensor(a) are interchangeable ways of converting an array.",
    sources=[INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"]],
    deviations=[
        Deviation(
            "They are so for float32 arrays only. Of a float64 array, as the documents show it, from_numpy makes a "
            "DoubleTensor over the same memory and torch.Tensor a FloatTensor over a rounded copy, and torch refuses "
            "to multiply the two as matrices.",
            witness=[
                {"a": ArrayBlueprint("float64", [0.1, -1.5, 2.0, 0.3], (2, 2))},
                {"a": ArrayBlueprint("int64", [1, 2], (2, 1))},
            ],
            where=lambda a: a.dtype != "float32",
        )
    ],
    kills=["tensor-constructor-works-like-from-numpy", "tensor-constructor-copies", "from-numpy-copies"],
)


@TWO_WAYS_ARE_EQUIVALENT
@reaches(strided=lambda a: "contiguous" not in a.labels, offset=lambda a: a.offset > 0,
         no_dimension=lambda a: a.size == (), nan=lambda a: np.isnan(a.array).any())
@given(a=arrays("float32", shape=SOME_SHAPES))
def test_both_ways_give_a_tensor_of_the_same_dtype_and_values_over_the_memory_of_the_array(a):
    """
    >>> torch.from_numpy(a), torch.Tensor(a)
    """
    array = a.make()
    one, other = torch.from_numpy(array), torch.Tensor(array)
    bitwise(one, a.array)
    bitwise(other, a.array)
    assert address(one) == address(other) == address(array)


@TWO_WAYS_ARE_EQUIVALENT.instead
@reaches(rounded=lambda a: (np.float32(a.array) != a.array).any())
@given(a=arrays("float64", shape=shapes(2, 2, min_side=1, max_side=9), finite=True, bounded=1e30, subnormal=False))
@example(a=ArrayBlueprint("float64", [0.1, -1.5, 2.0, 0.3], (2, 2)))
def test_a_float64_array_becomes_a_sharing_doubletensor_or_a_rounded_floattensor_that_do_not_multiply(a):
    """
    >>> exact, rounded = torch.from_numpy(a), torch.Tensor(a)
    >>> (rounded.double() - exact).abs().max()
    >>> exact.mm(rounded.t())
    """
    array = a.make()
    exact, rounded = torch.from_numpy(array), torch.Tensor(array)
    bitwise(exact, a.array)
    agrees(rounded, a.array, bound=half_an_ulp(a.array), dtype="float32")
    assert address(exact) == address(array) != address(rounded)
    assert refusal(exact.mm, rounded.t()) is RuntimeError


def half_an_ulp(values):
    """Return how far rounding to float32 can take float64 numbers of normal size: half a unit in the last place."""
    limits = dtypes.limits("float32")
    return np.maximum(abs(values) * limits.eps / 2, limits.smallest_subnormal / 2)
