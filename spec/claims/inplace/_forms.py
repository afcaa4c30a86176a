"""The two forms of each operation, as lines of Python: what stands before the method, its name, and its arguments."""
import warnings
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st

from spec import devices
from spec.oracles.memory import View, cells, overlap, self_overlapping
from spec.strategies import Blueprint, tensors
from spec.strategies.choices import draw_choices

NAMES = tuple(name for name in dir(torch.Tensor) if not name.startswith("_"))
UNDERSCORED = tuple(name for name in NAMES if name.endswith("_"))
METADATA = ("requires_grad", "rename", "resize", "resize_as")
"""Names with and without an underscore that are not two forms of one computation: a flag, names of axes, sizes."""
PAIRS = tuple(name[:-1] for name in UNDERSCORED if name[:-1] in NAMES and name[:-1] not in METADATA)
"""The operations that are methods in both forms, without the underscore."""
VIEWS = ("as_strided", "detach", "squeeze", "swapaxes", "swapdims", "t", "transpose", "unsqueeze")
"""Those of PAIRS whose result, in either form, shares the memory of the tensor."""
RANDOM = ("bernoulli",)
ON_INTEGERS = ("bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor",
               "gcd", "lcm")
SUMS = ("addbmm", "addmm", "addmv", "addr", "baddbmm", "index_reduce", "scatter_reduce", "renorm", "cumsum", "cumprod")
"""Operations that round several times, in an order that layouts may change."""

TRANSCENDENTAL = (
    "acos acosh asin asinh atan atan2 atanh arccos arccosh arcsin arcsinh arctan arctan2 arctanh cos cosh digamma erf "
    "erfc erfinv exp exp2 expm1 float_power hypot i0 igamma igammac ldexp lgamma log log10 log1p log2 logit mvlgamma "
    "polygamma pow rsqrt sigmoid sin sinc sinh tan tanh xlogy").split()
"""Functions that torch computes by other code for some layouts, each good to a unit in the last place."""

_ROWS, _PLACES = "torch.tensor([2, 0], device=a.device)", "torch.tensor([[0, 1, 2], [2, 0, 1]], device=a.device)"
_ARGUMENTS = {
    "addbmm": "b[None], b[None]", "addcdiv": "b, b", "addcmul": "b, b", "addmm": "b, b", "addmv": "b, b[0]",
    "addr": "b[0], b[1]", "as_strided": "(2,), (1,)", "baddbmm": "b[None], b[None]", "bernoulli": "0.5",
    "clamp": "-0.5, 0.5", "clip": "-0.5, 0.5", "clamp_max": "0.5", "clamp_min": "-0.5", "cumprod": "0", "cumsum": "0",
    "index_add": "0, %s, b[:2]" % _ROWS, "index_copy": "0, %s, b[:2]" % _ROWS, "index_fill": "0, %s, 5" % _ROWS,
    "index_put": "(%s,), b[0]" % _ROWS, "index_reduce": "0, %s, b[:2], 'amax'" % _ROWS, "lerp": "b, 0.5",
    "masked_fill": "b > 0.25, 5", "masked_scatter": "b > 0.25, b", "mvlgamma": "1", "polygamma": "1",
    "put": "%s, b[0, :2]" % _ROWS, "renorm": "2, 0, 1.0", "scatter": "0, %s, b" % _PLACES,
    "scatter_add": "0, %s, b" % _PLACES, "scatter_reduce": "0, %s, b, 'sum'" % _PLACES, "swapaxes": "0, 1",
    "swapdims": "0, 1", "transpose": "0, 1", "unsqueeze": "0",
}
_RECEIVERS = {"addmv": "a[0]", "baddbmm": "a[None]"}

ALIASES = (("a", "a"), ("a[0]", "a[1]"), ("a[1:]", "a[:-1]"), ("a[:, :1]", "a[:, 1:2]"), ("a", "a[0]"),
           ("a", "a.transpose(0, 1)"), ("a", "a[:, :1]"), ("a[:, 1:]", "a[:, :-1]"),
           ("a.as_strided((2, 2), (1, 1))", "b[:2, :2]"))
"""What a method is called on and with, where the two may have memory in common: the same, apart, or in part."""


class Form(NamedTuple("Form", [("a", Blueprint), ("b", Blueprint), ("receiver", str), ("name", str),
                               ("arguments", str)])):
    """An operation on the tensors a and b, both 3 by 3: what it is called on, its name and its arguments, as text."""

    __slots__ = ()

    def run(self, device, underscore):
        """Return (a, b, what the method is called on, what it returns) for fresh tensors on a device.

        What it returns is None where torch refuses it. A random operation is seeded.
        """
        names = {"a": self.a.on(device), "b": self.b.on(device), "torch": torch}
        receiver = eval(self.receiver, names)
        devices.seeder(device)(1)
        try:
            with quiet():
                result = eval("receiver.{}({})".format(self.name + underscore, self.arguments),
                              dict(names, receiver=receiver))
        except RuntimeError:
            result = None
        return names["a"], names["b"], receiver, result

    @property
    def views(self):
        """What the method is called on and with as Views of the storage of a; the latter is None if it is not one."""
        a = View(self.a.indices)
        return eval(self.receiver, {"a": a, "b": None}), \
            eval(self.arguments, {"a": a}) if self.arguments[:1] == "a" else None

    @property
    def shares_in_part(self):
        """Whether operand and receiver have cells in common, and some element of the receiver does not meet itself."""
        receiver, operand = self.views
        return operand is not None and overlap(receiver, operand) and not np.array_equal(
            np.broadcast_to(operand.cells, receiver.shape), receiver.cells)

    @property
    def looks_dense(self):
        """Whether receiver and operand each fill a range of cells without a gap: torch sees their overlap at once."""
        return all(view is None or _dense(view) for view in self.views)

    @property
    def repeats_cells(self):
        """Whether several elements of what the method is called on lie in one cell."""
        return self_overlapping(self.views[0])


def _dense(view):
    covered = cells(view)
    return len(covered) == view.cells.size and (not covered or max(covered) - min(covered) + 1 == len(covered))


def form(name, a, b):
    """Return the Form of an operation of PAIRS; one that is not listed takes no argument or, failing that, a tensor."""
    if name in ON_INTEGERS:
        a, b = Blueprint.of([[6, 1, 4], [9, 3, 2], [8, 5, 7]]), Blueprint.of([[4, 2, 2], [3, 1, 3], [2, 5, 1]])
    if name == "mvlgamma":
        a = Blueprint.of([[1.5, 2.0, 3.0], [4.0, 5.0, 6.5], [7.0, 8.0, 9.0]], "float64")
    arguments = _ARGUMENTS.get(name, "" if _takes_nothing(name) else "b")
    return Form(a, b, _RECEIVERS.get(name, "a"), name, arguments)


_known = {}


def _takes_nothing(name):
    if name not in _known:
        try:
            with quiet():
                getattr(torch.ones(2, 2), name)()
            _known[name] = True
        except TypeError:
            _known[name] = False
        except (IndexError, RuntimeError):
            _known[name] = True
    return _known[name]


@st.composite
def forms(draw, names=PAIRS):
    """Draw a Form of any of the operations named that are not random, on tensors of any layout and with any values.

    Where sums are taken the values are whole numbers, so that no order of summation rounds. One form in four is of an
    arithmetic operation between a and a part of a.
    """
    choices = draw_choices(draw, 3)
    if choices.below(4) == 3:
        receiver, operand = choices.of(ALIASES)
        a, b = (draw(tensors("float64", shape=(3, 3), layouts=("contiguous",), integral=True, kinks=False))
                for _ in range(2))
        return Form(a, b, receiver, choices.of(("add", "sub", "mul", "div")), operand)
    name = choices.of([name for name in names if name not in RANDOM])
    options = {"integral": True} if name in SUMS else {}
    return form(name, *[draw(tensors("float64", shape=(3, 3), **options)) for _ in range(2)])


@contextmanager
def quiet():
    """Keep warnings, such as those about names that will go, to oneself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
