"""Comments.

What a comment says of the line beside it.
"""
import numpy as np
import pytest
import torch

from spec.capabilities import CUDA, FLOAT64, VALUES, needs
from spec.claims.errata._erratum import Correction, Erratum
from spec.claims.errata._helpers import whole_numbers
from spec.oracles.agreement import agrees, array_of, bitwise, unchanged
from spec.oracles.statistics import hoeffding_radius
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK

ZERO = Erratum(
    "errata.zero-grad-after-backward",
    "The gradients are zeroed right after the backward pass.",
    [EXAMPLES["PyTorch: Variables and autograd"], EXAMPLES["PyTorch: Defining new autograd functions"],
     NOTEBOOK["Autograd"], NOTEBOOK["PyTorch: Defining new autograd functions"]],
    Correction("The gradients are zeroed after the update; were they zeroed before it, nothing would be learned."),
    kills=["zero-underscore-clears-a-copy", "minus-equals-has-no-effect"],
)


@ZERO.printed
def test_with_gradients_zeroed_after_backward_the_weight_moves():
    """
    >>> w = torch.tensor([2.0], requires_grad=True)
    >>> (w * w).sum().backward(); w.grad.zero_()
    >>> w.data -= 0.25 * w.grad
    >>> assert w.item() == 1
    """


@ZERO.instead
@needs(FLOAT64)
@pytest.mark.parametrize("values", [[2.0], [0.0, -0.0, 1e-310, -1e6], [0.1] * 17], ids=["2", "special", "17"])
def test_with_gradients_zeroed_before_the_update_every_weight_keeps_its_bits(device, values):
    weight = torch.tensor(values, dtype=torch.float64, device=device, requires_grad=True)
    before = array_of(weight)
    (weight * weight).sum().backward()
    weight.grad.data.zero_()
    weight.data -= 0.25 * weight.grad.data
    unchanged(weight, before)


@ZERO.corrected
def test_with_gradients_zeroed_after_the_update_each_step_halves_the_weight():
    """
    >>> w = torch.tensor([2.0], requires_grad=True)
    >>> for step in range(3):
    >>>     (w * w).sum().backward()
    >>>     w.data -= 0.25 * w.grad; w.grad.zero_()
    >>> assert w.item() == 0.25
    """


MSE = Erratum(
    "errata.mse-name",
    "MSELoss(size_average=False) is the mean squared error.",
    [EXAMPLES["PyTorch: nn"], NOTEBOOK["What is a nn module"], INTRODUCTION["PyTorch nn Module"]],
    Correction("MSELoss(size_average=False) is the sum of the squared errors."),
    kills=["mse-loss-is-always-the-mean"],
)


@MSE.printed
def test_the_loss_of_four_errors_is_their_mean_square():
    """
    >>> loss_fn = torch.nn.MSELoss(size_average=False)
    >>> assert loss_fn(torch.tensor([1.0, 2.0, 3.0, 5.0]), torch.zeros(4)).item() == 39 / 4
    """


@MSE.instead
@needs(FLOAT64)
@pytest.mark.parametrize("shape", [(0,), (1,), (4,), (3, 11)], ids=str)
def test_the_loss_is_the_sum_of_the_squared_errors(device, shape):
    prediction, y = whole_numbers(1, shape, shape)
    with pytest.warns(UserWarning):
        loss_fn = torch.nn.MSELoss(size_average=False)
    loss = loss_fn(torch.tensor(prediction, device=device), torch.tensor(y, device=device))
    agrees(loss, np.square(prediction - y).sum())


FLAG = Erratum(
    "errata.requires-grad-comment",
    "No gradient is computed for w1: the comment on its line speaks of requires_grad=False.",
    [NOTEBOOK["Autograd"]],
    Correction("The line of w1 sets requires_grad=True, and w1 gets its gradient."),
    kills=["variable-ignores-the-flag-that-it-is-given"],
)


@FLAG.printed
def test_no_gradient_is_computed_for_the_weight():
    """
    >>> w1 = torch.autograd.Variable(torch.randn(2, 2), requires_grad=True)
    >>> (w1 * w1).sum().backward()
    >>> assert w1.grad is None
    """


@FLAG.corrected
def test_the_gradient_of_the_weight_is_computed():
    """
    >>> w1 = torch.autograd.Variable(torch.ones(2, 2), requires_grad=True)
    >>> (w1 * w1).sum().backward()
    >>> assert w1.requires_grad and w1.grad.tolist() == [[2, 2], [2, 2]]
    """


TRAIN = Erratum(
    "errata.train-true-disables-dropout",
    "model.train(True) is said to disable dropout and the learning of batch norm.",
    [FLOYDHUB["Training process"]],
    Correction("train(True) enables dropout and the learning of batch norm; train(False) and eval() disable them."),
    kills=["train-switches-the-other-way"],
)


@TRAIN.printed
def test_after_train_true_dropout_keeps_every_number():
    """
    >>> dropout = torch.nn.Dropout(0.5).train(True)
    >>> assert dropout(torch.ones(100)).tolist() == [1] * 100
    """


@TRAIN.instead
@needs(VALUES)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_after_train_true_dropout_drops_its_share(device, p):
    dropped = array_of(torch.nn.Dropout(p).train(True)(torch.ones(2000, device=device))) == 0
    assert abs(dropped.mean() - p) <= hoeffding_radius(2000, 0, 1)


@TRAIN.instead
@needs(VALUES)
@pytest.mark.parametrize("prepare", [lambda model: model.train(False), lambda model: model.eval()],
                         ids=["train(False)", "eval()"])
@pytest.mark.parametrize("values", [[], [1.5, -0.0, float("nan"), float("inf")], [1e-40] * 33],
                         ids=["empty", "special", "subnormal"])
def test_otherwise_dropout_returns_its_input(device, prepare, values):
    x = torch.tensor(values, device=device)
    bitwise(prepare(torch.nn.Sequential(torch.nn.Dropout(0.5)))(x), array_of(x))


@TRAIN.instead
@needs(VALUES)
@pytest.mark.parametrize("flag", [True, False])
def test_running_statistics_move_after_train_true_only(device, flag):
    layer = torch.nn.BatchNorm1d(2).to(device).train(flag)
    layer(torch.tensor([[1.0, 2.0], [3.0, 6.0]], device=device))
    moved = np.array([2, 4], dtype="float32") * np.float32(0.1)
    agrees(layer.running_mean, moved if flag else np.zeros(2, "float32"), bound=1e-6 if flag else 0)


PINNED = Erratum(
    "errata.pinned-memory-on-gpu",
    "Pinned memory is memory on the GPU.",
    [FLOYDHUB["Data handling"]],
    Correction("Pinned memory is memory of the host that is never moved to disk: a pinned tensor is a CPU tensor."),
    kills=["every-tensor-says-that-it-is-pinned"],
)


@PINNED.printed
@needs(CUDA)
def test_a_pinned_tensor_is_on_the_gpu():
    """
    >>> assert torch.ones(2).pin_memory().is_cuda
    """


@PINNED.corrected
@needs(CUDA)
def test_a_pinned_tensor_is_on_the_cpu():
    """
    >>> tensor = torch.ones(2)
    >>> pinned = tensor.pin_memory()
    >>> assert pinned.is_pinned() and not pinned.is_cuda and pinned.tolist() == tensor.tolist()
    """


@PINNED.regardless
def test_a_tensor_that_nobody_has_pinned_is_not_pinned():
    assert not torch.ones(2).is_pinned()
