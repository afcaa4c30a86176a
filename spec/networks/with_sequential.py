"""The running example with torch.nn: the network is a list of layers, and the layers own the weights.

``Sequential`` applies its layers one after the other, and ``MSELoss`` with ``reduction="sum"`` is the summed squared
error.  The weights are updated by hand, one parameter of the model after the other.  The documents leave the layers
their biases; here they have none, so that the model is the network of the other forms.

At a hidden unit of exactly 0 the derivative is that of ``torch.nn.ReLU``: 0 on every release of torch, where the numpy
program has 1.

Source: "Learning PyTorch with Examples", section "PyTorch: nn".
"""

import torch

from spec.networks import LEARNING_RATE, STEPS, Trajectory
from spec.networks.layers import linear, weights_of


def build_model(w1, w2, device="cpu"):
    """The network as ``torch.nn.Sequential``: a Linear layer of weights w1, a ReLU, a Linear layer of weights w2."""
    return torch.nn.Sequential(linear(w1, device), torch.nn.ReLU(), linear(w2, device))


def train(x, y, w1, w2, learning_rate=LEARNING_RATE, steps=STEPS, device="cpu"):
    """Fit the network to (x, y) on ``device`` and return its `Trajectory`.

    x, y, w1, w2: numpy arrays of shapes (n, d_in), (n, d_out), (d_in, h), (h, d_out) and one dtype; none is modified.
    Raises RuntimeError when matrices that are to be multiplied do not fit together.
    """
    x, y = [torch.tensor(array, device=device) for array in (x, y)]
    model = build_model(w1, w2, device)
    squared_error = torch.nn.MSELoss(reduction="sum")
    losses = []
    for _ in range(steps):
        loss = squared_error(model(x), y)
        losses.append(loss.item())

        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= learning_rate * parameter.grad
    return Trajectory(losses, weights_of(model[0]), weights_of(model[2]))
