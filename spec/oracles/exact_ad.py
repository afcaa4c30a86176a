"""Reverse-mode automatic differentiation over whole numbers and fractions, which never round.

On whole-valued float64 data below 2**53 the operations here are exact in floating point too, in whatever order they are
carried out, so that autograd must *equal* these gradients. Reference: A. Griewank, A. Walther, Evaluating Derivatives
(2nd ed., 2008), chapter 3.

    x, w = Exact.leaf([[1, -2]]), Exact.leaf([[3], [2]])
    loss = ((x @ w).relu(at_zero=0) ** 2).sum()
    grad_x, grad_w = loss.gradient([x, w])
"""
import itertools
from fractions import Fraction

import numpy as np


class Exact:
    """A node of the graph: exact values in an object array, and how a gradient passes to the nodes it was made of."""

    __array_ufunc__ = None  # an array on the left leaves the operation to this class

    def __init__(self, value, parents=()):
        self.value = value
        self.parents = tuple(parents)  # pairs of a node and the function from this node's gradient to its share

    @classmethod
    def leaf(cls, values):
        """Make a leaf of a nested list or array of ints, Fractions or finite floats (each float is a fraction).

        Raises ValueError for NaN and infinities.
        """
        return cls(exact(values))

    @property
    def shape(self):
        """The shape of the values, as a tuple."""
        return self.value.shape

    def __add__(self, other):
        other = self._lift(other)
        return self._with(self.value + other.value, (self, lambda g: g), (other, lambda g: g))

    def __sub__(self, other):
        return self + -self._lift(other)

    def __rsub__(self, other):
        return -self + other

    def __neg__(self):
        return self._with(-self.value, (self, lambda g: -g))

    def __mul__(self, other):
        other = self._lift(other)
        return self._with(self.value * other.value,
                          (self, lambda g: g * other.value), (other, lambda g: g * self.value))

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, n):
        """Raise to a whole power n >= 1."""
        return self._with(self.value ** n, (self, lambda g: g * n * self.value ** (n - 1)))

    def __matmul__(self, other):
        """Multiply matrices, (n, k) by (k, m)."""
        other = self._lift(other)
        return self._with(_mm(self.value, other.value), (self, lambda g: _mm(g, other.value.T)),
                          (other, lambda g: _mm(self.value.T, g)))

    def __rmatmul__(self, other):
        return self._lift(other) @ self

    def t(self):
        """Transpose a matrix."""
        return self._with(self.value.T, (self, lambda g: g.T))

    def reshape(self, *shape):
        """Give the values another shape."""
        return self._with(self.value.reshape(shape), (self, lambda g: g.reshape(self.shape)))

    def sum(self):
        """Sum all values."""
        return self._with(self.value.sum(), (self, lambda g: np.broadcast_to(g, self.shape)))

    def __getitem__(self, index):
        """Select by any numpy index; an element that is selected twice receives both gradients."""
        def scatter(g):
            whole = _zeros(self.shape)
            np.add.at(whole, index, g)
            return whole
        return self._with(self.value[index], (self, scatter))

    def clamp(self, min=None, max=None, at_bound=1):
        """Limit the values; ``at_bound`` is the derivative where a value equals a bound."""
        slope = [0 if (min is not None and v < min) or (max is not None and v > max) else
                 at_bound if v in (min, max) else 1 for v in self.value.flat]
        raised = [v if min is None or v > min else min for v in self.value.flat]
        kept = [v if max is None or v < max else max for v in raised]
        slope = _filled(slope, self.shape)
        return self._with(_filled(kept, self.shape), (self, lambda g: g * slope))

    def relu(self, at_zero=0):
        """Put 0 for negative values; ``at_zero`` is the derivative at exactly 0."""
        return self.clamp(min=0, at_bound=at_zero)

    def max(self, shares):
        """Take the greatest of all values; ``shares(k)`` lists the shares of the gradient that its k places receive.

        ``shared``, ``first``, ``last`` and ``to_each`` below are such functions.
        """
        greatest = max(self.value.flat)
        shares = iter(shares(sum(v == greatest for v in self.value.flat)))
        slope = _filled([next(shares) if v == greatest else 0 for v in self.value.flat], self.shape)
        return self._with(greatest, (self, lambda g: g * slope))

    def nodes(self):
        """List every node that this one was made of, and itself, each after the nodes it was made of."""
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((parent, False) for parent, _ in node.parents)
        return order

    def gradient(self, leaves, seed=1):
        """Return the gradients with respect to nodes, as object arrays; 0 where a node has no part in this one.

        seed  the gradient that enters here: broadcast to this node's shape (for a scalar, 1 gives the plain gradient)
        """
        grads = {id(self): np.broadcast_to(exact(seed), self.shape)}
        for node in reversed(self.nodes()):
            for parent, share in node.parents if id(node) in grads else ():
                part = _sum_to(share(grads[id(node)]), parent.shape)
                grads[id(parent)] = _object(grads[id(parent)] + part) if id(parent) in grads else part
        return [np.array(grads.get(id(leaf), _zeros(leaf.shape))) for leaf in leaves]

    def _lift(self, other):
        return other if isinstance(other, Exact) else type(self).leaf(other)

    def _with(self, value, *parents):
        return type(self)(_object(value), parents)


class Magnitude(Exact):
    """The same operations with every sign made positive.

    Where a program runs over these, each value and each gradient bounds the size of every partial result that the
    program meets on the way, in any order of summation (N. Higham, Accuracy and Stability of Numerical Algorithms,
    2nd ed., 2002, section 3.1). So it tells whether float arithmetic is exact on given whole numbers.
    """

    @classmethod
    def leaf(cls, values):
        """Make a leaf of the sizes of the values."""
        return cls(_object(abs(exact(values))))

    def __neg__(self):
        return self

    def clamp(self, min=None, max=None, at_bound=1):
        """Add the sizes of the bounds to every value, and let every gradient pass."""
        return self + sum(abs(bound) for bound in (min, max) if bound is not None)

    def max(self, shares):
        """Take the greatest of all values, and let the whole gradient through to each."""
        return self._with(max(self.value.flat), (self, lambda g: np.broadcast_to(g, self.shape)))

    def largest(self, leaves):
        """Return the greatest size of a value or a gradient in the program that ends in this node."""
        nodes = self.nodes()
        grads = self.gradient(nodes)
        sizes = itertools.chain.from_iterable(array.flat for array in [node.value for node in nodes] + grads)
        return max(sizes, default=0)


def shared(k):
    """Divide the gradient of a maximum evenly among k equal places."""
    return [Fraction(1, k)] * k


def first(k):
    """Give the gradient of a maximum to the first of k equal places."""
    return [1] + [0] * (k - 1)


def last(k):
    """Give the gradient of a maximum to the last of k equal places."""
    return [0] * (k - 1) + [1]


def to_each(k):
    """Give the whole gradient of a maximum to each of k equal places; for k > 1 this is no subgradient."""
    return [1] * k


def exact(values):
    """Return numbers as an object array of ints and Fractions; raise ValueError for NaN and infinities."""
    array = values if isinstance(values, np.ndarray) else np.array(values, dtype=object)
    try:
        return _filled([_number(v) for v in array.ravel().tolist()], array.shape)
    except OverflowError as error:
        raise ValueError(str(error)) from None


def floats(array, dtype="float64"):
    """Return an object array of exact numbers as floats; raise ValueError for a number that would be rounded."""
    result = np.array(array, dtype=dtype)
    for number, rounded in zip(np.asarray(array, dtype=object).flat, result.ravel().tolist()):
        if not np.isfinite(rounded) or Fraction(rounded) != number:
            raise ValueError(f"{number} is not a {dtype}")
    return result


def _number(value):
    fraction = Fraction(value)
    return int(fraction) if fraction.denominator == 1 else fraction


def _object(value):
    return np.asarray(value, dtype=object)


def _zeros(shape):
    return _filled([0] * int(np.prod(shape, dtype=int)), shape)


def _filled(items, shape):
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)


def _mm(a, b):
    return _object((a[:, :, np.newaxis] * b[np.newaxis, :, :]).sum(axis=1))


def _sum_to(grad, shape):
    """Sum a gradient over the axes along which its node was broadcast."""
    grad = _object(grad)
    while grad.ndim > len(shape):
        grad = _object(grad.sum(axis=0))
    for axis, size in enumerate(shape):
        if size == 1 and grad.shape[axis] != 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad
