"""Memory: tensors made in the loop or beforehand, the caching allocator, and transfers to a GPU."""
import pytest
import torch

from spec.benchmarks.timing import Operation

MADE = 2**18
"""Elements of a tensor that a training loop makes: 1 MiB."""

MOVED = 2**26
"""Elements of a tensor that is copied to the GPU: 256 MiB."""


def require_cuda(device):
    if device.split(":")[0] != "cuda":
        pytest.skip("this is about CUDA")


def test_allocation_in_the_loop_and_beforehand(measure, device):
    kept = torch.empty(MADE, device=device)
    measure("allocation in the loop", [Operation("in the loop", lambda: torch.empty(MADE, device=device).fill_(1)),
                                       Operation("preallocated", lambda: kept.fill_(1))])


def test_allocation_from_the_cache_and_from_the_driver(measure, device):
    require_cuda(device)

    def from_the_driver():
        torch.empty(MADE * 64, device=device)
        torch.cuda.empty_cache()
    measure("allocation", [Operation("from the driver", from_the_driver),
                           Operation("cached", lambda: torch.empty(MADE * 64, device=device))])


def test_transfer_from_pageable_and_from_pinned_memory(measure, device):
    require_cuda(device)
    pageable, target = torch.ones(MOVED), torch.empty(MOVED, device=device)
    pinned = pageable.pin_memory()
    measure("transfer", [Operation("pageable", lambda: target.copy_(pageable), work=4 * MOVED, unit="byte"),
                         Operation("pinned", lambda: target.copy_(pinned), work=4 * MOVED, unit="byte")], budget=2)


def test_transfer_beside_computation(measure, device):
    require_cuda(device)
    target, pinned = torch.empty(MOVED, device=device), torch.ones(MOVED).pin_memory()
    a = torch.randn(4096, 4096, device=device)
    copying, computing = torch.cuda.Stream(torch.device(device)), torch.cuda.Stream(torch.device(device))
    copying_takes = _milliseconds(lambda: target.copy_(pinned), device)
    products = max(1, round(copying_takes / _milliseconds(lambda: torch.mm(a, a), device)))

    def compute():
        for _ in range(products):
            torch.mm(a, a)

    def overlapped():
        with torch.cuda.stream(copying):
            target.copy_(pinned, non_blocking=True)
        with torch.cuda.stream(computing):
            compute()

    def one_after_the_other():
        target.copy_(pinned)
        compute()
    measure("transfer and computation", [
        Operation(name, run, work=products * 2 * len(a)**3)
        for name, run in (("one after the other", one_after_the_other), ("overlapped", overlapped))], budget=2)


def _milliseconds(run, device):
    """Return how long the device takes for the third run of three, by its own events."""
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    with torch.cuda.device(torch.device(device)):
        for _ in range(3):
            start.record()
            run()
            end.record()
        torch.cuda.synchronize()
    return start.elapsed_time(end)
