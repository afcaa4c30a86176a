"""Wording.

Sentences and comments that say something else than the code they explain.
"""
import numpy as np
import pytest
import torch
from hypothesis import given

from spec import dtypes
from spec.capabilities import FLOAT64, VALUES, needs
from spec.claim import reaches
from spec.claims.errata._erratum import Correction, Erratum
from spec.claims.errata._helpers import whole_numbers
from spec.oracles import rounding
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.sources import EXAMPLES, FLOYDHUB, NOTEBOOK, TEMPLATE
from spec.strategies import same_shape, shapes

SLICE = Erratum(
    "errata.slice-comment",
    "a[:,3:5] selects all rows and the columns 3 to 5.",
    [TEMPLATE["PyTorch for Torch Users"]],
    Correction("a[:,3:5] selects the two columns with the indices 3 and 4: the end of a slice is not part of it."),
    kills=["stops-are-included"],
)


@SLICE.printed
def test_the_slice_has_the_columns_3_to_5():
    """
    >>> a = torch.arange(24).view(4, 6)
    >>> assert a[:, 3:5].tolist() == [[row[3], row[4], row[5]] for row in a.tolist()]
    """


@SLICE.instead
@needs(VALUES)
@pytest.mark.parametrize("rows, columns", [(0, 5), (1, 5), (4, 6), (3, 33)])
def test_the_slice_has_the_columns_3_and_4(device, rows, columns):
    table = np.arange(rows * columns).reshape(rows, columns)
    by_rows = torch.tensor(table.tolist(), dtype=torch.int64, device=device).view(rows, columns)
    by_columns = torch.tensor(table.T.tolist(), dtype=torch.int64, device=device).t()
    for a in (by_rows, by_columns):
        agrees(a[:, 3:5], np.stack([table[:, 3], table[:, 4]], axis=1))


INDEX_ADD = Erratum(
    "errata.index-add-wording",
    "indexAdd is called index_add_ because names are not in camel case any more.",
    [TEMPLATE["PyTorch for Torch Users"]],
    Correction("Without camel case indexAdd is index_add, which exists as well; the underscore of index_add_ says "
               "that it works in place."),
    kills=["index-add-works-in-place", "index-add-underscore-replaces"],
)


@INDEX_ADD.printed
def test_without_camel_case_the_name_ends_in_an_underscore():
    """
    >>> import re
    >>> assert re.sub("([A-Z])", r"_\\1", "indexAdd").lower() == "index_add_"
    """


@INDEX_ADD.instead
@needs(FLOAT64)
@pytest.mark.parametrize("rows", [[0], [2, 0], [1, 1, 1], [4, 3, 2, 1, 0, 4]], ids=str)
def test_index_add_returns_what_index_add_underscore_makes_of_a_clone(device, rows):
    before, source = whole_numbers(1, (5, 3), (len(rows), 3))
    expected = before.copy()
    np.add.at(expected, rows, source)
    x, index, source = [torch.tensor(value, device=device) for value in (before, rows, source)]
    clone = x.clone()
    agrees(x.index_add(0, index, source), expected)
    unchanged(x, before)
    assert clone.index_add_(0, index, source) is clone
    agrees(clone, expected)


TRANSFER = Erratum(
    "errata.cuda-transfer-wording",
    "The tensor that is transferred from the CPU to the GPU is a CUDA tensor.",
    [TEMPLATE["PyTorch for Torch Users"]],
    Correction("The tensor that is transferred is a CPU tensor and stays one: the CUDA tensor is the copy that cuda() "
               "returns."),
    kills=["every-tensor-says-that-it-is-on-a-gpu"],
)


@TRANSFER.printed
def test_the_tensor_is_a_cuda_tensor_before_its_transfer():
    """
    >>> a = torch.LongTensor(10).fill_(3)
    >>> assert a.is_cuda
    """


@TRANSFER.instead
def test_the_tensor_is_a_cpu_tensor_before_its_transfer_and_after_it(device):
    for dtype in dtypes.INTEGERS + dtypes.HALVES + ("float32",):
        tensor = torch.ones(2).to(dtypes.torch_dtype(dtype))
        for place in ("cpu", device):
            assert tensor.to(place).device.type == torch.device(place).type
            assert not tensor.is_cuda and "cuda" not in tensor.type() and tensor.device.type == "cpu"


DISTANCE = Erratum(
    "errata.euclidean-distance",
    "The network is trained by minimising the Euclidean distance between its output and the true output.",
    [
        TEMPLATE["Opening"], EXAMPLES["Opening"], EXAMPLES["Warm-up: numpy"], EXAMPLES["PyTorch: Tensors"],
        EXAMPLES["PyTorch: Variables and autograd"], EXAMPLES["TensorFlow: Static Graphs"], EXAMPLES["PyTorch: nn"],
        NOTEBOOK["What are Tensors?"], NOTEBOOK["PyTorch Tensors"], NOTEBOOK["Autograd"],
        NOTEBOOK["PyTorch: Defining new autograd functions"], NOTEBOOK["What is a nn module"],
    ],
    Correction("What is minimised is the square of the distance, whose gradient is another one."),
    kills=["mse-loss-is-always-the-mean", "pow-loses-its-factor"],
)


@DISTANCE.printed
def test_the_loss_is_the_distance():
    """
    >>> prediction, y = torch.tensor([3.0, 4.0]), torch.zeros(2)
    >>> assert (prediction - y).pow(2).sum().item() == 5
    """


@DISTANCE.instead
@needs(FLOAT64)
@reaches(apart=lambda pair: (pair[0].array != pair[1].array).any())
@given(pair=same_shape(2, dtype="float64", shape=shapes(2, 2, 0, 5), integral=True))
def test_the_loss_is_the_squared_distance_and_its_gradient_twice_the_difference(device, pair):
    """
    >>> prediction, y = pair
    >>> (prediction - y).pow(2).sum(), torch.nn.MSELoss(reduction="sum")(prediction, y), (prediction - y).norm()
    """
    difference = pair[0].array - pair[1].array
    for loss_of in (lambda p, y: (p - y).pow(2).sum(), torch.nn.MSELoss(reduction="sum")):
        prediction = pair[0].on(device, requires_grad=True)
        loss = loss_of(prediction, pair[1].on(device))
        loss.backward()
        agrees(loss, np.square(difference).sum())
        agrees(prediction.grad, 2 * difference)


DESCENT = Erratum(
    "errata.not-only-gradient-descent",
    "Every form of the running example is trained with gradient descent.",
    [TEMPLATE["Opening"], EXAMPLES["Opening"], EXAMPLES["PyTorch: optim"],
     EXAMPLES["PyTorch: Control Flow + Weight Sharing"], NOTEBOOK["PyTorch - optim"]],
    Correction("The form with an optimizer uses Adam, whose first step is as long as the learning rate, whatever the "
               "gradient; the dynamic form uses momentum, which repeats nine tenths of the step before."),
    kills=["adam-follows-the-gradient", "momentum-is-forgotten"],
)


@DESCENT.printed
def test_the_first_step_of_adam_is_the_learning_rate_times_the_gradient():
    """
    >>> w = torch.zeros(1, requires_grad=True); w.grad = torch.tensor([4.0])
    >>> torch.optim.Adam([w], lr=0.5).step()
    >>> assert w.item() == -0.5 * 4
    """


def parameter_with(gradient, device):
    """Return a parameter of zeros that has this gradient."""
    w = torch.zeros(gradient.shape, dtype=torch.float64, device=device, requires_grad=True)
    w.grad = torch.tensor(gradient, device=device)
    return w


GRADIENT = np.array([4.0, -1.0, 0.0, 1e-3, -300.0])
DAMPING = 1e-8 / np.sqrt(1 - 0.999)
"""What Adam adds to the size of a gradient at its first step, at most: eps, before or after the correction of bias."""


@DESCENT.instead
@needs(FLOAT64)
def test_the_first_step_of_adam_has_the_length_of_the_learning_rate_where_there_is_a_gradient(device):
    w = parameter_with(GRADIENT, device)
    torch.optim.Adam([w], lr=0.5).step()
    agrees(w, -0.5 * np.sign(GRADIENT), bound=0.5 * DAMPING / np.maximum(np.abs(GRADIENT), DAMPING) + 1e-15)


@DESCENT.instead
@needs(FLOAT64)
def test_the_second_step_with_momentum_repeats_nine_tenths_of_the_first(device):
    w = parameter_with(GRADIENT, device)
    optimizer = torch.optim.SGD([w], lr=0.5, momentum=0.9)
    optimizer.step()
    first = array_of(w)
    agrees(first, -0.5 * GRADIENT)
    optimizer.step()
    expected = -0.5 * GRADIENT - 0.9 * 0.5 * GRADIENT
    agrees(array_of(w) - first, expected, bound=rounding.elementwise(2 * expected, "float64", roundings=6))


BACKWARD = Erratum(
    "errata.backward-definition-inverted",
    "backward receives the gradient of the output tensors with respect to a scalar.",
    [TEMPLATE["Defining new autograd functions"], FLOYDHUB["Defining new autograd functions"],
     NOTEBOOK["PyTorch: Defining new autograd functions"]],
    Correction("backward receives the gradient of the scalar with respect to the output tensors."),
    kills=["backward-is-handed-ones", "backward-is-handed-half-the-gradient"],
)


@BACKWARD.printed
def test_backward_receives_a_third_where_the_scalar_is_three_times_the_sum_of_the_output():
    """
    >>> class Same(torch.autograd.Function):
    >>>     forward, received = staticmethod(lambda ctx, x: x * 1), []
    >>>     backward = staticmethod(lambda ctx, gradient: Same.received.append(gradient) or gradient)
    >>> (3 * Same.apply(torch.ones(2, requires_grad=True))).sum().backward()
    >>> assert (Same.received[0] * 3).tolist() == [1, 1]
    """


class Recorded(torch.autograd.Function):
    """Doubles its input, and keeps what backward receives in ``received``."""

    received = None

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        Recorded.received = array_of(gradient)
        return gradient * 2


@BACKWARD.instead
@needs(FLOAT64)
@reaches(not_one=lambda pair: (abs(pair[1].array) > 1).any())
@given(pair=same_shape(2, dtype="float64", shape=shapes(1, 2, 1, 5), integral=True))
def test_backward_receives_the_factors_by_which_the_outputs_enter_the_scalar(device, pair):
    """
    >>> x, factor = pair; y = x.requires_grad_() * 2; y.retain_grad()
    >>> (factor * y).sum().backward(); print(y.grad)
    """
    x, factor = pair[0].on(device, requires_grad=True), pair[1].on(device)
    (factor * Recorded.apply(x)).sum().backward()
    agrees(Recorded.received, pair[1].array)
    agrees(x.grad, 2 * pair[1].array)
