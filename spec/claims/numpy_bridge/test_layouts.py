"""Shapes and strides on the way across.

A transposed or sliced tensor and a transposed or sliced array are the same idea: a shape and strides over a memory.
What both libraries can express crosses as it is; what only numpy can express is refused.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given

from spec.capabilities import needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.numpy_bridge._helpers import (
    BRIDGED,
    ON_THE_CPU,
    View,
    address,
    arrays_without_elements,
    byte_strides,
    refusal,
    silently,
    views,
)
from spec.oracles.agreement import agrees, bitwise, unchanged
from spec.sources import FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, shapes
from spec.strategies.arrays import ARRAY_LAYOUTS, ArrayBlueprint, arrays

SOME_SHAPES = shapes(max_dims=3, min_side=1, max_elements=33)

LAYOUT_PRESERVED = Claim(
    "numpy-bridge.layout-preserved",
    "Conversion keeps shape and strides in both directions: a transposed or sliced tensor becomes an array with the "
    "same strides in bytes, without a copy.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=[
        "numpy-copies-what-is-not-contiguous",
        "numpy-forgets-the-offset",
        "numpy-reverses-the-axes-of-matrices",
        "from-numpy-copies-fortran-order",
    ],
)


@LAYOUT_PRESERVED
@needs(ON_THE_CPU)
@reaches(
    permuted=lambda view: view.order != tuple(sorted(view.order)),
    stepped=lambda view: any(isinstance(item, slice) and (item.step or 1) > 1 for item in view.items),
)
@given(view=views(BRIDGED, LAYOUTS))
@example(view=View(Blueprint.of([[1, 2, 3], [4, 5, 6]], "int16"), (slice(None), slice(0, None, 2)), (1, 0)))
def test_a_view_of_a_tensor_becomes_the_same_view_of_its_array(device, view):
    """
    >>> x[index].permute(order).numpy().strides
    >>> x.numpy()[index].transpose(order).strides
    """
    tensor = view.x.on(device)
    array = tensor[view.index].permute(view.order).numpy()
    expected = tensor.numpy()[view.whole_index].transpose(view.order)
    bitwise(array, view.x.array[view.whole_index].transpose(view.order))
    assert address(array) == address(expected)
    assert steps(array) == steps(expected)


@LAYOUT_PRESERVED
@reaches(
    permuted=lambda view: view.order != tuple(sorted(view.order)),
    stepped=lambda view: any(isinstance(item, slice) and (item.step or 1) > 1 for item in view.items),
)
@given(view=views(BRIDGED, LAYOUTS))
@example(view=View(Blueprint.of([[1, 2, 3], [4, 5, 6]], "int16"), (slice(None), slice(0, None, 2)), (1, 0)))
def test_a_view_of_an_array_becomes_the_same_view_of_its_tensor(view):
    """
    >>> array = x.numpy()
    >>> torch.from_numpy(array[index].transpose(order)).stride()
    >>> torch.from_numpy(array)[index].permute(order).stride()
    """
    array = view.x.strided()
    tensor = torch.from_numpy(array[view.whole_index].transpose(view.order))
    expected = torch.from_numpy(array)[view.index].permute(view.order)
    bitwise(tensor, view.x.array[view.whole_index].transpose(view.order))
    assert address(tensor) == address(expected)
    assert steps(tensor) == steps(expected)


def steps(value):
    """Return the strides in bytes of a tensor's or an array's dimensions of more than one index."""
    return tuple(step for side, step in zip(value.shape, byte_strides(value)) if side > 1)


UNSUPPORTED_LAYOUTS_RAISE = Claim(
    "numpy-bridge.unsupported-layouts-raise",
    "from_numpy never gives wrong data: an array with a negative stride, with a stride that is not a multiple of the "
    "item size or in a foreign byte order raises ValueError, and every other layout with elements converts.",
    sources=[INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"]],
    kills=[
        "from-numpy-reads-reversed-axes-forwards",
        "from-numpy-copies-reversed-axes",
        "from-numpy-ignores-the-byte-order",
        "from-numpy-refuses-odd-addresses",
    ],
)


@UNSUPPORTED_LAYOUTS_RAISE
@reaches(
    reversed=lambda a: "reversed" in a.labels,
    foreign=lambda a: a.foreign,
    odd_strides=lambda a: a.padding > 0 and a.size != (),
    odd_address=lambda a: a.lead > 0 and a.padding == 0 and not a.foreign and "reversed" not in a.labels,
    broadcast=lambda a: "broadcast" in a.labels,
)
@given(a=arrays(BRIDGED, shape=SOME_SHAPES, layouts=ARRAY_LAYOUTS, readonly=None, foreign=None, misaligned=None))
@example(a=ArrayBlueprint("float64", [1.0, 2.0], (1, 2), (-2, 1)))
@example(a=ArrayBlueprint("float64", [1.0, 2.0], (2,), (-1,), 1))
@example(a=ArrayBlueprint("int32", [1, 2, 3], (3,), lead=1))
@example(a=ArrayBlueprint("int64", [1, 2], (2, 3), (1, 0)))
@example(a=ArrayBlueprint("int32", [1, 2, 3], (3,), padding=1))
@example(a=ArrayBlueprint("int32", [1, 2, 3], (3,), foreign=True))
def test_from_numpy_raises_for_a_layout_that_torch_lacks_and_converts_every_other(a):
    """
    >>> a.strides, a.itemsize, a.dtype.isnative
    >>> torch.from_numpy(a)
    """
    array = a.make()
    lacking = not array.dtype.isnative or any(step < 0 or step % array.itemsize for step in array.strides)
    if lacking:
        assert refusal(silently, torch.from_numpy, array) is ValueError
        unchanged(array, np.array(array, order="C"))
        agrees(array, a.array, any_dtype=True, sign_of_zero=True)
        return
    tensor = silently(torch.from_numpy, array)
    bitwise(tensor, a.array)
    assert address(tensor) == address(array)


@UNSUPPORTED_LAYOUTS_RAISE
@pytest.mark.parametrize("convert", ["from_numpy", "as_tensor", "tensor", "FloatTensor"])
def test_an_array_that_numpy_has_reversed_converts_only_once_it_is_copied_or_reversed_again(convert):
    array = np.array([1.0, 2.0, 3.0], dtype="float32")
    convert = getattr(torch, convert)
    assert refusal(convert, array[::-1]) is ValueError
    assert refusal(convert, array[:1][::-1]) is ValueError
    agrees(convert(array[::-1].copy()), [3.0, 2.0, 1.0], dtype="float32")
    agrees(convert(array[::-1][::-1]), [1.0, 2.0, 3.0], dtype="float32")


ZERO_LENGTH_DIMENSIONS = Claim(
    "numpy-bridge.zero-length-dimensions",
    "from_numpy accepts an array with a dimension of length zero in any position.",
    sources=[INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"]],
    deviations=[
        Deviation(
            "An array is refused with RuntimeError where 1 + sum((side - 1) * stride) is above 0, as for shapes (3, 0) "
            "and (2, 0, 3); (0, 3) is accepted. torch.zeros makes a tensor of any of these shapes.",
            witness=[
                {"a": ArrayBlueprint("float32", [], (3, 0))},
                {"a": ArrayBlueprint("float32", [], (2, 0, 3))},
            ],
            until="1.0",
            where=lambda a: 1 + sum((side - 1) * step for side, step in zip(a.size, a.stride)) > 0,
            raises=RuntimeError,
        )
    ],
    kills=["from-numpy-flattens-empty-arrays"],
)


@ZERO_LENGTH_DIMENSIONS
@reaches(first=lambda a: a.size[0] == 0, matrix=lambda a: len(a.size) == 2)
@given(a=arrays_without_elements())
@example(a=ArrayBlueprint("float32", [], (0, 3)))
def test_an_array_without_elements_becomes_a_tensor_of_the_same_shape_and_dtype(a):
    """
    >>> torch.from_numpy(a).shape
    """
    tensor = torch.from_numpy(a.make())
    agrees(tensor, a.array)
    assert tensor.numel() == 0
    assert tensor.numpy().shape == a.size


@ZERO_LENGTH_DIMENSIONS.instead
@pytest.mark.parametrize("size", [(3, 0), (4, 0), (2, 0, 3)], ids=str)
def test_an_array_whose_zero_stands_behind_a_longer_side_is_refused_and_torch_zeros_makes_its_shape(size):
    assert refusal(torch.from_numpy, np.zeros(size)) is RuntimeError
    assert tuple(torch.zeros(*size).shape) == size
