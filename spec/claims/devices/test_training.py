"""Training on a GPU.

The model is moved once, the data are moved before they are used, and the training loop stays as it was.
"""
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from torch import nn
from torch.autograd import Variable

from spec.capabilities import FLOAT64, VALUES, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.devices._helpers import SEPARATE, lies_on, sent
from spec.claims.devices._program import TwoLayerNN, biased_problem, expected_losses, model_of
from spec.oracles import backprop
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION
from spec.strategies import seeds, two_layer_networks

CUDA_ON_MODEL_AND_INPUTS_SUFFICES = Claim(
    "devices.cuda-on-model-and-inputs-suffices",
    "Calling cuda() on the model and on each input is all that training on the GPU needs; the results are those of the "
    "CPU up to rounding.",
    sources=[EXAMPLES["Pytorch: GPU"], INTRODUCTION["Optimization"], FLOYDHUB["Train model with CUDA"]],
    kills=["a-model-is-moved-to-the-cpu-in-halves", "sgd-climbs", "linear-forgets-its-bias"],
)


def five_losses(problem, learning_rate, device):
    """Train the model of a problem for five steps on a device; return the losses and the model."""
    model = sent(model_of(problem), device)
    x, y = [sent(torch.from_numpy(array.copy()), device) for array in (problem.x, problem.y)]
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses = []
    for _ in range(5):
        loss = nn.MSELoss()(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses, model


@CUDA_ON_MODEL_AND_INPUTS_SUFFICES
@needs(FLOAT64, VALUES)
@reaches(beyond_31_bits=lambda seed: seed >= 2**31)
@given(seed=seeds())
def test_five_steps_with_the_model_and_the_data_moved_give_the_losses_worked_out_by_hand(device, seed):
    """
    >>> torch.manual_seed(seed); x, model = torch.randn(8, 3).double(), torch.nn.Linear(3, 1).double()
    >>> model(x).pow(2).mean(), model.to(device)(x.to(device)).pow(2).mean()
    """
    problem = biased_problem(seed, 8, 3, 4, 2)
    losses, model = five_losses(problem, 0.125, device)
    for loss, expected in zip(losses, expected_losses(problem, 0.125, 5, mean=True)):
        agrees(loss, expected.value, expected.bound)
    assert all(lies_on(parameter, device) and lies_on(parameter.grad, device) for parameter in model.parameters())


@CUDA_ON_MODEL_AND_INPUTS_SUFFICES
@needs(SEPARATE, FLOAT64, VALUES)
@pytest.mark.parametrize("forgotten", ["model", "input", "target"])
def test_what_is_left_on_the_cpu_is_refused(device, forgotten):
    problem = biased_problem(0, 8, 3, 4, 2)
    things = {"model": model_of(problem), "input": torch.tensor(problem.x), "target": torch.tensor(problem.y)}
    things = {name: thing if name == forgotten else sent(thing, device) for name, thing in things.items()}
    with pytest.raises(RuntimeError):
        nn.MSELoss()(things["model"](things["input"]), things["target"])


LOSS_TO_CPU_KEEPS_GRAPH = Claim(
    "devices.loss-to-cpu-keeps-graph",
    "loss.backward() after loss = loss.cpu() still sends the gradients to the parameters on the GPU; without that move "
    "loss.data.numpy() is refused.",
    sources=[
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Defining new autograd functions"],
        FLOYDHUB["Models Definition"],
        FLOYDHUB["Train model with CUDA"],
    ],
    kills=["moving-to-the-cpu-cuts-the-history"],
)


def gradients(network, device, move):
    """Return the loss, before and after a move, and the weights of a two-layer network after the backward pass."""
    x, y = [torch.tensor(array, device=device) for array in (network.x, network.y)]
    weights = [torch.tensor(array, device=device, requires_grad=True) for array in (network.w1, network.w2)]
    loss = ((x.mm(weights[0]).clamp(min=0).mm(weights[1]) - y) ** 2).sum()
    moved = move(loss)
    moved.backward()
    return loss, moved, weights


@LOSS_TO_CPU_KEEPS_GRAPH
@needs(FLOAT64, VALUES)
@reaches(several=lambda network: network.w1.size > 4, dead=lambda network: (network.x @ network.w1 < 0).any())
@given(network=two_layer_networks(exact=True, kinks=False))
def test_the_weights_get_the_same_gradients_whether_the_loss_is_moved_to_the_cpu_or_not(device, network):
    """
    >>> w = torch.tensor(network.w1).to(device).requires_grad_(); x = torch.tensor(network.x).to(device)
    >>> x.mm(w).sum().cpu().backward(); w.grad
    """
    expected = backprop.two_layers(*network)
    _, moved, weights = gradients(network, device, lambda loss: loss.cpu())
    _, _, without = gradients(network, device, lambda loss: loss)
    assert moved.device.type == "cpu" and moved.grad_fn is not None
    agrees(moved.data.numpy(), expected.loss)
    for weight, other, gradient in zip(weights, without, (expected.grad_w1, expected.grad_w2)):
        assert lies_on(weight.grad, device)
        agrees(weight.grad, gradient)
        bitwise(array_of(weight.grad), array_of(other.grad))


@LOSS_TO_CPU_KEEPS_GRAPH
@needs(SEPARATE)
def test_numpy_refuses_a_loss_that_was_not_moved(device):
    loss = torch.nn.MSELoss()(torch.ones(3, 1, device=device), torch.zeros(3, 1, device=device))
    with pytest.raises(TypeError):
        loss.data.numpy()


LOSS_FUNCTION_NEEDS_CUDA = Claim(
    "devices.loss-function-needs-cuda",
    "loss_fn.cuda() is required for a loss between tensors on the GPU.",
    sources=[
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Defining new autograd functions"],
        FLOYDHUB["Models Definition"],
        FLOYDHUB["Train model with CUDA"],
    ],
    deviations=[
        Deviation(
            "A loss function without weights has nothing to be moved; only one with weights of its own must be moved.",
            witness={"weighted": False},
            where=lambda weighted: not weighted,
        )
    ],
    kills=["the-squared-error-has-a-weight", "squared-error-is-summed"],
)


@LOSS_FUNCTION_NEEDS_CUDA
@needs(SEPARATE, VALUES)
@pytest.mark.parametrize("weighted", [False, True], ids=["without weights", "with weights"])
def test_a_loss_function_that_was_not_moved_refuses_tensors_on_the_device(device, weighted):
    prediction = torch.zeros(2, 3, device=device)
    with pytest.raises(RuntimeError):
        if weighted:
            nn.CrossEntropyLoss(weight=torch.ones(3))(prediction, torch.zeros(2, device=device).long())
        else:
            nn.MSELoss()(prediction, torch.ones(2, 3, device=device))


@LOSS_FUNCTION_NEEDS_CUDA.instead
@needs(VALUES)
def test_a_mean_squared_error_is_the_same_whether_its_loss_function_was_moved_or_not(device):
    x, y = (torch.tensor([[1.0, -2.0], [4.0, 0.5]], device=device) + shift for shift in (0, 2))
    for criterion in (nn.MSELoss(), sent(nn.MSELoss(), device)):
        loss = criterion(x, y)
        assert lies_on(loss, device)
        agrees(loss, np.array(4, "float32"))


@LOSS_FUNCTION_NEEDS_CUDA.instead
def test_a_mean_squared_error_has_no_parameters_and_no_buffers_and_returns_itself_when_it_is_moved(device):
    criterion = nn.MSELoss()
    assert not list(criterion.parameters()) and not dict(criterion.named_buffers()) and not criterion.state_dict()
    assert sent(criterion, device) is criterion


@LOSS_FUNCTION_NEEDS_CUDA.regardless
def test_the_weights_of_a_loss_function_are_a_buffer_that_moves_with_it(device):
    criterion = nn.CrossEntropyLoss(weight=torch.ones(3))
    assert list(dict(criterion.named_buffers())) == ["weight"]
    assert lies_on(sent(criterion, device).weight, device)


GPU_PROGRAM_END_TO_END = Claim(
    "devices.gpu-program-end-to-end",
    "The two-layer network, written with nn, optim and cuda(), runs from end to end on the GPU.",
    sources=[INTRODUCTION["Optimization"]],
    kills=["sgd-climbs", "linear-forgets-its-bias", "summed-squared-error-is-averaged"],
)


@GPU_PROGRAM_END_TO_END
@needs(FLOAT64, VALUES)
def test_the_first_losses_of_the_program_are_those_worked_out_by_hand(device):
    problem = biased_problem(1, 64, 1000, 100, 10)
    losses, _ = trained(sent(model_of(problem), device), problem.x, problem.y, 3, device)
    for loss, expected in zip(losses, expected_losses(problem, 1e-4, 3, mean=False)):
        agrees(loss, expected.value, expected.bound)


@GPU_PROGRAM_END_TO_END
@needs(SEPARATE, VALUES)
def test_the_program_of_the_documents_learns_its_data_by_heart_and_stays_on_the_device(device):
    torch.manual_seed(0)
    x, y = torch.randn(64, 1000), torch.randn(64, 10)
    losses, model = trained(sent(TwoLayerNN(1000, 100, 10), device), x.numpy(), y.numpy(), 500, device)
    assert len(losses) == 500 and all(np.isfinite(losses)) and losses[-1] < losses[0] / 100
    assert all(lies_on(parameter, device) for parameter in model.parameters())


def trained(model, x, y, steps, device):
    """Train as the document prints it, with the step of the optimizer inside the loop; return losses and model."""
    x = sent(Variable(torch.from_numpy(x)), device)
    y = sent(Variable(torch.from_numpy(y), requires_grad=False), device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        criterion = torch.nn.MSELoss(size_average=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    losses = []
    for _ in range(steps):
        loss = criterion(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses, model
