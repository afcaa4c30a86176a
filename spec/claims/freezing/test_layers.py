"""Layers.

A layer whose parameters do not require a gradient is frozen: it stays as it is while the layers around it train.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.freezing._helpers import expected, frozen_networks, loss_of, module_of
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies.choices import draw_choices

FROZEN_LAYER_OTHERS_TRAIN = Claim(
    "freezing.frozen-layer-others-train",
    "Setting requires_grad to False on a layer disables gradients for that layer only: the layers before and after it "
    "still get theirs, and train.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    kills=["a-frozen-layer-cuts-the-gradient", "gradients-cannot-be-switched-off", "sgd-moves-frozen-weights"],
)


@FROZEN_LAYER_OTHERS_TRAIN
@needs(FLOAT64)
@reaches(between=lambda case: case.frozen[:3] == (False, True, False), none=lambda case: not any(case.frozen))
@given(case=frozen_networks())
def test_frozen_layers_get_no_gradient_and_stay_while_the_others_get_what_they_get_in_an_unfrozen_network(device, case):
    """
    >>> h, w = torch.tensor(x), [torch.tensor(one, requires_grad=not f) for one, f in zip(weights, frozen)]
    >>> for one in w[:-1]: h = h.mm(one).relu()
    >>> ((h.mm(w[-1]) - torch.tensor(y)) ** 2).sum().backward(); print([one.grad for one in w])
    """
    model, linears = module_of(case, device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    loss, _ = loss_of(model, case, device)
    if all(case.frozen):
        assert not loss.requires_grad
        return
    loss.backward()
    before = [array_of(linear.weight) for linear in linears]
    optimizer.step()
    for linear, frozen, weight, gradient in zip(linears, case.frozen, before, expected(case).grad_weights):
        if frozen:
            assert linear.weight.grad is None
            unchanged(linear.weight, weight)
        else:
            agrees(linear.weight.grad, gradient.T)
            agrees(linear.weight, weight - 0.5 * gradient.T)


@FROZEN_LAYER_OTHERS_TRAIN
def test_an_optimizer_may_hold_nothing_but_frozen_parameters(device):
    weight = torch.ones(2, device=device)
    optimizer = torch.optim.SGD([weight], lr=0.5)
    optimizer.zero_grad()
    optimizer.step()
    agrees(weight, np.ones(2, dtype="float32"))


@FROZEN_LAYER_OTHERS_TRAIN
def test_the_running_statistics_of_a_frozen_batch_norm_still_change_in_training_mode(device):
    layer = torch.nn.BatchNorm1d(1, momentum=0.5).to(device)
    for parameter in layer.parameters():
        parameter.requires_grad = False
    result = layer(torch.tensor([[1.0], [5.0]], device=device))
    assert not result.requires_grad
    agrees(layer.running_mean, np.array([1.5], dtype="float32"))
    layer.eval()(torch.tensor([[9.0], [9.0]], device=device))
    agrees(layer.running_mean, np.array([1.5], dtype="float32"))


RETRAIN_PART_OF_A_MODEL = Claim(
    "freezing.retrain-part-of-a-model",
    "Freezing lets one retrain only some layers of a trained model.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    kills=["sgd-moves-frozen-weights", "gradients-cannot-be-switched-off", "a-frozen-layer-cuts-the-gradient"],
)


@RETRAIN_PART_OF_A_MODEL
@needs(FLOAT64)
@reaches(learns=lambda case: expected(case).grad_weights[-1].any(), deep=lambda case: len(case.weights) > 2)
@given(case=frozen_networks(max_depth=2, leading=True))
def test_a_new_last_layer_learns_while_the_frozen_ones_stay_and_the_gradient_of_the_input_is_available(device, case):
    """
    >>> h, last = torch.tensor(x), torch.tensor(weights[-1], requires_grad=True)
    >>> for one in weights[:-1]: h = h.mm(torch.tensor(one)).relu()
    >>> ((h.mm(last) - torch.tensor(y)) ** 2).sum().backward(); print(last.grad)
    """
    case = case._replace(frozen=(True,) * (len(case.weights) - 1) + (False,))
    model, linears = module_of(case, device)
    hand = expected(case)
    features = np.maximum(hand.pre_activations[-2], 0)
    # The loss is quadratic in the last layer; its second derivative is at most twice the sum of squared features.
    step = 1.0 / (2 * (features ** 2).sum() or 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=step)
    loss, x = loss_of(model, case, device, requires_grad=True)
    loss.backward()
    agrees(x.grad, hand.grad_x)
    optimizer.step()
    for linear, weight in zip(linears[:-1], case.weights):
        assert linear.weight.grad is None
        agrees(linear.weight, weight.T)
    agrees(linears[-1].weight.grad, hand.grad_weights[-1].T)
    after = loss_of(model, case, device)[0].item()
    assert after < loss.item() if hand.grad_weights[-1].any() else after == loss.item()


@RETRAIN_PART_OF_A_MODEL
def test_a_flag_that_is_cleared_between_forward_and_backward_already_stops_the_gradient(device):
    frozen = torch.tensor([2.0], device=device, requires_grad=True)
    free = torch.tensor([3.0], device=device, requires_grad=True)
    loss = (frozen * free).sum()
    frozen.requires_grad = False
    loss.backward()
    assert frozen.grad is None
    agrees(free.grad, np.array([2], dtype="float32"))


Run = NamedTuple("Run", [
    ("optimizer", str), ("lr", float), ("momentum", float), ("weight_decay", float), ("before", int), ("after", int)])
Run.__doc__ = "Training with an optimizer, ``before`` steps free and then ``after`` steps with one weight frozen."

OPTIMIZERS = {
    "SGD": lambda weights, run: torch.optim.SGD(
        weights, lr=run.lr, momentum=run.momentum, weight_decay=run.weight_decay),
    "Adam": lambda weights, run: torch.optim.Adam(weights, lr=run.lr),
}

SLOPE = 3.0
"""The gradient of the loss with respect to the weight that is frozen."""


@st.composite
def runs(draw, moving=False):
    """Draw a Run: half of them plain SGD; with moving=True, SGD with a momentum or a weight decay.

    All numbers are dyadic, so that float64 does not round them.
    """
    choices = draw_choices(draw, 6)
    lr, before, after = choices.of((0.5, 1.0, 0.25, 2.0)), choices.between(1, 4), choices.between(1, 4)
    if not moving and choices.below(2):
        return Run("SGD", lr, 0.0, 0.0, before, after)
    optimizer = "SGD" if moving else choices.of(("SGD", "Adam"))
    momentum, weight_decay = choices.of(((0.5, 0.0), (0.0, 0.25), (0.25, 0.5)))
    return Run(optimizer, lr, momentum, weight_decay, before, after)


def moves_without_a_gradient(run):
    """Say whether the optimizer moves a weight whose gradient is 0."""
    return run.optimizer != "SGD" or run.momentum + run.weight_decay > 0


def trained(run, device):
    """Train two weights, freeze the first and train on: return its value when it was frozen, it, and the other."""
    frozen, other = [torch.tensor([1.0], dtype=torch.float64, device=device, requires_grad=True) for _ in range(2)]
    optimizer = OPTIMIZERS[run.optimizer]([frozen, other], run)
    for step in range(run.before + run.after):
        if step == run.before:
            frozen.requires_grad = False
            value = array_of(frozen)
        optimizer.zero_grad()
        (SLOPE * frozen + other).sum().backward()
        optimizer.step()
    return value, frozen, other


FROZEN_WEIGHT_WITH_MOMENTUM = Claim(
    "freezing.frozen-weight-with-momentum",
    "A weight that is frozen after some training steps stays put while the optimizer keeps stepping.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    deviations=[
        Deviation(
            "zero_grad() leaves a gradient of 0 where there was one, so that momentum, weight decay and Adam still "
            "move the frozen weight; since 2.0 it leaves None, and the weight stays.",
            witness=[{"run": Run("SGD", 0.5, 0.5, 0.0, 1, 1)}, {"run": Run("SGD", 0.5, 0.0, 0.5, 1, 1)},
                     {"run": Run("Adam", 0.5, 0.0, 0.0, 1, 1)}],
            where=moves_without_a_gradient,
            until="1.13",
        )
    ],
    kills=["zero-grad-does-nothing", "zero-grad-the-other-way", "sgd-moves-frozen-weights"],
)


@FROZEN_WEIGHT_WITH_MOMENTUM
@needs(FLOAT64)
@reaches(trained=lambda run: run.before > 1, several=lambda run: run.after > 1)
@example(run=Run("SGD", 0.5, 0.0, 0.0, 2, 2))
@given(run=runs())
def test_a_weight_that_was_trained_and_then_frozen_keeps_its_value(device, run):
    """
    >>> w = torch.ones(1, requires_grad=True); o = torch.optim.SGD([w], lr, momentum, weight_decay=weight_decay)
    >>> w.sum().backward(); o.step(); before = w.item(); w.requires_grad = False
    >>> o.zero_grad(); o.step(); print(before, w.item())
    """
    value, frozen, other = trained(run, device)
    unchanged(frozen, value)
    assert other.item() != 1.0


@FROZEN_WEIGHT_WITH_MOMENTUM.instead
@needs(FLOAT64)
@reaches(momentum=lambda run: run.momentum > 0, decay=lambda run: run.weight_decay > 0)
@given(run=runs(moving=True))
def test_momentum_and_weight_decay_move_a_frozen_weight_as_if_its_gradient_were_0(device, run):
    """
    >>> w = torch.ones(1, requires_grad=True); o = torch.optim.SGD([w], lr, momentum, weight_decay=weight_decay)
    >>> w.sum().backward(); o.step(); before = w.item(); w.requires_grad = False
    >>> o.zero_grad(); o.step(); print(before, w.item())
    """
    weight, velocity = 1.0, 0.0
    for step in range(run.before + run.after):
        gradient = (SLOPE if step < run.before else 0.0) + run.weight_decay * weight
        velocity = run.momentum * velocity + gradient
        weight -= run.lr * velocity
    agrees(trained(run, device)[1], np.array([weight]))


@FROZEN_WEIGHT_WITH_MOMENTUM.instead
@needs(FLOAT64)
def test_adam_moves_a_frozen_weight_on_in_the_direction_that_it_had(device):
    value, frozen, _ = trained(Run("Adam", 0.5, 0.0, 0.0, 2, 1), device)
    assert frozen.item() < value.item() < 1.0


@FROZEN_WEIGHT_WITH_MOMENTUM.regardless
def test_a_frozen_weight_whose_gradient_is_not_cleared_keeps_moving(device):
    weight = torch.tensor([1.0], device=device, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.5)
    (SLOPE * weight).sum().backward()
    weight.requires_grad = False
    optimizer.step()
    optimizer.step()
    agrees(weight, np.array([1 - 2 * 0.5 * SLOPE], dtype="float32"))


@FROZEN_WEIGHT_WITH_MOMENTUM.regardless
@pytest.mark.parametrize("way", ["its gradient is None", "the optimizer does not hold it"])
def test_a_frozen_weight_stays_where_the_optimizer_has_no_gradient_for_it(device, way):
    weight = torch.tensor([1.0], device=device, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.5, momentum=0.5, weight_decay=0.5)
    (SLOPE * weight).sum().backward()
    optimizer.step()
    weight.requires_grad = False
    if way == "its gradient is None":
        weight.grad = None
    else:
        optimizer.param_groups[0]["params"] = []
    before = array_of(weight)
    optimizer.step()
    unchanged(weight, before)
