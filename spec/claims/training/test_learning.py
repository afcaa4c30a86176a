"""Learning.

With more weights than targets the network can learn random numbers by heart. Whether it does depends on the learning
rate, and the documents print two: 1e-6 and 1e-4.
"""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.training._helpers import losses_of
from spec.networks import random_problem, trainer
from spec.networks.layers import linear
from spec.oracles.agreement import agrees, unchanged
from spec.sources import PRINTED_PROGRAMS
from spec.strategies import regressions

LOSS_DECREASES = Claim(
    "training.loss-decreases",
    "Over the 500 steps of each program the loss falls by orders of magnitude: the network learns its 64 random "
    "targets by heart.",
    sources=PRINTED_PROGRAMS,
    kills=["sgd-climbs", "adam-moves-its-first-parameter-only", "zero-grad-does-nothing"],
)


@LOSS_DECREASES
@pytest.mark.parametrize("program", ["nn", "optim"])
def test_the_programs_with_layers_learn_their_targets_in_500_steps(device, program):
    losses = losses_of(program, 1e-4, device=device)
    assert losses.shape == (500,) and (losses >= 0).all()
    assert 100 < losses[0] < 10000
    assert losses[-1] < 1e-6 * losses[0]


@LOSS_DECREASES
def test_the_dynamic_program_learns_although_every_step_may_run_another_network(device):
    losses = losses_of("dynamic", 1e-4, device=device)
    assert losses.shape == (500,) and (losses >= 0).all()
    assert losses[-50:].mean() < 0.1 * losses[0]


@LOSS_DECREASES
@needs(FLOAT64)
@reaches(learned=lambda problem, rate: rate == 1, several=lambda problem: problem.w.size > 1)
@given(problem=regressions(), rate=st.sampled_from([1.0, 0.5, 0.125]))
def test_a_layer_learns_a_linear_function_at_the_rate_that_its_inputs_promise(device, problem, rate):
    """
    >>> x, y, w = map(torch.tensor, (x, y, w)); v = w - w; step = rate / (2 * (x ** 2).sum())
    >>> for _ in range(8): v, before = v - step * 2 * x.t().mm(x.mm(v) - y), (x.mm(v) - y).pow(2).sum()
    >>> before, (x.mm(v) - y).pow(2).sum()
    """
    # The error of the weights shrinks along each eigenvector of x'x by 1 - 2 step s, where 1 <= s <= sum of x squared.
    step = rate / (2 * np.square(problem.x).sum())
    layer = linear(0 * problem.w, device)
    optimizer = torch.optim.SGD(layer.parameters(), lr=step)
    x, y = [torch.tensor(array, device=device) for array in problem[:2]]
    losses = []
    for _ in range(9):
        loss = torch.nn.functional.mse_loss(layer(x), y, reduction="sum")
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for before, after in zip(losses, losses[1:]):
        assert after <= (1 - 2 * step) ** 2 * before + 2.0**-40 * losses[0]


@LOSS_DECREASES
def test_a_network_whose_rectifiers_are_all_silent_learns_nothing(device):
    x, y, w2 = np.ones((3, 2)), np.ones((3, 1)), np.ones((4, 1))
    after = trainer("optimizer")(x, y, -np.ones((2, 4)), w2, learning_rate=0.1, steps=5, device=device)
    assert after.losses == [3.0] * 5
    agrees(after.w1, -np.ones((2, 4)))
    unchanged(after.w2, w2)


LEARNING_RATES_CONVERGE = Claim(
    "training.learning-rates-converge",
    "A learning rate of 1e-6 suits the programs whose random weights are not scaled, and 1e-4 those built on nn.",
    sources=PRINTED_PROGRAMS,
    kills=["layers-are-born-without-scaling", "sgd-climbs", "minus-equals-adds"],
)

NOT_SCALED = range(3)
"""The seeds of the problems on which the programs without layers are tried."""


@LEARNING_RATES_CONVERGE
@pytest.mark.parametrize("seed", NOT_SCALED)
def test_at_one_millionth_unscaled_weights_converge(device, seed):
    losses = losses_of("tensors", 1e-6, seed, steps=100, device=device)
    assert np.isfinite(losses).all()
    assert losses[-1] < 1e-3 * losses[0]


@LEARNING_RATES_CONVERGE
@pytest.mark.parametrize("seed", NOT_SCALED)
def test_at_thirty_millionths_unscaled_weights_diverge(device, seed):
    assert not np.isfinite(losses_of("tensors", 3e-5, seed, steps=20, device=device)[-1])


@LEARNING_RATES_CONVERGE
@pytest.mark.parametrize("seed", NOT_SCALED)
def test_at_a_hundred_millionth_unscaled_weights_have_hardly_learned_after_100_steps(device, seed):
    losses = losses_of("tensors", 1e-8, seed, steps=100, device=device)
    assert 0.1 * losses[0] < losses[-1] < losses[0]


@LEARNING_RATES_CONVERGE
def test_at_a_ten_thousandth_the_program_with_layers_converges(device):
    assert losses_of("nn", 1e-4, device=device)[-1] < 1e-2


@LEARNING_RATES_CONVERGE
def test_at_one_millionth_the_program_with_layers_has_hardly_learned_after_100_steps(device):
    losses = losses_of("nn", 1e-6, steps=100, device=device)
    assert 0.8 * losses[0] < losses[-1] < losses[0]


@LEARNING_RATES_CONVERGE
def test_at_a_hundredth_the_program_with_layers_diverges(device):
    assert not np.isfinite(losses_of("nn", 1e-2, steps=50, device=device)[-1])


@LEARNING_RATES_CONVERGE
def test_unscaled_weights_make_the_first_loss_ten_thousand_times_that_of_layers(device):
    unscaled, layers = [losses_of(*case, device=device)[0] for case in (("tensors", 1e-6, 0, 100), ("nn", 1e-4))]
    assert unscaled > 1e4 * layers
    assert random_problem(0).w1.std() > 30 * torch.nn.Linear(1000, 100).weight.std().item()
