"""Changing the type.

x.type(T) makes of x a tensor of another type. The documents use it to choose between float32 on the CPU and on a GPU in
one place of a program.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, at_least, reaches
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.oracles.memory import shares_memory
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK
from spec.strategies import LAYOUTS, Blueprint, tensors
from spec.strategies.choices import draw_choices

CLASSES = {
    "uint8": "ByteTensor", "int8": "CharTensor", "int16": "ShortTensor", "int32": "IntTensor", "int64": "LongTensor",
    "float32": "FloatTensor", "float64": "DoubleTensor", "bool": "BoolTensor",
}
"""The old name of the type of tensors of each dtype."""

Cast = NamedTuple("Cast", [("x", Blueprint), ("target", str)])
Cast.__doc__ = "A tensor, and the name of a dtype that can hold its values, cut off to whole numbers or rounded."


COLUMNS_FIRST = Blueprint("float32", (1.0, 2.0, 3.0, 4.0), (1, 2, 1, 2), (1, 1, 2, 2))


@st.composite
def casts(draw):
    """Draw a Cast between any two real or bool dtypes; floats that become integers are finite and in range."""
    choices = draw_choices(draw, 2)
    target, source = (choices.of(dtypes.BOOL + dtypes.REAL) for _ in range(2))
    options = {}
    if dtypes.is_float(source) and dtypes.is_integer(target):
        options = {"bounded": (0, 120) if target == "uint8" else 120}
    return Cast(draw(tensors(source, layouts=LAYOUTS, max_elements=40, **options)), target)


def forms(tensor, dtype):
    """Return the ways to name a type of tensors on the same device: a dtype, a text and, if there is one, a class."""
    prefix = tensor.type().rpartition(".")[0]
    owner = torch.cuda if prefix == "torch.cuda" else torch if prefix == "torch" else None
    classes = [getattr(owner, CLASSES[dtype])] if hasattr(owner, CLASSES[dtype]) else []
    return [dtypes.torch_dtype(dtype), "{}.{}".format(prefix, CLASSES[dtype])] + classes


TYPE_CASTS = Claim(
    "tensors.type-casts",
    "x.type(T) is a tensor of type T with the shape of x and its values converted; x does not change, and if it has "
    "that type already, the result is x itself.",
    sources=[
        EXAMPLES["PyTorch: Tensors"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["PyTorch Tensors"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Tensor"],
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch Tensors"],
        NOTEBOOK["Autograd"],
    ],
    deviations=[
        Deviation(
            "A tensor of four dimensions that are not in row-major order may be copied even if it has that type.",
            witness={"cast": Cast(COLUMNS_FIRST, "float32")},
            where=lambda cast: cast.x.dtype == cast.target and cast.x.ndim == 4 and not cast.x.contiguous,
            since="1.4",
            until="1.4",
        )
    ],
    kills=["casting-rounds-to-the-nearest", "casting-saturates", "casting-to-the-same-type-copies",
           "casting-cuts-off-an-expanded-row", "casting-goes-through-single-precision"],
)


@TYPE_CASTS
@needs(FLOAT64)
@reaches(
    cut_off=lambda cast: dtypes.is_float(cast.x.dtype) and dtypes.is_integer(cast.target) and (cast.x.array % 1).any(),
    between_floats=at_least(
        0.005, lambda cast: cast.x.dtype != cast.target and {cast.x.dtype, cast.target} <= set(dtypes.FLOATS)),
    same=lambda cast: cast.x.dtype == cast.target,
    strided=lambda cast: not cast.x.contiguous,
)
@given(cast=casts())
@example(cast=Cast(Blueprint.of([2.7, -2.7, 0.5, -0.5, 3.5]), "int64"))
@example(cast=Cast(Blueprint.of([1e300, -1e300, 1e-300, float("nan"), 16777217.0]), "float32"))
@example(cast=Cast(Blueprint.of([300, -1, 2**40 + 5, 2**62 + 1]), "uint8"))
@example(cast=Cast(Blueprint("float32", (1.5, 2.5), (3, 2), (0, 1)), "int64"))
@example(cast=Cast(Blueprint.of([2**53 + 1, 2**53 + 3, -(2**63)]), "float64"))
def test_a_tensor_of_another_type_holds_the_converted_values_in_memory_of_its_own(device, cast):
    """
    >>> x.type(getattr(torch, target)), x.numpy().astype(target)
    """
    tensor = cast.x.on(device)
    with np.errstate(over="ignore", invalid="ignore"):
        expected = cast.x.array.astype(cast.target)
    before = array_of(tensor)
    for form in forms(tensor, cast.target):
        result = tensor.type(form)
        agrees(result, expected, sign_of_zero=True)
        assert result.type() == forms(tensor, cast.target)[1] and result.device == tensor.device
        assert (result is tensor) == (cast.x.dtype == cast.target)
    if result is not tensor and tensor.numel() and cast.x.layout() != "overlapping":
        assert not shares_memory(tensor, result)
    bitwise(tensor, before)


@TYPE_CASTS.instead
def test_a_tensor_that_has_the_type_and_lies_in_another_order_is_copied(device):
    tensor = COLUMNS_FIRST.on(device)
    result = tensor.type(tensor.dtype)
    assert result is not tensor
    agrees(result, COLUMNS_FIRST.array)
    assert not shares_memory(result, tensor)


@TYPE_CASTS.regardless
@pytest.mark.parametrize("dtype", dtypes.BOOL + dtypes.REAL)
def test_type_without_an_argument_names_the_type(device, dtype):
    tensor = torch.zeros(2, device=device).to(dtypes.torch_dtype(dtype))
    assert tensor.type().split(".")[-1] == CLASSES[dtype]
    assert type(tensor) is torch.Tensor
    classes = [name for name in CLASSES.values() if hasattr(torch, name)]
    assert [name for name in classes if isinstance(tensor.cpu(), getattr(torch, name))] == [CLASSES[dtype]]


@TYPE_CASTS.regardless
def test_a_type_that_does_not_exist_is_refused(device):
    with pytest.raises(ValueError, match="invalid type"):
        torch.ones(2, device=device).type("torch.QuaternionTensor")
