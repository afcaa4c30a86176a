"""Indices that torch and numpy share: basic ones, lists of integers, masks."""

from typing import NamedTuple, Tuple

import numpy as np
import torch
from hypothesis import strategies as st

from spec import dtypes
from spec.strategies.blueprint import count
from spec.strategies.source_text import nested_text
from spec.strategies.values import draw_codes


@st.composite
def _slices(draw, side):
    """Draw a slice with a step above 0 whose bounds may be negative, out of range, crossed or absent."""
    bounds = st.none() | st.integers(-side - 2, side + 2)
    return slice(draw(bounds), draw(bounds), draw(st.none() | st.integers(1, 3)))


@st.composite
def basic_indices(draw, shape):
    """Draw a basic index for a tensor of `shape`: what stands between the brackets, a tuple or a single item.

    Its items are ints (negative ones too), slices with steps above 0, at most one Ellipsis, and None; it may have
    fewer items than there are axes. An axis of size 0 gets slices only. numpy and torch both take it as it is.
    """
    used = draw(st.integers(0, len(shape)))
    split = draw(st.integers(0, used)) if draw(st.booleans()) else None
    axes = list(range(used))
    items = []
    if split is not None:
        axes = axes[:split] + [None] + list(range(len(shape) - (used - split), len(shape)))
    for axis in axes:
        if draw(st.integers(0, 7)) == 7:
            items.append(None)
        if axis is None:
            items.append(Ellipsis)
        elif shape[axis] and draw(st.booleans()):
            items.append(draw(st.integers(-shape[axis], shape[axis] - 1)))
        else:
            items.append(draw(_slices(shape[axis])))
    if draw(st.integers(0, 7)) == 7:
        items.append(None)
    if len(items) == 1 and draw(st.booleans()):
        return items[0]
    return tuple(items)


def index_lists(shape, axes=1, min_size=0, max_size=9):
    """Draw lists of ints, one for each of the first `axes` axes of `shape`: a list for one axis, else a tuple of lists.

    All have one length; indices repeat and may be negative. Where an axis has size 0, the lists are empty. ValueError
    where the shape has fewer axes.
    """
    if len(shape) < axes:
        raise ValueError("a tensor of {} dimensions has no {} axes to index".format(len(shape), axes))
    lists = _lists(tuple(shape[:axes]), min_size, max_size)
    return lists.map(lambda found: found[0]) if axes == 1 else lists


@st.composite
def _lists(draw, sides, min_size, max_size):
    number = draw(st.integers(min_size, max_size)) if all(sides) else 0
    lists = []
    for side in sides:
        codes = draw_codes(draw, number)
        lists.append([-1 - code // 2 % side if code % 2 else code // 2 % side for code in codes])
    return tuple(lists)


class Mask(NamedTuple("Mask", [("size", Tuple[int, ...]), ("bits", Tuple[bool, ...])])):
    """A mask of a given size, `bits` in row-major order."""

    __slots__ = ()

    @property
    def array(self):
        """The mask as a fresh numpy array of bools."""
        return np.array(self.bits, dtype=bool).reshape(self.size)

    def on(self, device="cpu"):
        """Return the mask as a tensor on `device`, of the dtype that the installed torch masks with."""
        return torch.tensor(self.bits, dtype=dtypes.torch_dtype(dtypes.MASK)).view(self.size).to(device)

    def source_text(self):
        """Return source text that builds the mask as a tensor, with nothing but torch imported."""
        flat = nested_text([int(bit) for bit in self.bits], (len(self.bits),))
        return "torch.tensor({}, dtype=torch.{}).view({})".format(flat, dtypes.MASK, self.size)


@st.composite
def masks(draw, shape):
    """Draw a Mask of `shape`: any pattern, and often all or none of the elements."""
    number = count(shape)
    kind = draw(st.integers(0, 5))
    if kind in (1, 2):
        return Mask(tuple(shape), (kind == 2,) * number)
    codes = draw_codes(draw, number)
    return Mask(tuple(shape), tuple(code % 2 == 1 for code in codes))
