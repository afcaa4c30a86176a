"""Who keeps the memory alive, and two calls that break the bond.

Whichever of the two objects is deleted first, the other keeps the memory. Moving a tensor to memory that processes
share cuts the tie to its array, though, and a refused change of size leaves a tensor behind that must not be used.
"""
import gc
import weakref

import numpy as np
import pytest
import torch
from hypothesis import example, given

from spec.capabilities import needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.numpy_bridge._aftermath import aftermath
from spec.claims.numpy_bridge._helpers import BRIDGED, ON_THE_CPU
from spec.oracles.agreement import agrees, bitwise
from spec.sources import TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, shapes, tensors
from spec.strategies.arrays import ArrayBlueprint, arrays

SOME_SHAPES = shapes(max_dims=3, min_side=1, max_elements=33)

MEMORY_OUTLIVES_PARTNER = Claim(
    "numpy-bridge.memory-outlives-partner",
    "Either side keeps the shared memory alive after the other object is deleted.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["numpy-lets-its-tensor-go", "from-numpy-lets-its-array-go", "numpy-keeps-its-tensor-for-ever"],
)


def fill_freed_memory(nbytes):
    """Collect what was deleted last, and fill as much memory of the same size as may have become free."""
    gc.collect(0)
    return [make(max(nbytes, 1)) for make in (_noisy_tensor, _noisy_array) * 4]


def _noisy_tensor(nbytes):
    return torch.ones(nbytes, dtype=torch.uint8) * 170


def _noisy_array(nbytes):
    return np.full(nbytes, 170, dtype="uint8")


@MEMORY_OUTLIVES_PARTNER
@needs(ON_THE_CPU)
@reaches(strided=lambda x: not x.contiguous, shared=lambda x: x.layout() in ("expanded", "overlapping"),
         large=lambda x: x.numel > 16)
@given(x=tensors(BRIDGED, layouts=LAYOUTS, shape=SOME_SHAPES))
@example(x=Blueprint.of([1.0, 2.0, 3.0], "float32"))
def test_an_array_keeps_its_values_after_its_tensor_is_deleted(device, x):
    """
    >>> array = x.numpy()
    >>> del x; noise = [torch.ones(size) * 7 for size in range(99)]
    >>> array
    """
    tensor = x.on(device)
    array = tensor.numpy()
    del tensor
    noise = fill_freed_memory(array.nbytes)
    bitwise(array, x.array)
    del noise


@MEMORY_OUTLIVES_PARTNER
@reaches(strided=lambda a: "contiguous" not in a.labels, no_dimension=lambda a: a.size == (),
         large=lambda a: len(a.storage) > 16)
@given(a=arrays(BRIDGED, shape=SOME_SHAPES))
@example(a=ArrayBlueprint("float64", [1.0, 2.0, 3.0], (3,)))
def test_a_tensor_keeps_its_values_after_its_array_is_deleted(a):
    """
    >>> tensor = torch.from_numpy(a)
    >>> del a; noise = [np.full(size, 7) for size in range(99)]
    >>> tensor
    """
    tensor = torch.from_numpy(a.make())
    noise = fill_freed_memory(tensor.numel() * tensor.element_size())
    bitwise(tensor, a.array)
    del noise


@MEMORY_OUTLIVES_PARTNER
def test_the_last_of_a_chain_of_views_keeps_the_buffer_alive_on_which_the_first_was_made():
    data = bytes(range(40))
    array = torch.from_numpy(np.frombuffer(bytearray(data), "uint8"))[1:].numpy()
    noise = fill_freed_memory(len(data))
    bitwise(array, np.frombuffer(data[1:], "uint8"))
    del noise


@MEMORY_OUTLIVES_PARTNER
def test_the_memory_is_given_back_once_neither_side_needs_it():
    array = np.ones(3)
    array_lives = weakref.ref(array)
    tensor = torch.from_numpy(array)
    returned = tensor.numpy()
    del array, tensor
    gc.collect(0)
    assert array_lives() is not None
    del returned
    gc.collect(0)
    assert array_lives() is None


@pytest.fixture
def found(pytestconfig, tmp_path_factory):
    """What the calls of this section left behind in an interpreter of its own."""
    return aftermath(tuple(pytestconfig.getoption("mutant")), str(tmp_path_factory.getbasetemp()))


SHARING_SURVIVES_SHARE_MEMORY = Claim(
    "numpy-bridge.sharing-survives-share-memory",
    "A tensor and the array made from it, or that it was made from, stay one memory, also after the tensor is moved to "
    "the memory that processes share.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    deviations=[
        Deviation(
            "share_memory_() moves the tensor and its views but not the array, and so does a queue between processes: "
            "an array that numpy() gave is left on memory that may be freed, one that from_numpy took keeps its old "
            "values.",
            witness={},
        )
    ],
    kills=["share-memory-moves-nothing"],
)


@SHARING_SURVIVES_SHARE_MEMORY
@pytest.mark.parametrize("made_by", ["numpy", "from_numpy"])
def test_a_tensor_in_shared_memory_is_still_one_memory_with_its_array(found, made_by):
    assert found[made_by]["one memory"]


@SHARING_SURVIVES_SHARE_MEMORY.instead
def test_share_memory_moves_a_tensor_and_its_views_away_from_the_array_that_numpy_gave(found):
    assert found["numpy"] == {"one memory": False, "views follow": True, "shared": True}


@SHARING_SURVIVES_SHARE_MEMORY.instead
def test_pickling_a_tensor_for_a_queue_between_processes_moves_it_in_the_same_way(found):
    assert found["queue"] == {"one memory": False, "shared": True}


@SHARING_SURVIVES_SHARE_MEMORY.instead
def test_an_array_that_from_numpy_took_keeps_its_old_values_after_share_memory(found):
    assert found["from_numpy"] == {"one memory": False, "tensor": [2.0] * 5, "array": [1.0] * 5}


REFUSED_RESIZE_IS_HARMLESS = Claim(
    "numpy-bridge.refused-resize-is-harmless",
    "Resizing a tensor that shares memory with numpy beyond that memory is refused and leaves the tensor as it was.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    deviations=[
        Deviation(
            "RuntimeError is raised, but the tensor already has its new shape over the old memory: reading or writing "
            "its elements reaches beyond that memory and can end the interpreter.",
            witness={},
        )
    ],
    kills=["refused-resize-puts-the-shape-back", "resize-takes-new-memory", "resize-to-less-takes-new-memory"],
)


@REFUSED_RESIZE_IS_HARMLESS
def test_a_refused_resize_leaves_the_shape_as_it_was(found):
    assert found["resize_"]["shape"] == [2]


@REFUSED_RESIZE_IS_HARMLESS.regardless
def test_a_resize_beyond_the_memory_of_the_array_raises_runtimeerror_and_leaves_the_array(found):
    assert found["resize_"]["refused"] == "RuntimeError"
    assert found["resize_"]["one memory"]
    assert found["resize_"]["array"] == [1.0, 1.0]


@REFUSED_RESIZE_IS_HARMLESS.regardless
@pytest.mark.parametrize("size", [(6,), (5,), (1,), (0,), (3, 2), (2, 2), (1, 1, 1)], ids=str)
def test_a_resize_to_at_most_the_number_of_elements_keeps_the_first_ones_in_place(size):
    array = np.arange(6.0).reshape(2, 3)
    tensor = torch.from_numpy(array).resize_(*size)
    agrees(tensor, np.arange(np.prod(size, dtype=float)).reshape(size))
    tensor.fill_(7)
    agrees(array, [[7.0 if 3 * row + column < tensor.numel() else 3.0 * row + column for column in range(3)]
                   for row in range(2)])


@REFUSED_RESIZE_IS_HARMLESS.instead
def test_a_refused_resize_leaves_the_new_shape_over_the_old_memory(found):
    assert found["resize_"]["shape"] == [1000]
    assert found["resize_"]["one memory"]
