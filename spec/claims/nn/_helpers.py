"""What the chapter on modules draws and builds: networks with biases, and trees of modules that may share parts."""
from typing import NamedTuple, Tuple

import numpy as np
import torch
from hypothesis import strategies as st

from spec.oracles import layers
from spec.strategies.values import draw_values

Net = NamedTuple("Net", [
    ("x", np.ndarray), ("y", np.ndarray), ("weights", Tuple[np.ndarray, ...]), ("biases", Tuple[np.ndarray, ...])])
Net.__doc__ = """A network of Linear layers with ReLUs between them, and its data, small whole numbers throughout.

x is (n, d_in), y (n, d_out); a weight is (outputs, inputs), as a layer keeps it, and a bias (outputs,)."""


@st.composite
def nets(draw, min_layers=1, max_layers=3):
    """Draw a Net with sides from 1 to 4, or up to 9 for one of them."""
    depth = draw(st.integers(min_layers, max_layers))
    sides = [draw(st.sampled_from([1, 2, 3, 4])) for _ in range(depth + 2)]
    if draw(st.booleans()):
        sides[draw(st.integers(0, depth + 1))] = draw(st.sampled_from([7, 8, 9]))
    sizes = [(sides[0], sides[1]), (sides[0], sides[-1])]
    sizes += [(outputs, inputs) for inputs, outputs in zip(sides[1:], sides[2:])]
    sizes += [(outputs,) for outputs in sides[2:]]
    values = draw_values(draw, "float64", sum(int(np.prod(size)) for size in sizes), integral=True, bounded=3)
    arrays = []
    for size in sizes:
        number = int(np.prod(size))
        arrays.append(np.array(values[:number], dtype=np.float64).reshape(size))
        values = values[number:]
    return Net(arrays[0], arrays[1], tuple(arrays[2:2 + depth]), tuple(arrays[2 + depth:]))


def linear(weight, bias, device):
    """Build a Linear layer that holds copies of two arrays; its dtype is theirs. bias may be None."""
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight = torch.nn.Parameter(torch.tensor(weight, device=device))
    if bias is not None:
        layer.bias = torch.nn.Parameter(torch.tensor(bias, device=device))
    return layer


def sequential(net, device):
    """Build the network as nn.Sequential: Linear, ReLU, Linear, and so on."""
    parts = []
    for weight, bias in zip(net.weights, net.biases):
        parts += [linear(weight, bias, device), torch.nn.ReLU()]
    return torch.nn.Sequential(*parts[:-1])


def summed_error(model, net, device):
    """Return the squared error of a model on the data of a Net, summed over everything."""
    difference = model(torch.tensor(net.x, device=device)) - torch.tensor(net.y, device=device)
    return (difference * difference).sum()


def gradients(net):
    """Return the gradients of a Net by backprop by hand, in the order in which its Sequential lists its parameters."""
    by_hand = layers.stack(*net)
    return [gradient for pair in zip(by_hand.grad_weights, by_hand.grad_biases) for gradient in pair]


def layers_in_a_row(d_in, h, d_out):
    """Return the documents' Sequential of two linear layers with biases."""
    return torch.nn.Sequential(torch.nn.Linear(d_in, h), torch.nn.ReLU(), torch.nn.Linear(h, d_out))


LEAVES = {
    "Linear(1, 2)": ["weight", "bias"],
    "ReLU()": [],
    "BatchNorm1d(2)": ["weight", "bias"],
    "PReLU()": ["weight"],
    "Linear(2, 1, bias=False)": ["weight"],
}
"""Layers as source text, with the names of their parameters."""


def plans(max_parts=6):
    """Draw a plan of a tree of modules: a tuple of parts, of which the last is the whole model.

    A part is the source text of a layer, one of LEAVES, or the tuple of the numbers of the earlier parts that a
    Sequential consists of, up to three. A part can occur several times.
    """
    return st.builds(lambda parts, code: _plan(code[:4 * parts]),
                     st.integers(1, max_parts), st.binary(min_size=4 * max_parts, max_size=4 * max_parts))


def _plan(code):
    """Decode a plan, four bytes for each part."""
    parts = []
    for start in range(0, len(code) - 3, 4):
        kind, children = code[start], code[start + 1:start + 4]
        if kind % 3 == 0 or not parts:
            parts.append(list(LEAVES)[kind // 3 % len(LEAVES)])
        else:
            parts.append(tuple(len(parts) - 1 - child % len(parts) for child in children[:kind // 3 % 4]))
    return tuple(parts)


def built(plan):
    """Build the parts of a plan on the CPU; return them all, the whole model last."""
    made = []
    for part in plan:
        if isinstance(part, str):
            made.append(eval(part, vars(torch.nn)))
        else:
            made.append(torch.nn.Sequential(*[made[number] for number in part]))
    return made


def paths(plan, number=None, prefix=""):
    """Return (path, number) for each place in a plan where a part occurs, the whole model first, then depth first.

    A path is what named_modules calls the place: "", "0", "0.1". Numbers come as often as their parts occur.
    """
    number = len(plan) - 1 if number is None else number
    found = [(prefix, number)]
    if not isinstance(plan[number], str):
        for place, child in enumerate(plan[number]):
            found += paths(plan, child, "{}.{}".format(prefix, place) if prefix else str(place))
    return found


def distinct(plan):
    """Return (path, number) for each part that the model contains, once, at the first of its places."""
    seen = {}
    for path, number in paths(plan):
        seen.setdefault(number, path)
    return [(path, number) for number, path in seen.items()]


class TwoLayerNet(torch.nn.Module):
    """The documents' module: two linear layers with biases, and clamp between them."""

    def __init__(self, d_in, h, d_out):
        super().__init__()
        self.linear1 = torch.nn.Linear(d_in, h)
        self.linear2 = torch.nn.Linear(h, d_out)

    def forward(self, x):
        return self.linear2(self.linear1(x).clamp(min=0))
