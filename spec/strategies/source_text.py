"""Source text for drawn values, so that a failure can be shown as a script that needs torch and numpy only."""

import numpy as np


def number_text(number):
    """Return source text for a Python number that needs no import: float("nan") where repr would not do."""
    if isinstance(number, complex):
        return "complex({}, {})".format(number_text(number.real), number_text(number.imag))
    if isinstance(number, float) and not np.isfinite(number):
        return 'float("{!r}")'.format(number)
    return repr(number)


def has_nested_form(size):
    """Say whether nested lists can express `size`: they cannot where a side of 0 has further sides behind it."""
    return 0 not in size[:-1]


def nested_text(numbers, size):
    """Return source text of nested lists of `size`, filled with the flat `numbers` in row-major order."""
    if not size:
        return number_text(numbers[0])
    width = len(numbers) // size[0] if size[0] else 0
    rows = [nested_text(numbers[row * width : (row + 1) * width], size[1:]) for row in range(size[0])]
    return "[" + ", ".join(rows) + "]"


def dtype_text(dtype):
    """Return source text that names a numpy dtype: its name, or its code where the byte order is foreign."""
    return repr(dtype.name if dtype.isnative else dtype.str)


def array_text(array):
    """Return source text that rebuilds a numpy array's values, dtype and shape; its layout is not kept."""
    numbers = array.ravel().tolist()
    if has_nested_form(array.shape):
        return "np.array({}, dtype={})".format(nested_text(numbers, array.shape), dtype_text(array.dtype))
    return "np.empty({}, dtype={})".format(array.shape, dtype_text(array.dtype))


def slice_text(index):
    """Return source text for a slice: `slice(1, 5, 2)`."""
    parts = (index.start, index.stop, index.step)
    return "slice({})".format(", ".join(expression(part) for part in parts))


def expression(value):
    """Return source text that rebuilds `value` with nothing but `torch` and `np` (numpy) imported.

    It knows numbers, strings, None, Ellipsis, slices, lists, tuples (a named tuple becomes a plain one), dicts, numpy
    arrays and scalars, torch devices and dtypes, and everything that has a method `source_text()`: Blueprint and the
    other descriptions of this package. Anything else is shown by its repr.
    """
    if hasattr(value, "source_text"):
        return value.source_text()
    if isinstance(value, np.ndarray):
        return array_text(value)
    if isinstance(value, np.generic):
        return "np.{}({})".format(value.dtype.type.__name__, number_text(value.item()))
    if isinstance(value, (int, float, complex)):
        return number_text(value)
    if isinstance(value, slice):
        return slice_text(value)
    if value is Ellipsis:
        return "..."
    if isinstance(value, list):
        return "[" + ", ".join(expression(item) for item in value) + "]"
    if isinstance(value, tuple):
        inside = ", ".join(expression(item) for item in value)
        return "({},)".format(inside) if len(value) == 1 else "({})".format(inside)
    if isinstance(value, dict):
        pairs = ("{}: {}".format(expression(key), expression(item)) for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if type(value).__module__ == "torch" and type(value).__name__ == "device":
        return "torch.device({!r})".format(str(value))
    return repr(value)
