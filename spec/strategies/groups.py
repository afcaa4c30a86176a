"""Tensors that belong together: of one shape, of shapes that broadcast, the operands of a matrix product."""

from typing import NamedTuple, Tuple

from hypothesis import strategies as st

from spec import dtypes
from spec.strategies.blueprint import Blueprint
from spec.strategies.choices import draw_choices
from spec.strategies.remembered import remembered
from spec.strategies.shapes import shape_bytes, shape_of
from spec.strategies.tensors import SEPARATE, draw_common, draw_tensor, names_of

Broadcast = NamedTuple("Broadcast", [("operands", Tuple[Blueprint, ...]), ("size", Tuple[int, ...])])
Broadcast.__doc__ = "Blueprints whose sizes broadcast to `size`."

Matmul = NamedTuple("Matmul", [("a", Blueprint), ("b", Blueprint)])
Matmul.__doc__ = "Blueprints of sizes (*batch, n, k) and (*batch, k, m)."


def broadcast_size(*sizes):
    """Return the size to which `sizes` broadcast, right-aligned, a side of 1 giving way; ValueError where none is."""
    dims = max(len(size) for size in sizes)
    result = []
    for place in range(-dims, 0):
        sides = {size[place] for size in sizes if len(size) >= -place} - {1}
        if len(sides) > 1:
            raise ValueError("{} do not broadcast".format(sizes))
        result.append(sides.pop() if sides else 1)
    return tuple(result)


GIVING_WAY_BYTES = 2
"""How many bytes `giving_way` takes."""


def giving_way(choices, shape):
    """Return a size that broadcasts to `shape`, made of some bytes.

    Half of the sizes shrink some axes to 1, a quarter leave out leading axes, and a quarter are the shape itself.
    """
    kind, which = choices.below(4), choices.below(16)
    if kind > 1:
        return tuple(1 if which >> axis & 1 else side for axis, side in enumerate(shape))
    return shape[which % (len(shape) + 1) :] if kind == 1 else shape


@remembered
@st.composite
def same_shape(draw, n=2, dtype=None, shape=None, layouts=SEPARATE, max_elements=64, **options):
    """Draw a tuple of n Blueprints of one dtype and size, each with a layout and values of its own.

    The arguments are those of `tensors`; the options those of `values_of`.
    """
    name, shape, _ = draw_common(draw, names_of(dtype), shape, max_elements)
    return tuple(draw_tensor(draw, name, shape, tuple(layouts), **options) for _ in range(n))


@remembered
@st.composite
def broadcastable(draw, n=2, dtype=None, shape=None, layouts=SEPARATE, max_elements=64, **options):
    """Draw a Broadcast: n Blueprints of one dtype, and the size of the result.

    Each operand has a size that `giving_way` makes of the drawn shape. The arguments are those of `tensors`.
    """
    name, shape, choices = draw_common(draw, names_of(dtype), shape, max_elements, more=GIVING_WAY_BYTES * n)
    sizes = [giving_way(choices, shape) for _ in range(n)]
    operands = tuple(draw_tensor(draw, name, size, tuple(layouts), **options) for size in sizes)
    return Broadcast(operands, broadcast_size(*sizes))


@remembered
@st.composite
def matmul_operands(draw, dtype=None, batch=False, min_side=0, layouts=SEPARATE, **options):
    """Draw a Matmul: matrices of sizes (n, k) and (k, m), where any side may be 0 and one straddles a vector width.

    With batch, both have the same zero to two leading axes. The arguments are those of `tensors`; matrix products of
    integers need `dtype` to say so.
    """
    choices = draw_choices(draw, 1 + shape_bytes(3) + shape_bytes(2))
    name = choices.of(names_of(dtypes.FLOATS if dtype is None else dtype))
    n, k, m = shape_of(choices, 3, 3, min_side)
    lead = shape_of(choices, 0, 2, min_side, 3) if batch else ()
    a = draw_tensor(draw, name, lead + (n, k), tuple(layouts), **options)
    return Matmul(a, draw_tensor(draw, name, lead + (k, m), tuple(layouts), **options))
