"""The package.

torch.multiprocessing is Python's multiprocessing and a little more. The data loader is built on it.
"""
import multiprocessing
import os
import sys

import pytest
import torch
import torch.multiprocessing

from spec.claim import Claim
from spec.claims.data._helpers import loader
from spec.sources import TEMPLATE

EXTENDS_STDLIB = Claim(
    "multiprocessing.extends-stdlib",
    "torch.multiprocessing has everything that Python's multiprocessing has, the very same objects, and lets one "
    "choose how tensors are shared.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["torch-queue-is-another-one", "python-queue-copies-tensors"],
)


@EXTENDS_STDLIB
@pytest.mark.parametrize("name", sorted(multiprocessing.__all__))
def test_a_name_of_multiprocessing_is_the_same_object_in_torch_multiprocessing(name):
    ours, theirs = getattr(torch.multiprocessing, name), getattr(multiprocessing, name)
    assert ours is theirs or ours == theirs


@EXTENDS_STDLIB
def test_a_sharing_strategy_can_be_asked_for_and_set():
    strategies = torch.multiprocessing.get_all_sharing_strategies()
    before = torch.multiprocessing.get_sharing_strategy()
    assert before in strategies
    if sys.platform.startswith("linux"):
        assert before == "file_descriptor" and strategies == {"file_descriptor", "file_system"}
    try:
        for strategy in strategies:
            torch.multiprocessing.set_sharing_strategy(strategy)
            assert torch.multiprocessing.get_sharing_strategy() == strategy
        with pytest.raises(AssertionError):
            torch.multiprocessing.set_sharing_strategy("by post")
    finally:
        torch.multiprocessing.set_sharing_strategy(before)


@EXTENDS_STDLIB
def test_a_queue_of_python_shares_tensors_too():
    queue, sent = multiprocessing.SimpleQueue(), torch.zeros(2)
    queue.put(sent)
    queue.get().add_(1)
    assert sent.tolist() == [1, 1] and sent.is_shared()


DATALOADER_USES_IT = Claim(
    "multiprocessing.dataloader-uses-it",
    "The data loader is built on torch.multiprocessing: batches that workers make arrive in shared memory.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["loader-has-no-workers"],
)


def nested(number):
    """Return a sample with tensors in a dictionary and a pair, and the processes that made it."""
    return {"one": torch.ones(2) * number, "pair": (torch.zeros(1), number),
            "process": os.getpid(), "parent": os.getppid()}


class Nested(torch.utils.data.Dataset):
    """A dataset of four nested samples."""

    def __len__(self):
        return 4

    def __getitem__(self, number):
        return nested(number)


@DATALOADER_USES_IT
@pytest.mark.parametrize("workers", [0, 1])
def test_the_tensors_in_a_batch_are_in_shared_memory_where_workers_made_it(workers):
    seen = []
    for batch in loader(Nested(), workers, batch_size=2):
        one, pair = batch["one"], batch["pair"]
        assert [tensor.is_shared() for tensor in (one, pair[0], pair[1])] == [workers > 0] * 3
        assert set(batch["parent" if workers else "process"].tolist()) == {os.getpid()}
        seen += one[:, 0].tolist()
    assert seen == [0, 1, 2, 3]
