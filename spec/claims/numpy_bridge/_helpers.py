"""What the tests of this chapter have in common: dtypes that cross the bridge, addresses, refusals, single writes."""

import warnings
from typing import Any, NamedTuple, Tuple

import numpy as np
import torch
from hypothesis import assume
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import Capability
from spec.strategies import Blueprint, shapes, tensors
from spec.strategies.arrays import ArrayBlueprint, arrays
from spec.strategies.choices import draw_choices
from spec.strategies.indexing import basic_index_bytes, basic_index_of
from spec.strategies.shapes import shape_bytes, shape_of
from spec.strategies.values import VALUE_BYTES, values_of


def _int8_crosses():
    """Say whether int8 converts; the claim chartensor-excepted states in which releases it must."""
    try:
        return torch.from_numpy(np.zeros(1, dtype="int8")).dtype == torch.int8
    except TypeError:
        return False


BRIDGED = tuple(name for name in dtypes.ALL if name != "bfloat16" and (name != "int8" or _int8_crosses()))
"""The names of the dtypes that cross the bridge: all that the installed torch has and numpy has too."""

ARITHMETIC = tuple(name for name in dtypes.REAL if name in BRIDGED)
"""Those of BRIDGED in which every release of torch can add on the CPU."""


def _is_the_cpu(device):
    return torch.zeros(1, device=device).device.type == "cpu"


ON_THE_CPU = Capability("only tensors on the CPU lie in memory that numpy can share", True, _is_the_cpu)
"""Told by name, not by trying numpy(): a tensor on the CPU that does not share its memory is the fault looked for."""


def _conjugates_lazily(device):
    return hasattr(torch, "resolve_conj")


CONJUGATE_VIEWS = Capability("this torch conjugates by computing, not by a flag", True, _conjugates_lazily)


def _knows_force(device):
    return torch.ones(1, device=device).numpy(force=False).shape == (1,)


FORCED_NUMPY = Capability("this torch's numpy() takes no argument force", True, _knows_force)


def address(value):
    """Return the address of the first element of a tensor or an array, as an int."""
    if isinstance(value, np.ndarray):
        return value.__array_interface__["data"][0]
    return value.data_ptr()


def byte_strides(value):
    """Return the strides of a tensor or an array in bytes."""
    if isinstance(value, np.ndarray):
        return value.strides
    return tuple(step * value.element_size() for step in value.stride())


def refusal(function, *arguments):
    """Call a function and return the type of the exception it raises, or None where it returns."""
    try:
        function(*arguments)
    except Exception as error:
        return type(error)
    return None


def silently(function, *arguments):
    """Call a function without its warnings; those of torch come once in a process, whichever call is the first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments)


Write = NamedTuple("Write", [("x", Blueprint), ("index", Tuple[int, ...]), ("value", Any)])
Write.__doc__ = "A tensor with at least one element, an index of one of them, and a value to write there."


@st.composite
def writes(draw, names, layouts, **options):
    """Draw a Write: the tensor's dtype is one of `names`, its layout one of `layouts`, its values as in `tensors`."""
    x = draw(tensors(names, shape=shapes(max_dims=3, min_side=1, max_elements=33), layouts=layouts, **options))
    choices = draw_choices(draw, 2 + VALUE_BYTES)
    index = np.unravel_index(choices.below(x.numel), x.size)
    return Write(x, tuple(int(step) for step in index), values_of(choices, x.dtype, 1, **options)[0])


class View(NamedTuple("View", [("x", Blueprint), ("index", Any), ("order", Tuple[int, ...])])):
    """A tensor or array, a basic index that leaves at least one element, and an order of the axes that remain."""

    __slots__ = ()

    @property
    def items(self):
        """The items of the index, as a tuple."""
        return self.index if isinstance(self.index, tuple) else (self.index,)

    @property
    def whole_index(self):
        """The index with an Ellipsis in it, for which numpy gives an array even where no axis remains."""
        return self.items if Ellipsis in self.items else self.items + (Ellipsis,)


@st.composite
def views(draw, names, layouts):
    """Draw a View whose dtype is one of `names` and whose tensor has one of `layouts`."""
    x = draw(tensors(names, shape=shapes(1, 3, min_side=1, max_side=9, max_elements=33), layouts=layouts))
    choices = draw_choices(draw, basic_index_bytes(x.size) + 2)
    index, code, order = basic_index_of(choices, x.size), choices.below(2**16), []
    remaining = x.indices[index]
    assume(remaining.size)
    for axis in range(np.ndim(remaining)):
        code, back = divmod(code, axis + 1)
        order.insert(axis - back, axis)
    return View(x, index, tuple(order))


@st.composite
def arrays_without_elements(draw):
    """Draw an ArrayBlueprint with at least one side of length zero, in any position, of any layout that torch has."""
    choices = draw_choices(draw, shape_bytes(3) + 1)
    size = list(shape_of(choices, 1, 3, max_side=5, max_elements=32))
    size[choices.below(len(size))] = 0
    return draw(arrays(BRIDGED, shape=tuple(size)))


ZEROS_AND_ONES = [[0, 1, 1], [1, 0, 1]]
"""Numbers that every dtype holds, the formats of eight bits and fewer included."""


def sample(name, device="cpu"):
    """Return the tensor of ZEROS_AND_ONES of the dtype called `name`, quantized ones with scale 1 and zero point 0.

    Raises whatever the installed torch raises where it has no such dtype.
    """
    dtype = getattr(torch, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name.startswith("q"):
            plain = torch.tensor(ZEROS_AND_ONES, dtype=torch.float32, device=device)
            return torch.quantize_per_tensor(plain, 1.0, 0, dtype)
        return torch.tensor(ZEROS_AND_ONES, dtype=dtype, device=device)


def can_be_made(name):
    """Say whether the installed torch can make a tensor of the dtype called `name`."""
    try:
        return bool(sample(name).numel())
    except (AttributeError, RuntimeError, TypeError):
        return False


CONSTRUCTORS = {
    "Tensor": "float32",
    "FloatTensor": "float32",
    "DoubleTensor": "float64",
    "LongTensor": "int64",
    "IntTensor": "int32",
    "ShortTensor": "int16",
    "ByteTensor": "uint8",
}
"""The types that can be called to make a tensor, as attributes of torch, and the dtype that each makes by default."""


class Construction(NamedTuple("Construction", [("constructor", str), ("a", ArrayBlueprint)])):
    """A constructor, by its name in torch, and the array it is called with."""

    __slots__ = ()

    @property
    def own_dtype(self):
        """The name of the dtype that the constructor makes."""
        return CONSTRUCTORS[self.constructor]

    @property
    def converts(self):
        """Whether the array has another dtype than the constructor makes."""
        return self.a.dtype != self.own_dtype


def is_a_size(a):
    """Say whether a constructor takes an array for a size: an integer without dimensions."""
    return a.size == () and dtypes.is_integer(a.dtype)


@st.composite
def constructions(draw, converting):
    """Draw a Construction over small whole numbers, which every dtype holds; no array is taken for a size.

    converting  whether the array's dtype differs from the constructor's
    """
    constructor = draw_choices(draw, 1).of(list(CONSTRUCTORS))
    own = CONSTRUCTORS[constructor]
    names = [name for name in ("float64", "float32", "int64", "int32", "uint8", "int16") if name != own]
    shape = shapes(max_dims=3, min_side=1, max_elements=17)
    a = draw(arrays(names if converting else own, shape=shape, integral=True, bounded=(0, 9)))
    assume(not is_a_size(a))
    return Construction(constructor, a)
