"""The printed programs, for several sections."""
from functools import lru_cache

import numpy as np
import torch

from spec.networks import STEPS, random_problem, trainer
from spec.networks.dynamic import DynamicNet, fit, zero_to_three


def _two_layers():
    return torch.nn.Sequential(torch.nn.Linear(1000, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10))


PRINTED = {
    "nn": lambda seed, device, rate: _with(_two_layers(), device, torch.optim.SGD, rate),
    "optim": lambda seed, device, rate: _with(_two_layers(), device, torch.optim.Adam, rate),
    "dynamic": lambda seed, device, rate: _with(
        DynamicNet(1000, 100, 10, zero_to_three(seed)), device, torch.optim.SGD, rate, momentum=0.9),
}
"""The programs with layers: from seed, device and learning rate to a model of random weights and its optimizer."""


def _with(model, device, optimizer, rate, **options):
    model.to(device)
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
        model, optimizer = PRINTED[program](seed, device, rate)
    return np.array(fit(model, optimizer, x, y, steps))
