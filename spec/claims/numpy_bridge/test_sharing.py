"""One memory under a tensor and an array.

`tensor.numpy()` and `torch.from_numpy(array)` copy nothing: what they return is another view of the memory that was
there, so that every in-place write is seen from both sides.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import COMPLEX, needs
from spec.claim import Claim, reaches
from spec.claims.numpy_bridge._exchanges import exchanges
from spec.claims.numpy_bridge._helpers import (
    ARITHMETIC,
    BRIDGED,
    CONJUGATE_VIEWS,
    ON_THE_CPU,
    address,
    byte_strides,
    refusal,
    silently,
    writes,
)
from spec.oracles.agreement import agrees, bitwise
from spec.sources import FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import LAYOUTS, SEPARATE, Blueprint, shapes, tensors
from spec.strategies.arrays import ORDINARY_LAYOUTS, ArrayBlueprint, arrays

SOME_SHAPES = shapes(max_dims=3, min_side=1, max_elements=33)

NUMPY_METHOD_SHARES = Claim(
    "numpy-bridge.numpy-method-shares",
    "a.numpy() returns an array of the same dtype, shape and values over the tensor's own memory: a.add_(1) shows in "
    "the array, and a write into the array shows in the tensor.",
    sources=[TEMPLATE["PyTorch for Torch Users"], INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"]],
    kills=[
        "numpy-gives-a-copy",
        "numpy-copies-what-is-not-contiguous",
        "numpy-copies-16-bit-elements",
        "numpy-gives-a-read-only-array",
        "array-protocol-copies",
        "numpy-ignores-pending-conjugation",
    ],
)


@NUMPY_METHOD_SHARES
@needs(ON_THE_CPU)
@reaches(
    expanded=lambda x: x.layout() == "expanded",
    transposed=lambda x: x.layout() == "transposed",
    offset=lambda x: x.offset > 0 and x.numel > 0,
    empty=lambda x: x.numel == 0,
    scalar=lambda x: x.size == (),
)
@given(x=tensors(BRIDGED, layouts=LAYOUTS, max_elements=65))
@example(x=Blueprint("float32", [1.0, 2.0], (2, 3), (1, 0)))
@example(x=Blueprint("int16", [1, 2, 3, 4, 5, 6], (2, 3), (1, 2)))
@example(x=Blueprint("uint8", [], (0, 3)))
def test_numpy_gives_an_array_of_the_same_dtype_shape_and_values_at_the_same_address(device, x):
    """
    >>> array = x.numpy()
    >>> array.dtype, array.shape, array.__array_interface__["data"][0] - x.data_ptr()
    """
    tensor = x.on(device)
    array = tensor.numpy()
    assert type(array) is np.ndarray
    bitwise(array, x.array)
    assert array.flags.writeable
    if x.numel:
        assert address(array) == address(tensor)
        assert byte_strides(array) == byte_strides(tensor)
    bitwise(tensor, x.array)


@NUMPY_METHOD_SHARES
@needs(ON_THE_CPU)
@reaches(strided=lambda a: not a.contiguous, offset=lambda a: a.offset > 0, long=lambda a: a.numel > 16,
         no_dimension=lambda a: a.ndim == 0)
@given(a=tensors(ARITHMETIC, layouts=SEPARATE, integral=True))
@example(a=Blueprint.of([1.0] * 5, "float32"))
def test_adding_in_place_to_a_tensor_changes_the_array_that_numpy_gave(device, a):
    """
    >>> b = a.numpy()
    >>> a.add_(1)
    >>> b
    """
    tensor = a.on(device)
    array = tensor.numpy()
    tensor.add_(1)
    agrees(array, a.array + np.ones((), a.dtype))
    agrees(tensor, array)


@NUMPY_METHOD_SHARES
@needs(ON_THE_CPU)
@reaches(
    repeated=lambda write: write.x.layout() in ("expanded", "overlapping"),
    sixteen_bits=lambda write: write.x.dtype.endswith("16"),
)
@given(write=writes(BRIDGED, LAYOUTS))
def test_writing_to_an_element_of_the_array_changes_every_element_of_the_tensor_in_that_cell(device, write):
    """
    >>> x.numpy()[index] = value
    >>> x
    """
    tensor, expected = write.x.on(device), write.x.strided()
    array = tensor.numpy()
    array[write.index] = expected[write.index] = write.value
    bitwise(array, expected)
    bitwise(tensor, expected)


@NUMPY_METHOD_SHARES
@needs(ON_THE_CPU)
@reaches(shared=lambda write: write.x.layout() in ("expanded", "overlapping"), offset=lambda write: write.x.offset > 0,
         inner=lambda write: any(write.index), no_dimension=lambda write: write.x.ndim == 0)
@given(write=writes(ARITHMETIC, LAYOUTS))
def test_writing_to_an_element_of_a_tensor_changes_every_element_of_the_array_in_that_cell(device, write):
    """
    >>> array = x.numpy()
    >>> x[index] = value
    >>> array
    """
    tensor, expected = write.x.on(device), write.x.strided()
    array = tensor.numpy()
    tensor[write.index] = expected[write.index] = write.value
    agrees(array, expected, sign_of_zero=True)


@NUMPY_METHOD_SHARES
@needs(ON_THE_CPU)
@reaches(
    protocol=lambda exchange: "np.asarray" in exchange.text,
    back=lambda exchange: "torch.from_numpy" in exchange.text,
    copy=lambda exchange: "clone()" in exchange.text,
    tensor_writes=lambda exchange: "_(" in exchange.text,
    array_writes=lambda exchange: ".fill(" in exchange.text or "np.add" in exchange.text,
)
@given(exchange=exchanges("tensor", ARITHMETIC, SEPARATE))
def test_a_write_reaches_all_that_was_made_of_a_tensor_over_the_same_memory_and_none_of_the_copies(device, exchange):
    """
    >>> exec(program)
    >>> {name: value for name, value in globals().items() if len(name) == 1}
    """
    for pairs in exchange.program.run(exchange.a.on(device), exchange.a.strided()):
        for real, meaning in pairs:
            bitwise(real, meaning)


@NUMPY_METHOD_SHARES
@needs(ON_THE_CPU, COMPLEX, CONJUGATE_VIEWS)
@reaches(strided=lambda x: not x.contiguous, imaginary=lambda x: x.array.imag.any(), no_dimension=lambda x: x.ndim == 0)
@given(x=st.deferred(lambda: tensors("complex64", layouts=SEPARATE, shape=SOME_SHAPES)))
def test_numpy_refuses_a_tensor_whose_memory_holds_other_values_until_they_are_resolved(device, x):
    """
    >>> x.conj().resolve_conj().numpy()
    >>> x.conj().numpy()
    """
    conjugated = x.on(device).conj()
    assert refusal(conjugated.numpy) is RuntimeError
    assert refusal(np.asarray, conjugated) is RuntimeError
    assert refusal(conjugated.imag.numpy) is RuntimeError
    agrees(conjugated.resolve_conj().numpy(), x.array.conj(), sign_of_zero=True)
    agrees(conjugated.imag.resolve_neg().numpy(), -x.array.imag, sign_of_zero=True)


FROM_NUMPY_SHARES = Claim(
    "numpy-bridge.from-numpy-shares",
    "torch.from_numpy(a) gives a tensor of the corresponding dtype, with the same values, over the array's own memory: "
    "a write on either side shows on the other.",
    sources=[
        TEMPLATE["PyTorch for Torch Users"],
        INTRODUCTION["PyTorch Tensors"],
        INTRODUCTION["PyTorch DataLoader"],
        FLOYDHUB["Tensor"],
    ],
    kills=["from-numpy-copies", "from-numpy-copies-fortran-order", "from-numpy-copies-read-only-arrays"],
)


@FROM_NUMPY_SHARES
@reaches(
    fortran=lambda a: "fortran" in a.labels and "contiguous" not in a.labels,
    broadcast=lambda a: "broadcast" in a.labels,
    readonly=lambda a: "readonly" in a.labels,
    scalar=lambda a: a.size == (),
)
@given(a=arrays(BRIDGED, shape=SOME_SHAPES, layouts=ORDINARY_LAYOUTS + ("broadcast",), readonly=None))
@example(a=ArrayBlueprint("float32", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (2, 3), (1, 2)))
@example(a=ArrayBlueprint("int64", [1, 2], (2, 3), (1, 0)))
def test_from_numpy_gives_a_tensor_of_the_same_dtype_shape_and_values_at_the_same_address(a):
    """
    >>> tensor = torch.from_numpy(a)
    >>> tensor.dtype, tensor.shape, tensor.data_ptr() - a.__array_interface__["data"][0]
    """
    array = a.make()
    tensor = silently(torch.from_numpy, array)
    assert type(tensor) is torch.Tensor
    assert tensor.is_leaf and not tensor.requires_grad and tensor.device.type == "cpu"
    bitwise(tensor, a.array)
    assert address(tensor) == address(array)
    assert byte_strides(tensor) == byte_strides(array)


@FROM_NUMPY_SHARES
@reaches(
    as_tensor=lambda exchange: "torch.as_tensor" in exchange.text,
    copy=lambda exchange: "copy()" in exchange.text,
    tensor_writes=lambda exchange: "_(" in exchange.text,
    array_writes=lambda exchange: ".fill(" in exchange.text or "np.add" in exchange.text,
)
@given(exchange=exchanges("array", ARITHMETIC, SEPARATE))
def test_a_write_reaches_all_that_was_made_of_an_array_over_the_same_memory_and_none_of_the_copies(exchange):
    """
    >>> a = a.numpy(); exec(program)
    >>> {name: value for name, value in globals().items() if len(name) == 1}
    """
    for pairs in exchange.program.run(exchange.a.strided(), exchange.a.strided()):
        for real, meaning in pairs:
            bitwise(real, meaning)


@FROM_NUMPY_SHARES
@reaches(strided=lambda a: "contiguous" not in a.labels, no_dimension=lambda a: a.size == ())
@given(a=arrays(ARITHMETIC, shape=SOME_SHAPES, readonly=True, integral=True))
def test_a_tensor_from_a_read_only_array_writes_into_it_all_the_same(a):
    """
    >>> torch.from_numpy(a).add_(1)
    >>> a
    """
    array = a.make()
    tensor = silently(torch.from_numpy, array)
    tensor.add_(1)
    assert not array.flags.writeable
    agrees(array, a.array + np.ones((), a.dtype))


@FROM_NUMPY_SHARES
@pytest.mark.parametrize(
    "value", [[1.0], 1.0, np.float64(1.0), (1.0,), None], ids=["list", "float", "numpy scalar", "tuple", "None"]
)
def test_from_numpy_takes_nothing_but_an_array(value):
    assert refusal(torch.from_numpy, value) is TypeError
