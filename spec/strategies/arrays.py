"""numpy arrays of every layout that numpy has, drawn as ArrayBlueprints."""

import numpy as np
from hypothesis import strategies as st

from spec.strategies import layouts as ways
from spec.strategies.blueprint import cell_indices, contiguous_stride, count
from spec.strategies.remembered import remembered
from spec.strategies.source_text import dtype_text, nested_text
from spec.strategies.tensors import TENSOR_BYTES, draw_common, names_of
from spec.strategies.values import values_of

ARRAY_LAYOUTS = ("contiguous", "fortran", "transposed", "sliced", "reversed", "broadcast")
"""Layouts of a numpy array: the last two have strides below 0, and strides of 0 on an axis longer than 1."""

ORDINARY_LAYOUTS = ARRAY_LAYOUTS[:4]
"""The layouts that torch can take over as they are, and in which no two elements share a cell."""


class ArrayBlueprint(object):
    """A numpy array to be made: dtype name, flat storage, size, stride and offset in cells (strides may be negative).

    padding is a number of unused bytes behind each cell, so that strides are not multiples of the item size; lead a
    number of unused bytes before the first cell, so that the address is not aligned; foreign says whether bytes are in
    the order that this machine does not use; writeable is the array's own flag.
    """

    __slots__ = ("dtype", "storage", "size", "stride", "offset", "padding", "lead", "foreign", "writeable")

    def __init__(self, dtype, storage, size, stride=None, offset=0, padding=0, lead=0, foreign=False, writeable=True):
        stride = contiguous_stride(size) if stride is None else tuple(stride)
        values = (dtype, tuple(storage), tuple(size), stride, offset, padding, lead, foreign, writeable)
        for name, value in zip(self.__slots__, values):
            object.__setattr__(self, name, value)
        cells = self.indices
        if cells.size and not 0 <= cells.min() <= cells.max() < len(self.storage):
            raise ValueError("cells {} to {} do not fit into {}".format(cells.min(), cells.max(), len(self.storage)))

    def __setattr__(self, name, value):
        raise AttributeError("an ArrayBlueprint does not change")

    def __reduce__(self):
        return ArrayBlueprint, self._fields()

    def _fields(self):
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other):
        return isinstance(other, ArrayBlueprint) and repr(self) == repr(other)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(repr(self))

    def __repr__(self):
        fields = list(self._fields())
        defaults = (None, None, None, contiguous_stride(self.size), 0, 0, 0, False, True)
        while fields[-1] == defaults[len(fields) - 1]:
            fields.pop()
        texts = [nested_text(field, (len(field),)) if place == 1 else repr(field) for place, field in enumerate(fields)]
        return "ArrayBlueprint({})".format(", ".join(texts))

    @property
    def numpy_dtype(self):
        """The array's dtype, byte order included."""
        dtype = np.dtype(self.dtype)
        return dtype.newbyteorder("S") if self.foreign else dtype

    @property
    def indices(self):
        """A fresh int64 array of the array's shape: which storage cell each element occupies."""
        return cell_indices(self.size, self.stride, self.offset)

    @property
    def array(self):
        """A fresh plain array of the same values: row-major, aligned, writeable, in this machine's byte order."""
        return np.array(np.array(self.storage, dtype=self.dtype)[self.indices], order="C")

    @property
    def labels(self):
        """The words that describe this array: a frozenset of ARRAY_LAYOUTS, and of
        "readonly", "foreign", "misaligned"."""
        words = set()
        steps = [(side, step) for side, step in zip(self.size, self.stride) if count(self.size)]
        long_steps = [step for side, step in steps if side > 1]
        dense = tuple(reversed(contiguous_stride(self.size[::-1])))
        conditions = {
            "contiguous": all(s == own or n == 1 for (n, s), own in zip(steps, contiguous_stride(self.size))),
            "fortran": all(s == own or n == 1 for (n, s), own in zip(steps, dense)),
            "transposed": long_steps != sorted(long_steps, reverse=True),
            "sliced": self.offset > 0 or len(np.unique(self.indices)) < len(self.storage),
            "reversed": any(step < 0 for side, step in steps),
            "broadcast": 0 in long_steps,
            "readonly": not self.writeable,
            "foreign": self.foreign,
            "misaligned": bool(self.padding or self.lead),
        }
        words.update(word for word, true in conditions.items() if true)
        return frozenset(words)

    def make(self):
        """Return a fresh numpy array with this very layout, over a fresh buffer that its base owns."""
        dtype = self.numpy_dtype
        pitch = dtype.itemsize + self.padding
        buffer = np.zeros(self.lead + pitch * len(self.storage) + dtype.itemsize, dtype=np.uint8)
        np.ndarray((len(self.storage),), dtype, buffer, self.lead, (pitch,))[...] = self.storage
        steps = tuple(step * pitch for step in self.stride)
        array = np.ndarray(self.size, dtype, buffer, self.lead + self.offset * pitch, steps)
        array.flags.writeable = self.writeable
        return array

    def source_text(self):
        """Return source text that builds this array, layout and flags included, with nothing but numpy imported."""
        dtype = self.numpy_dtype
        plain = self.stride == contiguous_stride(self.size) and not (self.offset or self.padding or self.lead)
        if plain and self.writeable and self.storage and count(self.size) == len(self.storage):
            return "np.array({}, dtype={})".format(nested_text(self.storage, self.size), dtype_text(dtype))
        pitch = dtype.itemsize + self.padding
        steps = tuple(step * pitch for step in self.stride)
        if self.padding or self.lead or not self.storage:
            made = self.make()
            while made.base is not None:
                made = made.base
            buffer = repr(made.tobytes())
            buffer = "bytearray({})".format(buffer) if self.writeable else buffer
        else:
            flat = nested_text(self.storage, (len(self.storage),))
            buffer = "np.array({}, dtype={})".format(flat, dtype_text(dtype))
            buffer += "" if self.writeable else ".tobytes()"
        text = "np.ndarray({}, {}, {}, {}, {})"
        return text.format(self.size, dtype_text(dtype), buffer, self.lead + self.offset * pitch, steps)


def _layout_of(choices, shape, layouts):
    layout, code = choices.of(layouts), choices.below(2**16)
    if layout == "contiguous":
        return contiguous_stride(shape), 0, count(shape)
    order = tuple(range(len(shape)))
    if layout == "fortran":
        return ways.ordered(shape, order[::-1])
    if layout == "sliced":
        return ways.sliced(shape, order, code)
    if layout == "transposed":
        return ways.transposed(shape, code, dense="sliced" not in layouts)
    return ways.reversed_axes(shape, code) if layout == "reversed" else ways.expanded(shape, code)


@remembered
def arrays(
    dtype=None,
    shape=None,
    layouts=ORDINARY_LAYOUTS,
    readonly=False,
    foreign=False,
    misaligned=False,
    max_elements=64,
    **options
):
    """Draw an ArrayBlueprint.

    dtype is a numpy name, a tuple of names, or None for any real one that torch has too; shape a tuple, a strategy or
    None; layouts some of ARRAY_LAYOUTS. readonly, foreign (byte order) and misaligned are False for never, True for
    always, None for either; elements of one byte are neither foreign nor misaligned. Values have the corners and
    options of `values_of`. ValueError for an unknown layout.
    """
    for layout in layouts:
        if layout not in ARRAY_LAYOUTS:
            raise ValueError("no layout is called {!r}; there are {}".format(layout, ", ".join(ARRAY_LAYOUTS)))
    names = names_of(dtype)
    flags = tuple((False, True) if flag is None else (flag,) for flag in (readonly, foreign, misaligned))
    return _arrays(names, shape, tuple(layouts), flags, max_elements, tuple(sorted(options.items())))


@st.composite
def _arrays(draw, names, shape, layouts, flags, max_elements, options):
    name, shape, choices = draw_common(draw, names, shape, max_elements, more=TENSOR_BYTES + 4)
    stride, offset, cells = _layout_of(choices, shape, layouts)
    values = values_of(choices, name, cells, **dict(options))
    readonly, foreign, misaligned = (choices.of(flag) for flag in flags)
    padding, lead = choices.of(((1, 0), (0, 1), (3, 2))) if misaligned else (0, 0)
    if np.dtype(name).itemsize == 1:
        foreign, padding, lead = False, 0, 0
    return ArrayBlueprint(name, values, shape, stride, offset, padding, lead, foreign, not readonly)
