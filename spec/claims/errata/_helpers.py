"""What the chapter on errata builds: numbers and layers for its properties, and lists of cells as in a notebook."""
import numpy as np
import torch

from spec.claims.errata._erratum import run
from spec.oracles.recurrences import Weights

SIZES = [(1, 1, 1, 1), (2, 1, 3, 2), (2, 3, 1, 4), (5, 2, 4, 3)]
"""Sizes of recurrent networks and their inputs: the length of the sequence, and the numbers of sequences, of inputs and
of hidden units."""


def whole_numbers(seed, *shapes):
    """Return a float64 array of whole numbers from -2 to 2 for each shape."""
    random = np.random.RandomState(seed)
    return [random.randint(-2, 3, shape).astype("float64") for shape in shapes]


def linear_of(weight, bias, device="cpu"):
    """Return the float64 layer that computes x weight + bias."""
    layer = torch.nn.Linear(*weight.shape).to(device).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight.T.copy()))
        layer.bias.copy_(torch.tensor(bias))
    return layer


def lstm_of(w, device="cpu"):
    """Return the float64 LSTM with these Weights, which takes its batch first."""
    layer = torch.nn.LSTM(w.ih.shape[0], w.hh.shape[0], batch_first=True).to(device).double()
    with torch.no_grad():
        for parameter, array in zip(layer.parameters(), (w.ih.T, w.hh.T, w.b_ih, w.b_hh)):
            parameter.copy_(torch.tensor(array.copy()))
    return layer


def lstm_weights(seed, d, h):
    """Return Weights of an LSTM, quarters of whole numbers."""
    return Weights(*[array / 4 for array in whole_numbers(seed, (d, 4 * h), (h, 4 * h), (4 * h,), (4 * h,))])


def errors_of_cells(cells):
    """Run cells in order in one namespace, as a notebook does, and go on after errors; return each cell's error.

    An entry is None for a cell without an error.
    """
    shared, errors = {}, []
    for cell in cells:
        try:
            run(["exec(cell, shared)"], cell=cell, shared=shared)
            errors.append(None)
        except Exception as error:
            errors.append(error)
    return errors
