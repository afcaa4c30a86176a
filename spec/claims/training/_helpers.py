"""What the chapter on training needs in several sections: the printed programs, and what CUDA is."""
import random
from functools import lru_cache

import numpy as np
import torch

from spec.capabilities import Capability
from spec.networks import STEPS, random_problem, trainer

CUDA = Capability("no CUDA device is present on this machine", False, lambda device: torch.cuda.is_available())
WITHOUT_CUDA = Capability("a CUDA device is present on this machine", False,
                          lambda device: not torch.cuda.is_available())


class Dynamic(torch.nn.Module):
    """The documents' dynamic network: its middle layer is passed 0 to 3 times, as a random number decides."""

    def __init__(self, seed):
        super().__init__()
        self.first, self.middle, self.last = [torch.nn.Linear(*sides) for sides in ((1000, 100), (100, 100), (100, 10))]
        self.random = random.Random(seed)

    def forward(self, x):
        """The output for the inputs x (n, 1000)."""
        h = self.first(x).clamp(min=0)
        for _ in range(self.random.randint(0, 3)):
            h = self.middle(h).clamp(min=0)
        return self.last(h)


def _two_layers():
    return torch.nn.Sequential(torch.nn.Linear(1000, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10))


PRINTED = {
    "nn": lambda seed, rate: _with(_two_layers(), torch.optim.SGD, rate),
    "optim": lambda seed, rate: _with(_two_layers(), torch.optim.Adam, rate),
    "dynamic": lambda seed, rate: _with(Dynamic(seed), torch.optim.SGD, rate, momentum=0.9),
}
"""The programs with layers: from a seed and a learning rate to a model of random weights and its optimizer."""


def _with(model, optimizer, rate, **options):
    return model, optimizer(model.parameters(), lr=rate, **options)


@lru_cache(maxsize=None)
def losses_of(program, rate, seed=0, steps=STEPS, device="cpu"):
    """Return the losses of a program as printed, at the documents' sizes, as an array; run once for all claims.

    program  one of PRINTED, or the name of a form without layers, which starts from weights that are not scaled
    """
    if program not in PRINTED:
        return np.array(trainer(program)(*random_problem(seed), learning_rate=rate, steps=steps, device=device).losses)
    problem = random_problem(seed)
    x, y = [torch.tensor(array, device=device) for array in problem[:2]]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, optimizer = PRINTED[program](seed, rate)
    for parameter in model.parameters():
        parameter.data = parameter.data.to(device)
    squared_error, losses = torch.nn.MSELoss(reduction="sum"), []
    for _ in range(steps):
        loss = squared_error(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(losses)
