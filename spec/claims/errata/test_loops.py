"""Loops.

Programs that stop at their first line of output, or run to their end and learn nothing.
"""
import pytest
import torch

from spec.capabilities import FLOAT64, needs
from spec.claims.errata._erratum import Correction, Erratum
from spec.claims.errata._helpers import linear_of, whole_numbers
from spec.networks import random_problem, trainer
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import EXAMPLES, INTRODUCTION, NOTEBOOK

PRINT = Erratum(
    "errata.programs-stop-at-loss-print",
    "The programs that print loss.data[0] print one line for each step.",
    [EXAMPLES[section] for section in (
        "PyTorch: Variables and autograd", "PyTorch: Defining new autograd functions", "PyTorch: nn", "PyTorch: optim",
        "PyTorch: Custom nn Modules", "PyTorch: Control Flow + Weight Sharing")]
    + [INTRODUCTION["Variables and Autograd"]]
    + [NOTEBOOK[section] for section in (
        "Autograd", "PyTorch: Defining new autograd functions", "What is a nn module", "PyTorch - optim",
        "Custom nn module")],
    Correction("A loss has no dimension, so that an index raises IndexError in the first step; loss.item() is its "
               "value.", IndexError, "0-dim"),
    kills=["sum-keeps-a-dimension", "mse-loss-keeps-a-dimension", "a-tensor-without-dimensions-takes-an-index"],
)


@PRINT.printed
def test_the_first_step_prints_its_loss():
    """
    >>> y_pred, y = torch.ones(2, 3), torch.zeros(2, 3)
    >>> loss = (y_pred - y).pow(2).sum()
    >>> print(0, loss.data[0])
    """


@PRINT.instead
@pytest.mark.parametrize("form", ["autograd", "custom-function", "sequential", "optimizer", "module"])
def test_with_item_there_is_a_loss_for_each_step(form):
    problem = random_problem(2, n=4, d_in=5, h=6, d_out=2)
    losses = trainer(form)(*problem, learning_rate=1e-3, steps=5).losses
    assert [type(loss) for loss in losses] == [float] * 5 and len(set(losses)) == 5


@PRINT.instead
@pytest.mark.parametrize("loss_of", [lambda p, y: (p - y).pow(2).sum(), lambda p, y: torch.nn.MSELoss()(p, y)],
                         ids=["pow and sum", "MSELoss"])
def test_no_loss_takes_an_index(device, loss_of):
    with pytest.raises(IndexError):
        loss_of(torch.ones(2, 3, device=device), torch.zeros(2, 3, device=device)).data[0]


UPDATE = Erratum(
    "errata.manual-update-needs-gradients",
    "The lines that update the weights can be run after the program that they are quoted from.",
    [INTRODUCTION["Optimization"]],
    Correction("The program stops before its first backward and leaves no gradient to update the weights "
               "with.", AttributeError, "NoneType"),
    kills=["minus-equals-has-no-effect"],
)


@UPDATE.printed
def test_without_a_backward_pass_the_weight_is_updated():
    """
    >>> w = torch.ones(2, requires_grad=True)
    >>> w.data -= 0.5 * w.grad.data
    """


@UPDATE.corrected
def test_after_a_backward_pass_the_weight_is_updated():
    """
    >>> w = torch.ones(2, requires_grad=True)
    >>> (3 * w).sum().backward()
    >>> w.data -= 0.5 * w.grad.data
    >>> assert w.tolist() == [-0.5, -0.5]
    """


STEP = Erratum(
    "errata.step-outside-loop",
    "The program with nn and optim trains for 500 steps.",
    [INTRODUCTION["Optimization"]],
    Correction("optimizer.step() stands after the loop: the loss is the same 500 times, and one step is made."),
    kills=["sgd-uses-normalised-gradients", "zero-grad-does-nothing"],
)


@STEP.printed
def test_the_loss_falls_with_the_step_after_the_loop():
    """
    >>> w = torch.tensor([2.0], requires_grad=True)
    >>> optimizer, losses = torch.optim.SGD([w], lr=0.25), []
    >>> for t in range(4): optimizer.zero_grad(); (w * w).sum().backward(); losses.append(w.item() ** 2)
    >>> optimizer.step()
    >>> assert losses == [4, 1, 0.25, 0.0625]
    """


@STEP.corrected
def test_the_loss_falls_with_the_step_in_the_loop():
    """
    >>> w = torch.tensor([2.0], requires_grad=True)
    >>> optimizer, losses = torch.optim.SGD([w], lr=0.25), []
    >>> for t in range(4):
    >>>     optimizer.zero_grad(); (w * w).sum().backward(); losses.append(w.item() ** 2); optimizer.step()
    >>> assert losses == [4, 1, 0.25, 0.0625]
    """


def fit(model, optimizer, x, y, steps):
    """Train for some steps as the documents do, and return the losses."""
    losses = []
    for _ in range(steps):
        loss = (model(x) - y).pow(2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@STEP.instead
@needs(FLOAT64)
def test_with_the_step_after_the_loop_one_step_is_made(device):
    x, y, weight = whole_numbers(1, (3, 2), (3, 1), (2, 1))
    model = linear_of(weight, weight[:1, 0], device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(3):
        loss = (model(torch.tensor(x, device=device)) - torch.tensor(y, device=device)).pow(2).sum()
        optimizer.zero_grad()
        loss.backward()
    optimizer.step()
    gradient = 2 * x.T.dot(x.dot(weight) + weight[0, 0] - y)
    agrees(model.weight, (weight - 0.5 * gradient).T)


STALE = Erratum(
    "errata.stale-optimizer",
    "The block with the DataLoader trains its new model.",
    [INTRODUCTION["Optimization"], INTRODUCTION["PyTorch DataLoader"]],
    Correction("The optimizer is still that of the model before: the new model never changes, and its gradients add "
               "up."),
    kills=["backward-replaces-gradients", "pow-loses-its-factor"],
)


@STALE.printed
def test_a_new_model_is_trained_by_the_optimizer_of_the_old():
    """
    >>> model = torch.nn.Linear(2, 1); optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    >>> model = torch.nn.Linear(2, 1); before = model.weight.tolist()
    >>> model(torch.ones(3, 2)).sum().backward(); optimizer.step()
    >>> assert model.weight.tolist() != before
    """


@STALE.corrected
def test_a_new_model_is_trained_by_an_optimizer_of_its_own():
    """
    >>> model = torch.nn.Linear(2, 1); before = model.bias.item()
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    >>> model(torch.ones(3, 2)).sum().backward(); optimizer.step()
    >>> assert model.bias.item() == torch.tensor(before).sub(1.5).item()
    """


@STALE.instead
@needs(FLOAT64)
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_the_new_model_keeps_its_weights_and_adds_up_its_gradients(device, steps):
    x, y, weight, bias = whole_numbers(1, (3, 2), (3, 1), (2, 1), (1,))
    old, new = [linear_of(weight, bias, device) for _ in range(2)]
    losses = fit(new, torch.optim.SGD(old.parameters(), lr=0.5, momentum=0.9),
                 torch.tensor(x, device=device), torch.tensor(y, device=device), steps)
    assert len(set(losses)) == 1
    bitwise(new.weight, weight.T)
    agrees(new.weight.grad, steps * 2 * x.T.dot(x.dot(weight) + bias - y).T)


WRONG_OPTIMIZER = Erratum(
    "errata.module-cell-wrong-optimizer",
    "The cell with the custom module trains my_model.",
    [NOTEBOOK["Custom nn module"]],
    Correction("The optimizer of the cell holds the parameters of model, from an earlier cell: the loss of my_model "
               "never changes."),
    kills=["sgd-moves-frozen-weights"],
)


@WRONG_OPTIMIZER.printed
def test_the_loss_of_my_model_falls_with_the_parameters_of_model():
    """
    >>> model, my_model = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1); x, losses = torch.ones(2, 1), []
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.125)
    >>> for i in range(3):
    >>>     loss = my_model(x).pow(2).sum(); losses.append(loss.item()); loss.backward(); optimizer.step()
    >>> assert losses[0] > losses[1] > losses[2]
    """


@WRONG_OPTIMIZER.instead
@needs(FLOAT64)
def test_the_loss_falls_only_with_the_parameters_of_the_model_itself(device):
    x, y, weight, bias = whole_numbers(3, (4, 2), (4, 1), (2, 1), (1,))
    x, y = torch.tensor(x, device=device), torch.tensor(y, device=device)
    model, mine = [linear_of(weight, bias, device) for _ in range(2)]
    first, second, third = fit(mine, torch.optim.SGD(model.parameters(), lr=1 / 64), x, y, 3)
    assert first == second == third and model.weight.grad is None
    bitwise(model.weight, weight.T)
    before = array_of(mine.weight)
    mine.zero_grad()
    first, second, third = fit(mine, torch.optim.SGD(mine.parameters(), lr=1 / 64), x, y, 3)
    assert first > second > third and (array_of(mine.weight) != before).any()
