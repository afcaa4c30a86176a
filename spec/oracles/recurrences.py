"""Recurrent networks in numpy: one step of each kind of cell by its formula, unrolled over time and layers.

The functions take float64 arrays, complex arrays (for derivatives by complex step), Rounded values
(``running_error``: every result then has its rounding bound with it) or, for a plain cell with relu, exact objects
(``exact_ad``). Matrices multiply from the right: a cell with h hidden units and g gates has the weights ih (d, g*h)
for its input and hh (h, g*h) for its state, with the gates side by side, and two biases of g*h.

Sources: J. Elman, Finding Structure in Time, 1990; S. Hochreiter, J. Schmidhuber, Long Short-Term Memory, 1997, with
the forget gate of F. Gers et al., 2000; K. Cho et al., Learning Phrase Representations, 2014, version 1, where the
reset gate acts after the matrix product.
"""
from collections import namedtuple

import numpy as np

from spec.oracles import rounding
from spec.oracles.running_error import Rounded

Weights = namedtuple("Weights", "ih hh b_ih b_hh")
Weights.__doc__ = "The weights of one layer in one direction: ih (d, g*h), hh (h, g*h), and the two biases (g*h,)."

Unrolled = namedtuple("Unrolled", "outputs finals")
Unrolled.__doc__ = """What a network yields: ``outputs``, one (n, directions*h) for each time step, and ``finals``, the
last state of each layer and direction, each a tuple of (n, h): the hidden state, and for LSTM the cell state too."""

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
"""How many gates each kind of cell has: the plain one has only its new state."""

ROUNDINGS = 16
"""The error allowed to tanh and sigmoid beside that of their argument, in units of roundoff: libraries that compute
them by vectors promise a few."""


def tanh(a):
    """Return the hyperbolic tangent, whose slope is at most 1."""
    return _smooth(a, np.tanh, 1.0)


def sigmoid(a):
    """Return 1 / (1 + exp(-a)), whose slope is at most 1/4."""
    return _smooth(a, lambda value: (1 + np.tanh(value / 2)) / 2, 0.25)


def _smooth(a, function, slope):
    if not isinstance(a, Rounded):
        return function(a)
    return Rounded(function(a.value), a.dtype, slope * a.error + ROUNDINGS * rounding.unit_roundoff(a.dtype))


def relu(a):
    """Put 0 for negative values; complex ones go by their real part, and exact ones have the slope 0 at 0."""
    return a.relu() if hasattr(a, "relu") else np.where(np.real(a) > 0, a, 0)


def rnn(x, state, w, activation=tanh):
    """Return the next state of a plain cell: tanh(x ih + b_ih + h hh + b_hh)."""
    h, = state
    return activation(x @ w.ih + w.b_ih + (h @ w.hh + w.b_hh)),


def relu_rnn(x, state, w):
    """Return the next state of a plain cell with relu in place of tanh."""
    return rnn(x, state, w, relu)


def gru(x, state, w):
    """Return the next state of a gated recurrent unit; its gates are reset, update and new, in this order."""
    h, = state
    of_x, of_h = _gates(x @ w.ih + w.b_ih, 3), _gates(h @ w.hh + w.b_hh, 3)
    reset, update = sigmoid(of_x[0] + of_h[0]), sigmoid(of_x[1] + of_h[1])
    new = tanh(of_x[2] + reset * of_h[2])
    return new + update * (h - new),


def lstm(x, state, w):
    """Return the next state, hidden and cell, of an LSTM; its gates are in, forget, new and out, in this order."""
    h, c = state
    enter, forget, new, out = _gates(x @ w.ih + w.b_ih + (h @ w.hh + w.b_hh), 4)
    c = sigmoid(forget) * c + sigmoid(enter) * tanh(new)
    return sigmoid(out) * tanh(c), c


CELLS = {"RNN": rnn, "GRU": gru, "LSTM": lstm}
"""The cells by the names of torch's modules."""


def _gates(a, number):
    parts = [slice(at, at + _width(a) // number) for at in range(0, _width(a), _width(a) // number)]
    if isinstance(a, Rounded):
        return [Rounded(a.value[..., part], a.dtype, a.error[..., part]) for part in parts]
    return [a[..., part] for part in parts]


def _width(a):
    return (a.value if isinstance(a, Rounded) else a).shape[-1]


def unrolled(cell, xs, state, w):
    """Run one layer over a sequence: return the state after each step, as a list.

    xs  one (n, d) for each step; state  a tuple of (n, h)
    """
    states = []
    for x in xs:
        state = cell(x, state, w)
        states.append(state)
    return states


def network(cell, xs, layers, states):
    """Run a network of one or more layers in one or two directions; return it Unrolled.

    layers  for each layer, from below, a tuple of the Weights of its one or two directions, the forward one first
    states  the states to start from, nested in the same way
    """
    finals = []
    for weights, starts in zip(layers, states):
        runs = [unrolled(cell, xs, starts[0], weights[0])]
        finals.append(runs[0][-1])
        if len(weights) == 2:
            runs.append(unrolled(cell, xs[::-1], starts[1], weights[1])[::-1])
            finals.append(runs[1][0])
        xs = [_side_by_side([state[0] for state in states]) for states in zip(*runs)]
    return Unrolled(xs, finals)


def _side_by_side(parts):
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], Rounded):
        values, errors = [np.concatenate(arrays, axis=-1)
                          for arrays in ([part.value for part in parts], [part.error for part in parts])]
        return Rounded(values, parts[0].dtype, errors)
    return np.concatenate(parts, axis=-1)
