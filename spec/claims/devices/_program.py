"""The documents' two-layer network with biases, and its training worked out in numpy."""
import numpy as np
import torch
from torch import nn

from spec.networks import Problem
from spec.oracles.backprop import two_layers
from spec.oracles.running_error import Rounded


class TwoLayerNN(nn.Module):
    """The model of the documents: two linear layers with a rectifier between them."""

    def __init__(self, d_in, h, d_out):
        super(TwoLayerNN, self).__init__()
        self.linear1 = nn.Linear(d_in, h)
        self.relu = nn.ReLU()
        self.linear2 = nn.Linear(h, d_out)

    def forward(self, x):
        return self.linear2(self.relu(self.linear1(x)))


def biased_problem(seed, n, d_in, h, d_out):
    """Return a Problem in float64 whose weights have the biases as their last row, drawn as Linear draws them."""
    random = np.random.RandomState(seed)
    x, y = random.standard_normal((n, d_in)), random.standard_normal((n, d_out))
    first, second = [random.uniform(-1, 1, (sides[0] + 1, sides[1])) / np.sqrt(sides[0])
                     for sides in ((d_in, h), (h, d_out))]
    return Problem(x, y, first, second)


def model_of(problem):
    """Return the model on the CPU, in float64, with the weights and the biases of a problem."""
    model = TwoLayerNN(problem.x.shape[1], problem.w1.shape[1], problem.y.shape[1]).double()
    with torch.no_grad():
        for layer, rows in ((model.linear1, problem.w1), (model.linear2, problem.w2)):
            layer.weight.copy_(torch.tensor(rows[:-1].T.copy()))
            layer.bias.copy_(torch.tensor(rows[-1]))
    return model


def expected_losses(problem, learning_rate, steps, mean):
    """Return the losses before each step of gradient descent, as Rounded float64 numbers.

    A bias is the weight of an input that is always 1; the unit that carries this 1 past the rectifier is not trained.
    mean  divide the loss by the number of its terms, which must be a power of two, so that this rounds nothing
    """
    scale = 1 / problem.y.size if mean else 1
    n, h = len(problem.x), problem.w1.shape[1]
    carrier = np.zeros((len(problem.w1), 1))
    carrier[-1] = 1
    x = Rounded(np.hstack([problem.x, np.ones((n, 1))]), "float64")
    w1, w2 = Rounded(np.hstack([problem.w1, carrier]), "float64"), Rounded(problem.w2, "float64")
    trained = np.hstack([np.ones((1, h)), np.zeros((1, 1))])
    losses = []
    for _ in range(steps):
        step = two_layers(x, Rounded(problem.y, "float64"), w1, w2, at_zero=0)
        losses.append(step.loss * scale)
        w1 = w1 - step.grad_w1 * trained * (learning_rate * scale)
        w2 = w2 - step.grad_w2 * (learning_rate * scale)
    return losses
