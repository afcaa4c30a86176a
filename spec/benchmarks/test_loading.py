"""A DataLoader with 0, 1 and 2 worker processes and a transform that waits, alone and beside training.

Workers are copies of this process, so these benchmarks run before it has grown: first of all, by the name of the file.
"""
import time

import pytest
import torch
import torch.utils.data

from spec.benchmarks import conditions, networks
from spec.benchmarks.timing import Operation, Stopwatch

SAMPLES, BATCH = 40, 4

WAITED = 0.03
"""Seconds that the transform of one sample waits, as one that reads a file does."""

TRAINED = BATCH * WAITED
"""Seconds of processor time that training on one batch takes: as long as no worker needs to load one."""

on_the_cpu = pytest.mark.benchmark(timer=Stopwatch(conditions.synchronizer("cpu")))


class Costly(torch.utils.data.Dataset):
    """Samples that are there after some waiting."""

    def __len__(self):
        return SAMPLES

    def __getitem__(self, index):
        time.sleep(WAITED)
        return torch.full((1000,), float(index))


def train_on(batch, step):
    end = time.thread_time() + TRAINED
    while time.thread_time() < end:
        step()


def epoch(workers, use):
    loader = torch.utils.data.DataLoader(Costly(), batch_size=BATCH, num_workers=workers)

    def run():
        for batch in loader:
            use(batch)
    return Operation("{} worker{}".format(workers, "" if workers == 1 else "s"), run,
                     work=SAMPLES * WAITED, unit="second")


@on_the_cpu
def test_loading(measure):
    measure("loading", [epoch(workers, lambda batch: None) for workers in (0, 1, 2)], workers=2, budget=3)


@on_the_cpu
def test_loading_and_training(measure):
    step = networks.STEPS["tensors"](networks.sized(100), "cpu")
    measure("loading and training", [epoch(workers, lambda batch: train_on(batch, step)) for workers in (0, 1, 2)],
            workers=2, budget=5)
