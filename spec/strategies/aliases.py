"""Pairs of views of one storage, and how they lie to each other."""

from typing import NamedTuple, Tuple

import numpy as np
from hypothesis import strategies as st

from spec.strategies.blueprint import Blueprint, cell_indices, count
from spec.strategies.choices import draw_choices
from spec.strategies.remembered import remembered
from spec.strategies.values import VALUE_BYTES, values_of

RELATIONS = ("identical", "permuted", "partial", "disjoint", "interleaved")
"""How two views of one storage lie to each other, as `AliasedPair.relation` has it."""

View = NamedTuple("View", [("size", Tuple[int, ...]), ("stride", Tuple[int, ...]), ("offset", int)])
View.__doc__ = "A view into a storage, as `as_strided` takes it: sizes and strides in elements."


class AliasedPair(NamedTuple("AliasedPair", [("base", Blueprint), ("a", View), ("b", View)])):
    """A base and two views of its storage, `a` and `b`."""

    __slots__ = ()

    def on(self, device="cpu", requires_grad=False):
        """Return (base, a, b) as tensors on `device`, of which a and b are views of base."""
        base = self.base.on(device, requires_grad)
        return base, base.as_strided(*self.a), base.as_strided(*self.b)

    def arrays(self):
        """Return (base, a, b) as fresh numpy arrays that share memory in the same way."""
        flat = np.array(self.base.storage, dtype=self.base.array.dtype)
        base = flat.reshape(self.base.size)
        return (base,) + tuple(
            np.ndarray(size, flat.dtype, flat, offset * flat.itemsize, tuple(step * flat.itemsize for step in stride))
            for size, stride, offset in (self.a, self.b)
        )

    @property
    def cells(self):
        """The storage cells of a's elements and of b's: two int64 arrays of the views' sizes."""
        return cell_indices(*self.a), cell_indices(*self.b)

    @property
    def relation(self):
        """The one of RELATIONS that fits.

        identical: each element of a is the same cell as the element of b at its place. permuted: the same cells in
        another order. partial: some cells are shared. disjoint: none, and all cells of one come before all of the
        other. interleaved: none otherwise. Views without elements are disjoint.
        """
        a, b = self.cells
        shared = np.intersect1d(a, b)
        if not a.size or not b.size:
            return "disjoint"
        if not shared.size:
            return "disjoint" if a.max() < b.min() or b.max() < a.min() else "interleaved"
        if np.array_equal(a, b):
            return "identical"
        return "permuted" if shared.size == np.unique(a).size == np.unique(b).size else "partial"


def _same(n, k):
    return (n,), View((n,), (1,), 0), View((n,), (1,), 0)


def _mirrored(n, k):
    return (n, n), View((n, n), (n, 1), 0), View((n, n), (1, n), 0)


def _shifted(n, k):
    k = 1 + k % (n - 1)
    return (n + k,), View((n,), (1,), 0), View((n,), (1,), k)


def _stepped(n, k):
    return ((k + 1) * n,), View((n,), (1,), 0), View((n,), (k + 1,), 0)


def _columns(n, k):
    return (n, 2 + k), View((n, 1 + k), (2 + k, 1), 0), View((n, 1 + k), (2 + k, 1), 1)


def _first_column(n, k):
    return (n, k + 1), View((n, k + 1), (k + 1, 1), 0), View((n, 1), (k + 1, 1), 0)


def _halves(n, k):
    return (2 * n + k,), View((n,), (1,), 0), View((n,), (1,), n + k)


def _alternating(n, k):
    return (2 * n,), View((n,), (2,), 0), View((n,), (2,), 1)


# Each takes a side of 2 or more and a small number above 0, and returns (base's size, view, view).
_WAYS = {
    "identical": (_same,),
    "permuted": (_mirrored,),
    "partial": (_shifted, _stepped, _columns),
    "disjoint": (_halves,),
    "interleaved": (_alternating,),
}
_FLAT = (_same, _shifted, _stepped, _halves, _alternating)


@remembered
@st.composite
def aliased_pairs(draw, dtype="float64", relations=RELATIONS, broadcast=False, max_side=17, **options):
    """Draw an AliasedPair that is related in one of the `relations`, with a plain base.

    Both views have one size of 2 to max_side elements a side. With broadcast, b may
    also be the first column of a, of size (n, 1). The options are those of `values_of`.
    """
    ways = [way for relation in relations for way in _WAYS[relation]]
    choices = draw_choices(draw, 4 + VALUE_BYTES)
    way = choices.of(ways + [_first_column] if broadcast else ways)
    sides = [side for side in (2, 3, 4, 5, 8, 9, 16, 17) if side <= (max_side if way in _FLAT else min(max_side, 9))]
    size, a, b = way(choices.of(sides), choices.between(1, 4))
    if choices.below(2) and a.size == b.size:
        a, b = b, a
    return AliasedPair(Blueprint(dtype, values_of(choices, dtype, count(size), **options), size), a, b)
