"""The other steps of the network.

Between the products the documents rectify, take a loss, print it, and copy a gradient before they change it.
"""
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.oracles.memory import shares_memory
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK
from spec.strategies import LAYOUTS, SEPARATE, Blueprint, tensors
from spec.strategies.groups import same_shape

CLAMP_IS_RELU = Claim(
    "tensors.clamp-is-relu",
    "h.clamp(min=0) is the rectifier: a new tensor with 0 for each negative entry of h, and the others as they are.",
    sources=[
        EXAMPLES["PyTorch: Tensors"],
        EXAMPLES["PyTorch: Variables and autograd"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        EXAMPLES["PyTorch: Control Flow + Weight Sharing"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch Tensors"],
        NOTEBOOK["Autograd"],
        NOTEBOOK["Custom nn module"],
    ],
    kills=["clamp-turns-nan-into-0", "clamp-lets-small-negatives-through", "clamp-changes-its-tensor",
           "clamp-of-columns-first-forgets-the-last", "clamp-cuts-off-at-six",
           "clamp-returns-the-tensor-if-nothing-changes"],
)


@CLAMP_IS_RELU
@needs(FLOAT64)
@reaches(
    kink=lambda h: (h.array == 0).any(),
    not_a_number=lambda h: (h.array != h.array).any(),
    nothing_negative=lambda h: h.numel and (h.array >= 0).all(),
    long=lambda h: h.numel > 16,
    strided=lambda h: not h.contiguous,
    integer=lambda h: dtypes.is_integer(h.dtype),
)
@given(h=tensors(layouts=LAYOUTS))
@example(h=Blueprint.of([float("nan"), -1.0, 0.0, -0.0, 2.0, float("inf"), -float("inf"), 1e-310, -1e-310]))
@example(h=Blueprint("float32", (float("nan"),) * 33, (33,)))
@example(h=Blueprint.of([-128, 127, 0], "int8"))
def test_clamp_with_min_0_keeps_what_is_positive_and_puts_0_for_what_is_negative(device, h):
    """
    >>> h.clamp(min=0)
    """
    tensor = h.on(device)
    before = array_of(tensor)
    result = tensor.clamp(min=0)
    agrees(result, np.maximum(h.array, 0), dtype=h.dtype)
    if dtypes.is_float(h.dtype):
        agrees(F.relu(tensor), np.maximum(h.array, 0), dtype=h.dtype)
    bitwise(tensor, before)
    assert h.layout() not in SEPARATE or not h.numel or not shares_memory(result, tensor)


CLONE_IS_INDEPENDENT = Claim(
    "tensors.clone-is-independent",
    "clone() is a tensor of equal values in memory of its own.",
    sources=[
        EXAMPLES["PyTorch: Tensors"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        NOTEBOOK["PyTorch Tensors"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["clone-is-an-alias", "clone-of-a-view-is-a-view", "clone-forgets-the-type-of-half-numbers",
           "clone-loses-the-sign-of-zero"],
)


@CLONE_IS_INDEPENDENT
@needs(FLOAT64)
@reaches(
    expanded=lambda x: x.layout() == "expanded",
    transposed=lambda x: x.layout() == "transposed",
    half=lambda x: x.dtype in dtypes.HALVES,
    single_element=lambda x: x.numel == 1,
)
@given(x=tensors(dtypes.ALL, layouts=SEPARATE + ("expanded",)))
@example(x=Blueprint.of([-0.0, float("nan")]))
@example(x=Blueprint.of([1.5, -0.0], "float16"))
def test_a_clone_has_the_values_and_the_type_and_none_of_the_memory(device, x):
    """
    >>> x.clone(), x.clone().data_ptr() == x.data_ptr()
    """
    tensor = x.on(device)
    clone = tensor.clone()
    assert clone is not tensor and clone.dtype == tensor.dtype and clone.device == tensor.device
    bitwise(array_of(clone), array_of(tensor))
    agrees(clone, x.array, any_dtype=True)
    assert not x.numel or not shares_memory(tensor, clone) and not shares_memory(clone, tensor)


SUM_GIVES_SCALAR = Claim(
    "tensors.sum-gives-scalar",
    "(y_pred - y).pow(2).sum() is one number, the loss, and print(t, loss) shows it.",
    sources=[EXAMPLES["PyTorch: Tensors"], NOTEBOOK["PyTorch Tensors"]],
    kills=["the-sum-of-all-keeps-a-dimension", "sum-leaves-out-the-last-of-an-odd-number", "pow-keeps-the-sign",
           "sum-of-a-transpose-counts-one-row"],
)


@SUM_GIVES_SCALAR
@needs(FLOAT64)
@reaches(
    empty=lambda pair: pair[0].numel == 0,
    single=lambda pair: pair[0].dtype == "float32",
    long=lambda pair: pair[0].numel > 16,
    strided=lambda pair: not pair[0].contiguous,
)
@given(pair=same_shape(2, dtypes.FLOATS, bounded=1000, subnormal=False))
def test_the_loss_is_the_sum_of_squares_up_to_rounding(device, pair):
    """
    >>> y_pred, y = pair; (y_pred - y).pow(2).sum()
    """
    y_pred, y = [blueprint.on(device) for blueprint in pair]
    loss = (y_pred - y).pow(2).sum()
    difference = Rounded(pair[0].array, pair[0].dtype) - pair[1].array
    expected = (difference * difference).sum()
    agrees(loss, expected.value, expected.bound, dtype=pair[0].dtype)
    assert loss.dim() == 0 and loss.numel() == 1 and type(loss.item()) is float


@SUM_GIVES_SCALAR
@needs(FLOAT64)
@reaches(empty=lambda pair: pair[0].numel == 0, odd=lambda pair: pair[0].numel % 2 and pair[0].numel > 8,
         transposed=lambda pair: pair[0].layout() == "transposed",
         shared=lambda pair: pair[0].layout() in ("expanded", "overlapping"))
@given(pair=same_shape(2, "float64", layouts=LAYOUTS, integral=True))
@example(pair=(Blueprint.of([1.0, 2.0, 3.0]), Blueprint.of([1.0, 0.0, 0.0])))
@example(pair=(Blueprint("float64", (1.0, 2.0, 3.0, 4.0), (2, 2), (1, 2)),
               Blueprint("float64", (5.0,) * 4, (2, 2), (1, 2))))
def test_the_loss_of_whole_numbers_is_exact_and_print_shows_it(device, capsys, pair):
    """
    >>> y_pred, y = pair; print(0, (y_pred - y).pow(2).sum())
    """
    loss = (pair[0].on(device) - pair[1].on(device)).pow(2).sum()
    expected = ((pair[0].array - pair[1].array) ** 2).sum()
    assert loss.item() == expected
    capsys.readouterr()
    print(0, loss)
    shown = capsys.readouterr().out
    assert shown.startswith("0 tensor({:.0f}.".format(expected)) and shown.endswith(")\n")


@SUM_GIVES_SCALAR
def test_the_squares_of_a_matrix_and_of_its_transpose_have_one_sum(device):
    squares = torch.tensor([[1.0, 2.0], [3.0, 4.0]], device=device).pow(2)
    assert squares.sum().item() == squares.t().sum().item() == 30


@SUM_GIVES_SCALAR
@pytest.mark.parametrize("number, text", [(30667872.0, "30667872."), (0.5, "0.5000"), (float("nan"), "nan")], ids=str)
def test_a_loss_prints_as_a_tensor_with_its_number(number, text):
    assert str(torch.tensor(number)) == "tensor({})".format(text)
    assert "{} {}".format(0, torch.tensor(0.5)) == "0 0.5"
