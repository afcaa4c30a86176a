"""A chain of operations carried out in few bits stays within the bound carried along, and a fault leaves it."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.oracles import backprop
from spec.oracles.running_error import Rounded

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.lists(st.integers(1, 9), min_size=4, max_size=4)


def problem(seed, sizes, dtype):
    """Draw x, y, w1, w2 of a two-layer network, of four sizes."""
    n, d_in, h, d_out = sizes
    random = np.random.RandomState(seed)
    return [random.randn(*shape).astype(dtype) for shape in ((n, d_in), (n, d_out), (d_in, h), (h, d_out))]


def rounded(arrays, dtype):
    """Take arrays as the exact start of a program in a dtype."""
    return [Rounded(array, dtype) for array in arrays]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@given(seed=SEEDS, sizes=SIZES)
def test_backprop_in_few_bits_stays_within_the_bound(dtype, seed, sizes):
    data = problem(seed, sizes, dtype)
    in_dtype = backprop.two_layers(*data)
    carried = backprop.two_layers(*rounded(data, dtype))
    for got, expected in zip(in_dtype, carried):
        assert (np.abs(got.astype(np.longdouble) - expected.value) <= expected.bound).all()


@given(seed=SEEDS)
def test_backprop_in_higher_precision_stays_within_the_bound_of_float64(seed):
    data = problem(seed, [5, 4, 3, 2], "float64")
    carried = backprop.two_layers(*rounded(data, "float64"))
    for got, expected in zip(backprop.two_layers(*[array.astype(np.longdouble) for array in data]), carried):
        assert (np.abs(got - expected.value) <= expected.bound).all()


@given(seed=SEEDS)
def test_a_few_steps_of_descent_stay_within_the_bound(seed):
    data = problem(seed, [4, 3, 2, 2], "float32")
    rate = np.float32(1e-3)
    got = backprop.descend(*data, learning_rate=rate, steps=3)
    carried = backprop.descend(*rounded(data, "float32"), learning_rate=1e-3, steps=3)
    for loss, expected in zip(got.losses, carried.losses):
        assert abs(float(loss) - expected.value) <= expected.bound
    assert (np.abs(got.w1 - carried.w1.value) <= carried.w1.bound).all()
    assert (np.abs(got.w2 - carried.w2.value) <= carried.w2.bound).all()


def test_a_gradient_off_by_a_thousandth_leaves_the_bound():
    data = problem(0, [9, 8, 7, 6], "float32")
    result, carried = backprop.two_layers(*data), backprop.two_layers(*rounded(data, "float32"))
    for name in ("loss", "grad_w1", "grad_w2", "grad_x"):
        got, expected = getattr(result, name), getattr(carried, name)
        assert (np.abs(got * 1.001 - expected.value) > expected.bound).any()
        assert (expected.bound < 0.001 * np.abs(expected.value).max()).all()


def test_where_the_sign_is_uncertain_either_derivative_is_within_the_bound():
    nearly_zero = Rounded([1e-9, -1e-9, 0.0, 1.0, 0.0], "float32", error=[1e-8, 1e-8, 1e-8, 1e-8, 0])
    slope = nearly_zero.relu_slope(at_zero=1)
    assert slope.value.tolist() == [1, 0, 1, 1, 1]
    assert slope.error.tolist() == [1, 1, 1, 0, 0]


def test_constants_may_be_rounded_to_the_dtype():
    zero = Rounded(0.0, "float32")
    one_more_rounding = (zero + 0.125).bound / 0.125
    assert (zero + 0.1).bound >= 0.1 * one_more_rounding * 0.99 + abs(float(np.float32(0.1)) - 0.1)


def test_arrays_may_stand_on_the_left():
    array = np.eye(2)
    x = Rounded([[1.0, 2.0], [3.0, 4.0]], "float32")
    assert (array @ x).value.tolist() == (array * 2 @ x * 0.5).value.tolist() == x.value.tolist()
    assert (array - x).value.tolist() == [[0, -2], [-3, -3]]
    assert (1 + x - 1).value.tolist() == x.value.tolist()
    assert (x.sum(axis=0).value == [4, 6]).all()
