"""Tensors.

What is shared is the storage of a tensor, whole, and it is shared from the moment that the tensor is sent. A process
that is forked inherits a copy of everything, tensors included.
"""
import numpy as np
import pytest
import torch
import torch.multiprocessing
from hypothesis import example, given

from spec import dtypes
from spec.claim import Claim, Deviation, reaches
from spec.claims.multiprocessing._helpers import METHODS, Child
from spec.oracles.agreement import agrees
from spec.sources import TEMPLATE
from spec.strategies import Blueprint, shapes, tensors

DENSE = ("contiguous", "transposed")

STORAGE_SHARED_WHEN_SENT = Claim(
    "multiprocessing.storage-shared-when-sent",
    "A tensor sent to another process, through a queue or as an argument of a spawned process, has its storage in "
    "shared memory from then on: what the receiver writes, the sender sees.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["sent-tensors-are-copies", "sent-scalars-are-copies"],
)


@STORAGE_SHARED_WHEN_SENT
@pytest.mark.parametrize("method", METHODS)
@reaches(empty=lambda x: x.numel == 0, no_dimension=lambda x: x.ndim == 0, strided=lambda x: not x.contiguous,
         whole=lambda x: dtypes.is_integer(x.dtype))
@given(x=tensors(dtypes.ALL, shape=shapes(max_dims=3, max_elements=33), layouts=DENSE))
@example(x=Blueprint.of([1.0, 2.0], "float32"))
def test_what_another_process_writes_to_a_tensor_from_a_queue_the_sender_sees(method, child, x):
    """
    >>> import torch.multiprocessing; queue = torch.multiprocessing.SimpleQueue()
    >>> queue.put(x); queue.get().fill_(1)
    >>> x
    """
    tensor = x.on()
    assert not tensor.is_shared()
    received = child.ask("fill", tensor)
    agrees(received, x.array)
    agrees(tensor, np.ones(x.size), any_dtype=True)
    assert tensor.is_shared() or not x.storage


@STORAGE_SHARED_WHEN_SENT
@pytest.mark.parametrize("method", METHODS)
def test_what_the_sender_writes_later_the_receiver_sees(method, child):
    tensor = torch.zeros(3)
    child.ask("add_one", tensor)
    tensor.mul_(5)
    agrees(child.ask("add_one", tensor), np.full(3, 5, "float32"))
    agrees(tensor.tolist(), [6.0] * 3)


@STORAGE_SHARED_WHEN_SENT
def test_an_argument_of_a_spawned_process_is_shared(spawned):
    agrees(spawned.ask("first")["tensor"], np.zeros(3, "float32"))
    agrees(spawned.tensor.tolist(), [1.0] * 3)
    assert spawned.tensor.is_shared()


@STORAGE_SHARED_WHEN_SENT
def test_a_tensor_that_has_come_back_is_the_one_that_was_sent():
    queue, tensor = torch.multiprocessing.SimpleQueue(), torch.arange(4)
    queue.put(tensor)
    received = queue.get()
    received[0] = 7
    assert tensor.tolist() == received.tolist() == [7, 1, 2, 3]


FORK_ARGUMENTS_SHARED = Claim(
    "multiprocessing.fork-arguments-shared",
    "A tensor that a new process is given as an argument is shared with it, however the process is started.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    deviations=[
        Deviation(
            "A forked process changes a copy of its own, unless share_memory_() was called before; only a spawned "
            "process, or a queue, shares the tensor.",
            witness={"method": "fork"},
            where=lambda method: method == "fork",
        )
    ],
    kills=["fork-shares-its-arguments"],
)


@FORK_ARGUMENTS_SHARED
@pytest.mark.parametrize("method", METHODS)
def test_what_the_new_process_writes_to_its_argument_is_seen_here(method, child):
    child.ask("first")
    agrees(child.tensor.tolist(), [1.0] * 3)


@FORK_ARGUMENTS_SHARED.instead
def test_what_a_forked_process_writes_to_its_argument_is_not_seen_here(forked):
    agrees(forked.ask("first")["tensor"], np.zeros(3, "float32"))
    agrees(forked.tensor.tolist(), [0.0] * 3)
    assert not forked.tensor.is_shared()


@pytest.fixture(scope="module")
def prepared():
    """A forked process whose tensor and model were put into shared memory before."""
    with Child("fork", shared=True) as child:
        yield child


@FORK_ARGUMENTS_SHARED.regardless
def test_a_tensor_in_shared_memory_is_shared_with_a_forked_process(prepared):
    prepared.ask("first")
    agrees(prepared.tensor.tolist(), [1.0] * 3)
    assert prepared.tensor.is_shared()


VIEWS_SHARE_BASE_STORAGE = Claim(
    "multiprocessing.views-share-base-storage",
    "The storage is what is shared, and not just the elements in sight: a view that is sent shares the whole tensor "
    "that it is a view of.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["sent-views-are-copies", "sent-views-begin-at-the-start"],
)


@VIEWS_SHARE_BASE_STORAGE
@pytest.mark.parametrize("method", METHODS)
@reaches(part=lambda view: 0 < view.numel < len(view.storage), offset=lambda view: view.offset and view.numel,
         transposed=lambda view: view.layout() == "transposed")
@given(view=tensors(("float64", "int64"), shape=shapes(max_dims=3, min_side=1, max_elements=33), integral=True,
                    bounded=100, layouts=("sliced", "transposed")))
@example(view=Blueprint("int64", range(9), (3,), (3,), 1))
@example(view=Blueprint("int64", range(6), (2, 3), (1, 2)))
def test_adding_1_to_a_view_elsewhere_changes_those_elements_of_the_base_and_no_others(method, child, view):
    """
    >>> import torch.multiprocessing; queue = torch.multiprocessing.SimpleQueue()
    >>> queue.put(view); queue.get().add_(1)
    >>> view
    """
    tensor = view.on()
    base = tensor.as_strided((len(view.storage),), (1,), 0)
    agrees(child.ask("add_one", tensor), view.array)
    cells = np.array(view.storage, dtype=view.dtype)
    cells[view.indices] += 1
    agrees(base, cells)
    assert base.is_shared()


@VIEWS_SHARE_BASE_STORAGE
@pytest.mark.parametrize("index", [(slice(None), 1), slice(1, None), (slice(None, None, 2), slice(1, None)), (2, 2),
                                   slice(3, None)],
                         ids=["a column", "rows", "every other row without its first element", "an element", "nothing"])
def test_sending_a_part_of_a_matrix_puts_the_whole_matrix_into_shared_memory(forked, index):
    matrix, expected = torch.zeros(3, 3), np.zeros((3, 3), "float32")
    forked.ask("add_one", matrix[index])
    expected[index] += 1
    agrees(matrix, expected)
    assert matrix.is_shared()
