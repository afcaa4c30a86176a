"""Tensor types.

The documents move a tensor by casting it to a type that names the device: torch.cuda.FloatTensor. Such a type can be
chosen before anything is moved, and its name exists on a machine without a GPU too.
"""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import VALUES, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.devices._helpers import SEPARATE, TYPES, lies_on, sent, types_of
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, tensors

NAMES = {"FloatTensor": "float32", "DoubleTensor": "float64", "HalfTensor": "float16", "LongTensor": "int64"}

CAST_TO_CUDA_TYPE = Claim(
    "devices.cast-to-cuda-type",
    "To put a tensor on the GPU it is enough to cast it to a type of the GPU: "
    "torch.randn(10, 20).type(torch.cuda.FloatTensor).",
    sources=[
        INTRODUCTION["PyTorch Tensors"],
        FLOYDHUB["Tensor"],
        TEMPLATE["Tensors"],
        EXAMPLES["PyTorch: Tensors"],
        EXAMPLES["PyTorch: Variables and autograd"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        NOTEBOOK["PyTorch Tensors"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["casting-by-type-rounds-to-halves", "casting-by-type-keeps-the-dtype"],
)


@CAST_TO_CUDA_TYPE
@needs(TYPES)
@reaches(
    empty=lambda t: not t.numel,
    strided=lambda t: not t.contiguous,
    widened=lambda t, to: to == "DoubleTensor" and t.dtype != "float64",
    whole=lambda t, to: to == "LongTensor" and dtypes.is_float(t.dtype),
)
@given(t=tensors(dtypes.REAL, layouts=LAYOUTS, integral=True, bounded=100), to=st.sampled_from(sorted(NAMES)))
def test_a_cast_to_a_type_of_the_device_puts_a_tensor_there_with_the_dtype_of_the_type(device, t, to):
    """
    >>> t.type(getattr(torch.cuda if device.startswith("cuda") else torch, to))
    """
    kind = getattr(types_of(device), to)
    x = t.on("cpu")
    for wanted in (kind, "{}.{}".format(types_of(device).__name__, to)):
        there = x.type(wanted)
        assert lies_on(there, device) and there.type() == "{}.{}".format(types_of(device).__name__, to)
        agrees(there, t.array.astype(NAMES[to]))
        back = there.type(getattr(torch, to))
        assert back.device.type == "cpu"
        agrees(back, t.array.astype(NAMES[to]))


@CAST_TO_CUDA_TYPE
@needs(TYPES, VALUES)
@reaches(strided=lambda t: not t.contiguous, empty=lambda t: t.numel == 0, nan=lambda t: np.isnan(t.array).any(),
         negative_zero=lambda t: (np.signbit(t.array) & (t.array == 0)).any())
@given(t=tensors("float32", layouts=LAYOUTS))
def test_a_cast_that_changes_the_device_alone_changes_no_bit(device, t):
    """
    >>> t, t.type(torch.cuda.FloatTensor if device.startswith("cuda") else torch.FloatTensor).cpu()
    """
    there = t.on("cpu").type(types_of(device).FloatTensor)
    assert lies_on(there, device)
    bitwise(array_of(there), t.array)


@CAST_TO_CUDA_TYPE
@needs(SEPARATE, TYPES)
def test_the_cast_of_the_documents_gives_what_the_method_gives(device):
    x = torch.randn(10, 20)
    there, moved = x.type(types_of(device).FloatTensor), sent(x, device)
    assert lies_on(there, device) and there.type() == moved.type() and there.device.type == moved.device.type
    bitwise(array_of(there), array_of(moved))


def channels_last(t):
    """Say whether the strides of a Blueprint of four dimensions grow from channels over width and height to the batch.

    Dimensions of length 1 do not count, and where these strides are contiguous it is not said.
    """
    strides = [t.stride[dim] for dim in (1, 3, 2, 0) if t.ndim == 4 and t.size[dim] != 1]
    return t.ndim == 4 and not t.contiguous and all(low < high for low, high in zip([0] + strides, strides))


DTYPE_IDIOM = Claim(
    "devices.dtype-idiom",
    "dtype = torch.cuda.FloatTensor if cuda else torch.FloatTensor selects a type that can be used, on a machine with "
    "a GPU and on one without.",
    sources=[FLOYDHUB["Variables and AutoGrad"], FLOYDHUB["Defining new autograd functions"]],
    deviations=[
        Deviation(
            "Without a GPU too, a tensor of four dimensions is copied into contiguous memory where it lies there with "
            "its channels last, that is, its strides grow from channels over width and height to the batch.",
            witness={"t": Blueprint("float32", range(8), (1, 2, 2, 2), (8, 1, 4, 2))},
            where=channels_last,
            since="1.4",
            until="1.4",
        )
    ],
    kills=["casting-to-the-same-type-copies", "cuda-is-said-to-be-there"],
)


@DTYPE_IDIOM
@reaches(empty=lambda t: not t.numel, strided=lambda t: not t.contiguous, long=lambda t: t.numel > 16)
@given(t=tensors("float32", layouts=LAYOUTS))
def test_the_chosen_type_takes_a_tensor_to_the_gpu_if_there_is_one_and_leaves_it_alone_if_there_is_none(t):
    """
    >>> dtype = torch.cuda.FloatTensor if torch.cuda.is_available() else torch.FloatTensor
    >>> t.type(dtype) is t
    """
    cuda = torch.cuda.is_available()
    dtype = torch.cuda.FloatTensor if cuda else torch.FloatTensor
    x = t.on("cpu")
    chosen = x.type(dtype)
    assert chosen.is_cuda is cuda and (chosen is x) is not cuda
    assert chosen.dtype == torch.float32
    bitwise(array_of(chosen), t.array)


@DTYPE_IDIOM.instead
@pytest.mark.parametrize("size", [(1, 2, 2, 2), (3, 2, 4, 1)], ids=str)
def test_a_tensor_whose_channels_lie_last_in_memory_is_copied_into_contiguous_memory(size):
    n, channels, height, width = size
    x = torch.arange(n * channels * height * width).float().reshape(n, height, width, channels).permute(0, 3, 1, 2)
    chosen = x.type(torch.FloatTensor)
    assert chosen is not x and chosen.is_contiguous()
    bitwise(chosen, array_of(x))


@DTYPE_IDIOM.regardless
@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_name_of_the_type_of_a_gpu_exists_on_every_machine(name):
    kind = getattr(torch.cuda, name)
    assert isinstance(kind, type) and kind is not getattr(torch, name)
    assert kind.__module__ == "torch.cuda" and kind.__name__ == name
