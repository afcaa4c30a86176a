"""What crosses the bridge and what does not.

Every bit of every element crosses, whatever number it stands for. A new value bound to an old name does not: it is no
write to memory.
"""
import numpy as np
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import needs
from spec.claim import Claim, reaches
from spec.claims.numpy_bridge._helpers import ARITHMETIC, BRIDGED, ON_THE_CPU, address
from spec.oracles.agreement import agrees, bitwise, unchanged
from spec.sources import FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import SEPARATE, shapes, tensors
from spec.strategies.arrays import arrays

SOME_SHAPES = shapes(max_dims=3, min_side=1, max_elements=33)

ROUNDTRIP_IS_BITWISE = Claim(
    "numpy-bridge.roundtrip-is-bitwise",
    "Converting an array with from_numpy and back with numpy() gives an array that equals the original bit for bit and "
    "lies in the same memory.",
    sources=[INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"]],
    kills=["numpy-gives-a-copy", "from-numpy-normalizes-nan", "from-numpy-flushes-subnormals"],
)


@ROUNDTRIP_IS_BITWISE
@reaches(strided=lambda a: "contiguous" not in a.labels, offset=lambda a: a.offset > 0,
         no_dimension=lambda a: a.size == ())
@given(a=arrays(BRIDGED, shape=SOME_SHAPES))
def test_an_array_comes_back_with_its_dtype_strides_and_address(a):
    """
    >>> torch.from_numpy(a).numpy()
    """
    array = a.make()
    returned = torch.from_numpy(array).numpy()
    bitwise(returned, a.array)
    assert address(returned) == address(array)
    assert returned.strides == array.strides
    unchanged(array, a.array)


TELLING = b"\x00\xff\x7f\x80\xf0\x01"
"""Bytes of which infinities, NaNs of either kind, subnormals and ordinary numbers are made."""


@ROUNDTRIP_IS_BITWISE
@reaches(
    nan=lambda dtype, data: dtype[:5] == "float" and np.isnan(np.frombuffer(data, dtype)).any(),
    float16=lambda dtype: dtype == "float16",
)
@given(
    dtype=st.sampled_from([name for name in BRIDGED if name != "bool"]),
    data=st.binary(min_size=48, max_size=48).map(lambda codes: bytes(TELLING[code % 6] for code in bytearray(codes))),
)
@example(dtype="float16", data=b"\x01\x7c" * 24)
@example(dtype="float32", data=b"\x01\x00\xa0\x7f" * 12)
@example(dtype="float64", data=b"\x01" + b"\x00" * 47)
def test_every_pattern_of_bits_comes_back_that_of_a_signalling_nan_too(dtype, data):
    """
    >>> array = np.frombuffer(bytearray(data), dtype)
    >>> torch.from_numpy(array).numpy().tobytes() == data
    """
    array = np.frombuffer(bytearray(data), dtype)
    returned = torch.from_numpy(array).numpy()
    bitwise(returned, np.frombuffer(data, dtype))
    assert returned.dtype == array.dtype and address(returned) == address(array)


@ROUNDTRIP_IS_BITWISE
def test_subnormal_numbers_come_back_where_arithmetic_flushes_them_to_zero():
    array = np.array([5e-324, -1e-310, 2.2e-308])
    before = array.tobytes()
    torch.set_flush_denormal(True)
    try:
        after = torch.from_numpy(array).numpy().tobytes()
    finally:
        torch.set_flush_denormal(False)
    assert after == before


REBINDING_DOES_NOT_PROPAGATE = Claim(
    "numpy-bridge.rebinding-does-not-propagate",
    "Only in-place changes reach the other side: a.add_(1), a += 1 and np.add(a, 1, out=a) are seen there, "
    "a = a + 1 is not.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["plus-writes-into-its-operand", "plus-equals-makes-a-new-tensor", "from-numpy-copies"],
)


@REBINDING_DOES_NOT_PROPAGATE
@needs(ON_THE_CPU)
@reaches(strided=lambda x: not x.contiguous, long=lambda x: x.numel > 16, no_dimension=lambda x: x.ndim == 0)
@given(x=tensors(ARITHMETIC, layouts=SEPARATE, integral=True))
def test_an_array_follows_its_tensor_through_plus_equals_but_not_through_plus(device, x):
    """
    >>> a = x; b = a.numpy()
    >>> a += 1; a = a + 1
    >>> a, b
    """
    a = x.on(device)
    b = a.numpy()
    a += 1
    once = x.array + np.ones((), x.dtype)
    agrees(b, once)
    a = a + 1
    agrees(b, once)
    agrees(a, once + np.ones((), x.dtype))


@REBINDING_DOES_NOT_PROPAGATE
@reaches(strided=lambda x: "contiguous" not in x.labels, offset=lambda x: x.offset > 0)
@given(x=arrays(ARITHMETIC, shape=shapes(1, 3, min_side=1, max_elements=33), integral=True))
def test_a_tensor_follows_its_array_through_every_in_place_addition_but_not_through_plus(x):
    """
    >>> a = x; b = torch.from_numpy(a)
    >>> np.add(a, 1, out=a); a += 1; a = a + 1
    >>> a, b
    """
    a = x.make()
    b = torch.from_numpy(a)
    np.add(a, 1, out=a)
    a += 1
    twice = x.array + np.full((), 2, x.dtype)
    agrees(b, twice)
    a = a + 1
    np.add(a, 1)
    agrees(b, twice)
    agrees(a, twice + np.ones((), x.dtype))
