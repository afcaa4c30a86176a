"""The element types that the installed torch has, by name.

A dtype is written as its name, `"float32"`, everywhere in the specification: names mean the same in torch and in numpy,
print well, and exist before either library is asked. This module turns names into dtypes and back, says which names the
installed torch really computes with (an attribute such as `torch.complex64` is no proof: torch 1.0 has it and cannot
make such a tensor), and knows the limits of each.
"""

import struct
from collections import namedtuple

import numpy as np
import torch

BITS = {
    "bool": 8,
    "uint8": 8,
    "int8": 8,
    "int16": 16,
    "int32": 32,
    "int64": 64,
    "float16": 16,
    "bfloat16": 16,
    "float32": 32,
    "float64": 64,
    "complex64": 64,
    "complex128": 128,
}
"""Size in bits of one stored element, for every name that this module knows."""

IntegerLimits = namedtuple("IntegerLimits", "min max")
FloatLimits = namedtuple("FloatLimits", "max smallest_normal smallest_subnormal eps")

# Significand width with its hidden bit, and the largest exponent (IEEE 754-2019, table 3.5; bfloat16 is the upper half
# of binary32).
_FORMATS = {"float16": (11, 15), "bfloat16": (8, 127), "float32": (24, 127), "float64": (53, 1023)}


def _present(names, sample):
    """Return those of `names` of which the installed torch can make a tensor of `sample` and read it back."""
    found = []
    for name in names:
        try:
            kept = torch.tensor([sample], dtype=getattr(torch, name)).tolist() == [sample]
        except (AttributeError, RuntimeError, TypeError):
            kept = False
        if kept:
            found.append(name)
    return tuple(found)


BOOL = _present(["bool"], True)
INTEGERS = _present(["uint8", "int8", "int16", "int32", "int64"], 3)
HALVES = _present(["float16", "bfloat16"], 1.5)
FLOATS = _present(["float32", "float64"], 1.5)
COMPLEX = _present(["complex64", "complex128"], 1.5 - 1j)
REAL = INTEGERS + FLOATS
ALL = BOOL + INTEGERS + HALVES + FLOATS + COMPLEX

MASK = "bool" if BOOL else "uint8"
"""The dtype of a mask: torch before 1.2 has no bool and masks with uint8."""


def torch_dtype(name):
    """Return the torch dtype called `name`; ValueError where this torch has none that works."""
    if name not in ALL:
        raise ValueError("torch {} has no dtype {!r}; it has {}".format(torch.__version__, name, ", ".join(ALL)))
    return getattr(torch, name)


def numpy_dtype(name):
    """Return the numpy dtype called `name`; ValueError for bfloat16, which numpy does not have."""
    if name == "bfloat16":
        raise ValueError("numpy has no bfloat16: its values are exact in float32")
    return np.dtype(name)


def value_dtype(name):
    """Return the numpy dtype that holds every value of `name` exactly: its own, and float32 for bfloat16."""
    return np.dtype("float32") if name == "bfloat16" else np.dtype(name)


def name_of(dtype):
    """Return the name of a torch dtype, a numpy dtype, or anything that numpy takes for one."""
    if isinstance(dtype, torch.dtype):
        return str(dtype).replace("torch.", "")
    return np.dtype(dtype).name


def is_float(name):
    """Say whether `name` is a real floating-point dtype, halves included."""
    return name in _FORMATS


def is_integer(name):
    """Say whether `name` is an integer dtype (bool is not one)."""
    return "int" in name


def is_complex(name):
    """Say whether `name` is a complex dtype."""
    return name.startswith("complex")


def part_of(name):
    """Return the dtype of the real part: float32 for complex64, float64 for complex128, else `name`."""
    return {"complex64": "float32", "complex128": "float64"}.get(name, name)


def limits(name):
    """Return the limits of a dtype: IntegerLimits(min, max) as ints, or FloatLimits as Python floats.

    A float's limits are its largest finite number, its smallest normal and smallest subnormal positive numbers, and
    eps, the distance from 1 to the next larger number. A complex dtype has the limits of its parts.
    """
    name = part_of(name)
    if name in _FORMATS:
        width, exponent = _FORMATS[name]
        largest = (2.0 - 2.0 ** (1 - width)) * 2.0**exponent
        return FloatLimits(largest, 2.0 ** (1 - exponent), 2.0 ** (2 - exponent - width), 2.0 ** (1 - width))
    if name == "bool":
        return IntegerLimits(0, 1)
    if not is_integer(name):
        raise ValueError("no limits are known for dtype {!r}".format(name))
    bits = int(name.replace("u", "").replace("int", ""))
    if name.startswith("u"):
        return IntegerLimits(0, 2**bits - 1)
    return IntegerLimits(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def precision(name):
    """Return the significand's width in bits, hidden bit included: all integers up to 2 ** precision are exact."""
    return _FORMATS[part_of(name)][0]


def nearest(name, values):
    """Return the Python numbers of dtype `name` nearest to `values`, an iterable of numbers, as a list.

    Floats round to nearest, ties to even. Integers must fit: OverflowError or ValueError where one does not.
    """
    values = list(values)
    if name == "bfloat16":
        return [_nearest_bfloat16(value) for value in values]
    if is_integer(name):
        low, high = limits(name)
        numbers = [int(value) for value in values]
        for number, value in zip(numbers, values):
            if number != value:
                raise ValueError("{!r} is not an integer".format(value))
            if not low <= number <= high:
                raise OverflowError("{!r} does not fit into {}".format(value, name))
        return numbers
    with np.errstate(over="ignore"):
        return np.array(values, dtype=numpy_dtype(name)).tolist()


def _nearest_bfloat16(value):
    single = np.float32(value)
    if not np.isfinite(single):
        return float(single)
    bits = struct.unpack("<I", struct.pack("<f", single))[0]
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return struct.unpack("<f", struct.pack("<I", bits))[0]
