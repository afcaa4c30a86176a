"""The old constructors and the type they make.

torch.Tensor and its kin, torch.LongTensor and the others, came before torch.tensor and torch.empty. They take a size or
the data, and tell them apart by their type. Whoever names no type gets single precision.
"""
from typing import List, NamedTuple, Tuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.claim import Claim, reaches
from spec.networks import random_problem, trainer
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import shapes
from spec.strategies.choices import draw_choices
from spec.strategies.values import VALUE_BYTES, values_of

CONSTRUCTORS = {
    "Tensor": "float32", "FloatTensor": "float32", "DoubleTensor": "float64", "ByteTensor": "uint8",
    "CharTensor": "int8", "ShortTensor": "int16", "IntTensor": "int32", "LongTensor": "int64",
}
"""The old constructors, and the dtype that each makes."""

OfSize = NamedTuple("OfSize", [("constructor", str), ("sizes", Tuple[int, ...])])
OfSize.__doc__ = "The name of an old constructor, and sizes to give to it."

OfData = NamedTuple("OfData", [("constructor", str), ("data", List)])
OfData.__doc__ = "The name of an old constructor, and a list of numbers, or of such lists, to give to it."


def of_size():
    """Draw an OfSize of one to four dimensions."""
    return st.builds(OfSize, st.sampled_from(sorted(CONSTRUCTORS)), shapes(min_dims=1, max_elements=200))


@st.composite
def of_data(draw):
    """Draw an OfData: a list, or a list of lists, of numbers that the type holds (for floats, to the nearest)."""
    choices = draw_choices(draw, 4 + VALUE_BYTES)
    constructor, flat = choices.of(sorted(CONSTRUCTORS)), choices.below(2)
    dtype, options = CONSTRUCTORS[constructor], {}
    if dtypes.is_float(dtype):
        dtype, options = "float64", {"bounded": 1e30}
    rows, width = (1, choices.between(0, 9)) if flat else (choices.between(1, 3), choices.between(0, 3))
    values = values_of(choices, dtype, rows * width, **options)
    return OfData(constructor, values if flat else [values[row * width:][:width] for row in range(rows)])


LEGACY_CONSTRUCTOR_UNINITIALISED = Claim(
    "tensors.legacy-constructor-uninitialised",
    "torch.Tensor(5, 3) is a new float32 tensor of that shape, whose values are whatever lay in its memory before.",
    sources=[TEMPLATE["PyTorch for Torch Users"], INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"],
             FLOYDHUB["Weight initialization"]],
    kills=["the-old-constructor-clears-its-memory", "the-old-constructor-lends-the-same-memory-twice",
           "the-old-constructor-lays-columns-first"],
)


@LEGACY_CONSTRUCTOR_UNINITIALISED
@reaches(empty=lambda sizes: 0 in sizes, deep=lambda sizes: len(sizes) > 2)
@given(sizes=shapes(min_dims=1, max_elements=200))
@example(sizes=(5, 3))
def test_an_old_constructor_makes_a_new_float32_tensor_in_row_major_order(sizes):
    """
    >>> torch.Tensor(*sizes).shape, torch.Tensor(*sizes).stride()
    """
    tensor, other = torch.Tensor(*sizes), torch.Tensor(*sizes)
    assert tuple(tensor.shape) == sizes and tensor.dtype == torch.float32 and tensor.device.type == "cpu"
    assert tensor.is_contiguous() and tensor.storage_offset() == 0
    assert not tensor.requires_grad and tensor.is_leaf
    other.fill_(1)
    tensor.fill_(2)
    agrees(other, np.ones(sizes, "float32"))


@LEGACY_CONSTRUCTOR_UNINITIALISED
def test_what_lay_in_memory_before_shows_in_a_tensor_that_was_not_initialised():
    def reads_old_values(size):
        released = [torch.full((size,), 7.25) for _ in range(50)]
        del released
        taken = [torch.Tensor(size) for _ in range(50)]
        return any((tensor == 7.25).any().item() for tensor in taken)

    assert any(reads_old_values(size) for _ in range(20) for size in (8, 30, 100, 300, 1000, 3000, 10000))


LEGACY_CONSTRUCTOR_SIZES_OR_DATA = Claim(
    "tensors.legacy-constructor-sizes-or-data",
    "Whole numbers given to an old constructor are sizes, a list is data: torch.Tensor(15) has 15 elements, "
    "torch.Tensor([10]) one, of value 10, and torch.LongTensor([4, 0]) holds 4 and 0 as int64.",
    sources=[TEMPLATE["PyTorch for Torch Users"], FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["a-list-of-one-number-is-a-size", "a-size-of-0-is-taken-for-1", "long-tensor-rounds-through-floats"],
)


@LEGACY_CONSTRUCTOR_SIZES_OR_DATA
@reaches(
    one=lambda made: len(made.sizes) == 1,
    several=lambda made: len(made.sizes) > 1,
    none=lambda made: 0 in made.sizes,
)
@given(made=of_size())
@example(made=OfSize("Tensor", (15,)))
@example(made=OfSize("LongTensor", (0,)))
def test_whole_numbers_are_sizes(made):
    """
    >>> getattr(torch, constructor)(*sizes).shape
    """
    constructor, sizes = getattr(torch, made.constructor), made.sizes
    dtype = dtypes.torch_dtype(CONSTRUCTORS[made.constructor])
    for tensor in (constructor(*sizes), constructor(torch.Size(sizes)), constructor(*np.array(sizes, dtype="int64"))):
        assert (tuple(tensor.shape), tensor.dtype) == (sizes, dtype)
    assert torch.tensor(sizes[0]).shape == ()


@LEGACY_CONSTRUCTOR_SIZES_OR_DATA
@reaches(
    floats=lambda made: dtypes.is_float(CONSTRUCTORS[made.constructor]),
    integers=lambda made: dtypes.is_integer(CONSTRUCTORS[made.constructor]),
    one_number=lambda made: np.shape(made.data) == (1,),
    nested=lambda made: np.ndim(made.data) == 2,
    empty=lambda made: np.size(made.data) == 0,
)
@given(made=of_data())
@example(made=OfData("Tensor", [10]))
@example(made=OfData("Tensor", [5, 2]))
@example(made=OfData("LongTensor", [4, 0]))
@example(made=OfData("LongTensor", [2**53 + 1, -(2**63)]))
@example(made=OfData("FloatTensor", [2**24 + 1, 0.1]))
def test_a_list_is_data(made):
    """
    >>> getattr(torch, constructor)(data)
    """
    expected = np.array(made.data, dtype=CONSTRUCTORS[made.constructor])
    agrees(getattr(torch, made.constructor)(made.data), expected, sign_of_zero=True)
    agrees(getattr(torch, made.constructor)(tuple(made.data)), expected, sign_of_zero=True)


@LEGACY_CONSTRUCTOR_SIZES_OR_DATA
@pytest.mark.parametrize("arguments", [(3.0,), (True,), (2, 3.0), ([2], [3])], ids=str)
def test_what_is_neither_sizes_nor_a_list_is_refused(arguments):
    with pytest.raises(TypeError):
        torch.Tensor(*arguments)


@LEGACY_CONSTRUCTOR_SIZES_OR_DATA
def test_a_size_below_0_is_refused():
    with pytest.raises(RuntimeError):
        torch.Tensor(2, -1)


DEFAULT_DTYPE_FLOAT32 = Claim(
    "tensors.default-dtype-float32",
    "A tensor made without a word about its type is a FloatTensor, of float32, where numpy makes float64: the "
    "documents' tensor programs run in single precision.",
    sources=[
        EXAMPLES["Warm-up: numpy"],
        EXAMPLES["PyTorch: Tensors"],
        INTRODUCTION["PyTorch Tensors"],
        INTRODUCTION["Variables and Autograd"],
        NOTEBOOK["PyTorch Tensors"],
    ],
    kills=["randn-makes-doubles", "an-empty-tensor-of-ones-is-of-doubles", "a-float-becomes-a-double"],
)

OF_SHAPE = ("randn", "rand", "ones", "zeros", "empty")
NUMPY_OF_SHAPE = {"randn": np.random.randn, "rand": np.random.rand, "ones": lambda *shape: np.ones(shape),
                  "zeros": lambda *shape: np.zeros(shape), "empty": lambda *shape: np.empty(shape)}
OF_NUMBERS = {
    "tensor(0.5)": lambda: (torch.tensor(0.5), np.array(0.5)),
    "tensor([1.0])": lambda: (torch.tensor([1.0]), np.array([1.0])),
    "tensor([[1, 2.5]])": lambda: (torch.tensor([[1, 2.5]]), np.array([[1, 2.5]])),
    "arange(3.0)": lambda: (torch.arange(3.0), np.arange(3.0)),
    "linspace(0, 1, 5)": lambda: (torch.linspace(0, 1, 5), np.linspace(0, 1, 5)),
    "full((2,), 0.5)": lambda: (torch.full((2,), 0.5), np.full((2,), 0.5)),
    "eye(2)": lambda: (torch.eye(2), np.eye(2)),
}
"""Tensors and arrays made of numbers that are exact in single precision."""


@pytest.fixture
def doubles():
    """Make float64 the default dtype for the time of a test."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@DEFAULT_DTYPE_FLOAT32
@reaches(empty=lambda shape: 0 in shape, scalar=lambda shape: shape == ())
@given(shape=shapes(max_elements=64), name=st.sampled_from(OF_SHAPE))
@example(shape=(0, 2), name="ones")
def test_a_tensor_made_by_its_shape_is_single_where_an_array_is_double(device, shape, name):
    """
    >>> getattr(torch, name)(shape).dtype
    """
    tensor = getattr(torch, name)(shape, device=device)
    assert (tensor.dtype, tuple(tensor.shape)) == (torch.float32, shape)
    assert tensor.type().endswith(".FloatTensor")
    array = NUMPY_OF_SHAPE[name](*shape)
    assert np.asarray(array).dtype == np.float64 and np.shape(array) == shape


@DEFAULT_DTYPE_FLOAT32
@pytest.mark.parametrize("made", sorted(OF_NUMBERS))
def test_a_tensor_made_of_floats_is_single_where_an_array_is_double(made):
    tensor, array = OF_NUMBERS[made]()
    assert (tensor.dtype, array.dtype) == (torch.float32, np.float64)
    assert tensor.type() == "torch.FloatTensor"
    agrees(tensor, array, any_dtype=True)


@DEFAULT_DTYPE_FLOAT32
def test_whole_numbers_and_arrays_keep_their_own_type():
    assert torch.tensor([1]).dtype == torch.arange(3).dtype == torch.int64
    assert torch.from_numpy(np.ones(2)).dtype == torch.tensor(np.ones(2)).dtype == torch.float64
    agrees(torch.Tensor(np.array([0.1, 1e-50])), np.array([0.1, 1e-50], dtype="float32"))


@DEFAULT_DTYPE_FLOAT32
def test_the_tensor_program_of_the_documents_runs_in_single_precision(device):
    x, y, w1, w2 = [torch.randn(*size, device=device) for size in ((4, 8), (4, 3), (8, 6), (6, 3))]
    prediction = x.mm(w1).clamp(min=0).mm(w2)
    loss = (prediction - y).pow(2).sum()
    gradient = x.t().mm((2.0 * (prediction - y)).mm(w2.t()))
    w1 -= 1e-6 * gradient
    assert {prediction.dtype, loss.dtype, gradient.dtype, w1.dtype} == {torch.float32}
    assert trainer("tensors")(*random_problem(0, 4, 8, 6, 3), steps=2, device=device).w1.dtype == np.float32


@DEFAULT_DTYPE_FLOAT32
@pytest.mark.parametrize("name", OF_SHAPE)
def test_the_default_can_be_made_double_precision(doubles, name):
    assert getattr(torch, name)(2).dtype == torch.tensor([0.5]).dtype == torch.Tensor(2).dtype == torch.float64
    assert torch.tensor([1]).dtype == torch.int64
