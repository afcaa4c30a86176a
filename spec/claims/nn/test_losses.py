"""Loss functions.

A loss function judges how far an output is from its target, by a single number. The documents take the mean squared
error, most often without the mean: size_average=False was the argument for that, and reduction="sum" is it now.
"""
import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.oracles import layers, rounding
from spec.oracles.agreement import agrees, bitwise
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, same_shape


def quietly(make, *args, **kwargs):
    """Call a function and return what it returns with the categories of the warnings that this caused."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = make(*args, **kwargs)
    return result, [warning.category for warning in caught]


MSE_SIZE_AVERAGE_FALSE_SUMS = Claim(
    "nn.mse-size-average-false-sums",
    "MSELoss(size_average=False) returns the squared differences summed over all elements, as a scalar: the same as "
    "(y_pred - y).pow(2).sum().",
    sources=[
        EXAMPLES["PyTorch: nn"],
        EXAMPLES["PyTorch: optim"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        EXAMPLES["PyTorch: Control Flow + Weight Sharing"],
        INTRODUCTION["Variables and Autograd"],
        INTRODUCTION["PyTorch nn Module"],
        INTRODUCTION["Optimization"],
        NOTEBOOK["What is a nn module"],
        NOTEBOOK["PyTorch - optim"],
        NOTEBOOK["Custom nn module"],
    ],
    kills=["mse-averages-over-the-batch", "size-average-false-averages", "size-average-is-taken-quietly",
           "mse-loss-keeps-a-dimension", "mse-takes-the-absolute-difference"],
)

SUMS = quietly(torch.nn.MSELoss, size_average=False)[0]


@MSE_SIZE_AVERAGE_FALSE_SUMS
@needs(FLOAT64)
@reaches(empty=lambda pair: not pair[0].numel, scalar=lambda pair: pair[0].ndim == 0,
         batches=lambda pair: pair[0].ndim > 2, strided=lambda pair: not pair[1].contiguous,
         long=lambda pair: pair[0].numel > 32)
@given(pair=same_shape(dtype=dtypes.FLOATS, layouts=LAYOUTS, integral=True))
@example(pair=(Blueprint.of([1.0, -2.0]), Blueprint.of([4.0, 2.0])))
def test_the_sum_of_squares_and_its_gradient_are_exact_on_whole_numbers(device, pair):
    """
    >>> p, y = pair[0].requires_grad_(), pair[1]
    >>> torch.nn.MSELoss(size_average=False)(p, y).backward()
    >>> torch.nn.MSELoss(size_average=False)(p, y), (p - y).pow(2).sum(), p.grad, 2 * (p - y)
    """
    p, y = pair[0].on(device, requires_grad=True), pair[1].on(device)
    difference = pair[0].array - pair[1].array
    loss = SUMS(p, y)
    loss.backward()
    agrees(loss, np.asarray((difference ** 2).sum(), pair[0].dtype))
    agrees(p.grad, np.asarray(2 * difference, pair[0].dtype))
    bitwise((p - y).pow(2).sum(), loss)
    bitwise(torch.nn.MSELoss(reduction="sum")(p, y), loss)


@MSE_SIZE_AVERAGE_FALSE_SUMS
@pytest.mark.parametrize("args, kwargs, reduction", [
    ((), {"size_average": False}, "sum"), ((False,), {}, "sum"), ((), {"size_average": True}, "mean"),
    ((), {"size_average": False, "reduction": "mean"}, "sum"), ((), {"reduce": False}, "none"),
    ((), {"size_average": False, "reduce": False}, "none")],
    ids=["size_average=False", "False", "size_average=True", "size_average=False-and-reduction=mean", "reduce=False",
         "size_average=False-and-reduce=False"])
def test_the_old_arguments_override_the_reduction_and_warn_once(device, args, kwargs, reduction):
    loss, caught = quietly(torch.nn.MSELoss, *args, **kwargs)
    assert loss.reduction == reduction and caught == [UserWarning]
    p, y = torch.tensor([1.0, -2.0], device=device), torch.tensor([4.0, 2.0], device=device)
    agrees(loss(p, y), np.asarray(layers.reduced(np.array([9.0, 16.0], "float32"), reduction)))


@MSE_SIZE_AVERAGE_FALSE_SUMS
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_the_reduction_by_name_does_not_warn(reduction):
    loss, caught = quietly(torch.nn.MSELoss, reduction=reduction)
    assert loss.reduction == reduction and caught == []


MSE_DEFAULT_IS_MEAN = Claim(
    "nn.mse-default-is-mean",
    "MSELoss() without arguments is the mean of the squared differences over all elements, not over the batch alone.",
    sources=[
        INTRODUCTION["PyTorch nn Module"],
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Defining new autograd functions"],
        FLOYDHUB["Models Definition"],
        FLOYDHUB["Train model with CUDA"],
    ],
    kills=["mse-averages-over-the-batch", "mse-loss-keeps-a-dimension", "mse-takes-the-absolute-difference",
           "mse-computes-in-float32"],
)


@MSE_DEFAULT_IS_MEAN
@needs(FLOAT64)
@reaches(batches=lambda pair: pair[0].ndim > 1 and pair[0].numel > len(pair[0].array),
         strided=lambda pair: not pair[0].contiguous, double=lambda pair: pair[0].dtype == "float64")
@given(pair=same_shape(dtype=dtypes.FLOATS, layouts=LAYOUTS, bounded=1e6))
def test_the_mean_of_squares_and_its_gradient_are_right_up_to_rounding(device, pair):
    """
    >>> p, y = pair[0].requires_grad_(), pair[1]
    >>> torch.nn.MSELoss()(p, y).backward()
    >>> torch.nn.MSELoss()(p, y), (p - y).pow(2).mean(), p.grad, 2 * (p - y) / p.numel()
    """
    p, y = pair[0].on(device, requires_grad=True), pair[1].on(device)
    loss = torch.nn.MSELoss()(p, y)
    loss.backward()
    assert loss.shape == () and p.grad.shape == p.shape
    if pair[0].numel:
        difference = Rounded(pair[0].array, pair[0].dtype) - Rounded(pair[1].array, pair[0].dtype)
        mean, gradient = (difference * difference).sum() * (1 / p.numel()), difference * (2 / p.numel())
        agrees(loss, mean.value, 2 * mean.bound, dtype=pair[0].dtype)
        agrees(p.grad, gradient.value, 2 * gradient.bound, dtype=pair[0].dtype)


@MSE_DEFAULT_IS_MEAN
def test_the_mean_of_nothing_is_nan_and_the_loss_has_no_parameters(device):
    loss = torch.nn.MSELoss()
    agrees(loss(torch.zeros(0, 3, device=device), torch.zeros(0, 3, device=device)), np.float32("nan"))
    assert isinstance(loss, torch.nn.Module) and loss.reduction == "mean" and list(loss.parameters()) == []


@MSE_DEFAULT_IS_MEAN
@pytest.mark.parametrize("count", [2, 3, 8])
def test_a_column_against_a_vector_is_averaged_over_all_pairs_of_their_elements(device, count):
    p, y = np.arange(count, dtype="float32"), 4 * np.arange(count, dtype="float32")
    column, vector = torch.tensor(p[:, None], device=device), torch.tensor(y, device=device)
    loss, _ = quietly(torch.nn.MSELoss(), column, vector)
    expected = ((p[:, None] - y) ** 2).astype("float64").mean()
    agrees(loss, expected, rounding.elementwise(expected, "float32", 2), dtype="float32")


LOSS_FUNCTIONS_AVAILABLE = Claim(
    "nn.loss-functions-available",
    "The nn package defines the loss functions that are common in training.",
    sources=[
        TEMPLATE["nn: The neural network Library"],
        EXAMPLES["PyTorch: nn"],
        INTRODUCTION["PyTorch nn Module"],
        FLOYDHUB["Models Definition"],
        NOTEBOOK["What is a nn module"],
    ],
    kills=["cross-entropy-skips-the-softmax", "smooth-l1-is-l1", "nll-loss-is-positive", "triplet-loss-is-gone",
           "mse-takes-the-absolute-difference"],
)

RANDOM = np.random.RandomState(0)
SCORES, TARGETS = RANDOM.randn(4, 3), RANDOM.randn(4, 3)
SHARES = RANDOM.uniform(0.1, 0.9, (4, 3))
CLASSES, SIGNS = np.array([0, 2, 1, 2]), np.array([1.0, -1.0, 1.0, -1.0])
FURTHER = {
    "AdaptiveLogSoftmaxWithLoss": ((3, 5, [2], 1.0), (SCORES, CLASSES)),
    "CTCLoss": ((), (np.log(np.full((4, 1, 3), 1 / 3)), np.array([[1, 2]]), np.array([4]), np.array([2]))),
    "CosineEmbeddingLoss": ((), (SCORES, TARGETS, SIGNS)),
    "HingeEmbeddingLoss": ((), (SCORES[:, 0], SIGNS)),
    "MarginRankingLoss": ((), (SCORES[:, 0], TARGETS[:, 0], SIGNS)),
    "MultiLabelMarginLoss": ((), (SCORES, np.array([[0, -1, -1], [2, 1, -1], [1, -1, -1], [0, 1, 2]]))),
    "MultiLabelSoftMarginLoss": ((), (SCORES, (TARGETS > 0) * 1.0)),
    "MultiMarginLoss": ((), (SCORES, CLASSES)),
    "PoissonNLLLoss": ((), (SCORES, SHARES)),
    "SoftMarginLoss": ((), (SCORES[:, 0], SIGNS)),
    "TripletMarginLoss": ((), (SCORES, TARGETS, SHARES)),
}


def arguments(name):
    """Return a prediction and a target, two arrays, that suit a loss of layers.LOSSES."""
    if name in ("NLLLoss", "CrossEntropyLoss"):
        return (layers.log_softmax(SCORES) if name == "NLLLoss" else SCORES), CLASSES
    if name in ("BCELoss", "KLDivLoss"):
        return (SHARES if name == "BCELoss" else np.log(SHARES)), SHARES[::-1].copy()
    return (2 * SCORES, SHARES) if name == "BCEWithLogitsLoss" else (2 * SCORES, TARGETS)


@LOSS_FUNCTIONS_AVAILABLE
@needs(FLOAT64)
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("name", list(layers.LOSSES))
def test_a_common_loss_has_the_value_of_its_formula(device, name, reduction):
    p, y = arguments(name)
    loss = getattr(torch.nn, name)(reduction=reduction)
    result, _ = quietly(loss, torch.tensor(p, device=device), torch.tensor(y, device=device))
    values = layers.LOSSES[name](p, y)
    assert isinstance(loss, torch.nn.Module)
    # Two dozen roundings of terms up to 10 in size for each element: the functions log and exp, products and the sum.
    agrees(result, layers.reduced(values, reduction), bound=rounding.gamma(24, "float64") * 10 * values.size)


@LOSS_FUNCTIONS_AVAILABLE
@pytest.mark.parametrize("name", list(FURTHER))
def test_every_other_loss_returns_a_finite_number_and_can_be_differentiated(device, name):
    options, inputs = FURTHER[name]
    tensors = [torch.tensor(array, device=device) for array in inputs]
    tensors = [tensor.float() if tensor.is_floating_point() else tensor for tensor in tensors]
    prediction = tensors[0].requires_grad_()
    loss = getattr(torch.nn, name)(*options).to(device)
    result = loss(*tensors)
    result = result.loss if name == "AdaptiveLogSoftmaxWithLoss" else result
    result.backward()
    assert isinstance(loss, torch.nn.Module) and result.shape == () and np.isfinite(result.item())
    assert torch.isfinite(prediction.grad).all() and (prediction.grad != 0).any()
