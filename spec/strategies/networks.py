"""The running example with small random sizes and values: ReLU networks without biases, and linear regressions.

Values are numpy float64 arrays. In the exact kind they are small whole numbers, so that every result of the forward and
backward pass is a whole number below 2**53 and float64 arithmetic makes no rounding error; hidden pre-activations are
then 0, the kink of the ReLU, again and again.
"""

from functools import lru_cache
from itertools import permutations
from typing import NamedTuple, Tuple

import numpy as np
from hypothesis import strategies as st

from spec.strategies.choices import draw_choices
from spec.strategies.remembered import remembered
from spec.strategies.values import VALUE_BYTES, codes_of, values_of

TwoLayer = NamedTuple("TwoLayer", [("x", np.ndarray), ("y", np.ndarray), ("w1", np.ndarray), ("w2", np.ndarray)])
TwoLayer.__doc__ = "A two-layer network and its data: x (n, d_in), y (n, d_out), w1 (d_in, h), w2 (h, d_out)."

Stack = NamedTuple("Stack", [("x", np.ndarray), ("y", np.ndarray), ("weights", Tuple[np.ndarray, ...])])
Stack.__doc__ = "A ReLU network of any depth and its data: y is to be relu(...relu(x @ weights[0])...) @ weights[-1]."

Regression = NamedTuple("Regression", [("x", np.ndarray), ("y", np.ndarray), ("w", np.ndarray)])
Regression.__doc__ = "A linear regression: x (n, d) of rank d, y (n, k), and the w (d, k) that y was made from."

MARGIN = 1e-3
"""Away from kinks, no hidden pre-activation lies within this distance of 0."""

_SIDES = (1, 2, 3, 4)
_DISTINCT = tuple(permutations(range(1, 6), 4))
_KINK_BYTES = 2


@lru_cache(maxsize=256)
def _numbers(which):
    """Return 64 numbers between -2 and 2, none of them 0: the simplest first, most of them particular to `which`."""
    spread = np.round(np.random.RandomState(which).uniform(-2, 2, 62), 3)
    return (1.0, -0.5) + tuple(number if number else 0.75 for number in spread.tolist())


def _matrix(choices, rows, columns, exact):
    choices = choices.part(VALUE_BYTES)
    if exact:
        values = values_of(choices, "float64", rows * columns, integral=True, bounded=2)
    else:
        numbers = _numbers(choices.below(256))
        values = [numbers[code % 64] for code in codes_of(choices, rows * columns)]
    return np.array(values, dtype=np.float64).reshape(rows, columns)


def _step_away(activation, weight, exact):
    """Change the first row of `weight` as little as it takes to keep activation @ weight away from 0, in place.

    The first column of activation is at least 0.5 in size (at least 1 in the exact kind). Each sample then rules out
    one multiple of the step at most for an entry of the row, since the step moves it by 0.005 or more.
    """
    for column in range(weight.shape[1]):
        while (abs(activation @ weight[:, column]) <= MARGIN).any():
            weight[0, column] += 1.0 if exact else 0.01


def _keep_alive(activation, weight, exact):
    """Raise weight[0, 0] until the first unit of activation @ weight is at least 0.5 (1) for every sample, in place.

    The first column of activation is at least that; without such a unit a whole sample can reach the next layer as
    zeros, and lie on the kink there whatever the weights.
    """
    step, floor = (1.0, 1.0) if exact else (0.01, 0.5)
    needed = ((floor - activation[:, 1:] @ weight[1:, 0]) / activation[:, 0]).max()
    weight[0, 0] = max(abs(weight[0, 0]), step * np.ceil(needed / step))


def _keep_from_kinks(x, weights, exact):
    x[:, 0] += np.where(x[:, 0] < 0, -1, 1) * (abs(x[:, 0]) < 0.5)
    if len(weights) > 1:
        x[:, 0] = abs(x[:, 0])
    activation = x
    for layer, weight in enumerate(weights):
        if layer:
            weight[:, 0] = abs(weight[:, 0])
        if layer < len(weights) - 1:
            _keep_alive(activation, weight, exact)
        _step_away(activation, weight, exact)
        activation = np.maximum(activation @ weight, 0)


def _put_on_kink(choices, x, w1):
    """Make a sample of x or a hidden unit of w1 zero, so that its pre-activations are 0 whatever the other factor."""
    code = choices.below(x.shape[0] + w1.shape[1])
    if code < w1.shape[1]:
        w1[:, code] = 0
    else:
        x[code - w1.shape[1], :] = 0


def _stack(choices, widths, exact, kinks):
    kink = choices.part(_KINK_BYTES)
    x = _matrix(choices, widths[0], widths[1], exact)
    y = _matrix(choices, widths[0], widths[-1], exact)
    weights = tuple(_matrix(choices, rows, columns, exact) for rows, columns in zip(widths[1:], widths[2:]))
    if not kinks:
        _keep_from_kinks(x, weights[:-1], exact)
    elif len(weights) > 1 and (kink.below(2) or not exact):
        _put_on_kink(kink, x, weights[0])
    return Stack(x, y, weights)


@remembered
@st.composite
def two_layer_networks(draw, exact=True, kinks=None, sizes=None, distinct=False):
    """Draw a TwoLayer.

    exact: small whole numbers, else numbers of ordinary size up to about 2. kinks=True puts hidden pre-activations on
    0 (most of the time where exact, always where not); kinks=False keeps all of them further than MARGIN from 0; None
    means `exact`. sizes is (n, d_in, h, d_out), by default 1 to 4 each; distinct makes the four differ (1 to 5), so
    that a transposed matrix fits nowhere.
    """
    choices = draw_choices(draw, 4 + _KINK_BYTES + 4 * VALUE_BYTES)
    if sizes is None:
        sizes = choices.of(_DISTINCT) if distinct else [choices.of(_SIDES) for _ in range(4)]
    x, y, (w1, w2) = _stack(choices, tuple(sizes), exact, exact if kinks is None else kinks)
    return TwoLayer(x, y, w1, w2)


@remembered
@st.composite
def relu_stacks(draw, exact=True, kinks=None, min_depth=0, max_depth=4):
    """Draw a Stack with min_depth to max_depth hidden layers of 1 to 4 units; exact and kinks as for two layers.

    Without a hidden layer it is linear, and kinks does not matter.
    """
    choices = draw_choices(draw, 1 + _KINK_BYTES + (max_depth + 3) * (1 + VALUE_BYTES))
    depth = choices.between(min_depth, max_depth)
    widths = [choices.of(_SIDES) for _ in range(depth + 3)]
    return _stack(choices, tuple(widths), exact, exact if kinks is None else kinks)


@remembered
@st.composite
def regressions(draw, exact=False, noise=False):
    """Draw a Regression with y = x @ w, or with y drawn freely where `noise` is asked for.

    The first rows of x are the identity: every singular value of x is at least 1, and the least-squares solution is
    unique (without noise it is w).
    """
    choices = draw_choices(draw, 3 + 3 * VALUE_BYTES)
    d, k, more = (choices.of(_SIDES) for _ in range(3))
    x = np.concatenate([np.eye(d), _matrix(choices, more - 1, d, exact)])
    w = _matrix(choices, d, k, exact)
    return Regression(x, _matrix(choices, len(x), k, exact) if noise else x @ w, w)
