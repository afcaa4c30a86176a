"""Small problems for the running example, and what it means that two trajectories are the same."""

from fractions import Fraction

import numpy as np

from spec.networks import Problem, random_problem, trainer

LEARNING_RATE = 2e-3
STEPS = 30

ROUNDING = {"float64": 1e-12, "float32": 1e-12 * 2**29}
"""How far apart two forms may end on `small_problem`, by dtype, in the sense of `distance`.

A step makes four matrix products with sums of at most 7 terms, so rounding changes the weights by about
4 * 7 * 2**-53 = 3e-15 of their size, and 30 steps change them by 1e-13.  The problem hands on a change of the weights
less than tenfold (a test says so), which makes 1e-12.  float32 has 29 bits fewer.
"""


def small_problem(dtype="float64"):
    """A problem with normal entries and with sizes that all differ, so that a wrong shape cannot go unseen."""
    return random_problem(1, n=7, d_in=5, h=6, d_out=3, dtype=dtype)


def square_problem():
    """A problem whose weight w1 is square, so that its gradient may be transposed without an error."""
    return random_problem(1, n=7, d_in=6, h=6, d_out=3, dtype="float64")


def signs():
    """A problem whose entries are -1 or 1 and whose d_in is odd, so that no hidden unit is 0 at first.

    With the learning rate 1/64 all numbers of the first two steps are multiples of 2**-24 below 2**29: float64 holds
    them without rounding.
    """
    random = np.random.RandomState(0)
    shapes = [(4, 5), (4, 3), (5, 6), (6, 3)]
    return Problem(*[random.choice([-1.0, 1.0], shape) for shape in shapes])


def as_fractions(problem):
    """The same problem, exactly, as arrays of Fractions (numpy dtype object)."""
    exact = np.vectorize(Fraction, otypes=[object])
    return Problem(*[exact(array) for array in problem])


def smallest_hidden_unit(problem, learning_rate, steps):
    """The least absolute value that a hidden unit has before, during and after training with the numpy form."""
    train = trainer("numpy")
    weights = [train(*problem, learning_rate, step).w1 for step in range(steps + 1)]
    return min(np.abs(problem.x.dot(w1)).min() for w1 in weights)


def distance(actual, expected):
    """How far a trajectory is from another: the largest of three relative differences, a float.

    Each loss is compared with the expected loss of the same step; w1 and w2 each by their largest difference, relative
    to the largest expected entry.  NaN if either trajectory holds one.
    """
    losses = np.array(expected.losses)
    differences = [np.abs(np.array(actual.losses) - losses) / np.abs(losses)]
    for name in ["w1", "w2"]:
        weights = getattr(expected, name).astype("float64")
        differences.append(np.abs(getattr(actual, name) - weights) / np.abs(weights).max())
    return float(np.max([np.max(difference) for difference in differences]))


def assert_same_trajectory(actual, expected, bound):
    """Fail unless both trajectories have as many losses, the same shapes, and a `distance` of at most ``bound``."""
    assert len(actual.losses) == len(expected.losses)
    assert all(type(loss) is float for loss in actual.losses)
    assert actual.w1.shape == expected.w1.shape
    assert actual.w2.shape == expected.w2.shape
    assert distance(actual, expected) <= bound
