"""The dtype of a result, by release of torch.

An operand is written as the name of a dtype ("int64": a tensor with dimensions), as ``zero_dim("int64")`` (a tensor
without), or as a Python number. A release is (major, minor). Where torch refuses, TypeError is raised.

Not modelled: uint16, uint32, uint64 and complex32 (KeyError), half precision beside complex numbers (KeyError),
bfloat16 before 1.7, bool before 1.2 and in division before 1.7, comparisons of complex numbers,
a complex number divided by a tensor before 1.7.

Eras, as observed on every release from 1.0 to 1.13, on 2.13 and 2.15:
up to 1.2  operands must agree; a number or a zero-dim tensor takes on the dtype of the tensor it meets
from 1.3   categories: bool < integers < floats < complex numbers. Tensors with dimensions decide, unless a zero-dim
           tensor or a number is of a higher category; from 1.12 the floats become complex numbers of the same width
division   up to 1.5 it has the dtype of the product; 1.6 refuses integers; from 1.7 it is always in floats
comparison gives uint8 up to 1.1, bool from 1.2
Source from 1.3 on: the torch documentation, "Tensor Attributes", section "torch.dtype".
"""
from collections import namedtuple

ZeroDim = namedtuple("ZeroDim", "dtype")
ZeroDim.__doc__ = "An operand: a tensor without dimensions."

_CATEGORY = {"bool": 0, "uint8": 1, "int8": 1, "int16": 1, "int32": 1, "int64": 1,
             "float16": 2, "bfloat16": 2, "float32": 2, "float64": 2, "complex64": 3, "complex128": 3}
_RANK = {"int8": 0, "uint8": 0, "int16": 1, "int32": 2, "int64": 3,
         "float16": 0, "bfloat16": 0, "float32": 1, "float64": 2, "complex64": 1, "complex128": 2}
_COMPLEX_OF = {"float32": "complex64", "float64": "complex128"}


def zero_dim(dtype):
    """Write an operand that is a tensor without dimensions."""
    return ZeroDim(dtype)


def promote(a, b):
    """Return the least dtype that holds the values of two dtypes, as torch counts it: floats hold all integers."""
    low, high = sorted((a, b), key=_CATEGORY.__getitem__)
    if _CATEGORY[low] < _CATEGORY[high]:
        return promote(_COMPLEX_OF[low], high) if low in _COMPLEX_OF else high
    if a == b or _RANK[a] != _RANK[b]:
        return max(a, b, key=lambda name: _RANK.get(name, 0))
    return "int16" if _CATEGORY[a] == 1 else "float32"


def result_dtype(a, b, version, default="float32"):
    """Return the dtype of a + b, a - b or a * b. ``default`` is torch's default dtype, that of a Python float."""
    levels = [_level(operand) for operand in (a, b)]
    if version < (1, 3):
        return _without_promotion(a, b, levels)
    names = [_dtype(operand, default) for operand in (a, b)]
    if levels[0] == levels[1]:
        return promote(*names)
    high, low = names if levels[0] > levels[1] else reversed(names)
    if _CATEGORY[high] >= _CATEGORY[low]:
        return high
    if _CATEGORY[high] == 2 and version >= (1, 12):
        return _COMPLEX_OF[high]
    return promote(high, low)


def division_dtype(a, b, version, default="float32"):
    """Return the dtype of a / b. Up to 1.6 a number divided by a tensor takes on the tensor's dtype."""
    if version < (1, 7) and not _level(a):
        return _dtype(b, default)
    product = result_dtype(a, b, version, default)
    if _CATEGORY[product] > 1 or version < (1, 6):
        return product
    if version == (1, 6):
        raise TypeError("integer division of tensors by / is refused")
    return default


def comparison_dtype(a, b, version):
    """Return the dtype of a < b, a == b and their like; up to 1.2 they refuse tensors of unlike dtype."""
    if version < (1, 3):
        _refuse_unlike(a, b)
    return "bool" if version >= (1, 2) else "uint8"


def in_place_dtype(a, b, version, default="float32", division=False):
    """Return the dtype of a after a += b (or a /= b); a is a tensor, and keeps its dtype or refuses."""
    own = _dtype(a, default)
    result = (division_dtype if division else result_dtype)(a, b, version, default)
    if _CATEGORY[result] > _CATEGORY[own] or version < (1, 3) and result != own:
        raise TypeError(f"{result} cannot be stored in {own}")
    return own


def _level(operand):
    return 2 if isinstance(operand, str) else 1 if isinstance(operand, ZeroDim) else 0


def _dtype(operand, default):
    if isinstance(operand, str):
        return operand
    if isinstance(operand, ZeroDim):
        return operand.dtype
    return {bool: "bool", int: "int64", float: default, complex: _COMPLEX_OF.get(default)}[type(operand)]


def _without_promotion(a, b, levels):
    if levels[0] != levels[1]:
        return _dtype(a if levels[0] > levels[1] else b, None)
    if levels[0] == 2:
        _refuse_unlike(a, b)
    return promote(_dtype(a, None), _dtype(b, None))


def _refuse_unlike(a, b):
    names = {_dtype(operand, None) for operand in (a, b) if _level(operand)}
    if len(names) > 1:
        raise TypeError(f"operands of unlike dtypes: {sorted(names)}")
