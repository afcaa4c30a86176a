"""Rules that adapt the step.

Adagrad, RMSprop and Adam divide the gradient of each weight by the size that its gradients have had so far, so that
weights with small gradients take steps that are as long as those of weights with large ones.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.optim._helpers import Run, follows, runs, weights_by_step
from spec.oracles import optimizers
from spec.oracles.agreement import agrees, unchanged
from spec.sources import EXAMPLES, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import Blueprint

WEIGHTS = Blueprint.of([1.0, -1.0, 0.5])
SMALL = np.array([[1e-9, -1e-9, 1e-8]])
"""Gradients about as small as eps, so that its place shows."""


def early(**options):
    """Make the rule of Adam that adds eps before the correction."""
    return optimizers.Adam(early_eps=True, **options)


ADAM_RULE = Claim(
    "optim.adam-rule",
    "torch.optim.Adam is the Adam algorithm, with the given lr, betas (0.9, 0.999) and eps 1e-8.",
    sources=[
        TEMPLATE["optim: The optimization library"],
        EXAMPLES["PyTorch: optim"],
        INTRODUCTION["Optimization"],
        NOTEBOOK["PyTorch - optim"],
    ],
    deviations=[
        Deviation(
            "eps is added to the root of the running mean before that is corrected for its start at 0, and not after "
            "it; for gradients of the size of eps the step is up to 31 times shorter.",
            witness=[{"run": Run(WEIGHTS, SMALL, {"lr": 1e-3})}, {"run": Run(WEIGHTS, SMALL, {})}],
            until="1.2",
        )
    ],
    kills=["adam-does-not-correct-its-start", "adam-puts-eps-inside-the-root", "adam-has-another-default-beta",
           "adam-moves-its-eps"],
)

ADAMS = [{}, {"lr": 1e-4}, {"lr": 0.1, "betas": (0.5, 0.75)}, {"lr": 0.1, "eps": 1e-3},
         {"lr": 0.01, "betas": (0.0, 0.9)}, {"lr": 0.01, "weight_decay": 0.1, "eps": 0.01}]
"""Where the weights decay, the gradient may be 0 but for rounding; a larger eps keeps such a step short."""


@ADAM_RULE
@needs(FLOAT64)
@reaches(defaults=lambda run: not run.options and run.gradients.any(), several=lambda run: len(run.gradients) > 2,
         zero=lambda run: run.gradients.size and (run.gradients == 0).any(), strided=lambda run: not run.w.contiguous)
@example(run=Run(WEIGHTS, np.concatenate([SMALL] * 3), {}))
@given(run=runs(ADAMS))
def test_adam_goes_by_running_means_that_are_corrected_for_their_start_and_adds_eps_last(device, run):
    """
    >>> w.requires_grad_(); o = torch.optim.Adam([w], **options)
    >>> for g in torch.tensor(gradients): w.grad = g; o.step()
    >>> w
    """
    follows(torch.optim.Adam, optimizers.Adam, run, device)


@ADAM_RULE.instead
@needs(FLOAT64)
@reaches(defaults=lambda run: not run.options and run.gradients.any(), several=lambda run: len(run.gradients) > 2)
@example(run=Run(WEIGHTS, np.concatenate([SMALL] * 3), {}))
@given(run=runs(ADAMS))
def test_adam_goes_by_running_means_and_adds_eps_before_they_are_corrected_for_their_start(device, run):
    """
    >>> w.requires_grad_(); o = torch.optim.Adam([w], **options)
    >>> for g in torch.tensor(gradients): w.grad = g; o.step()
    >>> w
    """
    follows(torch.optim.Adam, early, run, device)


@ADAM_RULE.regardless
@needs(FLOAT64)
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e6])
def test_the_first_step_of_adam_is_as_long_as_lr_whatever_the_size_of_the_gradient(device, size):
    run = Run(WEIGHTS, np.array([[size, -size, 3 * size]]), {"lr": 0.5})
    w, = weights_by_step(torch.optim.Adam, run, device)
    # eps shortens the step by less than eps / sqrt(0.001) / size of it.
    agrees(w, np.array([0.5, -0.5, 0.0]), bound=0.5 * 3.2e-7 / size + 1e-12)


@ADAM_RULE.regardless
@pytest.mark.parametrize("name", ["Adam", "RMSprop", "Adagrad"])
def test_a_weight_whose_gradient_has_always_been_zero_is_not_moved(device, name):
    w = torch.ones(3, device=device, requires_grad=True)
    optimizer = getattr(torch.optim, name)([w], lr=0.5)
    for _ in range(2):
        w.grad = torch.tensor([0.0, -0.0, 1.0], device=device)
        optimizer.step()
    unchanged(w[:2], np.ones(2, "float32"))
    assert w[2].item() != 1


@ADAM_RULE.regardless
def test_each_weight_has_its_own_count_of_steps(device):
    early_one, late_one, expected = [torch.ones(2, device=device, requires_grad=True) for _ in range(3)]
    optimizer, other = torch.optim.Adam([early_one, late_one], lr=0.5), torch.optim.Adam([expected], lr=0.5)
    early_one.sum().backward()
    optimizer.step()
    late_one.sum().backward()
    optimizer.step()
    expected.sum().backward()
    other.step()
    agrees(late_one, expected)


RMSPROP_RULE = Claim(
    "optim.rmsprop-rule",
    "RMSprop divides the gradient by the root of a running mean of its squares, with alpha 0.99 and with eps 1e-8 "
    "added after the root.",
    sources=[TEMPLATE["optim: The optimization library"], EXAMPLES["PyTorch: optim"], INTRODUCTION["Optimization"]],
    kills=["rmsprop-puts-eps-inside-the-root", "rmsprop-has-another-default-alpha", "rmsprop-is-never-centered"],
)

RMSPROPS = [{}, {"lr": 1e-4}, {"lr": 0.1, "alpha": 0.5}, {"lr": 0.1, "eps": 1e-3}, {"lr": 0.01, "momentum": 0.9},
            {"lr": 0.01, "weight_decay": 0.1, "eps": 0.01}, {"lr": 0.1, "alpha": 0.9, "centered": True},
            {"lr": 0.1, "alpha": 0.75, "centered": True, "momentum": 0.5, "weight_decay": 0.5, "eps": 0.5}]


@RMSPROP_RULE
@needs(FLOAT64)
@reaches(defaults=lambda run: not run.options and run.gradients.any(), several=lambda run: len(run.gradients) > 2,
         zero_first=lambda run: run.gradients.size and (run.gradients[0] == 0).any() and run.gradients.any(),
         centered=lambda run: "centered" in run.options, momentum=lambda run: "momentum" in run.options)
@example(run=Run(WEIGHTS, np.concatenate([SMALL] * 3), {}))
@example(run=Run(WEIGHTS, np.array([[1.0, -2.0, 3.0], [0.5, 2.0, 3.0]]), {"lr": 0.1, "alpha": 0.9, "centered": True}))
@given(run=runs(RMSPROPS))
def test_rmsprop_divides_by_the_root_of_the_running_mean_of_squares_plus_eps(device, run):
    """
    >>> w.requires_grad_(); o = torch.optim.RMSprop([w], **options)
    >>> for g in torch.tensor(gradients): w.grad = g; o.step()
    >>> w
    """
    follows(torch.optim.RMSprop, optimizers.RMSprop, run, device)


ADAGRAD_RULE = Claim(
    "optim.adagrad-rule",
    "Adagrad divides the gradient by the root of the sum of all its squares so far.",
    sources=[TEMPLATE["optim: The optimization library"], EXAMPLES["PyTorch: optim"], INTRODUCTION["Optimization"]],
    kills=["adagrad-forgets-the-past", "adagrad-starts-from-nothing", "adagrad-ignores-lr-decay"],
)

ADAGRADS = [{}, {"lr": 0.1}, {"lr": 0.5, "lr_decay": 0.5}, {"lr": 0.1, "initial_accumulator_value": 0.5},
            {"lr": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.25}]


@ADAGRAD_RULE
@needs(FLOAT64)
@reaches(defaults=lambda run: not run.options and run.gradients.any(), several=lambda run: len(run.gradients) > 4,
         zero_first=lambda run: run.gradients.size and (run.gradients[0] == 0).any() and run.gradients.any())
@example(run=Run(WEIGHTS, np.concatenate([SMALL / 10] * 6), {}))
@given(run=runs(ADAGRADS, max_steps=6))
def test_adagrad_divides_by_the_root_of_the_sum_of_squares_plus_eps(device, run):
    """
    >>> w.requires_grad_(); o = torch.optim.Adagrad([w], **options)
    >>> for g in torch.tensor(gradients): w.grad = g; o.step()
    >>> w
    """
    follows(torch.optim.Adagrad, optimizers.Adagrad, run, device)


@ADAGRAD_RULE
def test_under_a_steady_gradient_the_steps_of_adagrad_shrink_like_one_over_the_root_of_their_number(device):
    w = torch.zeros(1, device=device, requires_grad=True)
    optimizer = torch.optim.Adagrad([w], lr=1.0)
    values = [0.0]
    for _ in range(9):
        w.grad = torch.tensor([4.0], device=device)
        optimizer.step()
        values.append(w.item())
    agrees(np.diff(values)[[0, 3, 8]], np.array([-1, -1 / 2, -1 / 3]), bound=1e-5)
