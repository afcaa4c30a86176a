"""Sizes and shapes: 0-dim, empty and size-1 cases often, and sides on both sides of the usual vector widths."""
from functools import lru_cache

from hypothesis import strategies as st

from spec.strategies.choices import draw_choices
from spec.strategies.remembered import remembered

SIZES = (1, 2, 3, 0, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65)
"""Sides of a tensor, simplest first: small ones, and those that straddle the widths of vector instructions."""

_SMALL = (1, 2, 3, 0, 1, 4, 2, 5)
_LONG = (2, 8, 16, 17, 9, 7, 15, 16, 17, 33, 32, 31, 65)


def sizes(min_side=0, max_side=65):
    """Draw one of SIZES between the two bounds (inclusive)."""
    return st.sampled_from(_between(SIZES, min_side, max_side))


@lru_cache(maxsize=4096)
def _between(sides, low, high):
    return tuple(side for side in sides if low <= side <= high) or (max(low, min(high, 1)),)


def shape_bytes(max_dims=4):
    """Return how many bytes `shape_of` takes."""
    return 2 + max_dims


def shape_of(choices, min_dims=0, max_dims=4, min_side=0, max_side=65, max_elements=256):
    """Return a shape made of some bytes, as `shapes` draws it."""
    choices = choices.part(shape_bytes(max_dims))
    dims = choices.between(min_dims, max_dims)
    if not dims:
        return ()
    shape, room = [], max_elements
    long_one = choices.below(2 * dims) - dims
    choices.codes(max_dims - dims)  # so that a last side stays the last one when the first ones go
    for axis in range(dims):
        sides = SIZES if dims == 1 else _LONG if axis == long_one else _SMALL
        shape.append(choices.of(_between(sides, min_side, min(max_side, max(room, min_side)))))
        room //= max(shape[-1], 1)
    return tuple(shape)


@remembered
@st.composite
def shapes(draw, min_dims=0, max_dims=4, min_side=0, max_side=65, max_elements=256):
    """Draw a shape, a tuple of ints, of at most max_elements elements.

    A vector has any of SIZES. With more dimensions, every other shape has one long side, at any place; the other sides
    stay small, so that many dimensions are affordable.
    """
    return shape_of(draw_choices(draw, shape_bytes(max_dims)), min_dims, max_dims, min_side, max_side, max_elements)
