"""The tests of derivatives accept right ones and refuse those that are a little wrong."""
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.oracles import derivatives

POINTS = st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(np.array)
WEIGHTS = np.array([0.5, -1.25, 2.0])


def smooth(x):
    """A function with curvature in every direction."""
    return (WEIGHTS * np.sin(x)).sum() + np.exp((x * x).sum() / 4)


def smooth_gradient(x):
    """Its gradient, by the rules of calculus."""
    return WEIGHTS * np.cos(x) + x / 2 * np.exp((x * x).sum() / 4)


@given(POINTS)
def test_complex_step_reaches_the_gradient_to_a_few_roundings(x):
    # Each component is a sum of two terms, each the product of a few library functions of error below 4 ulp.
    scale = np.abs(WEIGHTS) + np.abs(x) / 2 * np.exp((x * x).sum() / 4)
    found = derivatives.gradient_by_complex_step(smooth, x)
    assert (np.abs(found - smooth_gradient(x)) <= 32 * 2.0 ** -53 * scale).all()


@given(POINTS)
def test_complex_step_of_a_function_with_many_results_yields_every_derivative(x):
    found = derivatives.complex_step(lambda z: np.stack([z ** 2, 3 * z]), x, [1.0, 0.0, 2.0])
    assert np.allclose(found, [2 * x * [1, 0, 2], [3, 0, 6]], rtol=1e-15, atol=1e-290)


@given(POINTS)
def test_differences_come_within_their_known_error_of_the_gradient(x):
    # h**2 / 6 times a third derivative below 20, and rounding of values below 8 divided by h = 2**-17.
    error = np.abs(derivatives.gradient_by_differences(smooth, x) - smooth_gradient(x)).max()
    assert error < 20 / 6 * 2.0 ** -34 + 8 * 16 * 2.0 ** -53 * 2.0 ** 17


@given(POINTS, st.integers(0, 2))
def test_a_right_gradient_passes_the_taylor_test_and_one_off_by_a_thousandth_does_not(x, axis):
    direction = np.ones(3)
    direction[axis] = 2
    gradient = smooth_gradient(x)
    if abs(gradient @ direction) < 0.1:
        gradient = gradient + direction  # nothing to be a thousandth of: this one is off by far
        assert not derivatives.passes_taylor_test(smooth, x, gradient, direction)
    else:
        assert derivatives.passes_taylor_test(smooth, x, gradient, direction)
        assert not derivatives.passes_taylor_test(smooth, x, gradient * 1.001, direction)


def test_the_slopes_are_2_for_a_right_gradient_and_fall_to_1_for_a_wrong_one():
    x, direction = np.array([0.3, -0.4, 1.1]), np.array([1.0, 1.0, -1.0])
    right = derivatives.taylor_slopes(smooth, x, smooth_gradient(x), direction)
    wrong = derivatives.taylor_slopes(smooth, x, smooth_gradient(x) * 1.001, direction)
    assert all(slope > 1.95 for slope in right)
    assert max(right[:10]) < 2.05
    assert wrong[-1] < 1.2


def test_a_linear_function_leaves_no_remainder():
    slopes = derivatives.taylor_slopes(lambda x: (WEIGHTS * x).sum(), np.ones(3), WEIGHTS, np.ones(3))
    assert slopes == [np.inf] * 14
    assert not derivatives.passes_taylor_test(lambda x: (WEIGHTS * x).sum(), np.ones(3), WEIGHTS * 1.001, np.ones(3))


def test_one_complex_step_notices_a_gradient_off_by_a_thousandth():
    x = np.array([0.3, -0.4, 1.1])
    off = smooth_gradient(x) * 1.001
    assert (np.abs(derivatives.gradient_by_complex_step(smooth, x) - off) > 1e-12).all()


@given(st.fractions(-3, 3), st.fractions(-3, 3), st.fractions(-3, 3))
def test_differences_over_fractions_are_exact_on_a_parabola(a, b, x):
    found = derivatives.central_difference(lambda z: a * z * z + b * z, np.array(x, dtype=object), 1, Fraction(1, 7))
    assert found == 2 * a * x + b


@pytest.mark.parametrize("f, sides", [(lambda x: np.maximum(x, 0), (0, 1)), (np.abs, (-1, 1)),
                                      (lambda x: np.clip(x, 0, 6), (0, 1)), (lambda x: np.clip(x, -6, 0), (1, 0))],
                         ids=["relu", "abs", "clamp-from-below", "clamp-from-above"])
def test_a_kink_has_one_derivative_on_either_side_and_those_between_are_valid(f, sides):
    left, right = derivatives.one_sided(f, 0.0, 1.0)
    assert (left, right) == sides
    assert all(derivatives.clarke_contains(value, left, right) for value in (left, right, 0.5))
    assert not derivatives.clarke_contains(1.001, left, right)
    assert not derivatives.clarke_contains(-1.001, left, right)
    assert derivatives.clarke_contains(1.001, left, right, slack=0.01)


@pytest.mark.parametrize("gradient, valid", [
    ([0, 1, 0, 0], True), ([0, 0.5, 0.5, 0], True), ([0, 0.25, 0.75, 0], True),
    ([0, 1, 1, 0], False), ([0, 0.5, 0, 0], False), ([1, 0, 0, 0], False), ([0, 0.5, 0.501, 0], False),
    ([0, 1.5, -0.5, 0], False),
], ids=["first", "shared", "unevenly", "to-each", "dropped-tie", "not-greatest", "slightly-more", "negative-share"])
def test_the_gradient_of_a_maximum_is_valid_where_the_ties_share_one(gradient, valid):
    steps = np.concatenate([np.eye(4), -np.eye(4), [np.ones(4), -np.ones(4)]]) * 0.5
    assert derivatives.is_subgradient(np.max, np.array([1.0, 5.0, 5.0, 0.0]), np.array(gradient), steps) is valid
