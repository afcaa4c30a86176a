"""A step.

step() makes one update from the gradients that are there. Plain stochastic gradient descent takes lr times the gradient
from each weight, as the documents do by hand.
"""
import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.optim._helpers import COMMON, Run, follows, gradients_of, make, moved, runs, weights_by_step
from spec.networks import trainer
from spec.oracles import optimizers
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.oracles.backprop import descend
from spec.oracles.optimizers import measured
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import SEPARATE, Blueprint, two_layer_networks

STEP_MAKES_ONE_UPDATE = Claim(
    "optim.step-makes-one-update",
    "One call of step() makes one update to the parameters; without a call nothing changes.",
    sources=[
        EXAMPLES["PyTorch: optim"],
        INTRODUCTION["Optimization"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["PyTorch - optim"],
    ],
    kills=["step-is-made-twice", "zero-grad-moves-the-weights", "sgd-moves-frozen-weights",
           "step-clears-the-gradients"],
)


@STEP_MAKES_ONE_UPDATE
@needs(FLOAT64)
@reaches(several=lambda run: len(run.gradients) > 1, moves=lambda run: run.gradients[0].any())
@given(run=runs([{"lr": 0.5}, {"lr": 0.25, "momentum": 0.5}], max_steps=3), calls=st.integers(0, 3))
def test_as_many_updates_are_made_as_step_is_called_whatever_else_is_done(device, run, calls):
    """
    >>> w.requires_grad_(); o = torch.optim.SGD([w], **options)
    >>> w.backward(torch.tensor(gradients)[-1])
    >>> for _ in range(calls): o.step()
    >>> w
    """
    w = run.w.on(device, requires_grad=True)
    optimizer = torch.optim.SGD([w], **run.options)
    before = array_of(w)
    for gradient in gradients_of(run, device):
        optimizer.zero_grad()
        (w * gradient).sum().backward()
        unchanged(w, before)
    rule, expected = optimizers.SGD(**run.options), measured(run.w.array, run.w.dtype)
    for _ in range(calls):
        optimizer.step()
        expected = rule.step(expected, measured(run.gradients[-1], run.w.dtype))
    agrees(w.grad, run.gradients[-1])
    agrees(w, expected.value, expected.bound, dtype=run.w.dtype)
    after = array_of(w)
    optimizer.zero_grad()
    unchanged(w, after)


@STEP_MAKES_ONE_UPDATE
@pytest.mark.parametrize("name", COMMON)
def test_a_step_before_any_backward_changes_nothing(device, name):
    w = torch.ones(2, device=device, requires_grad=True)
    optimizer = make(name, [w])
    optimizer.step()
    unchanged(w, np.ones(2, "float32"))
    w.sum().backward()
    optimizer.step()
    assert moved(w, np.ones(2, "float32"))


@STEP_MAKES_ONE_UPDATE
@pytest.mark.parametrize("name, moves", [("SGD", False), ("Adagrad", False), ("RMSprop", False), ("Adam", True)])
def test_with_a_gradient_of_zeros_only_adam_which_remembers_earlier_gradients_moves_on(device, name, moves):
    w = torch.ones(2, device=device, requires_grad=True)
    optimizer = make(name, [w])
    w.sum().backward()
    w.grad.zero_()
    optimizer.step()
    unchanged(w, np.ones(2, "float32"))
    w.sum().backward()
    optimizer.step()
    before = array_of(w)
    w.grad.zero_()
    optimizer.step()
    assert moved(w, before) == moves


@STEP_MAKES_ONE_UPDATE
def test_the_update_is_written_into_the_tensor_that_was_given_and_is_not_recorded(device):
    w = torch.ones(2, device=device, requires_grad=True)
    alias = w.detach()
    optimizer = torch.optim.SGD([w], lr=0.5)
    w.sum().backward()
    assert optimizer.step() is None
    assert optimizer.param_groups[0]["params"][0] is w and w.is_leaf and w.requires_grad and w.grad_fn is None
    agrees(alias, np.full(2, 0.5, "float32"))


SGD_RULE = Claim(
    "optim.sgd-rule",
    "Stochastic gradient descent changes w to w - lr * w.grad.",
    sources=[
        INTRODUCTION["Optimization"],
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Defining new autograd functions"],
        FLOYDHUB["Models Definition"],
    ],
    kills=["sgd-steps-uphill", "sgd-uses-normalised-gradients", "sgd-dampens-the-first-gradient",
           "sgd-takes-the-rate-of-the-first-group", "sgd-clips-its-gradients"],
)

DESCENTS = [
    {"lr": 0.1},
    {"lr": 1e-4},
    {"lr": 0.0},
    {"lr": 0.5, "momentum": 0.9},
    {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
    {"lr": 0.1, "momentum": 0.5, "nesterov": True},
    {"lr": 0.1, "weight_decay": 0.01},
    {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.5},
]


@SGD_RULE
@needs(FLOAT64)
@reaches(plain=lambda run: run.options == {"lr": 0.1} and run.gradients.any(),
         momentum=lambda run: "momentum" in run.options and len(run.gradients) > 1,
         strided=lambda run: not run.w.contiguous, long=lambda run: run.w.numel > 16,
         still=lambda run: not run.options["lr"])
@given(run=runs(DESCENTS, layouts=SEPARATE))
@example(run=Run(Blueprint.of([1.0] * 17, "float32"), np.full((2, 17), 3, "float32"), {"lr": 0.1}))
def test_sgd_takes_the_rate_times_the_gradient_or_the_velocity_from_the_weights(device, run):
    """
    >>> w.requires_grad_(); o = torch.optim.SGD([w], **options)
    >>> for g in torch.tensor(gradients): w.grad = g; o.step()
    >>> w
    """
    follows(torch.optim.SGD, optimizers.SGD, run, device)


@SGD_RULE
def test_on_numbers_that_need_no_rounding_the_rule_is_exact(device):
    w = torch.tensor([1.0, -2.0, 0.0, 3.0], device=device, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.25, momentum=0.5, dampening=0.5)
    for expected in ([0, -1, 0, 2], [-0.5 - 0.5, -1 + 1, 0, 2 - 1]):
        w.grad = torch.tensor([4.0, -4.0, 0.0, 4.0], device=device)
        optimizer.step()
        agrees(w, np.array(expected, "float32"))


@SGD_RULE
def test_a_gradient_that_is_not_finite_goes_into_the_weight_and_no_other(device):
    w = torch.ones(4, device=device, requires_grad=True)
    w.grad = torch.tensor([float("nan"), float("inf"), float("-inf"), 1.0], device=device)
    torch.optim.SGD([w], lr=0.5).step()
    agrees(w, np.array([np.nan, -np.inf, np.inf, 0.5], "float32"))


@SGD_RULE
def test_each_group_has_its_own_rate(device):
    first, second = [torch.ones(2, device=device, requires_grad=True) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": [first]}, {"params": [second], "lr": 0.25}], lr=0.5)
    (first + second).sum().backward()
    optimizer.step()
    agrees(first, np.full(2, 0.5, "float32"))
    agrees(second, np.full(2, 0.75, "float32"))
    optimizer.param_groups[0]["lr"] = 1.0
    optimizer.step()
    agrees(first, np.full(2, -0.5, "float32"))


@SGD_RULE
def test_a_weight_that_is_named_twice_is_updated_twice(device):
    w = torch.ones(2, device=device, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer = torch.optim.SGD([w, w], lr=0.5)
    w.sum().backward()
    optimizer.step()
    agrees(w, np.zeros(2, "float32"))


@SGD_RULE
@pytest.mark.parametrize("name", COMMON)
def test_a_negative_rate_is_refused(device, name):
    with pytest.raises(ValueError, match="learning rate"):
        make(name, [torch.ones(2, device=device, requires_grad=True)], lr=-0.5)


SGD_EQUALS_MANUAL = Claim(
    "optim.sgd-equals-manual",
    "The SGD optimizer does the same as the manual update w.data -= learning_rate * w.grad.data followed by zeroing "
    "the gradients.",
    sources=[
        TEMPLATE["optim: The optimization library"],
        EXAMPLES["PyTorch: optim"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        INTRODUCTION["Variables and Autograd"],
        INTRODUCTION["Optimization"],
        FLOYDHUB["Variables and AutoGrad"],
    ],
    kills=["sgd-steps-uphill", "sgd-uses-normalised-gradients", "minus-equals-adds", "zero-grad-does-nothing"],
)


@SGD_EQUALS_MANUAL
@needs(FLOAT64)
@reaches(moves=lambda run: run.gradients.any(), several=lambda run: len(run.gradients) > 1,
         transposed=lambda run: run.w.layout() == "transposed")
@given(run=runs([{"lr": lr} for lr in (1e-6, 0.01, 0.1, 0.5, 1.0)], layouts=SEPARATE))
def test_sgd_and_the_update_by_hand_have_the_same_weights_up_to_the_rounding_of_each_step(device, run):
    """
    >>> v = w.clone(); w.requires_grad_(); o = torch.optim.SGD([w], **options)
    >>> for g in torch.tensor(gradients): w.grad = g; o.step(); v -= options["lr"] * g
    >>> w, v
    """
    rule, expected = optimizers.SGD(**run.options), measured(run.w.array, run.w.dtype)
    by_hand, gradients = run.w.on(device, requires_grad=True), gradients_of(run, device)
    for step, w in enumerate(weights_by_step(torch.optim.SGD, run, device)):
        (by_hand * gradients[step]).sum().backward()
        by_hand.data -= run.options["lr"] * by_hand.grad.data
        by_hand.grad.data.zero_()
        expected = rule.step(expected, measured(run.gradients[step], run.w.dtype))
        for result in (w, by_hand):
            agrees(result, expected.value, expected.bound, dtype=run.w.dtype)


RATE = 2.0 ** -8


@SGD_EQUALS_MANUAL
@needs(FLOAT64)
@reaches(silent=lambda net: (net.x.dot(net.w1) < 0).any())
@given(net=two_layer_networks(exact=False, kinks=False))
def test_the_network_trained_with_sgd_and_the_one_trained_by_hand_have_the_same_losses_and_weights(device, net):
    """
    >>> x, y, v1, v2 = map(torch.tensor, (x, y, w1, w2))
    >>> o = torch.optim.SGD([v1.requires_grad_(), v2.requires_grad_()], lr=2**-8)
    >>> for _ in "123": o.zero_grad(); (x.mm(v1).relu().mm(v2) - y).pow(2).sum().backward(); o.step()
    >>> v1, v2
    """
    exact = descend(*[Rounded(array, "float64") for array in net], learning_rate=RATE, steps=3)
    for form in ("autograd", "optimizer"):
        trajectory = trainer(form)(*net, RATE, 3, device=device)
        for loss, expected in zip(trajectory.losses, exact.losses):
            agrees(loss, expected.value, expected.bound)
        agrees(trajectory.w1, exact.w1.value, exact.w1.bound)
        agrees(trajectory.w2, exact.w2.value, exact.w2.bound)
