"""The programs.

The running example as the documents write it with torch.nn: with layers in a row, with an optimizer, and as a class.
"""
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.nn._helpers import TwoLayerNet, layers_in_a_row
from spec.networks import random_problem, trainer
from spec.oracles import layers
from spec.oracles.agreement import agrees, array_of
from spec.oracles.backprop import descend
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES, NOTEBOOK, TEMPLATE
from spec.strategies import two_layer_networks

FORMS = ["sequential", "optimizer", "module"]

PROGRAMS_EQUAL_NUMPY = Claim(
    "nn.programs-equal-numpy",
    "Without biases, and from the same weights, the programs with nn.Sequential, with an optimizer (SGD) and with a "
    "module of one's own compute the losses and weights of the numpy program, as long as no hidden unit is exactly 0.",
    sources=[
        TEMPLATE["nn: The neural network Library"],
        EXAMPLES["PyTorch: nn"],
        EXAMPLES["PyTorch: optim"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        NOTEBOOK["What is a nn module"],
    ],
    kills=["linear-detaches-its-input", "mse-takes-the-absolute-difference",
           "parameters-skips-the-last", "zero-grad-clears-the-first-parameter"],
)


@PROGRAMS_EQUAL_NUMPY
@needs(FLOAT64)
@reaches(silent=lambda net: (net.x.dot(net.w1) < 0).any(), module=lambda form: form == "module",
         optimizer=lambda form: form == "optimizer", sequential=lambda form: form == "sequential")
@given(net=two_layer_networks(kinks=False), form=st.sampled_from(FORMS))
def test_one_step_from_whole_numbers_is_the_same_to_the_last_bit(device, net, form):
    """
    >>> w1, w2 = [torch.nn.Parameter(torch.tensor(w.T.copy())) for w in (w1, w2)]; linear = torch.nn.functional.linear
    >>> (linear(torch.relu(linear(torch.tensor(x), w1)), w2) - torch.tensor(y)).pow(2).sum().backward()
    >>> [(w - 2**-8 * w.grad).t() for w in (w1, w2)]
    """
    rate = 2.0 ** -8
    with_layers, with_arrays = trainer(form)(*net, rate, 1, device=device), trainer("numpy")(*net, rate, 1)
    assert with_layers.losses == with_arrays.losses
    agrees(with_layers.w1, with_arrays.w1)
    agrees(with_layers.w2, with_arrays.w2)


@PROGRAMS_EQUAL_NUMPY
@pytest.mark.parametrize("form", FORMS)
def test_at_the_documents_own_sizes_the_first_steps_are_the_same_up_to_rounding(device, form):
    problem = random_problem(0)
    exact = descend(*[Rounded(array, "float32") for array in problem], learning_rate=1e-6, steps=2)
    losses, w1, w2 = trainer(form)(*problem, 1e-6, 2, device=device)
    assert problem.x.shape == (64, 1000) and problem.w2.shape == (100, 10)
    for loss, expected in zip(losses, exact.losses):
        agrees(loss, expected.value, expected.bound)
    agrees(w1, exact.w1.value, exact.w1.bound, dtype="float32")
    agrees(w2, exact.w2.value, exact.w2.bound, dtype="float32")


@PROGRAMS_EQUAL_NUMPY
@needs(FLOAT64)
@pytest.mark.parametrize("form", FORMS[:2])
def test_where_a_hidden_unit_is_exactly_0_the_module_relu_has_the_derivative_0(device, form):
    x, y, w1, w2 = np.array([[1.0, 2.0]]), np.zeros((1, 1)), np.array([[2.0, 1.0], [-1.0, 1.0]]), np.ones((2, 1))
    expected = descend(x, y, w1, w2, learning_rate=2.0 ** -8, steps=1, at_zero=0)
    losses, after1, after2 = trainer(form)(x, y, w1, w2, 2.0 ** -8, 1, device=device)
    assert losses == expected.losses
    agrees(after1, expected.w1)
    agrees(after2, expected.w2)
    assert (after1 != descend(x, y, w1, w2, learning_rate=2.0 ** -8, steps=1, at_zero=1).w1).any()


def move_by_hand(model):
    """Return a function that takes one step of gradient descent, written as a loop over the parameters."""
    def step():
        for param in model.parameters():
            param.data -= 1e-4 * param.grad.data
    return step


def losses_of(make, stepper, device, steps=500):
    """Run the documents' program at its own sizes from the seed 0; return the losses and what it started from.

    make  a function of (d_in, h, d_out) that returns the model; stepper  a function of the model that returns a step
    """
    torch.manual_seed(0)
    x, y = torch.randn(64, 1000).to(device), torch.randn(64, 10).to(device)
    model = make(1000, 100, 10).to(device)
    start = [array_of(tensor) for tensor in [x, y] + list(model.parameters())]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        loss_fn = torch.nn.MSELoss(size_average=False)
    step, losses = stepper(model), []
    for _ in range(steps):
        loss = loss_fn(model(x), y)
        losses.append(loss.item())
        model.zero_grad()
        loss.backward()
        step()
    return losses, start


def fits(losses):
    """Assert that 500 losses are finite and fall from several hundred to below 1e-4."""
    assert len(losses) == 500 and np.isfinite(losses).all()
    assert 300 < losses[0] < 1500
    assert 0 <= losses[-1] < 1e-4


def follows(losses, start):
    """Assert that losses, from the first one on, are those of gradient descent by hand from the same start."""
    x, y, w1, b1, w2, b2 = (Rounded(array, "float32") for array in start)
    for loss, expected in zip(losses, layers.descend(x, y, [w1, w2], [b1, b2], 1e-4, 2)):
        agrees(loss, expected.value, expected.bound)


PROGRAM_LOSS_FALLS = Claim(
    "nn.program-loss-falls",
    "The program with nn.Sequential, summed squared error and an update by hand with the rate 1e-4 trains: over its "
    "500 steps the loss falls from several hundred to below 1e-4.",
    sources=[TEMPLATE["nn: The neural network Library"], EXAMPLES["PyTorch: nn"], NOTEBOOK["What is a nn module"]],
    kills=["linear-forgets-its-bias", "parameters-skips-the-last", "size-average-false-averages",
           "zero-grad-clears-the-first-parameter"],
)


@PROGRAM_LOSS_FALLS
def test_the_program_with_layers_in_a_row_fits_random_data_in_500_steps(device):
    losses, start = losses_of(layers_in_a_row, move_by_hand, device)
    fits(losses)
    follows(losses, start)


MODULE_PROGRAM_LOSS_FALLS = Claim(
    "nn.module-program-loss-falls",
    "The program with a module of one's own and SGD trains as well, and from the same seed its losses follow those of "
    "the program with nn.Sequential.",
    sources=[EXAMPLES["PyTorch: Custom nn Modules"]],
    kills=["linear-forgets-its-bias", "sgd-steps-uphill", "size-average-false-averages",
           "zero-grad-clears-the-first-parameter"],
)


def move_by_sgd(model):
    """Return the step of an SGD optimizer."""
    return torch.optim.SGD(model.parameters(), lr=1e-4).step


@MODULE_PROGRAM_LOSS_FALLS
def test_the_program_with_a_module_of_its_own_fits_the_same_data_with_the_same_losses(device):
    losses, start = losses_of(TwoLayerNet, move_by_sgd, device)
    fits(losses)
    follows(losses, start)
    in_a_row, same_start = losses_of(layers_in_a_row, move_by_hand, device, steps=2)
    assert all((one == other).all() for one, other in zip(start, same_start))
    follows(in_a_row, start)
