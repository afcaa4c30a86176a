"""Whether a result is the expected one: the assertions that claims are made of.

Every message has one grammar: what differs, where, then ``result``, ``expected`` and, for values, ``bound``.
A tensor is recognised by its methods, so that this module imports torch only where it meets one.
"""
from functools import lru_cache

import numpy as np

_WIDER = {"int8": "int16", "bool": "uint8", "complex32": "complex64"}
"""For dtypes that numpy, or torch's bridge to it, lacks in some release: a dtype that holds all their values."""


def is_tensor(value):
    """Say whether a value is a torch tensor, on any device and in any release."""
    return hasattr(value, "detach") and hasattr(value, "is_leaf")


def dtype_name(value):
    """Return the name of the dtype of a tensor or an array ("float32"), or None for Python numbers and lists."""
    dtype = getattr(value, "dtype", None)
    return None if dtype is None else _name(dtype)


@lru_cache(maxsize=256)
def _name(dtype):
    return getattr(dtype, "name", None) or str(dtype).split(".")[-1]


def array_of(value):
    """Return the values of a tensor, an array, a Python number or a nested list as a fresh C-contiguous numpy array.

    A tensor may require a gradient, lie on any device and have any layout. The dtype is kept where numpy has it;
    other dtypes (bfloat16, the eight-bit floats, complex32) come back in a wider one that holds the same values.
    """
    if not is_tensor(value):
        return np.array(value, order="C")
    tensor = value.detach().cpu()
    for resolve in ("resolve_conj", "resolve_neg"):
        if hasattr(tensor, resolve):
            tensor = getattr(tensor, resolve)()
    try:
        return np.array(tensor.numpy(), order="C")
    except (TypeError, RuntimeError):
        return _by_way_of_a_wider_dtype(tensor)


def _by_way_of_a_wider_dtype(tensor):
    import torch

    name = dtype_name(tensor)
    array = np.array(tensor.to(getattr(torch, _WIDER.get(name, "float32"))).numpy(), order="C")
    return array.astype(name) if name in ("int8", "bool") else array


def agrees(result, expected, bound=0, dtype=None, any_dtype=False, sign_of_zero=False):
    """Assert that a result is the expected one.

    result, expected  tensors, arrays, Python numbers or nested lists. The shapes must be equal, and so must the dtypes;
                      Python numbers and lists have no dtype, and against them only shape and values are compared.
    bound             how far a value may be from the expected one: a number, or an array that broadcasts to the shape;
                      0 asks for equal values. For complex values it holds for real and imaginary part separately.
                      NaN must stand exactly where it is expected, and an infinity equals only itself.
                      A bound that is not finite where the expected value is finite lets nothing pass.
    dtype             the name of the dtype that the result must have, instead of the dtype of ``expected``
    any_dtype         compare values whatever the dtypes
    sign_of_zero      tell -0.0 from 0.0

    Raises AssertionError where they differ, and ValueError for a bound that does not broadcast.
    """
    __tracebackhide__ = True
    _same_kind(result, expected, dtype, any_dtype)
    got, wanted = array_of(result), array_of(expected)
    if got.dtype == wanted.dtype and np.ndim(bound) == 0 and not sign_of_zero and (got == wanted).all():
        return
    got, wanted = _comparable(got, wanted)
    bound = np.asarray(array_of(bound), dtype=np.float64)
    if got.dtype.kind == "c":
        got, wanted, bound = _parts(got), _parts(wanted), bound[..., np.newaxis]
    bound = np.broadcast_to(bound, got.shape)
    good = _within(got, wanted, bound)
    if sign_of_zero and got.dtype.kind == "f":
        good &= (got != 0) | (np.signbit(got) == np.signbit(wanted))
    if not good.all():
        raise AssertionError(_culprit(array_of(result).shape, good, got, wanted, bound))


def bitwise(result, expected):
    """Assert that shape, dtype and every byte of the values agree, the bits of NaN included; raise AssertionError."""
    __tracebackhide__ = True
    _same_kind(result, expected, None, False)
    got, wanted = array_of(result), array_of(expected)
    if got.tobytes() != wanted.tobytes():
        width = got.dtype.itemsize
        bits = [np.frombuffer(array.tobytes(), np.uint8).reshape(got.shape + (width,)) for array in (got, wanted)]
        good = (bits[0] == bits[1]).all(axis=-1)
        index = tuple(int(place) for place in np.argwhere(~good)[0])
        shown = [f"{_plain(array[index])!r} (0x{array[index].tobytes()[::-1].hex()})" for array in (got, wanted)]
        raise AssertionError(f"bytes differ at index {index}: result {shown[0]}, expected {shown[1]} "
                             f"({(~good).sum()} of {good.size} elements differ)")


def unchanged(value, before):
    """Assert that a tensor or array still has the values, bit for bit, of the array taken from it before.

    before  what ``array_of`` returned at the time
    """
    __tracebackhide__ = True
    now = array_of(value)
    if now.dtype != before.dtype:
        raise AssertionError(f"what should not change has another dtype: result {now.dtype}, expected {before.dtype}")
    try:
        bitwise(now, before)
    except AssertionError as error:
        raise AssertionError(f"what should not change was written to: {error}") from None


def _same_kind(result, expected, dtype, any_dtype):
    __tracebackhide__ = True
    shapes = [tuple(np.shape(value)) if not is_tensor(value) else tuple(value.shape) for value in (result, expected)]
    if shapes[0] != shapes[1]:
        raise AssertionError(f"shapes differ: result {shapes[0]}, expected {shapes[1]}")
    got, wanted = dtype_name(result), dtype or dtype_name(expected)
    if not any_dtype and got != wanted and (dtype or None not in (got, wanted)):
        raise AssertionError(f"dtypes differ: result {got}, expected {wanted}")


def _comparable(got, wanted):
    """Bring two arrays to one dtype that holds the values of both, so that comparing them loses nothing."""
    kinds = {got.dtype.kind, wanted.dtype.kind}
    if "O" in kinds or (kinds & set("biu") and got.dtype != wanted.dtype):
        return got.astype(object), wanted.astype(object)
    return (got.astype(complex), wanted.astype(complex)) if "c" in kinds else (got, wanted)


def _is_nan(array):
    return array != np.array(array)  # the one value that is not equal to itself, in arrays of any dtype


def _parts(array):
    return np.stack([array.real, array.imag], axis=-1)


def _within(got, wanted, bound):
    """Say for each element whether it is as expected; the difference is only computed where some are not equal."""
    good = np.asarray((got == wanted) | (_is_nan(got) & _is_nan(wanted)), dtype=bool)
    if good.all() or not bound.any():
        return good
    wide = np.float64 if got.dtype.kind == "f" else object
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.asarray(abs(got.astype(wide) - wanted.astype(wide)) <= bound, dtype=bool)
    return good | (near & np.isfinite(bound))


def _culprit(shape, good, got, wanted, bound):
    """Describe the first element that is not as expected."""
    place = tuple(int(step) for step in np.argwhere(~good)[0])
    values = [_plain(array[place]) for array in (got, wanted, bound)]
    if good.ndim > len(shape):
        part = "real part" if place[-1] == 0 else "imaginary part"
        good, place = good.all(axis=-1), place[:-1]
        where = f"{place} in the {part}"
    else:
        where = str(place)
    return (f"values differ at index {where}: result {values[0]!r}, expected {values[1]!r}, bound {values[2]!r} "
            f"({(~good).sum()} of {good.size} elements differ)")


def _plain(value):
    return value.item() if hasattr(value, "item") else value
