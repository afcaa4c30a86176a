"""Transfers.

A GPU has engines of its own for copies. From pinned memory they need no help, and can work while it computes.
"""
import numpy as np
import torch

from spec.capabilities import CUDA, needs
from spec.claim import Claim
from spec.claims.performance._helpers import ON_GPU, keep_busy, selected
from spec.measurements import measured, ratio
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB

PINNED_ASYNC_OVERLAP = Claim(
    "performance.pinned-async-overlap",
    "Pinned memory and copies that are not waited for speed up the transfer from the host to the GPU, and let it "
    "overlap with computation.",
    sources=[FLOYDHUB["Data handling"]],
    kills=["a-copy-that-is-not-waited-for-waits-for-the-gpu"],
)

NUMBERS = 2 ** 20


def pinned_and_place(device):
    """Return numbers in pinned memory, and memory on the GPU for them to which they were copied once."""
    numbers = torch.arange(NUMBERS, dtype=torch.float32).pin_memory()
    return numbers, numbers.to(device)


@PINNED_ASYNC_OVERLAP
@needs(CUDA, ON_GPU)
def test_a_copy_from_pinned_memory_on_another_stream_arrives_while_the_gpu_still_computes(device):
    with selected(device):
        work, (numbers, there) = keep_busy(device), pinned_and_place(device)
        there.zero_()
        side = torch.cuda.Stream()
        torch.cuda.synchronize()
        computed = work()
        with torch.cuda.stream(side):
            there.copy_(numbers, non_blocking=True)
            copied = torch.cuda.Event()
            copied.record()
        copied.synchronize()
        assert not computed.query()
        computed.synchronize()
        agrees(there, np.arange(NUMBERS, dtype="float32"))


@PINNED_ASYNC_OVERLAP
@needs(CUDA, ON_GPU)
def test_a_copy_from_pinned_memory_that_is_not_waited_for_returns_before_its_turn_has_come(device):
    with selected(device):
        work, (numbers, there) = keep_busy(device), pinned_and_place(device)
        del there  # its memory is had again below
        torch.cuda.synchronize()
        computed = work()
        moved = numbers.to(device, non_blocking=True)
        assert not computed.query()
        agrees(moved, np.arange(NUMBERS, dtype="float32"))
        assert computed.query()


@PINNED_ASYNC_OVERLAP
@needs(CUDA, ON_GPU, measured("transfer: pageable over pinned"))
def test_a_copy_from_pinned_memory_is_a_fifth_faster(device):
    """Of 256 MiB; what it takes to pin the memory is not counted."""
    assert ratio("transfer: pageable over pinned", device).low > 1.2


@PINNED_ASYNC_OVERLAP
@needs(CUDA, ON_GPU, measured("transfer: one after the other over overlapped"))
def test_a_copy_beside_a_computation_takes_less_time_than_one_after_the_other(device):
    """By any amount: the copy engine may be busy, and the computation may need the memory's whole bandwidth."""
    assert ratio("transfer: one after the other over overlapped", device).low > 1
