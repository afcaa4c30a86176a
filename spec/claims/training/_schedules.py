"""Running a scheduler beside an optimizer, in the order of its era."""
import numpy as np
import torch

from spec.capabilities import HERE

SCHEDULER_FIRST = HERE < (1, 1)
"""Whether scheduler.step() belongs at the start of an epoch, as it did before torch 1.1, and not at its end."""


def optimizer_of(rates):
    """Return an SGD optimizer with a group of one weight, 0, for each learning rate; every gradient is 1."""
    weights = [torch.zeros((), dtype=torch.float64, requires_grad=True) for _ in rates]
    for weight in weights:
        weight.grad = torch.ones_like(weight)
    return torch.optim.SGD([dict(params=[weight], lr=rate) for weight, rate in zip(weights, rates)], lr=7.0)


def rates_over(optimizer, scheduler, epochs, first):
    """Return the learning rates of the groups as they are in each epoch, one row an epoch.

    first  scheduler.step() opens the epoch; otherwise it ends it
    """
    rows = []
    for _ in range(epochs):
        if first:
            scheduler.step()
        rows.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        if not first:
            scheduler.step()
    return np.array(rows)
