"""What the sections on data share: the packages they need, a way to cut rows into batches, and readers of samples."""
import importlib
import inspect
from typing import NamedTuple

import numpy as np
import torch.utils.data
from hypothesis import strategies as st

from spec.capabilities import Capability

Batching = NamedTuple("Batching", [("rows", int), ("size", int)])
Batching.__doc__ = "How many rows there are, and how many make a batch."


def _works(name, text):
    return Capability(text, False, lambda device: importlib.import_module(name) is not None)


PANDAS = _works("pandas", "pandas is not installed")
PILLOW = _works("PIL.Image", "pillow is not installed")
VISION = _works("torchvision", "no torchvision is installed that works with this torch")
TEXT = _works("torchtext", "no torchtext is installed that works with this torch")

SECONDS = 300
"""How long to wait for another process before it is given up."""


@st.composite
def batchings(draw, min_rows=0, max_rows=40):
    """Draw a Batching: batches that come out even, a short last one, one batch, and none are all frequent."""
    size = draw(st.integers(1, 17))
    rows = draw(st.one_of(
        st.integers(0, 3).map(lambda whole: whole * size),
        st.integers(0, 3).flatmap(lambda whole: st.integers(whole * size, (whole + 1) * size)),
    ))
    return Batching(min(max(rows, min_rows), max_rows), size)


def groups(case):
    """Return the rows of each batch, in order, as lists of row numbers: what a loader without shuffling has to give."""
    rows = list(range(case.rows))
    return [rows[start:start + case.size] for start in range(0, case.rows, case.size)]


def loader(dataset, workers=0, **options):
    """Make a DataLoader; its worker processes are forked, and one that does not answer fails the test."""
    if workers:
        options.update(num_workers=workers, timeout=SECONDS)
        if "multiprocessing_context" in inspect.signature(torch.utils.data.DataLoader.__init__).parameters:
            options["multiprocessing_context"] = "fork"
    return torch.utils.data.DataLoader(dataset, **options)


class Samples(torch.utils.data.Dataset):
    """A dataset over a list of samples that keeps the indices it was asked for, and applies a transform if it has one.

    It has the form that the documents give to a dataset of one's own.
    """

    def __init__(self, samples, transform=None):
        self.samples = samples
        self.transform = transform
        self.asked = []

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        self.asked.append(index)
        sample = self.samples[index]
        if self.transform:
            sample = self.transform(sample)
        return sample


def images(number, channels=3, height=2, width=4):
    """Return a float32 array (number, channels, height, width) in which no two elements are equal."""
    size = (number, channels, height, width)
    return np.arange(np.prod(size), dtype="float32").reshape(size)
