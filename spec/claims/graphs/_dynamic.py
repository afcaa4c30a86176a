"""Dynamic graphs as torch records them, and the documents' network whose depth is chosen in each forward pass."""
import random
import re
from collections import Counter

import torch

from spec.recorded_graph import functions


def operations(tensor):
    """Return how many functions of each operation, by its name in the graph ("Mul"), led to a tensor, as a Counter."""
    names = [type(function).__name__ for function in functions(tensor)]
    return Counter(re.sub(r"Backward\d*$", "", name) for name in names if name != "AccumulateGrad")


def linear(weight, device):
    """Return an nn.Linear without a bias, in float64, that multiplies by a numpy array (d_in, d_out) from the right."""
    layer = torch.nn.Linear(*weight.shape, bias=False).to(device, torch.float64)
    layer.weight.data.copy_(torch.tensor(weight.T.copy()))
    return layer


class DynamicNet(torch.nn.Module):
    """A ReLU network that in each forward pass applies its middle layer as often as ``choose()`` says."""

    def __init__(self, d_in, h, d_out, choose):
        super().__init__()
        self.input_layer = torch.nn.Linear(d_in, h)
        self.middle_layer = torch.nn.Linear(h, h)
        self.output_layer = torch.nn.Linear(h, d_out)
        self.choose = choose

    def forward(self, x):
        """Return the prediction for x, (n, d_in), as (n, d_out)."""
        hidden = self.input_layer(x).clamp(min=0)
        for _ in range(self.choose()):
            hidden = self.middle_layer(hidden).clamp(min=0)
        return self.output_layer(hidden)


def zero_to_three(seed):
    """Return a function that chooses 0, 1, 2 or 3, as the documents do, from a generator of its own."""
    generator = random.Random(seed)
    return lambda: generator.randint(0, 3)


def in_turn(depths):
    """Return a function that chooses the given depths, one after the other."""
    remaining = iter(depths)
    return lambda: next(remaining)


def trained(seed, momentum, device="cpu", steps=500, n=64, d_in=1000, h=100, d_out=10, learning_rate=1e-4):
    """Train the network on random data, by default at the sizes of the documents, and return the loss of each step."""
    torch.manual_seed(seed)
    x, y = torch.randn(n, d_in).to(device), torch.randn(n, d_out).to(device)
    model = DynamicNet(d_in, h, d_out, zero_to_three(seed)).to(device)
    squared_error = torch.nn.MSELoss(reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=momentum)
    losses = []
    for _ in range(steps):
        loss = squared_error(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses
