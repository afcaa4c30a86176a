"""The documents' dynamic network, of another depth in each forward pass, and the loop that trains any of their models.

Source: the repository "Learning PyTorch with Examples", section "PyTorch: Control Flow + Weight Sharing".
"""
import random

import torch


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


def fit(model, optimizer, x, y, steps):
    """Fit a model to x and y by the summed squared error; return the loss of each step, measured before the update."""
    squared_error, losses = torch.nn.MSELoss(reduction="sum"), []
    for _ in range(steps):
        loss = squared_error(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses
