"""Memory of the GPU.

Whoever asks the driver for memory, and gives it back, waits for the GPU. torch keeps what is dropped, and hands it out
again.
"""
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import CUDA, HERE, Capability, needs
from spec.claim import Claim, reaches
from spec.claims.performance._helpers import ON_GPU, keep_busy, selected
from spec.measurements import measured, ratio
from spec.sources import TEMPLATE

STATISTICS = Capability("this torch does not count what its allocator does", True, lambda device: HERE >= (1, 4))

SIZES = st.lists(st.sampled_from([1, 511, 512, 513, 2 ** 20, 2 ** 20 + 1, 10 * 2 ** 20, 10 * 2 ** 20 + 1]),
                 min_size=1, max_size=4)
"""Numbers of bytes on both sides of the ones at which the allocator takes another way."""


def held(device):
    """Return how many bytes of a GPU's memory the process holds, in use or not; torch before 1.4 calls them cached."""
    count = getattr(torch.cuda, "memory_reserved", None) or torch.cuda.memory_cached
    return count(torch.device(device))


def in_use(device):
    """Return how many bytes of a GPU's memory belong to tensors."""
    return torch.cuda.memory_allocated(torch.device(device))


def peak(device):
    """Return the most bytes of a GPU's memory that were in use at once."""
    return torch.cuda.max_memory_allocated(torch.device(device))


def forget_the_peak(device):
    """Begin to look for the peak anew; torch before 1.4 has one peak for the whole process."""
    if STATISTICS.on(device):
        torch.cuda.reset_peak_memory_stats(torch.device(device))


def make_and_drop(sizes, device):
    """Make a tensor of each size, in bytes, and drop it before the next is made."""
    for size in sizes:
        torch.empty(size, dtype=torch.uint8, device=device)


CACHING_ALLOCATOR = Claim(
    "performance.caching-allocator",
    "The caching allocator removes the overhead of allocating and freeing CUDA tensors, so they may be made inside the "
    "training loop.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["the-cache-of-the-gpu-is-emptied-all-the-time"],
)


@CACHING_ALLOCATOR
@needs(CUDA, ON_GPU)
@reaches(several=lambda sizes: len(set(sizes)) > 1)
@given(sizes=SIZES)
def test_tensors_of_sizes_that_were_there_before_take_no_more_memory(device, sizes):
    """
    >>> for size in sizes * 100: torch.empty(size, dtype=torch.uint8, device="cuda")
    >>> print(torch.cuda.memory_reserved())
    """
    with selected(device):
        make_and_drop(sizes, device)
        before = held(device)
        make_and_drop(sizes * 100, device)
        assert held(device) == before


@CACHING_ALLOCATOR
@needs(CUDA, ON_GPU, STATISTICS)
@reaches(several=lambda sizes: len(set(sizes)) > 1)
@given(sizes=SIZES)
def test_tensors_of_sizes_that_were_there_before_ask_the_driver_for_nothing(device, sizes):
    """
    >>> for size in sizes * 100: torch.empty(size, dtype=torch.uint8, device="cuda")
    >>> print(torch.cuda.memory_stats()["segment.all.allocated"])
    """
    def counts():
        statistics = torch.cuda.memory_stats(torch.device(device))
        return [statistics[name] for name in ("segment.all.allocated", "segment.all.freed", "allocation.all.allocated")]

    with selected(device):
        make_and_drop(sizes, device)
        taken, returned, made = counts()
        make_and_drop(sizes * 100, device)
        assert counts() == [taken, returned, made + 100 * len(sizes)]


@CACHING_ALLOCATOR
@needs(CUDA, ON_GPU)
def test_a_tensor_gets_the_memory_of_one_of_its_size_that_was_dropped_and_none_that_is_in_use(device):
    with selected(device):
        kept, dropped = [torch.empty(2 ** 20, device=device) for _ in range(2)]
        places = [kept.data_ptr(), dropped.data_ptr()]
        del dropped
        again = torch.empty(2 ** 20, device=device)
        assert places == [kept.data_ptr(), again.data_ptr()]


@CACHING_ALLOCATOR
@needs(CUDA, ON_GPU, measured("allocation: fresh from the driver over cached"))
def test_memory_from_the_cache_is_had_ten_times_faster_than_from_the_driver(device):
    """The overhead counts as removed where a tenth of it, or less, is left by the lowest measured ratio."""
    assert ratio("allocation: fresh from the driver over cached", device).low >= 10


ALLOCATOR_NO_SYNC = Claim(
    "performance.allocator-no-sync",
    "To construct and delete CUDA tensors does not wait for the GPU.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["making-a-tensor-waits-for-the-gpu"],
)


@ALLOCATOR_NO_SYNC
@needs(CUDA, ON_GPU)
@reaches(several=lambda sizes: len(set(sizes)) > 1)
@given(sizes=SIZES)
def test_the_gpu_still_computes_when_tensors_of_known_sizes_have_come_and_gone(device, sizes):
    """
    >>> a, event = torch.ones(4096, 4096, device="cuda"), torch.cuda.Event()
    >>> for size in sizes: torch.empty(size, dtype=torch.uint8, device="cuda")
    >>> for _ in range(100): torch.mm(a, a)
    >>> event.record(); [torch.empty(size, dtype=torch.uint8, device="cuda") for size in sizes]; print(event.query())
    """
    with selected(device):
        work = keep_busy(device)
        make_and_drop(sizes, device)
        over = work()
        make_and_drop(sizes * 10, device)
        assert not over.query()
        over.synchronize()
        assert over.query()


@ALLOCATOR_NO_SYNC
@needs(CUDA, ON_GPU)
def test_neither_does_a_tensor_of_zeros_though_it_is_filled_on_the_gpu(device):
    with selected(device):
        work = keep_busy(device)
        torch.zeros(2 ** 20, device=device)
        over = work()
        zeros = torch.zeros(2 ** 20, device=device)
        assert not over.query()
        assert zeros.sum().item() == 0 and over.query()


LOOP_ALLOCATION_IS_BOUNDED = Claim(
    "performance.loop-allocation-is-bounded",
    "A training loop that makes a new CUDA tensor for each batch does not take more and more memory.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["what-is-moved-to-a-gpu-is-kept"],
)


def trained(device, rows, after_each_step):
    """Train a layer on batches with these numbers of rows; return what a function of the loss gives after each step."""
    model = torch.nn.Linear(50, 5).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=2.0 ** -20)
    found = []
    for number in rows:
        batch = torch.ones(number, 50).to(device)
        optimizer.zero_grad()
        loss = model(batch).pow(2).sum()
        loss.backward()
        optimizer.step()
        del batch
        found.append(after_each_step(loss))
        del loss
    return found


@LOOP_ALLOCATION_IS_BOUNDED
@needs(CUDA, ON_GPU)
@reaches(short_last=lambda rows, last: last < rows, even=lambda rows, last: last >= rows)
@given(rows=st.integers(1, 300), last=st.integers(1, 300))
def test_the_memory_in_use_is_the_same_after_every_epoch_from_the_second_on_though_its_last_batch_is_smaller(
        device, rows, last):
    """
    >>> model = torch.nn.Linear(50, 5).cuda()
    >>> for n in ([rows] * 5 + [min(rows, last)]) * 10: model(torch.ones(n, 50).cuda()).sum().backward()
    >>> print(torch.cuda.memory_allocated())
    """
    epoch = [rows] * 5 + [min(rows, last)]
    with selected(device):
        found = trained(device, epoch * 10, lambda loss: (in_use(device), held(device)))
        assert len(set(found[2 * len(epoch) - 1::len(epoch)])) == 1


@LOOP_ALLOCATION_IS_BOUNDED
@needs(CUDA, ON_GPU)
def test_after_a_thousand_batches_as_much_is_in_use_as_after_ten_and_there_never_was_more(device):
    with selected(device):
        forget_the_peak(device)
        found = trained(device, [64] * 1000, lambda loss: (in_use(device), peak(device)))
    assert found[9] == found[-1]


@LOOP_ALLOCATION_IS_BOUNDED
@needs(CUDA, ON_GPU)
def test_a_list_of_the_losses_keeps_their_memory_and_a_list_of_their_numbers_does_not(device):
    losses, numbers = [], []

    def growth(keep):
        with selected(device):
            found = trained(device, [64] * 200, lambda loss: (keep(loss), in_use(device))[1])
        return found[-1] - found[9]

    assert growth(lambda loss: numbers.append(loss.item())) == 0 < growth(losses.append)
    assert len(numbers) == len(losses) == 200
