"""Which element types cross.

A dtype crosses where both libraries have one of that name. The set has grown with torch: the first release refused
int8, and the formats made for neural networks, such as bfloat16, have no partner in numpy to this day.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import BFLOAT16, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.numpy_bridge._helpers import ON_THE_CPU, ZEROS_AND_ONES, address, can_be_made, refusal, sample
from spec.oracles.agreement import agrees, bitwise
from spec.sources import FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import SEPARATE, shapes, tensors
from spec.strategies.arrays import ArrayBlueprint, arrays

SOME_SHAPES = shapes(max_dims=2, min_side=1, max_elements=17)

COMMON = ("uint8", "int16", "int32", "int64", "float16", "float32", "float64")
LATER = ("bool", "complex64", "complex128", "uint16", "uint32", "uint64")
NOT_NUMPY = ("bfloat16", "complex32", "float8_e4m3fn", "float8_e5m2", "quint8", "qint8", "qint32")

PAIRED = [name for name in COMMON + LATER if can_be_made(name)]
UNPAIRED = [name for name in NOT_NUMPY if can_be_made(name)]

CHARTENSOR_EXCEPTED = Claim(
    "numpy-bridge.chartensor-excepted",
    "An int8 tensor on the CPU, a CharTensor, converts neither to numpy nor back.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    deviations=[Deviation("int8 converts both ways and shares memory.", witness={}, since="1.1")],
    kills=["from-numpy-widens-int8", "numpy-gives-a-copy"],
)


@CHARTENSOR_EXCEPTED
@needs(ON_THE_CPU)
def test_numpy_refuses_an_int8_tensor(device):
    assert refusal(torch.tensor([1, -128], dtype=torch.int8, device=device).numpy) is TypeError


@CHARTENSOR_EXCEPTED
def test_from_numpy_refuses_an_int8_array():
    assert refusal(torch.from_numpy, np.array([1, -128], dtype="int8")) is TypeError


@CHARTENSOR_EXCEPTED.instead
@needs(ON_THE_CPU)
@reaches(lowest=lambda x: (x.array == -128).any(), strided=lambda x: not x.contiguous)
@given(x=tensors("int8", layouts=SEPARATE, shape=SOME_SHAPES))
def test_an_int8_tensor_crosses_and_comes_back_over_the_same_memory(device, x):
    """
    >>> torch.from_numpy(x.numpy()), x
    """
    tensor = x.on(device)
    array = tensor.numpy()
    bitwise(array, x.array)
    returned = torch.from_numpy(array)
    array[...] = ~array
    bitwise(tensor, ~x.array)
    bitwise(returned, ~x.array)


OTHER_TYPES_CONVERT = Claim(
    "numpy-bridge.other-types-convert",
    "Every tensor on the CPU, of whatever type but CharTensor, converts to numpy and back, with its dtype, its values "
    "and its memory.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    deviations=[
        Deviation(
            "A tensor of a dtype that numpy does not have (bfloat16, and later complex32, the eight-bit floats and the "
            "quantized integers) raises TypeError; converting it to a wider dtype first gives an array, but a copy.",
            witness={},
            since="1.2",
            where=lambda dtype: dtype in UNPAIRED,
            raises=TypeError,
        )
    ],
    kills=["numpy-widens-bfloat16", "numpy-copies-16-bit-elements", "from-numpy-widens-float16"],
)


@OTHER_TYPES_CONVERT
@needs(ON_THE_CPU)
@pytest.mark.parametrize("dtype", PAIRED + UNPAIRED)
def test_a_tensor_crosses_and_comes_back_over_the_same_memory(device, dtype):
    tensor = sample(dtype, device)
    array = tensor.numpy()
    bitwise(array, np.array(ZEROS_AND_ONES, dtype=dtype))
    returned = torch.from_numpy(array)
    assert returned.dtype == tensor.dtype
    assert address(returned) == address(array) == address(tensor)
    array[1] = array[0].copy()
    bitwise(tensor, np.array([ZEROS_AND_ONES[0]] * 2, dtype=dtype))


@OTHER_TYPES_CONVERT.instead
@needs(ON_THE_CPU)
@pytest.mark.parametrize("dtype", UNPAIRED)
def test_a_tensor_of_a_dtype_that_numpy_lacks_is_refused(device, dtype):
    tensor = sample(dtype, device)
    assert refusal(tensor.numpy) is TypeError
    assert refusal(np.asarray, tensor) is TypeError


@OTHER_TYPES_CONVERT.instead
@needs(ON_THE_CPU, BFLOAT16)
@reaches(nan=lambda x: np.isnan(x.array).any(), strided=lambda x: not x.contiguous,
         negative_zero=lambda x: (np.signbit(x.array) & (x.array == 0)).any())
@given(x=st.deferred(lambda: tensors("bfloat16", layouts=SEPARATE, shape=SOME_SHAPES)))
def test_a_bfloat16_tensor_reaches_numpy_as_a_float32_copy(device, x):
    """
    >>> x.float().numpy()
    """
    tensor = x.on(device)
    array = tensor.float().numpy()
    agrees(array, x.array, sign_of_zero=True)
    array[...] = 7
    agrees(tensor.float(), x.array, sign_of_zero=True)


FROM_NUMPY_DTYPES = Claim(
    "numpy-bridge.from-numpy-dtypes",
    "from_numpy accepts the common numeric dtypes (uint8, int16, int32, int64, float16, float32, float64) and maps "
    "each to the torch dtype of the same name.",
    sources=[INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"]],
    kills=["from-numpy-widens-float16", "from-numpy-takes-objects", "from-numpy-reads-dates-as-integers"],
)


def with_an_example_of_each(names):
    """Pin one array of each dtype as an example of a test that draws an array `a`."""
    def attach(test):
        for dtype in names:
            test = example(a=ArrayBlueprint(dtype, [0, 1, 2, 127], (2, 2)))(test)
        return test
    return attach


@FROM_NUMPY_DTYPES
@reaches(scalar=lambda a: a.size == (), strided=lambda a: "contiguous" not in a.labels)
@given(a=arrays(COMMON, shape=SOME_SHAPES))
@with_an_example_of_each(COMMON)
@example(a=ArrayBlueprint("float64", [1.0, 2.0, 3.0], (2,), (2,)))
def test_an_array_of_a_common_dtype_becomes_a_tensor_of_the_dtype_of_that_name(a):
    """
    >>> torch.from_numpy(a).dtype
    """
    tensor = torch.from_numpy(a.make())
    assert tensor.dtype == getattr(torch, a.dtype)
    assert repr(tensor.tolist()) == repr(a.array.tolist())


@FROM_NUMPY_DTYPES
@pytest.mark.parametrize("dtype", LATER)
def test_an_array_of_any_other_numeric_dtype_is_accepted_where_torch_has_that_dtype(dtype):
    array = np.array(ZEROS_AND_ONES, dtype=dtype)
    if not can_be_made(dtype):
        assert refusal(torch.from_numpy, array) is TypeError
        return
    tensor = torch.from_numpy(array)
    assert tensor.dtype == getattr(torch, dtype)
    assert tensor.tolist() == array.tolist()


@FROM_NUMPY_DTYPES
@pytest.mark.parametrize(
    "array",
    [
        np.array(["1", "2"]),
        np.array([b"1", b"2"]),
        np.array([1, None]),
        np.array(["2017-01-19"], dtype="datetime64[D]"),
        np.array([1], dtype="timedelta64[s]"),
        np.zeros(2, dtype=[("r", "uint8"), ("g", "uint8")]),
        np.zeros(2, dtype="longdouble"),
        np.zeros(2, dtype="clongdouble"),
    ],
    ids=["text", "bytes", "objects", "dates", "durations", "records", "long double", "complex long double"],
)
def test_an_array_of_what_torch_has_no_dtype_for_is_refused(array):
    assert refusal(torch.from_numpy, array) is TypeError
    assert refusal(torch.as_tensor, array) is TypeError
