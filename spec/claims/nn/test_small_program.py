"""The small program.

Ten examples of ten numbers each, ten hidden units and five steps: the same data and loss as in the programs before it,
but not the same network.
"""
import numpy as np
import pytest
import torch

from spec.claim import Claim, Deviation
from spec.claims.nn._helpers import layers_in_a_row
from spec.oracles import layers
from spec.oracles.agreement import agrees, array_of
from spec.oracles.running_error import Rounded
from spec.sources import FLOYDHUB

FIVE_STEP_PROGRAM_LOSS_FALLS = Claim(
    "nn.five-step-program-loss-falls",
    "The small program (a Sequential from 10 to 10 to 1 with ReLU, MSELoss, SGD with the rate 0.1, the seed 1) lowers "
    "its loss in each of its five steps.",
    sources=[FLOYDHUB["Models Definition"]],
    kills=["sgd-steps-uphill", "linear-forgets-its-bias", "mse-takes-the-absolute-difference",
           "seeds-are-shifted-by-one"],
)

LOSSES = [1.468481, 1.249840, 1.127742, 1.040418, 0.967801]
"""The losses of the five steps on the CPU, to six places, as every release from 1.0 on computes them."""


def five_steps(seed, device):
    """Run the program of five steps from a seed; return its losses, and those by hand from the same start."""
    torch.manual_seed(seed)
    x, y = torch.randn(10, 10), torch.randn(10, 1)
    model = layers_in_a_row(10, 10, 1)
    start = [Rounded(array_of(tensor), "float32") for tensor in [x, y] + list(model.parameters())]
    x, y, model = x.to(device), y.to(device), model.to(device)
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.1), []
    for _ in range(5):
        loss = torch.nn.MSELoss()(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    x, y, w1, b1, w2, b2 = start
    return losses, layers.descend(x, y, [w1, w2], [b1, b2], 0.1, 5, "mean")


@FIVE_STEP_PROGRAM_LOSS_FALLS
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_loss_falls_at_each_of_five_steps_and_is_that_of_descent_by_hand(device, seed):
    losses, by_hand = five_steps(seed, device)
    assert all(later < earlier for earlier, later in zip(losses, losses[1:]))
    for loss, expected in zip(losses, by_hand):
        agrees(loss, expected.value, expected.bound)
    if seed == 1:
        agrees(losses, LOSSES, bound=2e-6)


SEQUENTIAL_PROGRAM_IS_RAW_NETWORK = Claim(
    "nn.sequential-program-is-raw-network",
    "The small program with torch.nn is the same network with one hidden layer that was written with tensors before.",
    sources=[FLOYDHUB["Models Definition"]],
    deviations=[
        Deviation(
            "It is a wider network, with biases, and with ReLU in place of the sigmoid: 121 learnable numbers, not 55.",
            witness={},
        )
    ],
    kills=["linear-without-bias-has-one", "relu-has-a-parameter"],
)

RAW_WEIGHTS = [(10, 5), (5, 1)]


@SEQUENTIAL_PROGRAM_IS_RAW_NETWORK
def test_the_model_has_as_many_learnable_numbers_as_the_two_matrices():
    model = layers_in_a_row(10, 10, 1)
    assert sum(parameter.numel() for parameter in model.parameters()) == sum(a * b for a, b in RAW_WEIGHTS)


@SEQUENTIAL_PROGRAM_IS_RAW_NETWORK.instead
def test_the_model_has_ten_hidden_units_and_biases():
    model = layers_in_a_row(10, 10, 1)
    assert [tuple(parameter.shape) for parameter in model.parameters()] == [(10, 10), (10,), (1, 10), (1,)]
    assert sum(parameter.numel() for parameter in model.parameters()) == 121


@SEQUENTIAL_PROGRAM_IS_RAW_NETWORK.instead
def test_with_five_units_and_without_biases_it_still_rectifies_where_the_other_has_a_sigmoid(device):
    model = torch.nn.Sequential(torch.nn.Linear(10, 5, bias=False), torch.nn.ReLU(), torch.nn.Linear(5, 1, bias=False))
    assert sum(parameter.numel() for parameter in model.parameters()) == 55
    x = torch.zeros(1, 10, device=device)
    model[2].weight.data.fill_(1)
    agrees(model.to(device)(x), np.zeros((1, 1), "float32"))
    agrees(torch.sigmoid(x.mm(model[0].weight.t())).mm(model[2].weight.t()), np.full((1, 1), 2.5, "float32"))
