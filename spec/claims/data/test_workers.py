"""Workers.

With num_workers a loader has its samples read by processes in the background. They are copies of the process that
started them: what they do to the dataset stays with them, and their random numbers are theirs, too.
"""
import os
import random
import warnings

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from spec.claim import Claim, Deviation
from spec.claims.data._helpers import loader
from spec.claims.data._workers import ROWS, SIZE, Failing, contents, run
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, TEMPLATE

POOLS = {"two": 2, "two again": 2, "three": 2, "none": 1}
"""How many processes read samples in each pass: three workers with two batches to read leave one without work."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """What loaders with and without workers gave; the random states are put back."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield run(str(tmp_path_factory.mktemp("files")))
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])


def told(batches, name):
    """Return what every sample of a pass reports under a name, as one list."""
    return [report[name] for batch in batches for report in batch]


WORKERS_ARE_PROCESSES = Claim(
    "data.workers-are-processes",
    "With num_workers=w the samples are read by w processes in the background; with 0, the default, by the process "
    "itself.",
    sources=[TEMPLATE["Data Loading"], EXAMPLES["PyTorch: custom dataset"], FLOYDHUB["Data handling"]],
    kills=["loader-has-no-workers", "loader-has-one-worker", "num-workers-may-be-negative"],
)


@WORKERS_ARE_PROCESSES
@pytest.mark.parametrize("name", ["two", "two again", "three"])
def test_as_many_processes_as_there_is_work_for_read_the_samples(loaded, name):
    processes = set(told(loaded.epochs[name], "process"))
    assert len(processes) == POOLS[name] and os.getpid() not in processes
    assert set(told(loaded.epochs[name], "parent")) == {os.getpid()}


@WORKERS_ARE_PROCESSES
def test_without_workers_the_process_itself_reads_the_samples(loaded):
    assert set(told(loaded.epochs["none"], "process")) == {os.getpid()}
    assert DataLoader([1]).num_workers == 0


@WORKERS_ARE_PROCESSES
def test_the_workers_end_with_the_epoch_and_the_next_has_workers_of_its_own(loaded):
    assert loaded.left == []
    first, second = (set(told(loaded.epochs[name], "process")) for name in ("two", "two again"))
    assert not first & second


@WORKERS_ARE_PROCESSES
def test_any_number_of_workers_can_be_asked_for_but_a_negative_one():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert DataLoader([1], num_workers=16).num_workers == 16
    with pytest.raises(ValueError):
        DataLoader([1], num_workers=-1)


@WORKERS_ARE_PROCESSES
def test_an_exception_in_a_worker_is_raised_in_the_process_that_iterates(tmp_path):
    batches = iter(loader(Failing(str(tmp_path)), 1, batch_size=ROWS // 2))
    for _ in range(2):
        with pytest.raises(ValueError):
            next(batches)
    assert list(batches) == []


BATCHES_INDEPENDENT_OF_WORKERS = Claim(
    "data.batches-independent-of-workers",
    "The batches and their order do not depend on the number of workers.",
    sources=[TEMPLATE["Data Loading"], FLOYDHUB["Data handling"]],
    kills=["workers-batches-come-in-another-order", "workers-lose-the-last-batch"],
)


@BATCHES_INDEPENDENT_OF_WORKERS
@pytest.mark.parametrize("name", ["two", "three"])
def test_workers_give_the_batches_that_come_without_them_also_where_one_is_slow(loaded, name):
    alone = told(loaded.epochs["none"], "index")
    size = len(loaded.epochs[name][0])
    assert [[report["index"] for report in batch] for batch in loaded.epochs[name]] == [
        alone[start:start + size] for start in range(0, ROWS, size)]
    assert alone != sorted(alone) == list(range(ROWS))


@BATCHES_INDEPENDENT_OF_WORKERS
def test_another_epoch_has_another_order_and_the_same_samples(loaded):
    first, second = (told(loaded.epochs[name], "index") for name in ("two", "two again"))
    assert first != second and sorted(first) == sorted(second)
    assert [len(batch) for batch in loaded.epochs["two again"]] == [SIZE] * (ROWS // SIZE)


WORKER_STATE_STAYS_IN_WORKER = Claim(
    "data.worker-state-stays-in-worker",
    "What reading a sample changes in the dataset stays in the worker that reads it; the process that iterates does "
    "not see it.",
    sources=[FLOYDHUB["Data handling"]],
    kills=["loader-has-no-workers"],
)


@WORKER_STATE_STAYS_IN_WORKER
def test_indices_that_workers_note_down_in_the_dataset_are_not_there_afterwards(loaded):
    assert loaded.asked["two"] == loaded.asked["two again"] == loaded.asked["three"] == []


@WORKER_STATE_STAYS_IN_WORKER
def test_without_workers_the_indices_noted_down_stay(loaded):
    assert loaded.asked["none"] == told(loaded.epochs["none"], "index")


@WORKER_STATE_STAYS_IN_WORKER
def test_every_worker_has_a_copy_of_a_random_generator_that_the_dataset_holds(loaded):
    fresh = np.random.RandomState(0)
    drawn = [fresh.randint(2**31 - 1) for _ in range(ROWS)]
    for name in POOLS:
        by_process = {}
        for batch in loaded.epochs[name]:
            for report in batch:
                by_process.setdefault(report["process"], []).append(report["own"])
        assert all(numbers == drawn[:len(numbers)] for numbers in by_process.values())


NUMPY_RANDOM_IN_WORKERS = Claim(
    "data.numpy-random-in-workers",
    "A transform that draws from np.random, as the random crop of the documents does, is random for every sample, also "
    "with several workers.",
    sources=[EXAMPLES["PyTorch: custom dataset"]],
    deviations=[
        Deviation(
            "The workers start with numpy's random state as it is in the process that starts them: all of them draw "
            "the same numbers, and they draw them again in every epoch.",
            witness={},
            until="1.8",
            issue="pytorch#5059",
        )
    ],
    kills=["all-workers-start-with-one-random-state"],
)


def all_differ(loaded, name):
    """Say whether no number that two epochs drew in workers was drawn twice."""
    drawn = told(loaded.epochs["two"], name) + told(loaded.epochs["two again"], name)
    return len(set(drawn)) == len(drawn)


@NUMPY_RANDOM_IN_WORKERS
def test_no_number_drawn_from_numpy_comes_twice(loaded):
    assert all_differ(loaded, "numpy")


@NUMPY_RANDOM_IN_WORKERS.regardless
@pytest.mark.parametrize("library", ["torch", "python"])
def test_no_number_drawn_from_torch_or_python_comes_twice(loaded, library):
    assert all_differ(loaded, library)


@NUMPY_RANDOM_IN_WORKERS.instead
def test_both_workers_draw_the_same_numbers_from_numpy_and_again_in_the_next_epoch(loaded):
    sequences = {}
    for name in ("two", "two again"):
        for batch in loaded.epochs[name]:
            for report in batch:
                sequences.setdefault(report["process"], []).append(report["numpy"])
    first, *others = sequences.values()
    assert len(others) == 3 and all(numbers == first for numbers in others)
    assert len(set(first)) == len(first)


FILES_AND_PREPROCESSING = Claim(
    "data.files-and-preprocessing",
    "Inputs can be read from files, and be preprocessed, in the background instead of in the training loop.",
    sources=[TEMPLATE["Data Loading"]],
    kills=["loader-has-no-workers", "workers-lose-the-last-batch"],
)


@FILES_AND_PREPROCESSING
def test_numbers_that_workers_read_from_files_and_standardize_arrive_in_the_batches(loaded):
    standardized = told(loaded.epochs["two"], "standardized")
    assert os.getpid() not in told(loaded.epochs["two"], "process") and len(standardized) == ROWS
    for index, result in zip(told(loaded.epochs["two"], "index"), standardized):
        numbers = contents(index)
        expected = (numbers - numbers.mean()) / numbers.std()
        agrees(result, expected.tolist())
