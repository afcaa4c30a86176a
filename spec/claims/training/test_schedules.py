"""Learning rates that change.

A scheduler sets the learning rate of the optimizer, epoch by epoch, by a rule. The documents call it at the start of an
epoch; since torch 1.1 its place is the end.
"""
import warnings
from typing import NamedTuple, Tuple

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from spec.claim import Claim, Deviation, reaches
from spec.claims.training._schedules import SCHEDULER_FIRST, optimizer_of, rates_over
from spec.oracles.agreement import agrees
from spec.oracles.rounding import elementwise
from spec.sources import FLOYDHUB

pytestmark = pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")

Drops = NamedTuple("Drops", [
    ("rates", Tuple[float, ...]), ("step_size", int), ("gamma", float), ("epochs", int)])
Drops.__doc__ = "A StepLR for an optimizer with a group for each of the rates, and how many epochs it is to run."

PRINTED = Drops((0.01,), 30, 0.1, 100)


@st.composite
def drops(draw):
    """Draw a Drops of one or two groups."""
    rates = tuple(draw(st.lists(st.sampled_from([1.0, 0.01, 0.3, 1e-4]), min_size=1, max_size=2)))
    gamma = draw(st.sampled_from([0.5, 0.1, 0.9, 1.0, 2.0]))
    return Drops(rates, draw(st.integers(1, 6)), gamma, draw(st.integers(1, 14)))


def of_steplr(schedule, first):
    """Return the learning rates over the epochs of a Drops, and the final weights."""
    optimizer = optimizer_of(schedule.rates)
    scheduler = lr_scheduler.StepLR(optimizer, step_size=schedule.step_size, gamma=schedule.gamma)
    rows = rates_over(optimizer, scheduler, schedule.epochs, first)
    return rows, [group["params"][0].item() for group in optimizer.param_groups]


def by_rule(schedule, shift=0):
    """Return what the rule says for each epoch, the drops coming a number of epochs too early."""
    epochs = np.maximum(np.arange(schedule.epochs) + shift, 0)
    return np.array(schedule.rates) * schedule.gamma ** (epochs // schedule.step_size)[:, np.newaxis]


def follows(rows, expected):
    """Assert that learning rates are the expected ones; each came about by at most one multiplication an epoch."""
    agrees(rows, expected, bound=elementwise(expected, "float64", roundings=2 * len(expected) + 2))


STEPLR_RULE = Claim(
    "training.steplr-rule",
    "StepLR(step_size=30, gamma=0.1) from 0.01 gives 0.01 for the epochs 0 to 29, 0.001 for 30 to 59, 0.0001 for 60 to "
    "89 and so on: lr * gamma ** (epoch // step_size), where scheduler.step() ends each epoch.",
    sources=[FLOYDHUB["Training process"], FLOYDHUB["Final architecture overview"]],
    deviations=[
        Deviation(
            "Every drop comes one epoch late: the first call of scheduler.step() sets the learning rate of epoch 0, so "
            "that it has to open the epoch.",
            witness={"schedule": PRINTED},
            until="1.0",
            where=lambda schedule: schedule.gamma != 1 and schedule.epochs > schedule.step_size,
            issue="torch 1.1 release notes",
        )
    ],
    kills=["steplr-drops-one-epoch-late", "steplr-ignores-gamma", "sgd-climbs", "steplr-sees-the-first-group-only"],
)


@STEPLR_RULE
@reaches(drops=lambda schedule: schedule.epochs > schedule.step_size, two=lambda schedule: len(schedule.rates) == 2,
         every_epoch=lambda schedule: schedule.step_size == 1 and schedule.epochs > 2)
@example(schedule=PRINTED)
@given(schedule=drops())
def test_steplr_multiplies_by_gamma_after_every_step_size_epochs(schedule):
    """
    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rates[0])
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma)
    >>> for _ in range(epochs): print(optimizer.param_groups[0]["lr"]); optimizer.step(); scheduler.step()
    """
    follows(of_steplr(schedule, first=False)[0], by_rule(schedule))


@STEPLR_RULE.instead
@reaches(drops=lambda schedule: schedule.epochs > schedule.step_size + 1)
@example(schedule=PRINTED)
@given(schedule=drops())
def test_with_the_call_at_the_end_of_the_epoch_every_drop_comes_one_epoch_late(schedule):
    """
    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rates[0])
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma)
    >>> for _ in range(epochs): print(optimizer.param_groups[0]["lr"]); optimizer.step(); scheduler.step()
    """
    follows(of_steplr(schedule, first=False)[0], by_rule(schedule, shift=-1))


@STEPLR_RULE.regardless
@reaches(drops=lambda schedule: schedule.epochs > schedule.step_size and schedule.gamma != 1,
         two=lambda schedule: len(set(schedule.rates)) == 2, rises=lambda schedule: schedule.gamma > 1)
@given(schedule=drops())
def test_the_optimizer_moves_the_weights_by_the_scheduled_learning_rate(schedule):
    """
    >>> w = torch.zeros(1, requires_grad=True); w.grad = torch.ones(1); optimizer = torch.optim.SGD([w], lr=rates[0])
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma)
    >>> for _ in range(epochs): print(optimizer.param_groups[0]["lr"], w); optimizer.step(); scheduler.step()
    """
    _, weights = of_steplr(schedule, SCHEDULER_FIRST)
    expected = -by_rule(schedule).sum(axis=0)
    agrees(weights, expected, bound=elementwise(expected, "float64", roundings=4 * schedule.epochs + 4))


@STEPLR_RULE.regardless
def test_a_step_size_of_0_is_an_error_at_the_first_step_at_the_latest():
    with pytest.raises((ZeroDivisionError, UnboundLocalError)):  # the latter in torch 1.4
        lr_scheduler.StepLR(optimizer_of([1.0]), step_size=0).step()


SCHEDULER_STEP_AT_EPOCH_START = Claim(
    "training.scheduler-step-at-epoch-start",
    "scheduler.step() is called at the start of each epoch, before training, and gives the intended learning rates.",
    sources=[FLOYDHUB["Training process"], FLOYDHUB["Final architecture overview"]],
    deviations=[
        Deviation(
            "The call belongs after the optimizer's step: at the start of the epoch it skips the first learning rate, "
            "and every drop comes one epoch early, without a warning.",
            witness={"schedule": PRINTED},
            since="1.1",
            until="1.1",
            where=lambda schedule: schedule.gamma != 1 and schedule.epochs >= schedule.step_size,
            issue="torch 1.1 release notes",
        ),
        Deviation(
            "The call belongs after the optimizer's step: at the start of the epoch it skips the first learning rate, "
            "so that every drop comes one epoch early, and warns once.",
            witness={"schedule": PRINTED},
            since="1.2",
            where=lambda schedule: schedule.gamma != 1 and schedule.epochs >= schedule.step_size,
            issue="torch 1.1 release notes",
        ),
    ],
    kills=["steplr-drops-one-epoch-late", "scheduler-does-not-warn", "steplr-ignores-gamma"],
)
SILENT, WARNS = SCHEDULER_STEP_AT_EPOCH_START.deviations


@SCHEDULER_STEP_AT_EPOCH_START
@reaches(drops=lambda schedule: schedule.epochs > schedule.step_size)
@example(schedule=PRINTED)
@given(schedule=st.tuples(drops(), st.sampled_from([1.0, 1.0, None])).map(
    lambda drawn: drawn[0]._replace(gamma=drawn[1] or drawn[0].gamma)))
def test_steplr_that_opens_each_epoch_follows_the_rule(schedule):
    """
    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rates[0])
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma)
    >>> for _ in range(epochs): scheduler.step(); print(optimizer.param_groups[0]["lr"]); optimizer.step()
    """
    follows(of_steplr(schedule, first=True)[0], by_rule(schedule))


@SCHEDULER_STEP_AT_EPOCH_START.instead
@reaches(drops=lambda schedule: schedule.epochs >= schedule.step_size, every=lambda schedule: schedule.step_size == 1)
@example(schedule=PRINTED)
@given(schedule=drops())
def test_with_the_call_at_the_start_of_the_epoch_every_drop_comes_one_epoch_early(schedule):
    """
    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rates[0])
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma)
    >>> for _ in range(epochs): scheduler.step(); print(optimizer.param_groups[0]["lr"]); optimizer.step()
    """
    follows(of_steplr(schedule, first=True)[0], by_rule(schedule, shift=1))


def warnings_of(first):
    """Return the categories of the warnings in five epochs with a StepLR."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        of_steplr(Drops((1.0,), 2, 0.5, 5), first)
    return [warning.category for warning in caught]


@SILENT.instead
def test_neither_order_warns():
    assert warnings_of(first=True) == warnings_of(first=False) == []


@WARNS.instead
def test_the_order_of_the_documents_warns_once_and_the_other_does_not():
    assert warnings_of(first=True) == [UserWarning]
    assert warnings_of(first=False) == []
