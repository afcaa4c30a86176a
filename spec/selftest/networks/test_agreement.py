"""All forms of the running example take the same way from the same weights."""

from fractions import Fraction

import numpy as np
import pytest

from spec.networks import trainer
from spec.selftest.networks.forms import every_form, every_other_form
from spec.selftest.networks.problems import (
    LEARNING_RATE,
    ROUNDING,
    STEPS,
    as_fractions,
    assert_same_trajectory,
    distance,
    signs,
    small_problem,
    smallest_hidden_unit,
    square_problem,
)


@every_other_form
@pytest.mark.parametrize("dtype", sorted(ROUNDING))
def test_a_form_agrees_with_the_numpy_form_up_to_rounding(form, dtype):
    problem = small_problem(dtype)
    expected = trainer("numpy")(*[array.astype("float64") for array in problem], LEARNING_RATE, STEPS)
    actual = trainer(form)(*problem, LEARNING_RATE, STEPS)
    assert_same_trajectory(actual, expected, ROUNDING[dtype])
    assert actual.w1.dtype == actual.w2.dtype == dtype


@every_form
def test_two_steps_from_integers_are_exact(form):
    problem = signs()
    exact = trainer("numpy")(*as_fractions(problem), Fraction(1, 64), 2)
    actual = trainer(form)(*problem, 1 / 64, 2)
    assert actual.losses == exact.losses
    assert np.array_equal(actual.w1, exact.w1)
    assert np.array_equal(actual.w2, exact.w2)


def test_no_hidden_unit_of_the_small_problems_is_near_zero():
    assert smallest_hidden_unit(small_problem(), LEARNING_RATE, STEPS) > 1e-4
    assert smallest_hidden_unit(square_problem(), LEARNING_RATE, STEPS) > 1e-4
    assert smallest_hidden_unit(signs(), 1 / 64, 2) > 0


def test_the_small_problem_has_silent_and_active_units_and_is_learnt():
    problem = small_problem()
    losses, w1, _ = trainer("numpy")(*problem, LEARNING_RATE, STEPS)
    assert 0.2 < (problem.x.dot(w1) > 0).mean() < 0.8
    assert losses[-1] < losses[0] / 10


def test_the_small_problem_hands_on_a_change_of_the_weights_less_than_tenfold():
    problem, random = small_problem(), np.random.RandomState(0)
    expected = trainer("numpy")(*problem, LEARNING_RATE, STEPS)
    for _ in range(20):
        w1, w2 = [w * (1 + 1e-8 * random.uniform(-1, 1, w.shape)) for w in (problem.w1, problem.w2)]
        changed = trainer("numpy")(problem.x, problem.y, w1, w2, LEARNING_RATE, STEPS)
        assert 0 < distance(changed, expected) < 1e-7
