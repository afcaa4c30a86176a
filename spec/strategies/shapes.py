"""Sizes and shapes: 0-dim, empty and size-1 cases often, and sides on both sides of the usual vector widths."""
from functools import lru_cache

from hypothesis import strategies as st

from spec.strategies.choices import choice, numbers

SIZES = (1, 2, 3, 0, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65)
"""Sides of a tensor, simplest first: small ones, and those that straddle the widths of vector instructions."""

_SMALL = (1, 2, 3, 0, 1, 4, 2, 5)
_LONG = (2, 8, 16, 17, 9, 7, 15, 16, 17, 33, 32, 31, 65)


def sizes(min_side=0, max_side=65):
    """Draw one of SIZES between the two bounds (inclusive)."""
    return choice(_between(SIZES, min_side, max_side))


@lru_cache(maxsize=4096)
def _between(sides, low, high):
    return tuple(side for side in sides if low <= side <= high) or (max(low, min(high, 1)),)


@st.composite
def shapes(draw, min_dims=0, max_dims=4, min_side=0, max_side=65, max_elements=256):
    """Draw a shape, a tuple of ints, of at most max_elements elements.

    A vector has any of SIZES. With more dimensions, every other shape has one long side, at any place; the other sides
    stay small, so that many dimensions are affordable.
    """
    dims = draw(numbers(min_dims, max_dims)) if min_dims < max_dims else min_dims
    if not dims:
        return ()
    shape, room = [], max_elements
    long_one = draw(numbers(0, 2 * dims - 1)) - dims if dims > 1 else -1
    for axis in range(dims):
        sides = SIZES if dims == 1 else _LONG if axis == long_one else _SMALL
        sides = _between(sides, min_side, min(max_side, max(room, min_side)))
        side = sides[draw(numbers(0, len(sides) - 1))]
        shape.append(side)
        room //= max(side, 1)
    return tuple(shape)


@lru_cache(maxsize=256)
def default_shapes(max_elements):
    """Return the strategy that draws any shape of at most so many elements."""
    return shapes(max_elements=max_elements)
