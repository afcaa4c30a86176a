"""Datasets.

A dataset has a length and gives a sample for an index. torch has a base class for datasets, which is empty.
"""
import inspect
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.utils.data
from hypothesis import example, given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, Dataset

from spec.claim import Claim, Deviation, reaches
from spec.claims.data._helpers import SECONDS, Batching, Samples, batchings, groups, images
from spec.oracles.agreement import agrees, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE

TORCH_UTILS_DATA_IMPORT = Claim(
    "data.torch-utils-data-import",
    "After import torch alone, torch.utils.data is there, with the classes Dataset, DataLoader and TensorDataset.",
    sources=[TEMPLATE["Data Loading"], INTRODUCTION["PyTorch DataLoader"], FLOYDHUB["Data handling"],
             FLOYDHUB["Final architecture overview"]],
    deviations=[
        Deviation(
            "torch.utils has no attribute data until torch.utils.data is imported.",
            witness={},
            until="1.1",
        )
    ],
    kills=["tensor-dataset-is-a-function"],
)


@pytest.fixture(scope="module")
def after_import_torch(tmp_path_factory):
    """Whether torch.utils.data is there in a fresh interpreter, once torch is imported and once it is itself."""
    there = "print(hasattr(torch.utils, 'data'))"
    program = "; ".join(["import torch", there, "import torch.utils.data", there])
    ended = subprocess.run([sys.executable, "-c", program], cwd=str(tmp_path_factory.getbasetemp()), timeout=SECONDS,
                           stdout=subprocess.PIPE)
    assert ended.returncode == 0
    return [word == "True" for word in ended.stdout.decode().split()]


@TORCH_UTILS_DATA_IMPORT
def test_importing_torch_imports_torch_utils_data(after_import_torch):
    assert after_import_torch[0]


@TORCH_UTILS_DATA_IMPORT.instead
def test_torch_utils_data_has_to_be_imported_itself(after_import_torch):
    assert after_import_torch == [False, True]


@TORCH_UTILS_DATA_IMPORT.regardless
@pytest.mark.parametrize("name", ["Dataset", "DataLoader", "TensorDataset"])
def test_the_names_of_the_documents_are_classes(name):
    assert inspect.isclass(getattr(torch.utils.data, name))


CUSTOM_DATASET = Claim(
    "data.custom-dataset",
    "A dataset of one's own needs __len__ and __getitem__ only: a loader asks it once for every index, in order, and "
    "makes batches of the samples.",
    sources=[TEMPLATE["Data Loading"], EXAMPLES["PyTorch: custom dataset"], FLOYDHUB["Data handling"]],
    kills=["loader-drops-the-last-batch", "loader-asks-for-every-sample-twice", "loader-widens-whole-numbers"],
)


@CUSTOM_DATASET
@reaches(empty=lambda case: case.rows == 0, short=lambda case: case.rows % case.size, one=lambda case: case.rows == 1,
         even=lambda case: case.rows and case.rows % case.size == 0)
@given(case=batchings(), shape=st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)))
def test_a_loader_asks_once_for_every_index_and_stacks_the_samples(case, shape):
    """
    >>> from torch.utils.data import DataLoader
    >>> samples = [(np.full(shape, row), row) for row in range(rows)]
    >>> [(images.shape, labels) for images, labels in DataLoader(samples, batch_size=size)]
    """
    pixels, labels = images(case.rows, *shape), np.arange(case.rows) % 3
    dataset = Samples([(image, int(label)) for image, label in zip(pixels, labels)])
    batches = list(DataLoader(dataset, batch_size=case.size))
    assert dataset.asked == list(range(case.rows))
    assert len(batches) == len(groups(case))
    for (inputs, targets), rows in zip(batches, groups(case)):
        bitwise(inputs, pixels[rows])
        agrees(targets, labels[rows], dtype="int64")


SAMPLES_AND_BATCHES = {
    "whole numbers": ([1, -2], torch.tensor([1, -2])),
    "fractions": ([0.5, 1.5], torch.tensor([0.5, 1.5], dtype=torch.float64)),
    "texts": (["a", "b"], ["a", "b"]),
    "arrays": ([np.ones(2, "int16"), np.zeros(2, "int16")], torch.tensor([[1, 1], [0, 0]], dtype=torch.int16)),
    "numpy numbers": ([np.float32(1), np.float32(2)], torch.tensor([1.0, 2.0])),
    "dictionaries": ([{"a": 1, "b": np.float32(2)}, {"a": 3, "b": np.float32(4)}],
                     {"a": torch.tensor([1, 3]), "b": torch.tensor([2.0, 4.0])}),
    "nested pairs": ([(1, (2, "x")), (3, (4, "y"))], [torch.tensor([1, 3]), [torch.tensor([2, 4]), ["x", "y"]]]),
}
"""What two samples may be, and the batch they make."""


@CUSTOM_DATASET
@pytest.mark.parametrize("kind", sorted(SAMPLES_AND_BATCHES))
def test_numbers_arrays_and_what_holds_them_become_tensors_and_texts_stay(kind):
    samples, expected = SAMPLES_AND_BATCHES[kind]
    batch, = DataLoader(Samples(samples), batch_size=2)

    def compare(result, wanted):
        if isinstance(wanted, torch.Tensor):
            agrees(result, wanted)
        elif isinstance(wanted, dict):
            assert sorted(result) == sorted(wanted)
            for key in wanted:
                compare(result[key], wanted[key])
        elif isinstance(wanted, list):
            assert isinstance(result, (list, tuple)) and len(result) == len(wanted)
            for one, other in zip(result, wanted):
                compare(one, other)
        else:
            assert result == wanted

    compare(batch, expected)


@CUSTOM_DATASET
def test_truth_values_become_ones_and_zeros_of_some_dtype():
    batch, = DataLoader(Samples([True, False]), batch_size=2)
    agrees(batch, [1, 0])


@CUSTOM_DATASET
@pytest.mark.parametrize("samples, error", [
    ([np.ones(2), np.ones(3)], RuntimeError),
    ([None, None], TypeError),
], ids=["of unequal sizes", "none at all"])
def test_samples_that_cannot_be_stacked_are_refused(samples, error):
    dataset = Samples(samples)
    with pytest.raises(error):
        list(DataLoader(dataset, batch_size=2))
    assert dataset.asked == [0, 1]


@CUSTOM_DATASET
def test_iterating_over_a_dataset_itself_ends_where_an_index_is_out_of_range():
    dataset = Samples([5, 6, 7])
    assert list(dataset) == [5, 6, 7] and dataset.asked == [0, 1, 2, 3]


DATASET_MUST_BE_INHERITED = Claim(
    "data.dataset-must-be-inherited",
    "A dataset has to inherit from torch.utils.data.Dataset.",
    sources=[FLOYDHUB["Data handling"]],
    deviations=[
        Deviation(
            "Whatever has __getitem__ and __len__ is a dataset: a list, a range, an array, an object of any class.",
            witness={},
        )
    ],
    kills=["loader-refuses-what-is-no-dataset", "loader-drops-the-last-batch"],
)


class Plain:
    """It has the two methods of a dataset, and no base class."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return self.rows

    def __getitem__(self, index):
        return 10 * index


KINDS = {
    "a list": lambda rows: [10 * row for row in range(rows)],
    "a range": lambda rows: range(0, 10 * rows, 10),
    "an array": lambda rows: 10 * np.arange(rows),
    "a tensor": lambda rows: 10 * torch.arange(rows),
    "an object": Plain,
}


@DATASET_MUST_BE_INHERITED
def test_a_loader_refuses_an_object_that_does_not_inherit_from_dataset():
    with pytest.raises((TypeError, ValueError)):
        list(DataLoader(Plain(3)))


@DATASET_MUST_BE_INHERITED.instead
@pytest.mark.parametrize("kind", sorted(KINDS))
@reaches(short_last=lambda case: case.rows % case.size, even=lambda case: case.rows % case.size == 0,
         several=lambda case: case.rows > case.size)
@given(case=batchings(min_rows=1))
@example(case=Batching(7, 3))
def test_a_loader_takes_whatever_has_a_length_and_items(kind, case):
    """
    >>> from torch.utils.data import DataLoader
    >>> list(DataLoader(range(0, 10 * rows, 10), batch_size=size))
    """
    batches = list(DataLoader(KINDS[kind](case.rows), batch_size=case.size))
    assert [batch.tolist() for batch in batches] == [[10 * row for row in rows] for rows in groups(case)]


BASE_DATASET_IS_ABSTRACT = Claim(
    "data.base-dataset-is-abstract",
    "A class that inherits from Dataset and overrides nothing can be made, but it can be neither indexed, measured nor "
    "loaded.",
    sources=[FLOYDHUB["Data handling"], FLOYDHUB["Final architecture overview"]],
    kills=["base-dataset-gives-its-index", "base-dataset-is-empty"],
)


class Nothing(Dataset):
    """It overrides nothing."""


class WithoutLength(Dataset):
    """It overrides __getitem__ only."""

    def __getitem__(self, index):
        return index


@BASE_DATASET_IS_ABSTRACT
@pytest.mark.parametrize("use", [
    lambda: Nothing()[0],
    lambda: list(DataLoader(Nothing(), batch_sampler=[[0]])),
], ids=["indexing", "loading a batch that is named"])
def test_a_sample_of_a_dataset_that_overrides_nothing_is_not_implemented(use):
    with pytest.raises(NotImplementedError):
        use()


@BASE_DATASET_IS_ABSTRACT
@pytest.mark.parametrize("kind", [Nothing, WithoutLength])
@pytest.mark.parametrize("use", [
    len,
    lambda dataset: len(DataLoader(dataset)),
    lambda dataset: list(DataLoader(dataset)),
    lambda dataset: DataLoader(dataset, shuffle=True),
], ids=["len", "len of a loader", "loading", "making a loader that shuffles"])
def test_a_dataset_without_a_length_can_be_neither_measured_nor_loaded(kind, use):
    dataset = kind()
    DataLoader(dataset)
    with pytest.raises((NotImplementedError, TypeError)):
        use(dataset)
