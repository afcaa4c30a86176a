"""The running example as a module of its own: a subclass of torch.nn.Module.

A module may compute its output in any way: its ``forward`` mixes layers, which own weights, and plain operations on
tensors.  The layers that the constructor assigns become part of the module, and so do their parameters.

At a hidden unit of exactly 0 the derivative is that of ``clamp`` at its bound: 1 up to torch 2.13, as in the numpy
program, and 0 from torch 2.14 on.

Source: "Learning PyTorch with Examples", section "PyTorch: Custom nn Modules".
"""

import torch

from spec.networks import LEARNING_RATE, STEPS, Trajectory
from spec.networks.layers import linear, weights_of


class TwoLayerNet(torch.nn.Module):
    """The network without biases, with the first weights w1 (d_in, h) and w2 (h, d_out), two numpy arrays."""

    def __init__(self, w1, w2, device="cpu"):
        super().__init__()
        self.linear1 = linear(w1, device)
        self.linear2 = linear(w2, device)

    def forward(self, x):
        """The output (n, d_out) of the network for the inputs x (n, d_in)."""
        return self.linear2(self.linear1(x).clamp(min=0))


def train(x, y, w1, w2, learning_rate=LEARNING_RATE, steps=STEPS, device="cpu"):
    """Fit the network to (x, y) on ``device`` and return its `Trajectory`.

    x, y, w1, w2: numpy arrays of shapes (n, d_in), (n, d_out), (d_in, h), (h, d_out) and one dtype; none is modified.
    Raises RuntimeError when matrices that are to be multiplied do not fit together.
    """
    x, y = [torch.tensor(array, device=device) for array in (x, y)]
    model = TwoLayerNet(w1, w2, device)
    squared_error = torch.nn.MSELoss(reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses = []
    for _ in range(steps):
        loss = squared_error(model(x), y)
        losses.append(loss.item())

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return Trajectory(losses, weights_of(model.linear1), weights_of(model.linear2))
