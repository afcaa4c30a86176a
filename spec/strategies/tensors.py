"""Tensors of every layout, drawn as Blueprints."""

from functools import lru_cache

from hypothesis import strategies as st

from spec import dtypes
from spec.strategies import layouts as ways
from spec.strategies.blueprint import LAYOUTS, Blueprint, contiguous_stride, count
from spec.strategies.choices import draw_choices
from spec.strategies.remembered import remembered
from spec.strategies.shapes import shape_bytes, shape_of, shapes
from spec.strategies.values import VALUE_BYTES, values_of

SEPARATE = ("contiguous", "transposed", "sliced")
"""The layouts in which no two elements share a cell, so that every in-place operation is legal."""


@lru_cache(maxsize=256)
def _admitted(layouts, long_axes):
    """Return those of `layouts` that a shape with so many axes longer than 1 can have; transposed ones count twice."""
    needed = {"transposed": 2, "overlapping": 2, "expanded": 1}
    kept = tuple(layout for layout in layouts if needed.get(layout, 0) <= long_axes)
    return kept + ("transposed",) * ("transposed" in kept) or ("contiguous",)


LAYOUT_BYTES = 3
"""How many bytes `layout_of` takes."""

TENSOR_BYTES = LAYOUT_BYTES + VALUE_BYTES
"""How many bytes `tensor_of` takes."""


def layout_of(choices, shape, layouts):
    """Return (stride, offset, number of storage cells) for `shape` in one of `layouts`, made of LAYOUT_BYTES bytes.

    A shape that admits none of the layouts, such as a vector that is to be transposed, comes out contiguous. Offsets,
    steps and unused cells come only where "sliced" is among the layouts; a transposed tensor then has them too.
    """
    layout, code = choices.of(_admitted(layouts, sum(side > 1 for side in shape))), choices.below(2**16)
    if layout == "contiguous":
        return contiguous_stride(shape), 0, count(shape)
    if layout == "sliced":
        return ways.sliced(shape, tuple(range(len(shape))), code)
    if layout == "transposed":
        return ways.transposed(shape, code, dense="sliced" not in layouts)
    return ways.expanded(shape, code) if layout == "expanded" else ways.overlapping(shape, code)


def tensor_of(choices, dtype, shape, layouts=SEPARATE, **options):
    """Return a Blueprint of a given dtype name and shape, made of TENSOR_BYTES bytes."""
    stride, offset, cells = layout_of(choices, shape, layouts)
    return Blueprint(dtype, values_of(choices, dtype, cells, **options), shape, stride, offset)


def draw_tensor(draw, dtype, shape, layouts=SEPARATE, **options):
    """Draw a Blueprint of a given dtype name and shape: for use inside a composite."""
    return tensor_of(draw_choices(draw, TENSOR_BYTES), dtype, shape, layouts, **options)


def names_of(dtype):
    """Return what strategies take for a dtype as a tuple of names: a name, several, or None for any real one."""
    return dtypes.REAL if dtype is None else (dtype,) if isinstance(dtype, str) else tuple(dtype)


def draw_common(draw, names, shape, max_elements, more=0):
    """Draw what tensors have in common: (dtype name, shape, Choices of `more` bytes), for use inside a composite.

    shape is a tuple, a strategy, or None for any of at most max_elements elements.
    """
    choices = draw_choices(draw, 1 + (shape_bytes() if shape is None else 0) + more)
    name = choices.of(names)
    if shape is None:
        shape = shape_of(choices, max_elements=max_elements)
    return name, shape if isinstance(shape, tuple) else draw(shape), choices


def _check(dtype, layouts):
    names = names_of(dtype)
    for name in names:
        dtypes.torch_dtype(name)
    for layout in layouts:
        if layout not in LAYOUTS:
            raise ValueError("no layout is called {!r}; there are {}".format(layout, ", ".join(LAYOUTS)))
    if not names or not layouts:
        raise ValueError("no dtype or no layout to draw from")
    return names


@remembered
def tensors(dtype=None, shape=None, layouts=SEPARATE, max_elements=128, **options):
    """Draw a Blueprint.

    dtype is a name, a tuple of names, or None for any real one; shape a tuple, a strategy, or None for `shapes()`;
    layouts some of LAYOUTS, as `layout_of` has it: by default those in which no two elements share a cell. Storage is
    filled with the corners and options of `values_of` (finite, kinks, subnormal, integral, bounded, positive, among).
    ValueError for an unknown layout or a dtype that the installed torch lacks.
    """
    names, layouts = _check(dtype, layouts), tuple(layouts)
    return _tensors(names, shape, layouts, max_elements, tuple(sorted(options.items())))


@st.composite
def _tensors(draw, names, shape, layouts, max_elements, options):
    name, shape, choices = draw_common(draw, names, shape, max_elements, more=TENSOR_BYTES)
    return tensor_of(choices, name, shape, layouts, **dict(options))


def vectors(dtype=None, min_side=0, max_side=65, **options):
    """Draw a Blueprint of one dimension: `tensors` with the sides of SIZES."""
    return tensors(dtype, shape=shapes(1, 1, min_side, max_side), **options)


def matrices(dtype=None, min_side=0, max_side=17, **options):
    """Draw a Blueprint of two dimensions: `tensors` with sides from min_side to max_side."""
    return tensors(dtype, shape=shapes(2, 2, min_side, max_side), **options)


def scalars(dtype=None, **options):
    """Draw a Blueprint of no dimension: `tensors` of shape ()."""
    return tensors(dtype, shape=(), **options)
