"""Rounding carried through a chain of operations: each value has with it a bound on how far it may be off.

    h = Rounded(x, "float32") @ Rounded(w, "float32")
    agrees(tensor_h, h.value, bound=h.bound, any_dtype=True)

``value`` is computed here in float64. ``bound`` says how far the same program may be from it when every operation is
rounded to the dtype, in any order of summation. It is a running error analysis (N. Higham, Accuracy and Stability of
Numerical Algorithms, 2nd ed., 2002, section 3.3).
"""
import numpy as np

from spec.oracles import rounding

_SLACK = 1 + 2.0 ** -20
"""The bounds are themselves computed in float64, from positive terms only; this covers their own rounding."""


class Rounded:
    """Values in float64 with a bound, of the same shape, on their distance from those that the dtype gives.

    values  numbers that the dtype holds exactly
    dtype   the name of the dtype in which the program under test computes
    error   the bound to start with
    """

    __array_ufunc__ = None  # an array on the left leaves the operation to this class

    def __init__(self, values, dtype, error=0.0):
        self.value = np.asarray(values, dtype=np.float64)
        self.dtype = dtype
        error = np.asarray(error, dtype=np.float64)
        self.error = error if error.shape == self.value.shape else np.broadcast_to(error, self.value.shape)

    @property
    def bound(self):
        """The bound to give to an assertion."""
        return self.error * _SLACK

    @property
    def size(self):
        """A bound on the size of the values, here and under test."""
        return np.abs(self.value) + self.error

    def __add__(self, other):
        other = self._lift(other)
        return self._once(self.value + other.value, self.error + other.error)

    def __neg__(self):
        return self._with(-self.value, self.error)

    def __sub__(self, other):
        return self + -self._lift(other)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        other = self._lift(other)
        inherited = np.abs(self.value) * other.error + self.error * other.size
        return self._once(self.value * other.value, inherited)

    __radd__, __rmul__ = __add__, __mul__

    def __matmul__(self, other):
        other = self._lift(other)
        inherited = np.abs(self.value) @ other.error + self.error @ other.size
        fresh = rounding.of_matmul(self.size, other.size, self.dtype, flushes=True)
        return self._with(self.value @ other.value, inherited + fresh)

    def __rmatmul__(self, other):
        return self._lift(other) @ self

    @property
    def T(self):
        """The transpose."""
        return self._with(self.value.T, self.error.T)

    def sum(self, axis=None):
        """Sum along axes."""
        fresh = rounding.of_sum(self.size, self.dtype, axis)
        return self._with(self.value.sum(axis=axis), self.error.sum(axis=axis) + fresh)

    def relu(self):
        """Put 0 for negative values; this moves no two values apart."""
        return self._with(np.maximum(self.value, 0), self.error)

    def relu_slope(self, at_zero):
        """Return the derivative of relu; where rounding may have changed the sign it is anywhere from 0 to 1."""
        slope = np.where(self.value > 0, 1.0, np.where(self.value == 0, float(at_zero), 0.0))
        unsure = (np.abs(self.value) <= self.error) & (self.error > 0)
        return self._with(slope, np.where(unsure, np.maximum(slope, 1 - slope), 0.0))

    def _lift(self, other):
        """Take in a constant; one that the dtype does not hold may be rounded to it."""
        if isinstance(other, Rounded):
            return other
        return Rounded(other, self.dtype, rounding.of_conversion(other, self.dtype))

    def _with(self, value, error):
        return Rounded(value, self.dtype, error)

    def _once(self, value, inherited):
        """One more rounding of each value, under test and here."""
        fresh = (np.abs(value) + inherited) * rounding.both(1, self.dtype)
        return self._with(value, inherited + fresh + rounding.underflow(self.dtype, flushes=True))
