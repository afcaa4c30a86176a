"""Weights in and out of ``torch.nn.Linear``, which stores them transposed.

The running example multiplies its inputs from the right, ``x w`` with ``w`` of shape (inputs, outputs).  A Linear layer
keeps a weight of shape (outputs, inputs) and multiplies by its transpose.
"""

import numpy as np
import torch


def linear(weights, device="cpu"):
    """A new ``torch.nn.Linear`` without bias that multiplies by ``weights``, an array of shape (inputs, outputs).

    The layer lives on ``device`` and has the dtype of ``weights``, which it does not share memory with.  A Linear layer
    is born with random weights; drawing them leaves torch's random generator as it was.
    """
    inputs, outputs = weights.shape
    with torch.random.fork_rng(devices=[]):
        layer = torch.nn.Linear(inputs, outputs, bias=False)
    return set_weights(layer, weights, device)


def set_weights(layer, weights, device="cpu"):
    """Move a Linear layer to ``device`` and the dtype of ``weights`` (inputs, outputs), copy them in; the layer."""
    weights = torch.tensor(weights, device=device)
    layer.to(device=device, dtype=weights.dtype)
    with torch.no_grad():
        layer.weight.copy_(weights.t())
    return layer


def weights_of(layer):
    """The matrix that a Linear layer multiplies by: a new numpy array of shape (inputs, outputs)."""
    return np.array(layer.weight.detach().cpu().numpy().T, order="C")
