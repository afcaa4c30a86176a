"""Ways to lay a shape out over a flat storage.

Each function returns (stride, offset, cells): strides and offset in elements, and how many cells the storage needs.
`code`, a whole number from 0 on, picks one of the variants; 0 is the simplest.
"""

from itertools import permutations

from spec.strategies.blueprint import contiguous_stride, count


def sliced(shape, order, code):
    """Cut `shape` out of a larger row-major tensor whose axes come in `order`: (stride, offset, cells of storage)."""
    cut, code = code % max(len(shape), 1), code // max(len(shape), 1)
    step, lead, trail, shift = 1 + code % 3, code // 3 % 3, code // 9 % 2, code // 18 % 4
    if (step, lead, trail, shift) == (1, 0, 0, 0):
        shift = 1
    whole = list(shape)
    if shape:
        whole[cut] = lead + max(0, (shape[cut] - 1) * step + 1) + trail
    inner = contiguous_stride([whole[axis] for axis in order])
    stride = [0] * len(shape)
    for place, axis in enumerate(order):
        stride[axis] = inner[place]
    offset = shift
    if shape:
        offset += lead * stride[cut]
        stride[cut] *= step
    return tuple(stride), offset, max(offset, shift + count(whole))


def ordered(shape, order):
    """Lay `shape` densely with its axes in `order`, the slowest first."""
    inner = contiguous_stride([shape[axis] for axis in order])
    return tuple(inner[order.index(axis)] for axis in range(len(shape))), 0, count(shape)


def transposed(shape, code, dense=True):
    """Lay the axes of `shape` in another order than row-major, and where not `dense`, sometimes with gaps.

    A shape of fewer than two dimensions has no other order and comes out row-major.
    """
    orders = list(permutations(range(len(shape))))
    if len(orders) < 2:
        return ordered(shape, orders[0])
    order = orders[-1 - code % (len(orders) - 1)]
    code //= len(orders) - 1
    if not dense and code % 2:
        return sliced(shape, order, code // 2)
    return ordered(shape, order)


def expanded(shape, code):
    """Give stride 0 to at least one axis that is longer than 1, as `expand` does."""
    axes = [axis for axis, side in enumerate(shape) if side > 1]
    chosen = (1 + code % (2 ** len(axes) - 1)) if axes else 0
    flat = {axis for bit, axis in enumerate(axes) if chosen >> bit & 1}
    small = [1 if axis in flat else side for axis, side in enumerate(shape)]
    stride = [0 if axis in flat else step for axis, step in enumerate(contiguous_stride(small))]
    return tuple(stride), 0, count(small)


def overlapping(shape, code):
    """Let a row begin inside the row before, as a sliding window does; fewer than two long axes give a dense tensor."""
    stride = list(contiguous_stride(shape))
    axes = [axis for axis, side in enumerate(shape) if side > 1]
    if len(axes) < 2 or not count(shape):
        return tuple(stride), 0, count(shape)
    upper, lower = axes[-2], axes[-1]
    stride[upper] = stride[lower] * (1 + code % (shape[lower] - 1))
    reach = 1 + sum((side - 1) * step for side, step in zip(shape, stride))
    return tuple(stride), 0, reach


def reversed_axes(shape, code):
    """Walk at least one axis backwards, dense or cut out of something larger: strides below 0, as numpy has them."""
    axes = [axis for axis, side in enumerate(shape) if side > 0]
    if not axes or not count(shape):
        return contiguous_stride(shape), 0, count(shape)
    chosen, code = 1 + code % (2 ** len(axes) - 1), code // (2 ** len(axes) - 1)
    order = tuple(range(len(shape)))
    stride, offset, cells = sliced(shape, order, code // 2) if code % 2 else ordered(shape, order)
    stride = list(stride)
    for bit, axis in enumerate(axes):
        if chosen >> bit & 1:
            offset += (shape[axis] - 1) * stride[axis]
            stride[axis] = -stride[axis]
    return tuple(stride), offset, cells
