"""The two-layer network, one training step at a time, in each of its forms; and a convolutional network.

A step is that of the program in spec/networks of the same name: the loss is computed and read, as the documents print
it, the gradients are derived, the weights moved. Data and weights are made beforehand. The step size is too small to
move the weights noticeably, so that the thousandth step does what the first did.
"""
from collections import OrderedDict

import numpy as np
import torch

from spec.networks import random_problem
from spec.networks.with_custom_function import HandWrittenReLU
from spec.networks.with_module import TwoLayerNet
from spec.networks.with_sequential import build_model

STILL = 1e-15
"""A step size that moves no weight noticeably."""


def sized(d_in):
    """Return the problem of the documents for so many inputs: 64 examples, a tenth as many hidden units, 10 outputs."""
    return random_problem(0, d_in=d_in, h=max(d_in // 10, 1))


def flop(problem):
    """Return the floating-point operations of one step, those of the five matrix products."""
    (n, d_in), (h, d_out) = problem.x.shape, problem.w2.shape
    return 4 * n * d_in * h + 6 * n * h * d_out


def numpy_step(problem, device, learning_rate=STILL):
    x, y, w1, w2 = problem.x, problem.y, problem.w1.copy(), problem.w2.copy()
    learning_rate = np.float32(learning_rate)

    def step():
        hidden = x.dot(w1)
        active = np.maximum(hidden, 0)
        error = active.dot(w2) - y
        loss = float(np.square(error).sum())
        grad_output = 2 * error
        grad_w2 = active.T.dot(grad_output)
        grad_hidden = grad_output.dot(w2.T)
        grad_hidden[hidden < 0] = 0
        np.subtract(w1, learning_rate * x.T.dot(grad_hidden), out=w1)
        np.subtract(w2, learning_rate * grad_w2, out=w2)
        return loss
    return step


def tensors_step(problem, device, learning_rate=STILL):
    x, y, w1, w2 = [torch.tensor(array, device=device) for array in problem]

    def step():
        hidden = x.mm(w1)
        active = hidden.clamp(min=0)
        error = active.mm(w2) - y
        loss = error.pow(2).sum().item()
        grad_output = 2 * error
        grad_w2 = active.t().mm(grad_output)
        grad_hidden = grad_output.mm(w2.t())
        grad_hidden[hidden < 0] = 0
        w1.sub_(learning_rate * x.t().mm(grad_hidden))
        w2.sub_(learning_rate * grad_w2)
        return loss
    return step


def _squared_error(x, y, w1, w2):
    return (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()


def _hand_written(x, y, w1, w2):
    return (HandWrittenReLU.apply(x.mm(w1)).mm(w2) - y).pow(2).sum()


def recorded_step(problem, device, learning_rate=STILL, loss_of=_squared_error):
    """Return the step of a network whose loss is `loss_of` data and weights, and whose gradients autograd derives."""
    x, y = [torch.tensor(array, device=device) for array in problem[:2]]
    weights = [torch.tensor(array, device=device, requires_grad=True) for array in problem[2:]]

    def step():
        loss = loss_of(x, y, *weights)
        value = loss.item()
        loss.backward()
        with torch.no_grad():
            for weight in weights:
                weight -= learning_rate * weight.grad
                weight.grad.zero_()
        return value
    return step


def custom_function_step(problem, device, learning_rate=STILL):
    return recorded_step(problem, device, learning_rate, _hand_written)


def compiled_step(problem, device, learning_rate=STILL):
    return recorded_step(problem, device, learning_rate, torch.compile(_squared_error))


def sequential_step(problem, device, learning_rate=STILL):
    model = build_model(problem.w1, problem.w2, device)

    def update():
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= learning_rate * parameter.grad
    return _model_step(model, model.zero_grad, update, problem, device)


def optimizer_step(problem, device, learning_rate=STILL):
    model = build_model(problem.w1, problem.w2, device)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    return _model_step(model, optimizer.zero_grad, optimizer.step, problem, device)


def module_step(problem, device, learning_rate=STILL):
    model = TwoLayerNet(problem.w1, problem.w2, device)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    return _model_step(model, optimizer.zero_grad, optimizer.step, problem, device)


def _model_step(model, zero, update, problem, device):
    x, y = [torch.tensor(array, device=device) for array in problem[:2]]
    squared_error = torch.nn.MSELoss(reduction="sum")

    def step():
        loss = squared_error(model(x), y)
        value = loss.item()
        zero()
        loss.backward()
        update()
        return value
    return step


def static_step(problem, device, learning_rate=STILL):
    from spec.benchmarks.static import StaticNetwork

    return StaticNetwork(problem, learning_rate).run


STEPS = OrderedDict([
    ("numpy", numpy_step),
    ("tensors", tensors_step),
    ("autograd", recorded_step),
    ("custom-function", custom_function_step),
    ("sequential", sequential_step),
    ("optimizer", optimizer_step),
    ("module", module_step),
    ("tensorflow", static_step),
    ("compiled", compiled_step),
])
"""The forms by the names of spec/networks, and the compiled one: (problem, device) -> step, which returns the loss."""

ON_THE_CPU = ("numpy", "tensorflow")
"""The forms that are run on the CPU alone."""

CHANNELS = (3, 32, 64, 128, 128)
SIDE, BATCH = 224, 16


def convolutional():
    """Return a network of four 3x3 convolutions, each with a ReLU and a halving of the sides, and one Linear layer."""
    layers = []
    for inputs, outputs in zip(CHANNELS, CHANNELS[1:]):
        layers += [torch.nn.Conv2d(inputs, outputs, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
    return torch.nn.Sequential(torch.nn.Sequential(*layers), torch.nn.AdaptiveAvgPool2d(1), Flatten(),
                               torch.nn.Linear(CHANNELS[-1], 10))


class Flatten(torch.nn.Module):
    """Take (n, c, 1, 1) to (n, c): torch.nn.Flatten, which came with torch 1.2."""

    def forward(self, x):
        return x.view(len(x), -1)


def convolutional_flop():
    """Return the floating-point operations of one forward pass of a batch: of the convolutions as they are written.

    Fast algorithms of 3x3 convolutions multiply a quarter as often.
    """
    return sum(2 * 9 * inputs * outputs * (SIDE >> level) ** 2 * BATCH
               for level, (inputs, outputs) in enumerate(zip(CHANNELS, CHANNELS[1:])))


def convolutional_step(device):
    """Return a function that runs the convolutional network forwards and backwards on random images."""
    model = convolutional().to(device)
    images, labels = torch.randn(BATCH, 3, SIDE, SIDE, device=device), torch.arange(BATCH, device=device) % 10
    error = torch.nn.CrossEntropyLoss()

    def step():
        model.zero_grad()
        error(model(images), labels).backward()
    return step
