"""Tensors in numpy with views, writes in place and derivatives: the answer for programs that mix the three.

A storage is a row of cells, and a tensor is a View of it. Every cell has a value and its derivatives with respect to
the elements of the leaves (forward mode: A. Griewank, A. Walther, Evaluating Derivatives, 2nd ed., 2008, chapter 3). An
operation in place computes the result of the operation that is not in place, and then puts it into the cells: each view
of them shows it, value and derivatives alike. Whatever backward returns must be the derivatives found here. On whole
numbers below 2**53 nothing rounds.

The methods are called as those of a torch tensor are, and Namespace stands in for the module torch, so that the same
lines of Python run on both:

    x = leaf([[1, 2], [3, 4]])
    names = {"x": x, "torch": Namespace()}
    exec("a = x * 1; a[0].mul_(a[1]); loss = a.sum()", names)
    names["loss"].slope                                       # [4, 5, 1, 2] by the elements of x, row by row
"""
from contextlib import contextmanager

import numpy as np

from spec.oracles.memory import View


class Storage:
    """The values of the cells, shared by all that is a view of them."""

    def __init__(self, values):
        self.values = np.array(values, dtype=np.float64).ravel()


class Tracked:
    """A tensor: a view of a storage, and the derivatives of its cells, an array (cells, number of leaf elements).

    Tensors share `slopes` where they share a history; detach() gives a tensor with the same cells and none.
    """

    def __init__(self, storage, slopes, view):
        self.storage, self.slopes, self.view_of = storage, slopes, view

    @property
    def shape(self):
        """The shape, as a tuple."""
        return self.view_of.shape

    @property
    def value(self):
        """The values, as a fresh array."""
        return self.storage.values[self.view_of.cells]

    @property
    def slope(self):
        """The derivatives, as a fresh array of the shape and one more axis, by element of the leaves."""
        return self.slopes[self.view_of.cells]

    def fresh(self, value, slope):
        """Return a tensor with cells of its own."""
        value = np.asarray(value, dtype=np.float64)
        slope = np.broadcast_to(slope, value.shape + self.slopes.shape[1:])
        return type(self)(Storage(value), slope.reshape((value.size,) + self.slopes.shape[1:]).copy(),
                          View.whole(value.shape))

    def through(self, view):
        """Return the tensor that another view of the same cells is."""
        return type(self)(self.storage, self.slopes, view)

    def put(self, result, operand=None):
        """Write another tensor's values, and its derivatives unless no_grad is on, into the cells of this one.

        Raises AssertionError where elements that share a cell receive different values: no write is right then.
        """
        value = np.broadcast_to(result.value, self.shape)
        self.storage.values[self.view_of.cells] = value
        if not np.array_equal(self.value, value):
            raise AssertionError("two elements lie in one cell and receive different values")
        if Namespace.records:
            self.slopes[self.view_of.cells] = result.slope
        return self

    # Views

    def __getitem__(self, index):
        return self.through(self.view_of[index])

    def t(self):
        """Transpose a matrix."""
        if len(self.shape) != 2:
            raise ValueError("t() takes a matrix")
        return self.through(self.view_of.transpose(0, 1))

    def view(self, *size):
        """Give the elements another shape; ValueError where that needs a copy."""
        return self.through(self.view_of.view(*size))

    def view_as(self, other):
        """Give the elements the shape of another tensor."""
        return self.view(*other.shape)

    def narrow(self, dim, start, length):
        """Take length indices of a dimension, from start on; IndexError where there are not so many."""
        if start + length > self.shape[dim]:
            raise IndexError("narrow goes past the end")
        return self.through(self.view_of.narrow(dim, start, length))

    def unsqueeze(self, dim):
        """Insert a dimension of size 1."""
        return self.through(self.view_of.unsqueeze(dim))

    def squeeze(self):
        """Drop all dimensions of size 1."""
        return self.through(self.view_of.squeeze())

    def expand(self, *size):
        """Repeat dimensions without a copy."""
        return self.through(self.view_of.expand(*size))

    def diagonal(self):
        """Take the elements (i, i) of a matrix."""
        return self.through(View(np.diagonal(self.view_of.cells)))

    def unfold(self, dim, size, step):
        """Take every window of a size along a dimension; windows share cells where the step is less than the size."""
        starts = range(0, self.shape[dim] - size + 1, step)
        if not starts:
            raise IndexError("no window of size {} fits".format(size))
        windows = [np.moveaxis(self.view_of.narrow(dim, start, size).cells, dim, -1) for start in starts]
        return self.through(View(np.stack(windows, axis=dim)))

    def split(self, size):
        """Cut the first dimension into pieces of a size, the last of which may be smaller."""
        return [self.through(self.view_of[start:start + size]) for start in range(0, self.shape[0], size)]

    def chunk(self, number):
        """Cut the first dimension into at most a number of pieces."""
        return self.split(-(-self.shape[0] // number))

    def unbind(self):
        """Return the tensor's parts along the first dimension."""
        return [self[index] for index in range(self.shape[0])]

    def detach(self):
        """Return the same cells without a history."""
        return type(self)(self.storage, np.zeros_like(self.slopes), self.view_of)

    # Operations that make new tensors

    def __add__(self, other):
        other = self._lift(other)
        return self.fresh(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other):
        return self + self._lift(other) * -1

    def __mul__(self, other):
        other = self._lift(other)
        return self.fresh(self.value * other.value,
                          self.slope * other.value[..., np.newaxis] + other.slope * self.value[..., np.newaxis])

    __radd__, __rmul__ = __add__, __mul__

    def pow(self, exponent):
        """Raise to the power 2, the only one there is here."""
        return self * self

    def relu(self):
        """Put 0 for what is not above 0, with the derivative 0."""
        return self * self.fresh(self.value > 0, 0)

    def sum(self):
        """Sum all elements."""
        return self.fresh(self.value.sum(), self.slope.sum(axis=tuple(range(len(self.shape)))))

    # Operations in place

    def __setitem__(self, index, other):
        self[index].put(self._lift(other), other)

    def add_(self, other):
        """Add in place."""
        return self.put(self + other, other)

    def sub_(self, other):
        """Subtract in place."""
        return self.put(self - other, other)

    def mul_(self, other):
        """Multiply in place."""
        return self.put(self * other, other)

    def copy_(self, other):
        """Take over the values of another tensor."""
        return self.put(self._lift(other), other)

    def fill_(self, number):
        """Put one number everywhere."""
        return self.put(self._lift(number))

    def zero_(self):
        """Put 0 everywhere."""
        return self.fill_(0)

    def neg_(self):
        """Change every sign."""
        return self.put(self * -1)

    def pow_(self, exponent):
        """Square in place."""
        return self.put(self.pow(exponent))

    def relu_(self):
        """Put 0 in place for what is not above 0."""
        return self.put(self.relu())

    __iadd__, __isub__, __imul__ = add_, sub_, mul_

    def _lift(self, other):
        return other if isinstance(other, Tracked) else self.fresh(other, 0)


def leaf(values, kind=Tracked):
    """Return a tensor whose elements are the ones to differentiate by."""
    value = np.asarray(values, dtype=np.float64)
    return kind(Storage(value), np.eye(value.size), View.whole(value.shape))


class Namespace:
    """What stands in for the module torch where its lines run on Tracked tensors: no_grad and autograd.Function."""

    records = True

    @staticmethod
    @contextmanager
    def no_grad():
        """Keep derivatives as they are while values change."""
        Namespace.records = False
        try:
            yield
        finally:
            Namespace.records = True

    class autograd:
        """Stands in for torch.autograd."""

        class Function:
            """Stands in for torch.autograd.Function: the derivative of `forward` itself is taken."""

            @classmethod
            def apply(cls, tensor):
                """Call forward."""
                return cls.forward(None, tensor)
