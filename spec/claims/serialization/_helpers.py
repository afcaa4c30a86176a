"""What the chapter on serialization draws and builds: models of named layers, and files in memory."""
import io
from collections import OrderedDict

import torch
from hypothesis import strategies as st

from spec.capabilities import HERE

TRUSTING = {"weights_only": False} if HERE >= (1, 13) else {}
"""The arguments by which torch.load restores any object, as it did by default up to torch 2.5."""

LAYERS = {
    "linear": (lambda: torch.nn.Linear(3, 3), ["weight", "bias"]),
    "relu": (lambda: torch.nn.ReLU(), []),
    "batch norm": (lambda: torch.nn.BatchNorm1d(3),
                   ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]),
    "no bias": (lambda: torch.nn.Linear(3, 3, bias=False), ["weight"]),
}
"""Layers for rows of three numbers, and the names of what they keep."""

_NAMES = st.sampled_from(["conv1", "relu1", "a", "_b", "Layer"])


def _named(parts):
    return st.lists(st.tuples(_NAMES, parts), max_size=3, unique_by=lambda pair: pair[0]).map(tuple)


TREES = _named(st.one_of(st.sampled_from(sorted(LAYERS)), _named(st.sampled_from(sorted(LAYERS)))))
"""Models as nested tuples of (name, layer), a layer being a name of LAYERS or another such tuple."""


def built(tree, seed=0):
    """Build the nn.Sequential of a tree, its parameters and buffers filled with random numbers from a seed."""
    model = _built(tree)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for tensor in model.state_dict().values():
            tensor.copy_(torch.rand(tensor.shape) + 1 if tensor.is_floating_point() else torch.tensor(seed))
    return model


def _built(tree):
    if isinstance(tree, str):
        return LAYERS[tree][0]()
    return torch.nn.Sequential(OrderedDict((name, _built(part)) for name, part in tree))


def names_in(tree, prefix=""):
    """Return the names of parameters and buffers of a tree in the order of registration."""
    if isinstance(tree, str):
        return [prefix + name for name in LAYERS[tree][1]]
    return [name for part_name, part in tree for name in names_in(part, prefix + part_name + ".")]


def saved(value, **options):
    """Save a value and return the file, in memory, ready to be read."""
    file = io.BytesIO()
    torch.save(value, file, **options)
    file.seek(0)
    return file


ROWS = [[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]]
"""An input for the models."""
