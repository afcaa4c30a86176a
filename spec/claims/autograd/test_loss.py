"""Reading the loss.

What a program prints at each step is the loss. The documents take it for a tensor with one element; it is a tensor
without dimensions, and there is a method that turns it into a number.
"""
import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.autograd import Variable

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, at_least, reaches
from spec.oracles import rounding
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, INTRODUCTION, NOTEBOOK
from spec.strategies import Blueprint, same_shape, scalars, shapes

LOSS_HAS_SHAPE_ONE = Claim(
    "autograd.loss-has-shape-one",
    "The summed loss of the programs has shape (1,), and so has loss.data.",
    sources=[
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        NOTEBOOK["Autograd"],
    ],
    deviations=[
        Deviation(
            "A loss has no dimensions: its shape, and that of loss.data, is ().",
            witness={"pair": (Blueprint.of([[1.0, 2.0]]), Blueprint.of([[0.0, 0.0]]))},
            issue="torch 0.4.0",
        )
    ],
    kills=["sum-keeps-a-dimension", "mse-loss-keeps-a-dimension", "sum-of-nothing-is-not-a-number",
           "sum-skips-the-last-of-many"],
)

PAIRS = same_shape(2, dtype="float64", shape=shapes(max_elements=64), integral=True)


@LOSS_HAS_SHAPE_ONE
@needs(FLOAT64)
@reaches(empty=lambda pair: pair[0].numel == 0, one=at_least(0.01, lambda pair: pair[0].size == (1,)),
         no_dimension=lambda pair: pair[0].ndim == 0, matrix=lambda pair: pair[0].ndim == 2)
@given(pair=PAIRS)
def test_a_summed_loss_has_one_dimension_of_size_one(device, pair):
    """
    >>> loss = (pair[0] - pair[1]).pow(2).sum()
    >>> loss.shape, loss.data.shape
    """
    prediction, target = [Variable(blueprint.on(device)) for blueprint in pair]
    loss = (prediction - target).pow(2).sum()
    assert tuple(loss.shape) == tuple(loss.data.shape) == (1,)


@LOSS_HAS_SHAPE_ONE.instead
@needs(FLOAT64)
@reaches(scalar=lambda pair: not pair[0].size, empty=lambda pair: not pair[0].numel,
         matrix=lambda pair: pair[0].ndim == 2, one_element=at_least(0.01, lambda pair: pair[0].size == (1,)))
@given(pair=PAIRS)
@example(pair=(Blueprint.of([], "float64"), Blueprint.of([], "float64")))
@example(pair=(Blueprint.of([3.0]), Blueprint.of([1.0])))
@example(pair=(Blueprint.of(3.0), Blueprint.of(1.0)))
def test_a_summed_or_mean_loss_has_no_dimension_and_the_value_that_numpy_gives(device, pair):
    """
    >>> loss = (pair[0] - pair[1]).pow(2).sum()
    >>> loss.shape, loss, torch.nn.MSELoss()(pair[0], pair[1])
    """
    prediction, target = [Variable(blueprint.on(device), requires_grad=True) for blueprint in pair]
    squares = np.square(pair[0].array - pair[1].array)
    sums = (prediction - target).pow(2).sum(), torch.nn.MSELoss(reduction="sum")(prediction, target)
    means = (prediction - target).pow(2).mean(), torch.nn.MSELoss()(prediction, target)
    for loss in sums + means:
        assert loss.dim() == loss.data.dim() == 0 and loss.numel() == 1
        assert tuple(loss.shape) == tuple(loss.data.shape) == ()
    for loss in sums:
        agrees(loss, squares.sum())
    mean = squares.sum() / squares.size if squares.size else np.float64("nan")
    for loss in means:
        agrees(loss, mean, rounding.elementwise(mean, "float64", roundings=2))  # the sum is exact


@LOSS_HAS_SHAPE_ONE.instead
def test_a_loss_can_be_given_one_dimension(device):
    loss = Variable(torch.tensor([1.0, 2.0], device=device), requires_grad=True).pow(2).sum()
    for reshaped in (loss.reshape(1), loss.unsqueeze(0), loss.expand(1)):
        agrees(reshaped, np.array([5], "float32"))
        agrees(reshaped.data[0], np.float32(5))


LOSS_DATA_ZERO_INDEX = Claim(
    "autograd.loss-data-zero-index",
    "loss.data[0] reads the loss as a number.",
    sources=[
        EXAMPLES["PyTorch: Variables and autograd"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        EXAMPLES["PyTorch: nn"],
        EXAMPLES["PyTorch: optim"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        EXAMPLES["PyTorch: Control Flow + Weight Sharing"],
        INTRODUCTION["Variables and Autograd"],
        NOTEBOOK["Autograd"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
        NOTEBOOK["What is a nn module"],
        NOTEBOOK["PyTorch - optim"],
        NOTEBOOK["Custom nn module"],
    ],
    deviations=[
        Deviation(
            "A tensor without dimensions refuses every index; loss.item() is the number.",
            witness=[{"loss": Blueprint.of(3.0)}, {"loss": Blueprint.of(3)}],
            raises=IndexError,
            issue="torch 0.4.0",
        )
    ],
    kills=["a-tensor-without-dimensions-takes-an-index", "item-rounds-to-single-precision",
           "item-gives-an-array-scalar", "float-truncates-a-loss"],
)


@LOSS_DATA_ZERO_INDEX
@reaches(integer=lambda loss: dtypes.is_integer(loss.dtype), zero=lambda loss: loss.storage[loss.offset] == 0,
         offset=lambda loss: loss.offset > 0)
@given(loss=scalars())
def test_the_first_element_of_its_data_is_the_loss(device, loss):
    """
    >>> loss.data[0]
    """
    assert loss.on(device).data[0] == loss.array.item()


@LOSS_DATA_ZERO_INDEX.instead
@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_indexing_a_loss_is_refused_and_the_message_names_item(device, dtype):
    loss = Blueprint.of(1, dtype).on(device)
    for one in (loss, loss.data, Variable(loss)):
        with pytest.raises(IndexError, match=r"item\(\)"):
            one[0]


@LOSS_DATA_ZERO_INDEX.instead
@reaches(integer=lambda loss: dtypes.is_integer(loss.dtype), double=lambda loss: loss.dtype == "float64",
         special=at_least(0.01, lambda loss: not np.isfinite(float(loss.array))))
@given(loss=scalars(), flag=st.booleans())
@example(loss=Blueprint.of(0.1), flag=True)
@example(loss=Blueprint.of(float("nan")), flag=True)
@example(loss=Blueprint.of(float("-inf"), "float32"), flag=False)
@example(loss=Blueprint.of(-0.0), flag=True)
@example(loss=Blueprint.of(2 ** 63 - 1), flag=False)
def test_item_is_the_loss_as_a_python_number_to_the_last_bit(device, loss, flag):
    """
    >>> loss.item()
    """
    tensor = loss.on(device, requires_grad=flag and dtypes.is_float(loss.dtype))
    number = tensor.item()
    assert type(number) is (float if dtypes.is_float(loss.dtype) else int)
    agrees(np.array(number), loss.array, any_dtype=True, sign_of_zero=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some releases warn of float() where a gradient is required
        converted = float(tensor)
    assert type(converted) is float
    agrees(np.array(converted), np.float64(loss.array), sign_of_zero=True)


@LOSS_DATA_ZERO_INDEX.instead
def test_the_first_element_of_a_loss_with_one_dimension_is_still_a_tensor(device):
    first = torch.tensor([2.5], device=device).data[0]
    assert type(first) is torch.Tensor and tuple(first.shape) == ()
    agrees(first, np.float32(2.5))
