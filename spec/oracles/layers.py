"""What layers and losses compute, in numpy float64, written out; with rounding bounds where sums are long.

The functions take anything that numpy takes for an array. ``stack`` also takes Rounded values
(``running_error.Rounded``): every result then has its rounding bound with it.
"""
from collections import namedtuple

import numpy as np

from spec.oracles import rounding
from spec.oracles.backprop import relu, relu_slope

Stack = namedtuple("Stack", "prediction loss grad_weights grad_biases")
Stack.__doc__ = "What a network with biases yields; the gradients are lists by layer."


def _doubles(*arrays):
    return [np.asarray(array, dtype=np.float64) for array in arrays]


def linear(x, weight, bias=None):
    """Return x W' + b.

    x  (..., inputs); weight  (outputs, inputs); bias  (outputs,), or None for no bias
    """
    x, weight = _doubles(x, weight)
    product = x @ weight.T
    return product if bias is None else product + _doubles(bias)[0]


def of_linear(x, weight, bias, dtype):
    """Bound the rounding error of ``linear`` in a dtype: the bias is one more term, at any place of the sum."""
    x, weight, bias = _doubles(x, weight, bias)
    x = np.concatenate([x, np.ones(x.shape[:-1] + (1,))], axis=-1)
    return rounding.of_matmul(x, np.concatenate([weight, bias[:, None]], axis=1).T, dtype)


def conv2d(images, kernels, bias=None):
    """Return the valid cross-correlation of images with kernels: out[n,f,y,x] = sum of image[n,c,y+i,x+j] k[f,c,i,j].

    images  (n, channels, height, width); kernels  (filters, channels, i, j); bias  (filters,), or None
    """
    images, kernels = _doubles(images, kernels)
    height, width = (side - size + 1 for side, size in zip(images.shape[2:], kernels.shape[2:]))
    out = np.zeros((len(images), len(kernels), height, width))
    for i in range(kernels.shape[2]):
        for j in range(kernels.shape[3]):
            window = images[:, :, i:i + height, j:j + width]
            out += np.einsum("ncyx,fc->nfyx", window, kernels[:, :, i, j])
    return out if bias is None else out + _doubles(bias)[0][:, None, None]


def conv2d_gradients(images, kernels, gradient):
    """Return the gradients by images and by kernels of sum(gradient * conv2d(images, kernels)); shapes as there."""
    images, kernels, gradient = _doubles(images, kernels, gradient)
    i, j = kernels.shape[2:]
    padded = np.pad(gradient, [(0, 0), (0, 0), (i - 1, i - 1), (j - 1, j - 1)], "constant")
    of_images = conv2d(padded, kernels[:, :, ::-1, ::-1].swapaxes(0, 1))
    return of_images, conv2d(images.swapaxes(0, 1), gradient.swapaxes(0, 1)).swapaxes(0, 1)


def log_softmax(scores):
    """Return the logarithms of the probabilities that scores stand for, along axis 1."""
    scores = scores - scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def _picked(table, classes):
    return np.array([row[label] for row, label in zip(table, classes)])


LOSSES = {
    "MSELoss": lambda p, y: (p - y) ** 2,
    "L1Loss": lambda p, y: np.abs(p - y),
    "SmoothL1Loss": lambda p, y: np.where(np.abs(p - y) < 1, (p - y) ** 2 / 2, np.abs(p - y) - 0.5),
    "NLLLoss": lambda p, y: -_picked(p, y),
    "CrossEntropyLoss": lambda p, y: -_picked(log_softmax(p), y),
    "BCELoss": lambda p, y: -(y * np.log(p) + (1 - y) * np.log(1 - p)),
    "BCEWithLogitsLoss": lambda p, y: y * np.log1p(np.exp(-p)) + (1 - y) * np.log1p(np.exp(p)),
    "KLDivLoss": lambda p, y: y * (np.log(y) - p),
}
"""The losses by their names in torch: functions of a prediction and a target that return the losses one by one.

NLLLoss and CrossEntropyLoss take a prediction (n, classes) and class indices (n,); the others two arrays of one shape.
"""


def reduced(values, reduction):
    """Return the losses as they are ("none"), their sum or their mean."""
    return {"none": np.asarray, "sum": np.sum, "mean": np.mean}[reduction](values)


def stack(x, y, weights, biases, reduction="sum", at_zero=0):
    """Return the squared error of a network of Linear layers with ReLUs between them, and its gradients.

    x  (n, d_in); y  (n, d_out); weights  matrices (outputs, inputs), as a Linear layer keeps them; biases  vectors
    reduction  "sum" or "mean" over all elements; at_zero  the derivative of the rectifier at 0
    """
    inputs, pre_activations = [x], []
    for weight, bias in zip(weights, biases):
        pre_activations.append(inputs[-1] @ weight.T + bias)
        inputs.append(relu(pre_activations[-1]))
    prediction = pre_activations[-1]
    difference = prediction - y
    share = 1.0 / np.size(getattr(y, "value", y)) if reduction == "mean" else 1.0
    loss = (difference * difference).sum() * share
    grad = difference * (2 * share)
    grad_weights, grad_biases = [], []
    for layer in reversed(range(len(weights))):
        if layer < len(weights) - 1:
            grad = grad * relu_slope(pre_activations[layer], at_zero)
        grad_weights.insert(0, grad.T @ inputs[layer])
        grad_biases.insert(0, grad.sum(axis=0))
        grad = grad @ weights[layer]
    return Stack(prediction, loss, grad_weights, grad_biases)


def descend(x, y, weights, biases, learning_rate, steps, reduction="sum", at_zero=0):
    """Return the losses of gradient descent on that network, a list: the loss before each step."""
    losses = []
    for _ in range(steps):
        step = stack(x, y, weights, biases, reduction, at_zero)
        losses.append(step.loss)
        weights = [weight - learning_rate * grad for weight, grad in zip(weights, step.grad_weights)]
        biases = [bias - learning_rate * grad for bias, grad in zip(biases, step.grad_biases)]
    return losses
