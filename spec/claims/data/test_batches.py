"""Batches.

A loader cuts a dataset into batches: in its order, or in a random one. The dataset of the documents is made of tensors
whose rows belong together.
"""
from typing import NamedTuple, Tuple

import numpy as np
import pytest
import torch
import torch.utils.data
from hypothesis import example, given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset

from spec import dtypes
from spec.capabilities import VALUES, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.data._helpers import Batching, Samples, batchings, groups
from spec.oracles.agreement import agrees, bitwise
from spec.oracles.statistics import hoeffding_radius
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, shapes, tensors
from spec.strategies.seeds import seeds

Table = NamedTuple("Table", [("columns", Tuple[Blueprint, ...]), ("index", int)])
Table.__doc__ = "Tensors with as many rows each, and the number of a row, counted from the end where it is negative."


@st.composite
def tables(draw):
    """Draw a Table of one to three tensors of any dtype and layout, with at least one row."""
    rows = draw(st.integers(1, 5))
    rest = shapes(max_dims=2, max_elements=9)
    columns = [draw(tensors(dtypes.ALL, shape=(rows,) + draw(rest), layouts=LAYOUTS))
               for _ in range(draw(st.integers(1, 3)))]
    return Table(tuple(columns), draw(st.integers(-rows, rows - 1)))


TENSORDATASET_PAIRS_ROWS = Claim(
    "data.tensordataset-pairs-rows",
    "TensorDataset(x, y) pairs row i of x with row i of y; it holds the tensors themselves and not copies of them.",
    sources=[INTRODUCTION["PyTorch DataLoader"]],
    deviations=[Deviation(
        "Tensors of unequal length are accepted: the first of them says how many rows there are, and counted from the "
        "end, rows are paired that do not belong together.",
        witness={}, since="2.10", until="2.10", issue="pytorch#171795")],
    kills=["tensor-dataset-counts-rows-from-the-end", "tensor-dataset-copies", "tensor-dataset-cuts-off-rows"],
)


@TENSORDATASET_PAIRS_ROWS.regardless
@needs(VALUES)
@reaches(several=lambda table: len(table.columns) > 1, negative=lambda table: table.index < 0,
         no_more_dimensions=lambda table: table.columns[0].ndim == 1,
         expanded=lambda table: table.columns[0].layout() == "expanded")
@given(table=tables())
def test_item_i_is_the_tuple_of_the_rows_i(device, table):
    """
    >>> from torch.utils.data import TensorDataset
    >>> TensorDataset(*columns)[index]
    """
    columns = [column.on(device) for column in table.columns]
    dataset = TensorDataset(*columns)
    row = dataset[table.index]
    assert isinstance(row, tuple) and len(row) == len(columns) and len(dataset) == len(columns[0])
    for result, column in zip(row, table.columns):
        agrees(result, column.array[table.index], dtype=column.dtype, sign_of_zero=True)
    assert all(held is column for held, column in zip(dataset.tensors, columns))


@TENSORDATASET_PAIRS_ROWS.regardless
@needs(VALUES)
def test_a_write_to_the_tensor_shows_in_the_dataset_and_the_other_way_round(device):
    x, y = torch.zeros(3, 2, device=device), torch.zeros(3, device=device)
    dataset = TensorDataset(x, y)
    x[1] = 5
    dataset[2][1].fill_(7)
    agrees(dataset[1][0].tolist(), [5.0, 5.0])
    agrees(y.tolist(), [0.0, 0.0, 7.0])


@TENSORDATASET_PAIRS_ROWS
def test_tensors_of_unequal_length_are_refused(device):
    with pytest.raises(AssertionError):
        TensorDataset(torch.zeros(3, device=device), torch.zeros(4, device=device))


@TENSORDATASET_PAIRS_ROWS.instead
@needs(VALUES)
def test_tensors_of_unequal_length_have_their_last_rows_paired(device):
    dataset = TensorDataset(torch.tensor([1, 2, 3], device=device), torch.tensor([1, 2, 3, 4], device=device))
    assert len(dataset) == 3
    assert [int(part) for part in dataset[2]] == [3, 3]
    assert [int(part) for part in dataset[-1]] == [3, 4]


@TENSORDATASET_PAIRS_ROWS.regardless
def test_an_index_out_of_range_raises_index_error_and_no_rows_make_an_empty_dataset(device):
    dataset = TensorDataset(torch.zeros(3, device=device))
    for index in (3, -4):
        with pytest.raises(IndexError):
            dataset[index]
    empty = TensorDataset(torch.zeros(0, 2, device=device))
    assert len(empty) == 0 and list(DataLoader(empty)) == []


BATCHING = Claim(
    "data.batching",
    "A loader gives groups of batch_size samples, one after the other and the last one smaller; each part of the "
    "samples is stacked, so that a batch can be unpacked into inputs and labels. 64000 rows in batches of 64 make 1000 "
    "batches.",
    sources=[TEMPLATE["Data Loading"], EXAMPLES["PyTorch: custom dataset"], INTRODUCTION["PyTorch DataLoader"],
             FLOYDHUB["Data handling"], FLOYDHUB["Final architecture overview"]],
    kills=["loader-drops-the-last-batch", "loader-keeps-the-short-batch", "loader-counts-full-batches-only"],
)


@BATCHING
@reaches(empty=lambda case: case.rows == 0, short=lambda case: case.rows % case.size, one=lambda case: case.size == 1,
         even=lambda case: case.rows and case.rows % case.size == 0, wide=lambda case: case.size > case.rows > 0)
@given(case=batchings(), drop_last=st.booleans())
@example(case=Batching(7, 3), drop_last=False)
@example(case=Batching(7, 3), drop_last=True)
def test_the_batches_are_consecutive_rows_and_only_the_last_is_shorter(case, drop_last):
    """
    >>> from torch.utils.data import DataLoader, TensorDataset
    >>> loader = DataLoader(TensorDataset(torch.arange(rows)), batch_size=size, drop_last=drop_last)
    >>> len(loader), list(loader)
    """
    x, y = np.arange(2.0 * case.rows).reshape(case.rows, 2), np.arange(case.rows)
    batches = DataLoader(TensorDataset(torch.tensor(x), torch.tensor(y)), batch_size=case.size, drop_last=drop_last)
    wanted = [rows for rows in groups(case) if len(rows) == case.size or not drop_last]
    seen = []
    for number, (inputs, labels) in enumerate(batches):
        bitwise(inputs, x[wanted[number]])
        bitwise(labels, y[wanted[number]])
        seen.append(len(labels))
    assert seen == [len(rows) for rows in wanted] and len(batches) == len(wanted)


@BATCHING
def test_64000_rows_in_batches_of_64_make_1000_batches():
    batches = DataLoader(range(64000), batch_size=64)
    assert len(batches) == sum(1 for _ in batches) == 1000


@BATCHING
def test_a_batch_of_pairs_is_a_list_of_two_tensors():
    batch, = DataLoader([(1.5, 2), (2.5, 3)], batch_size=2)
    assert type(batch) is list
    agrees(batch[0], np.array([1.5, 2.5]))
    agrees(batch[1], np.array([2, 3]))


@BATCHING
@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_of_less_than_one_sample_is_refused(size):
    with pytest.raises(ValueError):
        DataLoader([1, 2], batch_size=size)


ORDER_WITHOUT_SHUFFLE = Claim(
    "data.order-without-shuffle",
    "Without shuffle the samples come in the order of the dataset, in every epoch.",
    sources=[INTRODUCTION["PyTorch DataLoader"], FLOYDHUB["Final architecture overview"]],
    kills=["loader-drops-the-last-batch", "later-epochs-are-shuffled"],
)


@ORDER_WITHOUT_SHUFFLE
@reaches(none=lambda case: case.rows == 0, short_last=lambda case: case.rows % case.size,
         even=lambda case: case.rows and case.rows % case.size == 0, several=lambda case: case.rows > case.size)
@given(case=batchings())
@example(case=Batching(9, 2))
def test_every_epoch_gives_the_rows_in_order(case):
    """
    >>> from torch.utils.data import DataLoader
    >>> loader = DataLoader(range(rows), batch_size=size)
    >>> list(loader), list(loader)
    """
    batches = DataLoader(range(case.rows), batch_size=case.size)
    for _ in range(3):
        assert [batch.tolist() for batch in batches] == groups(case)


class Order(torch.utils.data.Sampler):
    """A sampler that gives the indices listed."""

    def __init__(self, indices):
        self.indices = indices

    def __iter__(self):
        return iter(self.indices)

    def __len__(self):
        return len(self.indices)


@ORDER_WITHOUT_SHUFFLE
def test_a_sampler_puts_another_order_in_its_place():
    batches = DataLoader("abc", batch_size=2, sampler=Order([2, 0, 1, 2]))
    assert list(batches) == [["c", "a"], ["b", "c"]]


def epoch(batches):
    """Return the rows that one pass over a loader gives, as one list."""
    return [row for batch in batches for row in batch.tolist()]


SHUFFLE_PERMUTES_EACH_EPOCH = Claim(
    "data.shuffle-permutes-each-epoch",
    "With shuffle=True every epoch gives each sample once, in a new random order.",
    sources=[TEMPLATE["Data Loading"], EXAMPLES["PyTorch: custom dataset"], FLOYDHUB["Data handling"]],
    kills=["shuffling-draws-with-replacement", "shuffling-turns-the-rows-round", "every-epoch-is-shuffled-alike"],
)


@SHUFFLE_PERMUTES_EACH_EPOCH
@reaches(one=lambda case: case.rows == 1, many=lambda case: case.rows >= 20)
@given(case=batchings(min_rows=1), seed=seeds())
@example(case=Batching(40, 7), seed=0)
def test_an_epoch_is_a_permutation_that_the_seed_decides(case, seed):
    """
    >>> from torch.utils.data import DataLoader
    >>> _ = torch.manual_seed(seed); loader = DataLoader(range(rows), batch_size=size, shuffle=True)
    >>> list(loader), list(loader)
    """
    batches = DataLoader(range(case.rows), batch_size=case.size, shuffle=True)
    torch.default_generator.manual_seed(seed)
    first, second = epoch(batches), epoch(batches)
    assert sorted(first) == sorted(second) == list(range(case.rows))
    if case.rows >= 20:  # two random orders agree once in 20! = 2.4e18 times
        assert first != second
    torch.default_generator.manual_seed(seed)
    assert [epoch(batches), epoch(batches)] == [first, second]


@SHUFFLE_PERMUTES_EACH_EPOCH
def test_each_order_of_three_rows_comes_once_in_six_epochs_on_average():
    epochs = 2000
    batches = DataLoader(range(3), batch_size=3, shuffle=True)
    orders = [tuple(epoch(batches)) for _ in range(epochs)]
    shares = [orders.count(order) / epochs for order in set(orders)]
    assert len(shares) == 6
    agrees(shares, [1 / 6] * 6, bound=hoeffding_radius(epochs, 0, 1))


@SHUFFLE_PERMUTES_EACH_EPOCH
def test_a_shuffled_epoch_reads_each_sample_when_its_turn_comes():
    dataset = Samples(list(range(12)))
    batches = iter(DataLoader(dataset, batch_size=4, shuffle=True))
    seen = []
    for _ in range(3):
        seen += next(batches).tolist()
        assert dataset.asked == seen
    assert sorted(seen) == list(range(12))
