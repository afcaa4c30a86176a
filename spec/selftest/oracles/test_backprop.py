"""Backpropagation by hand agrees with exact differentiation and with complex steps, and a small fault in it shows."""
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.oracles import backprop, derivatives
from spec.oracles.exact_ad import Exact, exact, floats

SMALL = st.integers(-2, 2)


@st.composite
def problems(draw, layers=2):
    """Draw x, y and the weights of a network, whole numbers that often lead to a pre-activation of exactly 0."""
    n, *sizes = draw(st.lists(st.integers(1, 3), min_size=layers + 2, max_size=layers + 2))
    shapes = [(n, sizes[0]), (n, sizes[-1])] + list(zip(sizes, sizes[1:]))
    x, y, *weights = [
        np.array(draw(st.lists(SMALL, min_size=a * b, max_size=a * b)), dtype=float).reshape(a, b) for a, b in shapes]
    return x, y, weights


def kinky():
    """A fixed problem in which one hidden unit is exactly 0."""
    return np.array([[1.0, 1.0]]), np.array([[1.0]]), [np.array([[1.0, 2.0], [-1.0, 1.0]]), np.array([[3.0], [-1.0]])]


def by_exact_ad(x, y, weights, at_zero):
    """The loss and the gradients of the weights and of x, by exact differentiation."""
    leaves = [Exact.leaf(value) for value in [x] + weights]
    h = leaves[0] @ leaves[1]
    for weight in leaves[2:]:
        h = h.relu(at_zero) @ weight
    loss = ((h - y) ** 2).sum()
    return loss.value, loss.gradient(leaves)


@given(problems(), st.sampled_from([0, 1, Fraction(1, 2)]))
def test_two_layers_by_hand_equal_exact_differentiation_kinks_included(problem, at_zero):
    x, y, (w1, w2) = problem
    result = backprop.two_layers(x, y, w1, w2, at_zero=float(at_zero))
    loss, (grad_x, grad_w1, grad_w2) = by_exact_ad(x, y, [w1, w2], at_zero)
    assert result.loss == loss
    for found, expected in ((result.grad_x, grad_x), (result.grad_w1, grad_w1), (result.grad_w2, grad_w2)):
        assert (found == floats(expected)).all()


@given(st.integers(1, 4).flatmap(problems), st.sampled_from([0, 1]))
def test_any_number_of_layers_by_hand_equals_exact_differentiation(problem, at_zero):
    x, y, weights = problem
    result = backprop.stack(x, y, weights, at_zero)
    loss, (grad_x, *grads) = by_exact_ad(x, y, weights, at_zero)
    assert result.loss == loss
    assert (result.grad_x == grad_x).all()
    assert all((found == expected).all() for found, expected in zip(result.grad_weights, grads))


@given(problems())
def test_two_layers_are_a_stack_of_two(problem):
    x, y, weights = problem
    one, other = backprop.two_layers(x, y, *weights), backprop.stack(x, y, weights)
    assert (one.prediction == other.prediction).all()
    assert (one.hidden == other.pre_activations[0]).all()
    assert (one.grad_w1 == other.grad_weights[0]).all()
    assert (one.grad_w2 == other.grad_weights[1]).all()


@given(problems())
def test_the_answer_over_exact_numbers_is_the_one_over_floats(problem):
    x, y, weights = problem
    in_floats = backprop.two_layers(x, y, *weights)
    exactly = backprop.two_layers(exact(x), exact(y), *map(exact, weights))
    assert all((one == other).all() for one, other in zip(in_floats, exactly))


def test_off_the_kinks_a_complex_step_gives_the_same_gradient():
    random = np.random.RandomState(0)
    x, y, w1, w2 = (random.randn(*shape) for shape in ((4, 3), (4, 2), (3, 5), (5, 2)))

    def loss(w1):
        h = x @ w1
        return ((np.where(h.real > 0, h, 0) @ w2 - y) ** 2).sum()

    result = backprop.two_layers(x, y, w1, w2)
    found = derivatives.gradient_by_complex_step(loss, w1)
    assert np.abs(result.hidden).min() > 1e-3
    assert np.abs(found - result.grad_w1).max() <= 1e-14 * np.abs(found).max()


def test_the_convention_at_0_shows_at_a_kink_and_nowhere_else():
    x, y, weights = kinky()
    assert (backprop.two_layers(x, y, *weights).hidden == [[0, 3]]).all()
    passing, stopping = (backprop.two_layers(x, y, *weights, at_zero=value).grad_w1 for value in (1, 0))
    assert (passing != stopping).tolist() == [[True, False], [True, False]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_answer_keeps_the_dtype_of_the_data(dtype):
    x, y, weights = kinky()
    result = backprop.two_layers(x.astype(dtype), y.astype(dtype), *[weight.astype(dtype) for weight in weights])
    assert {value.dtype.name for value in result} == {dtype}


@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_a_gradient_off_by_a_thousandth_fails_the_taylor_test(factor):
    random = np.random.RandomState(1)
    x, y, w1, w2 = (random.randn(*shape) for shape in ((4, 3), (4, 2), (3, 5), (5, 2)))
    grad, direction = backprop.two_layers(x, y, w1, w2).grad_w2, random.randn(5, 2)

    def loss(w2):
        return backprop.two_layers(x, y, w1, w2).loss

    assert derivatives.passes_taylor_test(loss, w2, grad, direction)
    assert not derivatives.passes_taylor_test(loss, w2, grad * factor, direction)


def test_descent_takes_the_documented_steps_and_leaves_its_inputs_alone():
    x, y, (w1, w2) = kinky()
    before = w1.copy()
    run = backprop.descend(x, y, w1, w2, learning_rate=0.25, steps=2)
    first = backprop.two_layers(x, y, w1, w2)
    second = backprop.two_layers(x, y, w1 - 0.25 * first.grad_w1, w2 - 0.25 * first.grad_w2)
    assert run.losses == [first.loss, second.loss]
    assert (run.w1 == w1 - 0.25 * first.grad_w1 - 0.25 * second.grad_w1).all()
    assert (w1 == before).all()
    assert backprop.descend(x, y, w1, w2, 0.25, 0).losses == []
