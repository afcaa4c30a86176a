"""The rules of schedulers.

Beside StepLR there are schedulers for other rules; each is one formula for the learning rate in an epoch.
"""
import math
from typing import NamedTuple, Tuple

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from spec.claim import Claim, reaches
from spec.claims.training._schedules import SCHEDULER_FIRST, optimizer_of, rates_over
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB

SCHEDULERS_FOLLOW_RULE = Claim(
    "training.schedulers-follow-rule",
    "A learning rate scheduler adjusts the learning rate by its rule.",
    sources=[FLOYDHUB["Training process"]],
    kills=["steplr-ignores-gamma", "exponential-decay-halts", "cosine-annealing-ignores-its-minimum",
           "plateaus-need-no-patience", "a-scheduler-forgets-its-epoch"],
)

Rule = NamedTuple("Rule", [("kind", str), ("rates", Tuple[float, ...]), ("number", int), ("gamma", float)])
Rule.__doc__ = "A scheduler by the name of its class, for a group with each of the rates; number is a period or epoch."

FORMULAS = {
    "StepLR": lambda rule, epoch: rule.gamma ** (epoch // rule.number),
    "MultiStepLR": lambda rule, epoch: rule.gamma ** ((epoch >= rule.number) + (epoch >= rule.number + 3)),
    "ExponentialLR": lambda rule, epoch: rule.gamma ** epoch,
    "LambdaLR": lambda rule, epoch: 1 / (1.0 + rule.gamma * epoch),
    "CosineAnnealingLR": lambda rule, epoch: (1 + math.cos(math.pi * epoch / rule.number)) / 2,
}
"""For each scheduler the factor of the first learning rate in an epoch; CosineAnnealingLR goes down to a minimum."""

MINIMUM = 0.125
"""The learning rate that CosineAnnealingLR goes down to."""


@st.composite
def rules(draw):
    """Draw a Rule."""
    rates = tuple(draw(st.lists(st.sampled_from([1.0, 0.3, 0.5]), min_size=1, max_size=2)))
    gamma = draw(st.sampled_from([0.5, 0.1, 0.9]))
    return Rule(draw(st.sampled_from(sorted(FORMULAS))), rates, draw(st.integers(1, 8)), gamma)


def scheduler_of(rule, optimizer):
    """Return the scheduler of a Rule."""
    return {
        "StepLR": lambda: lr_scheduler.StepLR(optimizer, rule.number, rule.gamma),
        "MultiStepLR": lambda: lr_scheduler.MultiStepLR(optimizer, [rule.number, rule.number + 3], rule.gamma),
        "ExponentialLR": lambda: lr_scheduler.ExponentialLR(optimizer, rule.gamma),
        "LambdaLR": lambda: lr_scheduler.LambdaLR(optimizer, lambda epoch: FORMULAS["LambdaLR"](rule, epoch)),
        "CosineAnnealingLR": lambda: lr_scheduler.CosineAnnealingLR(optimizer, rule.number, eta_min=MINIMUM),
    }[rule.kind]()


def by_formula(rule, epochs):
    """Return the learning rates that the formula gives, one row an epoch."""
    least = MINIMUM if rule.kind == "CosineAnnealingLR" else 0.0
    return np.array([[least + (rate - least) * FORMULAS[rule.kind](rule, epoch) for rate in rule.rates]
                     for epoch in epochs])


EPOCHS = 12
ROUNDING = 2.0**-40
"""Far above what a dozen roundings take from rates up to 1; the recursion for the cosine divides by 1 + cos >= 0.07."""


@SCHEDULERS_FOLLOW_RULE
@reaches(cosine=lambda rule: rule.kind == "CosineAnnealingLR", milestones=lambda rule: rule.kind == "MultiStepLR",
         exponential=lambda rule: rule.kind == "ExponentialLR", function=lambda rule: rule.kind == "LambdaLR",
         two_groups=lambda rule: len(rule.rates) == 2)
@example(rule=Rule("CosineAnnealingLR", (1.0,), 1, 0.5))
@given(rule=rules())
def test_in_every_epoch_the_learning_rate_is_what_the_formula_gives(rule):
    """
    >>> o, s = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rates[0]), torch.optim.lr_scheduler
    >>> a = dict(StepLR=[number, gamma], MultiStepLR=[[number, number + 3], gamma], ExponentialLR=[gamma])
    >>> a.update(LambdaLR=[lambda e: 1 / (1 + gamma * e)], CosineAnnealingLR=[number, 0.125])
    >>> s = getattr(s, kind)(o, *a[kind]); print([(o.param_groups[0]["lr"], o.step(), s.step()) for _ in range(12)])
    """
    optimizer = optimizer_of(rule.rates)
    rows = rates_over(optimizer, scheduler_of(rule, optimizer), EPOCHS, SCHEDULER_FIRST)
    agrees(rows, by_formula(rule, range(EPOCHS)), bound=ROUNDING)


@SCHEDULERS_FOLLOW_RULE
@reaches(later=lambda epochs: epochs > 2)
@given(rule=rules(), epochs=st.integers(0, 6))
def test_a_scheduler_and_an_optimizer_that_are_loaded_go_on_where_they_were_saved(rule, epochs):
    """
    >>> o, s = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rates[0]), torch.optim.lr_scheduler
    >>> first = s.StepLR(o, number, gamma); print([(o.step(), first.step()) for _ in range(epochs)])
    >>> second = s.StepLR(o, number, gamma); second.load_state_dict(first.state_dict()); print(second.last_epoch)
    """
    optimizer = optimizer_of(rule.rates)
    scheduler = scheduler_of(rule, optimizer)
    rates_over(optimizer, scheduler, epochs, SCHEDULER_FIRST)
    other = optimizer_of(rule.rates)
    resumed = scheduler_of(rule, other)
    other.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    for group in other.param_groups:
        group["params"][0].grad = group["params"][0].detach() * 0
    rows = rates_over(other, resumed, EPOCHS - epochs, SCHEDULER_FIRST)
    agrees(rows, by_formula(rule, range(epochs, EPOCHS)), bound=ROUNDING)


def on_a_plateau(metrics, patience, lowest):
    """Return the learning rates, from 1.0, of a rule that halves after more than `patience` epochs without a gain."""
    rate, best, bad, rates = 1.0, float("inf"), 0, []
    for metric in metrics:
        best, bad = (metric, 0) if metric < best else (best, bad + 1)
        if bad > patience:
            rate, bad = max(rate / 2, lowest), 0
        rates.append(rate)
    return rates


@SCHEDULERS_FOLLOW_RULE
@reaches(drop=lambda metrics, patience: on_a_plateau(metrics, patience, 0)[-1] < 1,
         tie=lambda metrics: len(set(metrics)) < len(metrics))
@given(metrics=st.lists(st.integers(0, 5), min_size=1, max_size=12), patience=st.integers(0, 3),
       lowest=st.sampled_from([0.0, 0.25]))
def test_on_a_plateau_the_learning_rate_is_halved_when_patience_is_over(metrics, patience, lowest):
    """
    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0); r = torch.optim.lr_scheduler
    >>> r = r.ReduceLROnPlateau(optimizer, factor=0.5, patience=patience, threshold=0, min_lr=lowest)
    >>> [(r.step(metric), optimizer.param_groups[0]["lr"]) for metric in metrics]
    """
    optimizer = optimizer_of([1.0])
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=patience, threshold=0, min_lr=lowest)
    rates = []
    for metric in metrics:
        scheduler.step(metric)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == on_a_plateau(metrics, patience, lowest)
