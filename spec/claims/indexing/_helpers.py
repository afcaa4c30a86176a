"""What the chapter on indexing draws, and how it looks at the memory behind a tensor."""
from typing import NamedTuple

from hypothesis import strategies as st

from spec import dtypes
from spec.oracles import memory
from spec.strategies import SEPARATE, Blueprint, shapes, tensors
from spec.strategies.choices import draw_choices
from spec.strategies.indexing import SLICE_BYTES, draw_basic_index, place_of, slice_of

READABLE = tuple(name for name in dtypes.ALL if name not in ("float64", "complex128"))
"""The dtypes that a property which only reads draws from: those that every kind of device may have."""

WRITABLE = tuple(name for name in dtypes.REAL if name != "float64")
"""The dtypes that a property which also writes draws from."""

GATHERABLE = tuple(name for name in READABLE if name not in dtypes.HALVES)
"""The dtypes of READABLE from which every torch selects by lists and masks; old ones cannot do so for the halves."""

GRID = Blueprint.of([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11, 12, 13, 14], [15, 16, 17, 18, 19]], "int64")
"""Four rows and five columns that hold 0 to 19, row by row."""

Case = NamedTuple("Case", [("x", Blueprint), ("index", object)])
Case.__doc__ = "A tensor x and an index: what stands between the brackets, for torch and for numpy alike."


def items(index):
    """Return the items of an index, which may be a single one, as a tuple."""
    return index if isinstance(index, tuple) else (index,)


def above_its_storage(blueprint, device):
    """Build a tensor over a storage that can be looked at: return the flat tensor of its cells, and the tensor."""
    cells = Blueprint(blueprint.dtype, blueprint.storage, (len(blueprint.storage),)).on(device)
    return cells, cells.as_strided(blueprint.size, blueprint.stride, blueprint.offset)


def cells_of(case):
    """Return the memory.View of the cells that a basic index selects."""
    return memory.View(case.x.indices)[case.index]


def storage_after(case, values):
    """Return the values of all cells of the tensor's storage after `values` are written to what the index selects."""
    storage = Blueprint(case.x.dtype, case.x.storage, (len(case.x.storage),)).array
    return memory.write(storage, cells_of(case), values)


@st.composite
def places(draw, dtype=READABLE, min_dims=0, max_dims=4, layouts=SEPARATE):
    """Draw a Case whose index names one element: as many ints as there are dimensions, some counted from the end."""
    x = draw(tensors(dtype, shape=shapes(min_dims, max_dims, min_side=1, max_elements=64), layouts=layouts))
    choices = draw_choices(draw, 1 + 2 * x.ndim)
    bare = choices.below(2)
    index = tuple(place_of(choices, side) for side in x.size)
    return Case(x, index[0] if len(index) == 1 and bare else index)


@st.composite
def indexed(draw, dtype=READABLE, min_dims=0, max_dims=4, layouts=SEPARATE):
    """Draw a Case with any basic index."""
    x = draw(tensors(dtype, shape=shapes(min_dims, max_dims, max_elements=64), layouts=layouts))
    return Case(x, draw_basic_index(draw, x.size))


@st.composite
def sliced(draw, dtype=READABLE, layouts=SEPARATE):
    """Draw a Case whose index is made of slices alone, one for each of the first dimensions, steps above 0."""
    x = draw(tensors(dtype, shape=shapes(1, 3, max_elements=64), layouts=layouts))
    choices = draw_choices(draw, 2 + SLICE_BYTES * x.ndim)
    used, bare = choices.between(1, x.ndim), choices.below(2)
    index = tuple(slice_of(choices, side) for side in x.size[:used])
    return Case(x, index[0] if used == 1 and bare else index)


_FAR = (0, 1, 7, 2 ** 31, 2 ** 32, 2 ** 61)


@st.composite
def out_of_range(draw):
    """Draw a Case in which one int of the index lies outside its dimension; the others are in range."""
    x = draw(tensors(WRITABLE, shape=shapes(1, 3, max_elements=32)))
    choices = draw_choices(draw, 4 + 3 * x.ndim)
    wrong = choices.below(x.ndim)
    used = choices.between(wrong + 1, x.ndim)
    side, beyond = x.size[wrong], choices.of(_FAR)
    wrong_one = choices.of((side + beyond, -side - 1 - beyond))
    index = [place_of(choices, side) if choices.below(2) and side else slice(None) for side in x.size[:used]]
    index[wrong] = wrong_one
    return Case(x, index[0] if used == 1 else tuple(index))
