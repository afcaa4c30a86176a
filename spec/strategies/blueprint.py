"""Blueprint: an immutable description of a tensor, layout included."""

from functools import lru_cache

import numpy as np
import torch

from spec import dtypes
from spec.capabilities import STRIDES
from spec.strategies.source_text import has_nested_form, nested_text

LAYOUTS = ("contiguous", "transposed", "sliced", "expanded", "overlapping")
"""The names of the layouts that `Blueprint.layout` tells apart."""


def contiguous_stride(size):
    """Return the stride, in elements, of a row-major tensor of `size`, as torch counts it (a side of 0 counts as 1)."""
    stride, step = [], 1
    for side in reversed(size):
        stride.append(step)
        step *= max(side, 1)
    return tuple(reversed(stride))


def count(size):
    """Return the number of elements of a tensor of `size`."""
    total = 1
    for side in size:
        total *= side
    return total


def cell_indices(size, stride, offset):
    """Return an int64 array of shape `size`: the storage cell that each element of a strided tensor occupies."""
    return _cells(tuple(size), tuple(stride), offset).copy()


@lru_cache(maxsize=1024)
def _cells(size, stride, offset):
    cells = np.array(offset, dtype=np.int64)
    for side, step in zip(size, stride):
        cells = cells[..., np.newaxis] + step * np.arange(side, dtype=np.int64)
    return cells


class Blueprint(object):
    """A tensor to be built: dtype name, flat storage, size, stride and offset (both in elements).

    storage is a tuple of Python numbers, each exact in the dtype. Two blueprints are equal when they describe the same
    bits in the same layout: 0.0 differs from -0.0, and NaN equals NaN. ValueError where an element lies outside the
    storage.
    """

    __slots__ = ("dtype", "storage", "size", "stride", "offset")

    def __init__(self, dtype, storage, size, stride=None, offset=0):
        size = tuple(size)
        stride = contiguous_stride(size) if stride is None else tuple(stride)
        if len(size) != len(stride) or offset < 0 or any(number < 0 for number in size + stride):
            raise ValueError("no tensor has size {}, stride {} and offset {}".format(size, stride, offset))
        last = offset - 1
        if count(size):
            last = offset + sum((side - 1) * step for side, step in zip(size, stride))
        if last >= len(storage):
            raise ValueError("cell {} lies outside a storage of {} cells".format(last, len(storage)))
        for name, value in zip(self.__slots__, (dtype, tuple(storage), size, stride, offset)):
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, values, dtype=None):
        """Return the plain row-major Blueprint of a number, nested lists or a numpy array.

        dtype defaults to the array's own, to bool for bools, int64 for ints, and float64 for floats, as numpy has it.
        Values are rounded to the dtype; an integer that does not fit raises OverflowError.
        """
        if not isinstance(values, np.ndarray):
            wide = None if dtype is None or not dtypes.is_integer(dtype) else np.dtype(object)
            values = np.array(values, dtype=wide)
        dtype = dtypes.name_of(values.dtype) if dtype is None else dtype
        return cls(dtype, dtypes.nearest(dtype, values.ravel().tolist()), values.shape)

    def __setattr__(self, name, value):
        raise AttributeError("a Blueprint does not change")

    def __reduce__(self):
        return Blueprint, (self.dtype, self.storage, self.size, self.stride, self.offset)

    def __eq__(self, other):
        return isinstance(other, Blueprint) and repr(self) == repr(other)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(repr(self))

    def __repr__(self):
        if self.is_plain and has_nested_form(self.size):
            return "Blueprint.of({}, {!r})".format(nested_text(self.storage, self.size), self.dtype)
        return "Blueprint({!r}, {}, {}, {}, {})".format(
            self.dtype, nested_text(self.storage, (len(self.storage),)), self.size, self.stride, self.offset
        )

    def source_text(self):
        """Return source text that builds this tensor on the CPU, with nothing but torch imported."""
        dtype = "torch." + self.dtype
        if self.is_plain and has_nested_form(self.size):
            return "torch.tensor({}, dtype={})".format(nested_text(self.storage, self.size), dtype)
        flat = nested_text(self.storage, (len(self.storage),))
        text = "torch.tensor({}, dtype={}).as_strided({}, {}, {})"
        return text.format(flat, dtype, self.size, self.stride, self.offset)

    def on(self, device="cpu", requires_grad=False):
        """Return a fresh torch.Tensor with exactly this layout over a fresh storage on `device`.

        It is a leaf and not a view. On a device without strides it is row-major, unless elements share a cell.
        ValueError where the installed torch does not have the dtype.
        """
        plain = self.is_plain
        if device != "cpu" and not plain and not STRIDES.on(device) and len(np.unique(self.indices)) == self.numel:
            cells = [self.storage[cell] for cell in self.indices.ravel()]
            return Blueprint(self.dtype, cells, self.size).on(device, requires_grad)
        tensor = torch.tensor(self.storage, dtype=dtypes.torch_dtype(self.dtype))
        if device != "cpu" and not plain:
            tensor = tensor.to(device)
        if not plain or len(self.size) != 1:
            tensor.as_strided_(self.size, self.stride, self.offset)
        if device != "cpu" and plain:
            tensor = tensor.to(device)
        return tensor.requires_grad_() if requires_grad else tensor

    @property
    def array(self):
        """A fresh row-major numpy array of the values, computed without torch (float32 for bfloat16)."""
        cells = np.array(self.storage, dtype=dtypes.value_dtype(self.dtype))
        return np.array(cells[self.indices], order="C")

    def strided(self):
        """Return a fresh numpy array with the very same offset and strides (in elements) over a fresh buffer."""
        dtype = dtypes.value_dtype(self.dtype)
        cells = np.array(self.storage + (0,), dtype=dtype)
        steps = tuple(step * dtype.itemsize for step in self.stride)
        if not self.numel:
            return np.lib.stride_tricks.as_strided(cells[min(self.offset, len(self.storage)) :], self.size, steps)
        return np.ndarray(self.size, dtype, cells, self.offset * dtype.itemsize, steps)

    @property
    def indices(self):
        """A fresh int64 array of the tensor's shape: which storage cell each element occupies."""
        return cell_indices(self.size, self.stride, self.offset)

    @property
    def numel(self):
        """The number of elements, which may exceed or fall short of the number of storage cells."""
        return count(self.size)

    @property
    def ndim(self):
        """The number of dimensions."""
        return len(self.size)

    @property
    def contiguous(self):
        """Whether the elements lie one after the other in row-major order, from the offset on."""
        expected = contiguous_stride(self.size)
        return not self.numel or all(
            step == own or side == 1 for side, step, own in zip(self.size, expected, self.stride)
        )

    @property
    def is_plain(self):
        """Whether this is what torch.tensor itself builds: row-major strides, offset 0, no cell left over."""
        return (
            self.offset == 0
            and len(self.storage) == count(self.size)
            and self.stride == contiguous_stride(self.size)
        )

    def layout(self):
        """Return the one of LAYOUTS that fits, the most peculiar first.

        expanded: some stride is 0. overlapping: two elements share a cell otherwise. transposed: strides do not fall
        from left to right. sliced: there is an offset or a cell that no element occupies. contiguous: none of these.
        Dimensions of size 1 do not count.
        """
        steps = [step for side, step in zip(self.size, self.stride) if side > 1]
        if not self.numel or not steps:
            return "contiguous" if len(self.storage) == self.numel and not self.offset else "sliced"
        if 0 in steps:
            return "expanded"
        if len(np.unique(self.indices)) < self.numel:
            return "overlapping"
        if steps != sorted(steps, reverse=True):
            return "transposed"
        return "contiguous" if len(self.storage) == self.numel and not self.offset else "sliced"

    def with_values(self, values):
        """Return this layout over other storage contents: `values`, one number for each storage cell."""
        if len(values) != len(self.storage):
            raise ValueError("{} values do not fill {} cells".format(len(values), len(self.storage)))
        return Blueprint(self.dtype, dtypes.nearest(self.dtype, values), self.size, self.stride, self.offset)
