"""Dynamic graphs as torch records them, and the documents' network whose depth is chosen in each forward pass."""
import re
from collections import Counter

import torch

from spec.networks.dynamic import DynamicNet, fit, zero_to_three
from spec.recorded_graph import functions


def operations(tensor):
    """Return how many functions of each operation, by its name in the graph ("Mul"), led to a tensor, as a Counter."""
    names = [type(function).__name__ for function in functions(tensor)]
    return Counter(re.sub(r"Backward\d*$", "", name) for name in names if name != "AccumulateGrad")


def in_turn(depths):
    """Return a function that chooses the given depths, one after the other."""
    remaining = iter(depths)
    return lambda: next(remaining)


def trained(seed, momentum, device="cpu", steps=500, n=64, d_in=1000, h=100, d_out=10, learning_rate=1e-4):
    """Train the network on random data, by default at the sizes of the documents, and return the loss of each step."""
    torch.manual_seed(seed)
    x, y = torch.randn(n, d_in).to(device), torch.randn(n, d_out).to(device)
    model = DynamicNet(d_in, h, d_out, zero_to_three(seed)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=momentum)
    return fit(model, optimizer, x, y, steps)
