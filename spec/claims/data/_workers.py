"""One run of loaders with worker processes, for all tests that look at workers: what they saw, and what is left."""
import os
import random
import time
import warnings
from typing import Dict, List, NamedTuple

import numpy as np
import torch.utils.data

from spec.claims.data._helpers import SECONDS, loader

ROWS, SIZE = 8, 2

Run = NamedTuple("Run", [("epochs", Dict[str, List]), ("asked", Dict[str, List[int]]), ("left", List[int])])
Run.__doc__ = """What the loaders gave.

epochs  for each pass over a loader its batches, as lists of the reports of samples (dictionaries)
asked   the indices that the dataset noted down, as they are in this process afterwards
left    the ids of the worker processes that were still there some time after the last pass
"""


class Files(torch.utils.data.Dataset):
    """A dataset of files, numpy arrays as text: a sample is a report on where and how it was read.

    The first sample takes longer than all others. `generator` is a random generator of the dataset's own.
    """

    def __init__(self, folder):
        self.folder = folder
        self.asked = []
        self.generator = np.random.RandomState(0)

    def __len__(self):
        return ROWS

    def __getitem__(self, index):
        self.asked.append(index)
        if index == 0:
            time.sleep(0.1)
        numbers = np.loadtxt(os.path.join(self.folder, "{}.txt".format(index)))
        return {
            "index": index,
            "standardized": (numbers - numbers.mean()) / numbers.std(),
            "process": os.getpid(),
            "parent": os.getppid(),
            "torch": torch.randint(2**31 - 1, (1,)).item(),
            "python": random.randrange(2**31),
            "numpy": np.random.randint(2**31 - 1),
            "own": self.generator.randint(2**31 - 1),
        }


class Failing(Files):
    """A dataset whose samples cannot be read."""

    def __getitem__(self, index):
        raise ValueError(index)


def contents(index):
    """Return the numbers in the file of an index."""
    return np.arange(5.0) ** 2 + index


def reports(batches):
    """Take a batch apart into the reports of its samples, for each batch that a loader gives."""
    return [
        [{name: values[place].tolist() for name, values in batch.items()} for place in range(len(batch["index"]))]
        for batch in batches
    ]


def run(folder):
    """Write the files and load them by two workers, by none and by more workers than there are batches."""
    for index in range(ROWS):
        np.savetxt(os.path.join(folder, "{}.txt".format(index)), contents(index))
    epochs, asked = {}, {}
    for name, workers, seeded, size in [("two", 2, True, SIZE), ("two again", 2, False, SIZE),
                                        ("none", 0, True, SIZE), ("three", 3, True, ROWS // 2)]:
        if seeded:
            torch.manual_seed(0)
        dataset = Files(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # more workers than processors are not wise, but allowed
            epochs[name] = reports(loader(dataset, workers, batch_size=size, shuffle=True))
        asked[name] = dataset.asked
    return Run(epochs, asked, _left([report["process"] for name in ("two", "two again", "three")
                                     for batch in epochs[name] for report in batch]))


def _left(processes):
    """Return those processes that do not end within the time that a test waits."""
    until = time.time() + SECONDS
    left = set(processes)
    while left and time.time() < until:
        left = {process for process in left if os.path.exists("/proc/{}".format(process))}
        time.sleep(0.01)
    return sorted(left)
