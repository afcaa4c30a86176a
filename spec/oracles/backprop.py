"""Backpropagation by hand, in numpy: the answer to compare autograd with.

The network is the documents' running example: layers without bias, relu between them, and the squared error summed over
everything as the loss. Matrices multiply from the right: x is (N, D_in), w1 is (D_in, H), w2 is (H, D_out), y is
(N, D_out). ``at_zero`` is the derivative taken for relu at exactly 0: the documents' mask ``grad[h < 0] = 0`` passes 1.

The functions take arrays of floats (the answer is computed in their dtype) or of exact objects (``exact_ad.exact``: the
answer is exact), or Rounded values (``running_error``: every result then has its rounding bound with it).
"""
from collections import namedtuple

import numpy as np

TwoLayer = namedtuple("TwoLayer", "hidden prediction loss grad_w1 grad_w2 grad_x")
TwoLayer.__doc__ = "What the two-layer network yields; ``hidden`` is the first product, before relu."

Stack = namedtuple("Stack", "pre_activations prediction loss grad_weights grad_x")
Stack.__doc__ = "What a stack of layers yields; ``pre_activations`` and ``grad_weights`` are lists by layer."

Descent = namedtuple("Descent", "losses w1 w2")
Descent.__doc__ = "A run of gradient descent: the loss before each step, and the weights after the last."


def relu(h):
    """Put 0 for negative entries."""
    return h.relu() if hasattr(h, "relu") else np.maximum(h, 0)


def relu_slope(h, at_zero):
    """Return the derivative of relu: 1 above 0, 0 below, ``at_zero`` at 0; of the dtype of h."""
    if hasattr(h, "relu_slope"):
        return h.relu_slope(at_zero)
    h = np.asarray(h)
    return np.where(h > 0, 1, np.where(h == 0, at_zero, 0)).astype(h.dtype)


def two_layers(x, y, w1, w2, at_zero=1):
    """Return the loss of the two-layer network and its gradients, written out as in the documents."""
    hidden = x @ w1
    activation = relu(hidden)
    prediction = activation @ w2
    difference = prediction - y
    loss = (difference * difference).sum()
    grad_prediction = 2 * difference
    grad_w2 = activation.T @ grad_prediction
    grad_hidden = (grad_prediction @ w2.T) * relu_slope(hidden, at_zero)
    return TwoLayer(hidden, prediction, loss, x.T @ grad_hidden, grad_w2, grad_hidden @ w1.T)


def stack(x, y, weights, at_zero=1):
    """Return the same for any number of layers >= 1, relu between them and none after the last.

    weights  a sequence of matrices, (D_in, H_1), (H_1, H_2), ..., (H_n, D_out)
    """
    inputs, pre_activations = [x], []
    for weight in weights:
        pre_activations.append(inputs[-1] @ weight)
        inputs.append(relu(pre_activations[-1]))
    prediction = pre_activations[-1]
    difference = prediction - y
    grad = 2 * difference
    grad_weights = [None] * len(weights)
    for layer in reversed(range(len(weights))):
        if layer < len(weights) - 1:
            grad = grad * relu_slope(pre_activations[layer], at_zero)
        grad_weights[layer] = inputs[layer].T @ grad
        grad = grad @ weights[layer].T
    return Stack(pre_activations, prediction, (difference * difference).sum(), grad_weights, grad)


def descend(x, y, w1, w2, learning_rate, steps, at_zero=1):
    """Fit the two-layer network by gradient descent: each step takes learning_rate * gradient from both weights."""
    losses = []
    for _ in range(steps):
        step = two_layers(x, y, w1, w2, at_zero)
        losses.append(step.loss)
        w1, w2 = w1 - learning_rate * step.grad_w1, w2 - learning_rate * step.grad_w2
    return Descent(losses, w1, w2)
