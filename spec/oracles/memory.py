"""Views of one storage, modelled as arrays of cell numbers, and a probe that finds shared memory by writing.

A view is described by the number of the storage cell that each of its elements lies in; every operation on views is an
operation on that array of numbers, carried out by numpy. Views overlap where they have a cell in common.

    base = View.whole((3, 4))
    column = base.select(1, 2)                    # cells 2, 6, 10
    after = write(range(12), column, [7, 7, 7])   # the storage after column.fill_(7)
"""
import numpy as np

from spec.oracles.agreement import array_of, is_tensor


class View:
    """An immutable view: ``cells`` holds the number of the storage cell of each element."""

    def __init__(self, cells):
        self.cells = np.array(cells, dtype=np.int64)
        self.cells.setflags(write=False)

    @classmethod
    def whole(cls, size):
        """Make the view of a fresh contiguous tensor of a size: its elements lie in cells 0, 1, 2, ..."""
        return cls(np.arange(int(np.prod(size, dtype=np.int64))).reshape(size))

    @classmethod
    def strided(cls, size, stride, offset=0):
        """Make the view whose element (i, j, ...) lies in cell offset + i*stride[0] + j*stride[1] + ..."""
        cells = np.full(tuple(size), offset, dtype=np.int64)
        for axis, (length, step) in enumerate(zip(size, stride)):
            cells += (np.arange(length) * step).reshape([-1 if other == axis else 1 for other in range(len(size))])
        return cls(cells)

    @property
    def shape(self):
        """The shape, as a tuple."""
        return self.cells.shape

    def __getitem__(self, index):
        """Take a view by ints, slices with a positive step, Ellipsis and None."""
        return View(self.cells[index])

    def select(self, dim, index):
        """Take one index of a dimension, which disappears."""
        return View(np.take(self.cells, index, axis=dim))

    def slice(self, dim, start=None, stop=None, step=1):
        """Take every step-th index of a dimension from start up to, not including, stop."""
        return View(np.moveaxis(np.moveaxis(self.cells, dim, 0)[start:stop:step], 0, dim))

    def narrow(self, dim, start, length):
        """Take length indices of a dimension, from start on."""
        return self.slice(dim, start, start + length)

    def transpose(self, dim0, dim1):
        """Exchange two dimensions."""
        return View(np.swapaxes(self.cells, dim0, dim1))

    def permute(self, *dims):
        """Put the dimensions into another order."""
        return View(np.transpose(self.cells, dims))

    def expand(self, *size):
        """Repeat dimensions of size 1, and new ones in front, without copying; -1 keeps a dimension's size."""
        kept = (1,) * (len(size) - self.cells.ndim) + self.shape
        return View(np.broadcast_to(self.cells, [old if new == -1 else new for old, new in zip(kept, size)]))

    def squeeze(self, dim=None):
        """Drop a dimension if its size is 1; every such dimension if none is named."""
        if dim is not None and self.shape[dim] != 1:
            return self
        return View(np.squeeze(self.cells, axis=dim))

    def unsqueeze(self, dim):
        """Insert a dimension of size 1."""
        return View(np.expand_dims(self.cells, dim))

    def as_strided(self, size, stride, offset=None):
        """Take any layout over the whole storage; the offset is this view's own unless given."""
        return View.strided(size, stride, self.offset if offset is None else offset)

    def view(self, *size):
        """Give the elements another shape; raise ValueError where no strides can express it without a copy."""
        result = View(self.cells.reshape(size))
        if result.stride is None:
            raise ValueError(f"a view of shape {size} would need a copy")
        return result

    @property
    def offset(self):
        """The cell of the first element; for a view without elements, 0."""
        return int(self.cells.flat[0]) if self.cells.size else 0

    @property
    def stride(self):
        """The strides in cells, 0 for a dimension that takes no step; None if strides cannot express the view."""
        if not self.cells.size:
            return (0,) * self.cells.ndim
        steps = tuple(int(self.select(dim, 1).offset - self.offset) if length > 1 else 0
                      for dim, length in enumerate(self.shape))
        return steps if (View.strided(self.shape, steps, self.offset).cells == self.cells).all() else None

    @property
    def contiguous(self):
        """Whether the elements, in row-major order, lie in consecutive cells."""
        return bool((self.cells.ravel() == self.offset + np.arange(self.cells.size)).all())

    def __repr__(self):
        return f"View({self.cells.tolist()})"


def cells(view):
    """Return the set of the cells that a view covers."""
    return set(view.cells.ravel().tolist())


def overlap(a, b):
    """Say whether two views of one storage have a cell in common."""
    return not cells(a).isdisjoint(cells(b))


def self_overlapping(view):
    """Say whether two elements of a view lie in one cell."""
    return len(cells(view)) < view.cells.size


def read(storage, view):
    """Return the values of a view, as a fresh array, given the flat values of the storage."""
    return np.asarray(storage)[view.cells]


def write(storage, view, values):
    """Return the flat values of the storage after values are written through a view; the storage given is kept.

    values  what broadcasts to the view's shape
    Raises ValueError where two different values go to one cell, 0 and -0 included: the outcome would depend on the
    order of writing.
    """
    after = np.array(storage)
    after[view.cells] = values
    if after[view.cells].tobytes() != np.broadcast_to(np.asarray(values, dtype=after.dtype), view.shape).tobytes():
        raise ValueError("two elements of the view lie in one cell and receive different values")
    return after


def shares_memory(a, b):
    """Say whether two tensors or arrays have memory in common: zeros to both, ones through a, and a look at b.

    The contents are put back. Autograd is not told of the writes. Raises ValueError for a read-only array.
    """
    a, b = _writable(a), _writable(b)
    saved = [x.clone() if is_tensor(x) else x.copy() for x in (a, b)]
    try:
        for target, value in ((a, 0), (b, 0), (a, 1)):
            _put(target, _constant(target, value))
        return bool(array_of(b).any())
    finally:
        _put(a, saved[0])
        _put(b, saved[1])


def _writable(x):
    """Strip a tensor of its history, and take one index of each dimension that repeats the same cells."""
    if is_tensor(x):
        x, stride = x.data, x.stride()
    else:
        stride = x.strides
    first = [0 if step == 0 and length else slice(None) for step, length in zip(stride, x.shape)]
    return x[tuple(first) + (...,)]


def _constant(x, value):
    if not is_tensor(x):
        return np.full(x.shape, value, dtype=x.dtype)
    import torch

    return torch.full(tuple(x.shape), float(value)).to(x)


def _put(target, values):
    """Write by way of copying, which torch 1.0 can for every dtype; it cannot fill float16."""
    if is_tensor(target):
        target.copy_(values)
    else:
        target[...] = values
