"""What the chapter on freezing draws and builds: networks of ReLU layers of which some are frozen."""
from typing import NamedTuple, Tuple

import numpy as np
import torch
from hypothesis import strategies as st

from spec.oracles import backprop
from spec.strategies import relu_stacks
from spec.strategies.choices import draw_choices

Frozen = NamedTuple("Frozen", [
    ("x", np.ndarray), ("y", np.ndarray), ("weights", Tuple[np.ndarray, ...]), ("frozen", Tuple[bool, ...])])
Frozen.__doc__ = """A ReLU network without biases and its data, whole numbers throughout, and which layers are frozen.

x is (n, d_in), y (n, d_out); weights multiply from the right, so that the first is (d_in, h)."""


@st.composite
def frozen_networks(draw, max_depth=3, leading=False):
    """Draw a Frozen with up to max_depth hidden layers; leading freezes the first ones, at least one and not all."""
    stack = draw(relu_stacks(max_depth=max_depth, min_depth=1 if leading else 0))
    layers, choices = len(stack.weights), draw_choices(draw, max_depth + 1)
    if leading:
        number = choices.between(1, layers - 1)
        frozen = (True,) * number + (False,) * (layers - number)
    else:
        frozen = tuple(choices.below(2) == 1 for _ in range(layers))
    return Frozen(stack.x, stack.y, stack.weights, frozen)


def module_of(case, device, inplace=False):
    """Build the network as an nn.Sequential of Linear layers without biases and ReLUs, float64, its layers frozen.

    Return it, and its Linear layers as a list.
    """
    linears, parts = [], []
    for weight, frozen in zip(case.weights, case.frozen):
        if linears:
            parts.append(torch.nn.ReLU(inplace=inplace))
        linears.append(torch.nn.Linear(*weight.shape, bias=False).to(device).double())
        with torch.no_grad():
            linears[-1].weight.copy_(torch.tensor(weight.T.copy()))
        if frozen:
            linears[-1].weight.requires_grad = False
        parts.append(linears[-1])
    return torch.nn.Sequential(*parts), linears


def loss_of(model, case, device, requires_grad=False):
    """Return the squared error of the model, summed over everything, and its input x as a tensor."""
    x = torch.tensor(case.x, device=device, requires_grad=requires_grad)
    difference = model(x) - torch.tensor(case.y, device=device)
    return (difference * difference).sum(), x


def expected(case):
    """Return what backprop by hand yields for the network; torch takes 0 for the derivative of relu at 0."""
    return backprop.stack(case.x, case.y, case.weights, at_zero=0)
