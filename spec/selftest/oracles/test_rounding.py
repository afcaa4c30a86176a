"""Rounding bounds hold for every order of summation, are not idle, and fail for fewer bits than they presume."""
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.oracles import rounding

NUMPY_FLOATS = ["float16", "float32", "float64"]
SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("dtype", NUMPY_FLOATS)
def test_the_unit_is_half_the_step_from_1_and_the_limits_are_those_of_numpy(dtype):
    assert 2 * rounding.unit_roundoff(dtype) == np.finfo(dtype).eps
    assert rounding.smallest_normal(dtype) == np.finfo(dtype).tiny
    half_the_smallest = float(np.finfo(dtype).tiny) * float(np.finfo(dtype).eps) / 2
    assert rounding.underflow(dtype) == (half_the_smallest or 5e-324)
    assert rounding.underflow(dtype, flushes=True) == np.finfo(dtype).tiny


def test_bfloat16_has_the_exponents_of_float32_and_eight_bits():
    assert rounding.unit_roundoff("bfloat16") == 2.0 ** -8
    assert rounding.smallest_normal("bfloat16") == np.finfo("float32").tiny


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_gamma_obeys_the_rule_for_roundings_one_after_the_other(j, k):
    # Higham, lemma 3.3: gamma_j + gamma_k + gamma_j * gamma_k <= gamma_(j+k); each gamma is itself rounded here.
    one, other, together = (rounding.gamma(n, "float32") for n in (j, k, j + k))
    assert one + other + one * other <= together * (1 + 1e-12)


def test_too_many_roundings_have_no_bound():
    assert rounding.gamma(0, "float32") == 0
    with pytest.raises(ValueError):
        rounding.gamma(2**11, "float16")


@pytest.mark.parametrize("dtype", NUMPY_FLOATS)
@given(value=st.floats(-60000, 60000))
def test_ulp_is_the_spacing_that_numpy_finds(dtype, value):
    value = np.dtype(dtype).type(value)
    assert rounding.ulp(float(value), dtype) == float(np.spacing(np.abs(value)))


@pytest.mark.parametrize("dtype", NUMPY_FLOATS)
@given(value=st.floats(-60000, 60000))
def test_conversion_misses_by_the_distance_to_the_nearest_number(dtype, value):
    assert rounding.of_conversion(value, dtype) == abs(Fraction(float(np.dtype(dtype).type(value))) - Fraction(value))


@pytest.mark.parametrize("dtype", NUMPY_FLOATS)
@given(seed=SEEDS, n=st.integers(1, 65))
def test_sums_in_any_order_stay_within_their_bound(dtype, seed, n):
    random = np.random.RandomState(seed)
    x = random.randn(n).astype(dtype)
    exact = math.fsum(x.tolist())
    bound = rounding.of_sum(x, dtype)
    for order in (np.arange(n), np.argsort(x), np.argsort(-np.abs(x)), random.permutation(n)):
        total = x.dtype.type(0)
        for term in x[order]:
            total = total + term
        assert abs(float(total) - exact) <= bound
        assert abs(float(x[order].sum()) - exact) <= bound


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(seed=SEEDS, k=st.integers(0, 33), scale=st.sampled_from([1.0, 1e-22]))
def test_matrix_products_stay_within_their_bound(dtype, seed, k, scale):
    random = np.random.RandomState(seed)
    a, b = (random.randn(3, k) * scale).astype(dtype), (random.randn(k, 2) * scale).astype(dtype)
    bound = rounding.of_matmul(a, b, dtype)
    wide = a.astype(np.longdouble) @ b.astype(np.longdouble)
    assert (np.abs((a @ b) - wide) <= bound).all()


def test_a_product_in_fewer_bits_breaks_the_bound():
    random = np.random.RandomState(0)
    a, b = random.randn(4, 32).astype(np.float32), random.randn(32, 4).astype(np.float32)
    narrow = (a.astype(np.float16).astype(np.float64)) @ (b.astype(np.float16).astype(np.float64))
    assert (np.abs(narrow - a.astype(float) @ b) > rounding.of_matmul(a, b, "float32")).any()


def test_a_dropped_term_breaks_the_bound_of_a_sum():
    x = np.random.RandomState(0).randn(65).astype(np.float32)
    assert abs(float(x[:-1].sum()) - x.astype(float).sum()) > rounding.of_sum(x, "float32")


def test_sums_along_an_axis_count_the_terms_of_that_axis_only():
    x = np.ones((2, 5))
    bound = rounding.of_sum(x, "float32", axis=1)
    assert (bound == 5 * rounding.both(4, "float32")).all() and bound.shape == (2,)
    assert rounding.of_sum(np.zeros((0, 3)), "float32", axis=0).tolist() == [0, 0, 0]
    assert rounding.of_sum(np.zeros((3, 0)), "float32", axis=0).shape == (0,)


@pytest.mark.parametrize("dtype", NUMPY_FLOATS)
@given(x=st.floats(0.01, 60), y=st.floats(0.01, 60))
def test_one_product_or_quotient_is_within_one_rounding(dtype, x, y):
    x, y = np.dtype(dtype).type(x), np.dtype(dtype).type(y)
    one, other = Fraction(float(x)), Fraction(float(y))
    for got, expected in ((x * y, one * other), (x / y, one / other)):
        assert abs(Fraction(float(got)) - expected) <= rounding.elementwise(float(expected), dtype)


def test_the_bound_of_one_rounding_is_nearly_reached():
    errors = [abs(float(np.float32(value)) - value) for value in np.linspace(1, 1.01, 1000)]
    assert max(errors) > 0.9 * rounding.elementwise(1, "float32")
