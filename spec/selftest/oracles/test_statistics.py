"""Samples of the right distribution stay within the thresholds; slightly wrong ones leave them."""
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.oracles import statistics


def uniform(n, seed=0):
    """A sample of n numbers from 0 to 1."""
    return np.random.RandomState(seed).uniform(size=n)


def test_the_normal_distribution_function_has_its_known_values():
    assert statistics.normal_cdf(0.0) == 0.5
    assert abs(statistics.normal_cdf(1.959963984540054) - 0.975) < 1e-15
    assert abs(statistics.normal_cdf(-6.0) / 9.865876450376946e-10 - 1) < 1e-12
    assert statistics.normal_cdf([3.0, 7.0], mean=5.0, std=2.0).tolist() == statistics.normal_cdf([-1.0, 1.0]).tolist()


def test_the_uniform_distribution_function_is_straight_between_its_ends():
    assert statistics.uniform_cdf([-3, -1, 0, 1, 2], low=-1, high=1).tolist() == [0, 0, 0.5, 1, 1]


@given(st.lists(st.integers(0, 8), min_size=1, max_size=6))
def test_the_distance_is_the_greatest_gap_over_a_fine_grid(eighths):
    sample = np.array(eighths) / 8
    grid = np.concatenate([np.arange(9) / 8, np.arange(9) / 8 - 1e-9])
    gaps = [abs((sample <= place).mean() - min(max(place, 0), 1)) for place in grid]
    assert abs(statistics.ks_distance(sample, statistics.uniform_cdf) - max(gaps)) < 1e-8


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_the_distance_of_two_samples_is_the_greatest_gap_at_any_place(a, b):
    gaps = [abs(np.mean(np.array(a) <= place) - np.mean(np.array(b) <= place)) for place in range(6)]
    assert abs(statistics.two_sample_distance(a, b) - max(gaps)) < 1e-15


def test_thresholds_are_the_inequalities_solved_for_the_distance():
    n, alpha = 1000, 1e-9
    assert abs(2 * math.exp(-2 * n * statistics.ks_threshold(n, alpha) ** 2) / alpha - 1) < 1e-9
    radius = statistics.hoeffding_radius(n, -1, 3, alpha)
    assert abs(2 * math.exp(-2 * n * radius ** 2 / 4 ** 2) / alpha - 1) < 1e-9
    z = statistics.normal_mean_radius(n, 2.0, alpha) * math.sqrt(n) / 2
    assert 2 * statistics.normal_cdf(-z) < alpha < 50 * statistics.normal_cdf(-z)


def test_false_alarms_are_no_more_frequent_than_stated():
    alarms = sum(statistics.ks_distance(uniform(50, seed), statistics.uniform_cdf) > statistics.ks_threshold(50, 0.1)
                 for seed in range(1000))
    # At most 100 are expected; 150 or more would be five standard deviations away. None would mean an idle test.
    assert 20 < alarms < 150


@pytest.mark.parametrize("fault, alarm", [
    (lambda x: x, False), (lambda x: x * 1.05, True), (lambda x: x + 0.05, True), (lambda x: x ** 1.2, True),
    (lambda x: np.round(x, 1), True), (lambda x: np.append(x[:-800], [0.5] * 800), True),
], ids=["right", "scaled", "shifted", "bent", "coarse", "stuck"])
def test_a_slightly_wrong_distribution_is_noticed_in_ten_thousand_numbers(fault, alarm):
    distance = statistics.ks_distance(fault(uniform(10000)), statistics.uniform_cdf)
    assert (distance > statistics.ks_threshold(10000)) is alarm


def test_two_samples_of_one_distribution_agree_and_a_shifted_one_does_not():
    a, b = uniform(10000, 1), uniform(10000, 2)
    assert statistics.two_sample_distance(a, b) <= statistics.two_sample_threshold(10000, 10000)
    assert statistics.two_sample_threshold(10000, 10**15) > statistics.ks_threshold(10000)
    assert statistics.two_sample_distance(a, b + 0.1) > statistics.two_sample_threshold(10000, 10000)


def test_a_mean_that_is_off_is_noticed():
    sample = uniform(10000)
    assert abs(sample.mean() - 0.5) <= statistics.hoeffding_radius(10000, 0, 1)
    assert abs(sample.mean() * 1.1 - 0.5) > statistics.hoeffding_radius(10000, 0, 1)
    normal = np.random.RandomState(0).normal(size=10000)
    assert abs(normal.mean()) <= statistics.normal_mean_radius(10000)
    assert abs(normal.mean() + 0.1) > statistics.normal_mean_radius(10000)
