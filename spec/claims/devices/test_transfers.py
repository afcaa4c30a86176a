"""Faster transfers.

Memory that the operating system may not move is called pinned. From there a GPU fetches a tensor by itself, while the
program goes on; and a loader can have its batches wait there.
"""
import warnings

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given
from torch.utils.data import DataLoader, TensorDataset

from spec import dtypes
from spec.capabilities import VALUES, needs
from spec.claim import Claim, reaches
from spec.claims.devices._helpers import PINNABLE, PINNING, SEPARATE, STREAMS, backend, lies_on, movable, sent
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import FLOYDHUB
from spec.strategies import LAYOUTS, Blueprint, tensors

ASYNCHRONOUS_COPY = Claim(
    "devices.asynchronous-copy",
    "A flag of cuda(), non_blocking today, lets the copy from pinned memory to the GPU go on while the program does.",
    sources=[FLOYDHUB["Data handling"]],
    kills=["a-copy-that-is-not-waited-for-is-not-made", "a-copy-that-is-not-waited-for-loses-the-sign-of-zero"],
)


@ASYNCHRONOUS_COPY
@needs(VALUES)
@reaches(empty=lambda t: not t.numel, strided=lambda t: not t.contiguous, long=lambda t: t.numel > 16)
@given(t=tensors(dtypes.ALL, layouts=LAYOUTS))
@example(t=Blueprint.of([0.0, -0.0, float("nan"), float("inf")]))
def test_what_is_moved_without_waiting_arrives_with_every_bit(device, t):
    """
    >>> t, t.to(device, non_blocking=True).cpu()
    """
    assume(t.dtype in movable(device))
    x = t.on("cpu")
    there = x.to(device, non_blocking=True)
    assert lies_on(there, device) and there.dtype == x.dtype
    agrees(there, t.array, any_dtype=True, sign_of_zero=True)


@ASYNCHRONOUS_COPY
@needs(PINNING, SEPARATE, VALUES)
@reaches(strided=lambda t: not t.contiguous, empty=lambda t: t.numel == 0, half=lambda t: t.dtype in dtypes.HALVES,
         no_dimension=lambda t: t.ndim == 0)
@given(t=tensors(dtypes.ALL, layouts=LAYOUTS))
def test_what_is_moved_from_pinned_memory_without_waiting_arrives_with_every_bit(device, t):
    """
    >>> t, t.pin_memory().to(device, non_blocking=True).cpu()
    """
    assume(t.dtype in movable(device))
    x = t.on("cpu")
    pinned = x.pin_memory()
    assert pinned.is_pinned() or not t.numel
    there = pinned.to(device, non_blocking=True)
    assert lies_on(there, device)
    bitwise(array_of(there), array_of(x))


@ASYNCHRONOUS_COPY
@needs(PINNING, STREAMS, VALUES)
def test_a_large_copy_from_pinned_memory_is_still_going_on_when_the_call_returns(device):
    x = torch.ones(2 ** 28, dtype=torch.uint8).pin_memory()
    pending = []
    with backend(device).device_of(sent(x[:1], device)):
        sent(x, device)  # takes the memory on the device once, so that the calls below need not wait for it
        for _ in range(5):
            event = backend(device).Event()
            there = x.to(device, non_blocking=True)
            event.record()
            pending.append(not event.query())
            event.synchronize()
            assert there[-1].item() == 1
            del there
    assert any(pending)


@ASYNCHRONOUS_COPY
@needs(PINNING, STREAMS, VALUES)
def test_a_stream_that_waits_for_another_sees_what_was_copied_there(device):
    x = torch.arange(2 ** 20).pin_memory()
    with backend(device).device_of(sent(x[:1], device)):
        side, main = backend(device).Stream(), backend(device).current_stream()
        with backend(device).stream(side):
            there = x.to(device, non_blocking=True)
        main.wait_stream(side)
        there.record_stream(main)
        result = there * 2
    agrees(result, 2 * np.arange(2 ** 20))


PINNED_BATCHES = Claim(
    "devices.pinned-batches",
    "DataLoader(pin_memory=True) gives batches that lie in pinned memory.",
    sources=[FLOYDHUB["Data handling"]],
    kills=["a-loader-that-pins-drops-the-last-batch", "pinned-batches-lose-their-names"],
)


class Samples:
    """Nine samples, each of which holds tensors, text and numbers."""

    def __len__(self):
        return 9

    def __getitem__(self, index):
        return {"x": torch.tensor([index, -index]), "pair": (torch.tensor(index), index), "name": str(index)}


def batches(dataset, **options):
    """Return the batches of four that a loader gives, in a list."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(DataLoader(dataset, batch_size=4, **options))


def tensors_in(value):
    """Return the tensors in a batch, at every depth."""
    if isinstance(value, torch.Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [tensor for part in parts for tensor in tensors_in(part)]


def plain(value):
    """Return a batch with lists in place of its tensors and tuples."""
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, (list, tuple)) else value


@PINNED_BATCHES
@needs(PINNABLE)
@pytest.mark.parametrize("structure", ["tensors", "nested"])
def test_a_loader_that_pins_gives_the_same_batches_on_the_cpu_as_one_that_does_not(structure):
    dataset = Samples() if structure == "nested" else TensorDataset(torch.arange(9), -torch.arange(9))
    found = batches(dataset, pin_memory=True)
    numbers = [list(range(start, min(start + 4, 9))) for start in (0, 4, 8)]
    opposite = [[-number for number in row] for row in numbers]
    if structure == "nested":
        assert plain(found) == [
            {"x": [[number, -number] for number in row], "pair": [row, row], "name": [str(number) for number in row]}
            for row in numbers]
    else:
        assert plain(found) == [[row, other] for row, other in zip(numbers, opposite)]
    assert [type(batch) for batch in found] == [type(batch) for batch in batches(dataset)]
    assert all(tensor.device.type == "cpu" for tensor in tensors_in(found))


@PINNED_BATCHES
@needs(PINNING)
@pytest.mark.parametrize("workers", [0, 2])
def test_every_tensor_of_a_batch_is_pinned_where_that_is_asked_for_and_none_where_it_is_not(workers):
    found = tensors_in(batches(Samples(), pin_memory=True, num_workers=workers))
    assert len(found) == 9 and all(tensor.is_pinned() for tensor in found)
    assert not any(tensor.is_pinned() for tensor in tensors_in(batches(Samples(), num_workers=workers)))
