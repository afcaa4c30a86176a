"""Exact differentiation agrees with exact differences, and with the rules for kinks that it is given."""
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spec.oracles import derivatives, exact_ad
from spec.oracles.exact_ad import Exact, Magnitude, exact, floats

NUMBERS = st.one_of(st.integers(-3, 3), st.fractions(-2, 2, max_denominator=4))


def matrices(rows, columns):
    """Draw a matrix of small exact numbers."""
    return st.lists(NUMBERS, min_size=rows * columns, max_size=rows * columns).map(
        lambda items: exact(items).reshape(rows, columns))


SHAPES = st.tuples(*[st.integers(0, 3)] * 3)


@given(st.data(), SHAPES)
def test_gradients_of_a_quadratic_program_equal_exact_central_differences(data, sizes):
    n, k, m = sizes
    a, b, row = data.draw(matrices(n, k)), data.draw(matrices(k, m)), data.draw(matrices(1, m))

    def program(a):
        return (((a @ b) - row * 2 + 1) * (3 - (a @ b))).sum()

    leaf = Exact.leaf(a)
    root = program(leaf)
    assert root.value == program(a)
    assert (root.gradient([leaf])[0] == derivatives.gradient_by_differences(program, a, h=1)).all()


@given(st.data())
def test_every_operation_passes_an_exact_gradient(data):
    a, b = data.draw(matrices(2, 3)), data.draw(matrices(3, 1))

    def program(x, y):
        mixed = x[0:1] * y - (y * y)[[0, 0, 2]] + -x[1, 2] * Fraction(1, 3)
        return (mixed ** 2 * 1).sum() + (x.reshape(3, 2) @ x).sum()

    leaves = [Exact.leaf(a), Exact.leaf(b)]
    ga, gb = program(*leaves).gradient(leaves)
    h = Fraction(1, 10**9)
    near_a = derivatives.gradient_by_differences(lambda x: program(x, b), a, h)
    near_b = derivatives.gradient_by_differences(lambda y: program(a, y), b, h)
    # The program is of degree 4 with coefficients of at most a few thousand: central differences miss by O(h**2).
    assert max(abs(ga - near_a).max(), abs(gb - near_b).max()) < Fraction(1, 10**12)


def test_a_transposed_matrix_receives_a_transposed_gradient():
    a = Exact.leaf([[1, 2, 3]])
    assert (a.t() * [[1], [10], [100]]).sum().gradient([a])[0].tolist() == [[1, 10, 100]]


def test_a_leaf_used_twice_receives_the_sum_and_an_unused_one_receives_0():
    x, unused = Exact.leaf(3), Exact.leaf([1, 2])
    y = x * x
    grad, none = (y + y * x).gradient([x, unused])
    assert grad == 2 * 3 + 3 * 9
    assert none.tolist() == [0, 0]


def test_a_gradient_can_enter_anywhere_and_leave_at_an_inner_node():
    x = Exact.leaf([1, 2])
    y = x * x
    z = y * 5
    assert (z.gradient([y], seed=[1, 10])[0] == [5, 50]).all()
    assert (z.gradient([x], seed=[1, 10])[0] == [10, 200]).all()


@pytest.mark.parametrize("at_zero", [0, Fraction(1, 2), 1], ids=str)
def test_relu_has_at_0_the_derivative_that_is_asked_for(at_zero):
    x = Exact.leaf([-2, 0, 3])
    assert x.relu(at_zero).value.tolist() == [0, 0, 3]
    assert x.relu(at_zero).sum().gradient([x])[0].tolist() == [0, at_zero, 1]


@pytest.mark.parametrize("at_bound", [0, 1], ids=str)
def test_clamp_has_at_either_bound_the_derivative_that_is_asked_for(at_bound):
    x = Exact.leaf([-2, -1, 0, 1, 2])
    y = x.clamp(min=-1, max=1, at_bound=at_bound)
    assert y.value.tolist() == [-1, -1, 0, 1, 1]
    assert y.sum().gradient([x])[0].tolist() == [0, at_bound, 1, at_bound, 0]


@pytest.mark.parametrize("shares, expected", [
    (exact_ad.shared, [0, Fraction(1, 2), Fraction(1, 2), 0]), (exact_ad.first, [0, 1, 0, 0]),
    (exact_ad.last, [0, 0, 1, 0]), (exact_ad.to_each, [0, 1, 1, 0]),
], ids=["shared", "first", "last", "to-each"])
def test_a_maximum_shares_its_gradient_among_ties_as_asked(shares, expected):
    x = Exact.leaf([1, 5, 5, 0])
    y = x.max(shares)
    assert y.value == 5
    assert y.gradient([x])[0].tolist() == expected


def test_floats_are_taken_as_the_fractions_that_they_are():
    assert exact(0.1) == Fraction(3602879701896397, 2**55)
    assert exact(np.array([1, 2], np.float32)).tolist() == [1, 2]
    assert exact([2**70 + 1, 0.5]).tolist() == [2**70 + 1, Fraction(1, 2)]
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError):
            exact([value])


@pytest.mark.parametrize("number, dtype", [(2**53 + 1, "float64"), (2**24 + 1, "float32"), (Fraction(1, 3), "float64"),
                                           (2**1030, "float64")], ids=["2**53+1", "2**24+1", "1/3", "2**1030"])
def test_a_number_that_would_be_rounded_is_refused(number, dtype):
    with pytest.raises((ValueError, OverflowError)):
        floats(exact([number]), dtype)
    assert floats(exact([number // 2**900, 0.5]), dtype).tolist() == [number // 2**900, 0.5]


@given(st.data(), SHAPES)
def test_magnitudes_bound_every_value_and_gradient_of_a_program(data, sizes):
    n, k, m = sizes
    assume(n * k * m > 0)
    a, b = data.draw(matrices(n, k)), data.draw(matrices(k, m))

    def run(kind):
        leaves = [kind.leaf(a), kind.leaf(b)]
        root = (((leaves[0] @ leaves[1] - 2).clamp(-1, 3) * -3).relu() ** 2).sum()
        return root, leaves

    plain, leaves = run(Exact)
    bounding, sizes = run(Magnitude)
    largest = bounding.largest(sizes)
    assert all(np.max(abs(node.value)) <= largest for node in plain.nodes())
    assert abs(plain.value) <= bounding.value
    for grad, limit in zip(plain.gradient(leaves), bounding.gradient(sizes)):
        assert (abs(grad) <= limit).all()


def test_magnitudes_see_large_terms_that_cancel():
    x = Magnitude.leaf([[2**40, -2**40]])
    root = x @ [[2**14], [2**14]]
    assert root.largest([x]) == 2**55


def test_a_dropped_term_is_noticed():
    class Forgetful(Exact):
        def __mul__(self, other):
            other = self._lift(other)
            return self._with(self.value * other.value, (self, lambda g: g * other.value))

    a = exact([[1, 2]])
    leaf = Forgetful.leaf(a)
    grad = (leaf * leaf).sum().gradient([leaf])[0]
    assert (grad != derivatives.gradient_by_differences(lambda x: (x * x).sum(), a, h=1)).all()
