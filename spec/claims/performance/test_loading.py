"""Loading.

A network that trains has no time to wait for files. With workers, samples are read while it computes, and several at
the same time.
"""
import os
import time

import pytest
import torch
import torch.utils.data

from spec.capabilities import needs
from spec.claim import Claim
from spec.measurements import measured, ratio
from spec.sources import EXAMPLES, FLOYDHUB, TEMPLATE

WORKERS_SPEED_UP_LOADING = Claim(
    "performance.workers-speed-up-loading",
    "To load in workers in the background is faster than in one process, and does not slow the training loop.",
    sources=[TEMPLATE["Data Loading"], EXAMPLES["PyTorch: custom dataset"], FLOYDHUB["Data handling"]],
    kills=["loader-has-no-workers", "loader-has-one-worker"],
)

PATIENCE = 60
"""How many seconds to wait for what another process is about to do, before it is said not to do it."""

SAMPLES, SIZE = 8, 2


def wait_for(path):
    """Return once a file is there; raise AssertionError where it does not come."""
    until = time.time() + PATIENCE
    while not os.path.exists(path):
        assert time.time() < until, "nobody has written " + os.path.basename(path)
        time.sleep(0.001)


class Diary(torch.utils.data.Dataset):
    """A dataset that writes a file for each sample that it reads, by its index, with the number of the process in it.

    together  whether the first samples of the first two batches are read only together: each, once its file is written,
              waits for that of the other
    """

    def __init__(self, folder, together=False):
        self.folder = folder
        self.partners = {0: SIZE, SIZE: 0} if together else {}

    def __len__(self):
        return SAMPLES

    def path(self, index):
        """Return the path of the file for an index."""
        return os.path.join(self.folder, str(index))

    def __getitem__(self, index):
        with open(self.path(index), "w") as file:
            file.write(str(os.getpid()))
        if index in self.partners:
            wait_for(self.path(self.partners[index]))
        return index

    def read(self):
        """Return the indices of the samples read so far."""
        return sorted(int(name) for name in os.listdir(self.folder))

    def readers(self):
        """Return the numbers of the processes that read the samples so far."""
        found = set()
        for index in self.read():
            with open(self.path(index)) as file:
                found.add(int(file.read()))
        return found


def batches(dataset, workers):
    """Return an iterator over the batches of a loader."""
    return iter(torch.utils.data.DataLoader(dataset, batch_size=SIZE, num_workers=workers))


@WORKERS_SPEED_UP_LOADING
@pytest.mark.parametrize("workers", [1, 2])
def test_the_training_process_reads_nothing_itself_where_there_are_workers(tmp_path, workers):
    dataset = Diary(str(tmp_path))
    assert [batch.tolist() for batch in batches(dataset, workers)] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert len(dataset.readers()) == workers and os.getpid() not in dataset.readers()


@WORKERS_SPEED_UP_LOADING
def test_two_workers_read_two_samples_at_the_same_time(tmp_path):
    dataset = Diary(str(tmp_path), together=True)
    assert [batch.tolist() for batch in batches(dataset, 2)] == [[0, 1], [2, 3], [4, 5], [6, 7]]


@WORKERS_SPEED_UP_LOADING
@pytest.mark.parametrize("workers", [1, 2])
def test_the_next_batch_is_read_while_the_training_loop_holds_this_one(tmp_path, workers):
    dataset = Diary(str(tmp_path))
    loading = batches(dataset, workers)
    for number in range(SAMPLES // SIZE):
        assert next(loading).tolist() == [SIZE * number, SIZE * number + 1]
        if number + 1 < SAMPLES // SIZE:
            wait_for(dataset.path(SIZE * (number + 1) + 1))
    assert list(loading) == []


@WORKERS_SPEED_UP_LOADING
def test_without_workers_a_batch_is_read_when_the_training_loop_asks_for_it(tmp_path):
    dataset = Diary(str(tmp_path))
    for number, batch in enumerate(batches(dataset, 0)):
        assert batch.tolist() == [SIZE * number, SIZE * number + 1]
        assert dataset.read() == list(range(SIZE * (number + 1)))
    assert dataset.readers() == {os.getpid()}


@WORKERS_SPEED_UP_LOADING
@needs(measured("loading: no worker over two workers"))
def test_two_workers_load_in_less_time_than_none():
    """By any amount, for they have to be started first; half the time would be the best that two can do."""
    assert ratio("loading: no worker over two workers", "cpu").low > 1


@WORKERS_SPEED_UP_LOADING
@needs(measured("loading and training: no worker over two workers"))
def test_to_load_and_train_takes_less_time_with_two_workers_than_with_none():
    """Where a step of training takes about as long as to load its batch, so that one can hide the other."""
    assert ratio("loading and training: no worker over two workers", "cpu").low > 1
