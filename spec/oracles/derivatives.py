"""Derivatives of numpy functions without automatic differentiation, and tests of a gradient somebody else computed.

Complex step    exact to rounding, for analytic functions that run on complex arrays
Taylor order    needs only values and knows no step size: the remainder after the gradient's term falls quadratically
Differences     for kinks: the derivatives from the left and from the right, and what lies between them
Subgradients    for convex functions: an inequality without any limit

A function takes an array and returns a number; directions are arrays of the same shape as the point.
"""
import numpy as np


def complex_step(f, x, direction, h=1e-30):
    """Return the derivative of f at x along a direction: the imaginary part of f(x + i*h*direction), divided by h.

    No two close numbers are subtracted, so the error is of the order of rounding whatever h is. f may also return an
    array; then every component's derivative is returned. W. Squire, G. Trapp, Using Complex Variables to Estimate
    Derivatives of Real Functions, SIAM Review 40(1), 1998.
    """
    return np.imag(f(np.asarray(x, dtype=complex) + 1j * h * np.asarray(direction, dtype=float))) / h


def gradient_by_complex_step(f, x):
    """Return the gradient of f at x, by one complex step along each coordinate."""
    return _along_each_coordinate(lambda direction: complex_step(f, x, direction), x)


def central_difference(f, x, direction, h=2.0 ** -17):
    """Return (f(x + h*v) - f(x - h*v)) / (2h): its error is of order h**2, plus rounding of order 2**-53 / h.

    On polynomials of degree 2 over exact numbers (object arrays, h a Fraction or an int) it has no error.
    """
    x, step = np.asarray(x), np.asarray(direction) * h
    return (f(x + step) - f(x - step)) / (2 * h)


def gradient_by_differences(f, x, h=2.0 ** -17):
    """Return the gradient of f at x, by a central difference along each coordinate."""
    return _along_each_coordinate(lambda direction: central_difference(f, x, direction, h), x)


def taylor_slopes(f, x, gradient, direction, exponents=range(6, 21), floor=2.0 ** -44):
    """Return how fast the remainder |f(x + h*v) - f(x) - h * <gradient, v>| falls, as h = 2**-k is halved.

    Each slope is the base-2 logarithm of the ratio of two successive remainders. A right gradient gives 2 or more, a
    wrong one tends to 1 where its error outweighs the curvature. The slope is infinite where the remainder has fallen
    below ``floor`` times the size of the values, which rounding alone may leave.
    """
    x, direction = np.asarray(x, dtype=float), np.asarray(direction, dtype=float)
    here, rate = f(x), np.vdot(gradient, direction)
    remainders = []
    for k in exponents:
        h = 2.0 ** -k
        there = f(x + h * direction)
        remainder = abs(there - here - h * rate)
        remainders.append(remainder if remainder > floor * max(abs(here), abs(there)) else 0.0)
    return [np.inf if small == 0 else np.log2(large / small) if large else -np.inf
            for large, small in zip(remainders, remainders[1:])]


def passes_taylor_test(f, x, gradient, direction, slack=0.1):
    """Say whether a gradient makes the remainder fall with slope 2 (or faster) at the small end of the steps."""
    return min(taylor_slopes(f, x, gradient, direction)[-3:]) >= 2 - slack


def one_sided(f, x, direction, h=2.0 ** -20):
    """Return the derivatives of f at x along a direction, from the left and from the right, by one difference each.

    They are exact for a piecewise linear f over numbers that do not round, if no other kink lies within h.
    """
    x, step = np.asarray(x), np.asarray(direction) * h
    here = f(x)
    return (here - f(x - step)) / h, (f(x + step) - here) / h


def clarke_contains(value, left, right, slack=0):
    """Say whether a derivative lies between the one from the left and the one from the right, both included.

    For a function of one variable that is smooth on either side of a kink this interval is Clarke's generalized
    gradient. F. Clarke, Optimization and Nonsmooth Analysis, 1983, section 2.1. ``slack`` widens the interval.
    """
    return bool(min(left, right) - slack <= value <= max(left, right) + slack)


def is_subgradient(f, x, gradient, directions, slack=0):
    """Say whether f(x + v) >= f(x) + <gradient, v> for each of the directions v, which may be of any length.

    For a convex f this holds for all v exactly if the gradient is a valid one, at kinks too. R. T. Rockafellar, Convex
    Analysis, 1970, section 23. ``slack`` allows for rounding.
    """
    x = np.asarray(x)
    here = f(x)
    return all(f(x + v) - here - (np.asarray(gradient) * v).sum() >= -slack for v in map(np.asarray, directions))


def _along_each_coordinate(derivative, x):
    x = np.asarray(x)
    result = np.empty(x.shape, dtype=object if x.dtype == object else float)
    for index in np.ndindex(*x.shape):
        direction = np.zeros(x.shape, dtype=int if x.dtype == object else float)
        direction[index] = 1
        result[index] = derivative(direction)
    return result
