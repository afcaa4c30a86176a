"""How far rounding may take the result of one operation from its exact value.

The bounds hold for any order of summation, with or without fused multiply-add. Reference: N. Higham, Accuracy and
Stability of Numerical Algorithms (2nd ed., 2002), chapters 2 to 4. They presume that every partial result is rounded
to the dtype named, or better; a device that multiplies in fewer bits (TF32) breaks them, and is meant to.

Each bound is against the same formula evaluated in float64 by numpy, whose own rounding is allowed for too; against the
exact value it holds all the more. Bounds are float64 arrays or numbers, in the unit of the result.
"""
import numpy as np

_PRECISION = {"float16": (11, -14), "bfloat16": (8, -126), "float32": (24, -126), "float64": (53, -1022)}
"""For each dtype the bits of its significand, the hidden one included, and its least normal exponent (IEEE 754)."""


def unit_roundoff(dtype):
    """Return u, the greatest relative error of rounding to nearest: 2**-24 for "float32". KeyError for other dtypes."""
    return 2.0 ** -_PRECISION[dtype][0]


def smallest_normal(dtype):
    """Return the least positive normal number of a dtype."""
    return 2.0 ** _PRECISION[dtype][1]


def underflow(dtype, flushes=False):
    """Return the greatest absolute error that a product may have beside its relative one, when it is tiny.

    flushes  subnormal results may become 0, as on some devices

    It is half the smallest subnormal; for "float64" the whole of it, for there is no half of it to return.
    """
    return max(smallest_normal(dtype) * (1 if flushes else unit_roundoff(dtype)), 2.0 ** -1074)


def gamma(n, dtype):
    """Return gamma_n = n*u / (1 - n*u), which bounds the relative effect of n roundings (Higham, section 3.1).

    Raises ValueError where n*u >= 1: no bound exists.
    """
    nu = n * unit_roundoff(dtype)
    if nu >= 1:
        raise ValueError(f"{n} roundings to {dtype} leave nothing certain")
    return nu / (1 - nu)


def both(n, dtype):
    """Return gamma_n of a dtype plus gamma_n of float64, in which the reference is computed."""
    return gamma(n, dtype) + gamma(n, "float64")


def ulp(values, dtype):
    """Return the distance from each value to the next greater in size, among the numbers of a dtype."""
    bits, least = _PRECISION[dtype]
    fraction, exponent = np.frexp(np.asarray(values, dtype=np.float64))
    return np.ldexp(1.0, np.where(fraction == 0, least, np.maximum(exponent - 1, least)) - bits + 1)


def elementwise(expected, dtype, roundings=1, flushes=False):
    """Bound the error of results that each suffer a number of roundings: |x| * gamma, and underflow.

    expected  the values in float64
    """
    return np.abs(expected) * both(roundings, dtype) + roundings * underflow(dtype, flushes)


def of_conversion(values, dtype):
    """Bound the distance from each float64 value to the nearest number of a dtype; 0 where the dtype holds it."""
    spacing = ulp(values, dtype)
    steps = np.asarray(values, dtype=np.float64) / spacing
    return np.abs(steps - np.rint(steps)) * spacing


def of_sum(x, dtype, axis=None):
    """Bound the error of a sum along axes (None: all): gamma_(n-1) times the sum of sizes (Higham, section 4.2)."""
    sizes = np.abs(np.asarray(x, dtype=np.float64))
    total = sizes.sum(axis=axis)
    terms = sizes.size // total.size if total.size else 0
    return total * both(max(terms - 1, 0), dtype)


def of_matmul(a, b, dtype, flushes=False):
    """Bound the error of a dot product or a matrix product: gamma_k |a| |b| (Higham, section 3.5), and underflow.

    a, b  what numpy.matmul takes; k is the size that is summed over
    """
    a, b = (np.abs(np.asarray(x, dtype=np.float64)) for x in (a, b))
    k = a.shape[-1]
    return np.matmul(a, b) * both(k, dtype) + k * underflow(dtype, flushes)
