"""The comparison of trajectories notices a fault in each form, and only a fault."""

import pytest

from spec.networks import FORMS, trainer
from spec.selftest.networks.faults import FAULTS, faulty_trainer
from spec.selftest.networks.forms import every_form, parameter
from spec.selftest.networks.problems import (
    LEARNING_RATE,
    ROUNDING,
    STEPS,
    assert_same_trajectory,
    small_problem,
    square_problem,
)


def notices(actual, expected):
    with pytest.raises(AssertionError):
        assert_same_trajectory(actual, expected, ROUNDING["float64"])


@pytest.mark.parametrize("form, name, right, wrong", [
    pytest.param(*fault, id="-".join(fault[:2]), marks=parameter(fault.form).marks) for fault in FAULTS
])
def test_a_fault_in_one_place_of_a_form_is_noticed(form, name, right, wrong):
    problem = square_problem()
    expected = trainer("numpy")(*problem, LEARNING_RATE, STEPS)
    notices(faulty_trainer(form, right, wrong)(*problem, LEARNING_RATE, STEPS), expected)


@every_form
def test_a_form_rebuilt_from_its_unchanged_text_is_the_same_program(form):
    problem = square_problem()
    expected = trainer("numpy")(*problem, LEARNING_RATE, STEPS)
    actual = faulty_trainer(form)(*problem, LEARNING_RATE, STEPS)
    assert_same_trajectory(actual, expected, ROUNDING["float64"])


@every_form
@pytest.mark.parametrize("factor", [0.999, 1.001], ids=["too-small", "too-large"])
def test_a_learning_rate_off_by_a_thousandth_is_noticed(form, factor):
    problem = small_problem()
    expected = trainer("numpy")(*problem, LEARNING_RATE, STEPS)
    notices(trainer(form)(*problem, factor * LEARNING_RATE, STEPS), expected)


@every_form
def test_a_lost_step_is_noticed(form):
    problem = small_problem()
    expected = trainer("numpy")(*problem, LEARNING_RATE, STEPS)
    shorter = trainer(form)(*problem, LEARNING_RATE, STEPS - 1)
    notices(shorter, expected)
    notices(shorter._replace(losses=shorter.losses + expected.losses[-1:]), expected)


def test_a_nan_is_noticed():
    expected = trainer("numpy")(*small_problem(), LEARNING_RATE, STEPS)
    notices(expected._replace(losses=[float("nan")] + expected.losses[1:]), expected)
    notices(expected._replace(w1=expected.w1 * float("nan")), expected)


def test_every_form_has_a_fault():
    assert {fault.form for fault in FAULTS} == set(FORMS)


def test_a_fault_whose_place_is_gone_from_the_text_is_an_error():
    with pytest.raises(ValueError, match="0 times"):
        faulty_trainer("numpy", "no such text", "pass")
