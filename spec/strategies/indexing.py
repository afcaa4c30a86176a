"""Indices that torch and numpy share: basic ones, lists of integers, masks."""

from functools import lru_cache
from typing import NamedTuple, Tuple

import numpy as np
import torch
from hypothesis import strategies as st

from spec import dtypes
from spec.strategies.blueprint import count
from spec.strategies.choices import draw_choices
from spec.strategies.remembered import remembered
from spec.strategies.source_text import nested_text
from spec.strategies.values import codes_of


@lru_cache(maxsize=256)
def _bounds(side):
    """Return the bounds of a slice, simplest first: about half of them absent, and some out of range."""
    numbers = sorted(range(-side - 2, side + 3), key=abs)
    return (None,) * min(len(numbers), 120) + tuple(numbers)


SLICE_BYTES = 5
"""How many bytes `slice_of` takes at most; three are enough for a side of up to 65."""


def slice_of(choices, side, steps=(None, 1, 2, 3)):
    """Make a slice of SLICE_BYTES bytes at most; its bounds may be negative, out of range, crossed or absent."""
    return slice(choices.of(_bounds(side)), choices.of(_bounds(side)), choices.of(steps))


def place_of(choices, side):
    """Make an index of one of `side` elements of one or two bytes, counted from the end at times."""
    place = choices.below(2 * side)
    return place if place < side else side - 1 - place


@remembered
@st.composite
def slices(draw, side, steps=(None, 1, 2, 3)):
    """Draw a slice for a dimension of `side` elements; its bounds may be absent, negative, crossed or out of range."""
    return slice_of(draw_choices(draw, SLICE_BYTES), side, steps)


@remembered
@st.composite
def basic_indices(draw, shape):
    """Draw a basic index for a tensor of `shape`: what stands between the brackets, a tuple or a single item.

    Its items are ints (negative ones too), slices with steps above 0, at most one Ellipsis, and None; it may have
    fewer items than there are axes. An axis of size 0 gets slices only. numpy and torch both take it as it is.
    """
    return draw_basic_index(draw, shape)


def draw_basic_index(draw, shape):
    """Draw what `basic_indices` draws: for use inside a composite, where the shape is another each time."""
    return basic_index_of(draw_choices(draw, basic_index_bytes(shape)), shape)


def _item_bytes(shape):
    return 2 + (SLICE_BYTES if max(shape, default=0) > 65 else 3)


def basic_index_bytes(shape):
    """Return how many bytes `basic_index_of` takes."""
    return 5 + _item_bytes(shape) * (len(shape) + 1)


def basic_index_of(choices, shape):
    """Return a basic index for a tensor of `shape`, as `basic_indices` draws it, made of some bytes."""
    item_bytes = _item_bytes(shape)
    used = choices.between(0, len(shape))
    has_ellipsis, split = choices.below(2), choices.between(0, used)
    trailing_none, bare = choices.below(8) == 7, choices.below(2)
    axes = list(range(used))
    if has_ellipsis:
        axes = axes[:split] + [None] + list(range(len(shape) - (used - split), len(shape)))
    items = []
    for axis in axes:
        item = choices.part(item_bytes)
        if item.below(8) == 7:
            items.append(None)
        if axis is None:
            items.append(Ellipsis)
        elif item.below(2) and shape[axis]:
            items.append(place_of(item, shape[axis]))
        else:
            items.append(slice_of(item, shape[axis]))
    if trailing_none:
        items.append(None)
    if len(items) == 1 and bare:
        return items[0]
    return tuple(items)


@remembered
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
    choices = draw_choices(draw, 1 + 16 * len(sides))
    number = choices.between(min_size, max_size) if all(sides) else 0
    lists = []
    for side in sides:
        codes = codes_of(choices, number)
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


@remembered
@st.composite
def masks(draw, shape):
    """Draw a Mask of `shape`: any pattern, and often all or none of the elements."""
    return mask_of(draw_choices(draw, MASK_BYTES), shape)


MASK_BYTES = 1 + 16
"""How many bytes `mask_of` takes."""


def mask_of(choices, shape):
    """Return a Mask of `shape`, as `masks` draws it, made of MASK_BYTES bytes."""
    number = count(shape)
    kind = choices.below(6)
    if kind in (1, 2):
        return Mask(tuple(shape), (kind == 2,) * number)
    return Mask(tuple(shape), tuple(code % 2 == 1 for code in codes_of(choices, number)))
