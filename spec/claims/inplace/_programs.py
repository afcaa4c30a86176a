"""Small programs of views, writes in place and backward, and the words for what is delicate in them.

A program is a tuple of lines of Python over two tensors: x, which requires a gradient, and y, which does not. The same
lines run on torch and on the model of spec.oracles.tracked_memory.
"""
from typing import NamedTuple, Tuple

import numpy as np
from hypothesis import strategies as st

from spec.oracles.memory import overlap, self_overlapping
from spec.oracles.tracked_memory import Namespace, Tracked, leaf
from spec.strategies import Blueprint
from spec.strategies.choices import draw_choices
from spec.strategies.tensors import SEPARATE, draw_tensor

CUSTOM = ("class Triple(torch.autograd.Function): forward = staticmethod(lambda ctx, t: (t * 3).unsqueeze(0)); "
          "backward = staticmethod(lambda ctx, gradient: gradient[0] * 3)")
"""A custom Function that returns a view of a tensor of its own."""

VIEWS = ("{0}[0]", "{0}[1:]", "{0}[::2]", "{0}[..., -1]", "{0}[:, :1]", "{0}[...]", "{0}.t()", "{0}.view(-1)",
         "{0}.view_as({0})", "{0}.unsqueeze(0)", "{0}.squeeze()", "{0}.narrow(0, 1, 1)", "{0}.diagonal()",
         "{0}.detach()", "{0}.expand(2, *{0}.shape)", "{0}.unbind()[0]", "{0}.unbind()[-1]")
PIECES = ("{0}.chunk(2)[0]", "{0}.chunk(2)[1]", "{0}.split(1)[0]", "{0}.split(1)[-1]")
WRITES = ("{0}.add_({1})", "{0}.sub_({1})", "{0}.mul_({1})", "{0}.copy_({1})", "{0}[...] = {1}", "{0} += {1}",
          "{0} -= {1}", "{0} *= {1}")
PLAIN_WRITES = ("{0}.zero_()", "{0}.fill_(2)", "{0}.neg_()", "{0}.relu_()", "{0}.pow_(2)", "{0}.add_(3)",
                "{0}.mul_(-2)", "{0} += 1")
USES = ("{0} + {1}", "{0} * {1}", "{0} - {1}")
_STEPS = ("write", "view", "plain write", "use", "write", "view", "plain write", "piece", "custom")
_SHAPES = ((3,), (2, 2), (2, 3), (4,), (), (1, 2), (2, 1, 2), (0,), (5,))


class Watched(Tracked):
    """A model tensor that keeps, with its storage, words for the delicate things that the program does to it."""

    piece = False

    @property
    def words(self):
        """The words noted for the storage, a set."""
        return self.storage.__dict__.setdefault("words", set())

    def through(self, view):
        """Return another view, a piece if this one is a piece."""
        other = super().through(view)
        other.piece = self.piece
        return other

    def fresh(self, value, slope):
        """Return a tensor with cells of its own, which keep the words of the whole program."""
        other = super().fresh(value, slope)
        other.words.update(self.words & {"custom"})
        return other

    def split(self, size):
        """Cut into pieces, and take note of it."""
        pieces = super().split(size)
        for piece in pieces:
            piece.piece = True
        self.words.add("cut")
        return pieces

    def put(self, result, operand=None):
        """Write, and note what is delicate about it."""
        words = self.words
        if "cut" in words:
            words.add("writes to a piece" if self.piece else "writes to what was cut into pieces")
        if "custom" in words:
            words.add("writes to the result of a custom Function")
        if self_overlapping(self.view_of):
            words.add("writes to elements that share a cell")
        words.add("writes" if Namespace.records else "writes without a record")
        return super().put(result, operand)

    def same_places(self, other):
        """Say whether each element of this tensor meets itself in the other one, or no cell is in both."""
        if not overlap(self.view_of, other.view_of):
            return True
        return np.array_equal(np.broadcast_to(other.view_of.cells, self.shape), self.view_of.cells)


class _Function(Namespace.autograd.Function):
    @classmethod
    def apply(cls, tensor):
        result = cls.forward(None, tensor)
        result.words.add("custom")
        return result


class _Names(Namespace):
    class autograd(Namespace.autograd):
        Function = _Function


class Program(NamedTuple("Program", [("x", Blueprint), ("y", Blueprint), ("lines", Tuple[str, ...])])):
    """Two tensors of one size, of float64 whole numbers, and the lines that use them. The last line defines loss."""

    __slots__ = ()

    @classmethod
    def of(cls, x, y, *lines):
        """Return a program over the numbers x and y (nested lists), its last line supplied."""
        return cls(Blueprint.of(x, "float64"), Blueprint.of(y, "float64"), lines + (loss_line(lines),))

    def model(self):
        """Return the names that the program begins with, as the model has them."""
        x = leaf(self.x.array, Watched)
        return {"x": x, "y": x.fresh(self.y.array, 0), "torch": _Names()}

    @property
    def words(self):
        """What is delicate about the program: the words of Watched.put, for all its lines."""
        names, words = self.model(), set()
        for line in self.lines:
            try:
                exec(line, names)
            except AssertionError:
                pass
        for value in names.values():
            if isinstance(value, Watched):
                words |= value.words
        return words


def tensors_of(names):
    """Return those of a program's names that are model tensors, as pairs of name and tensor."""
    return [(name, value) for name, value in names.items() if isinstance(value, Tracked) and name != "loss"]


def loss_line(lines):
    """Return the line that sums t * (t + 1) over all tensors t of the program, each with a weight of its own."""
    names = ["x", "y"] + [line[0] for line in lines if creates(line)]
    terms = ["{} * ({} * ({} + 1)).sum()".format(1 + place, name, name) for place, name in enumerate(names)]
    return "loss = " + " + ".join(terms).replace("1 * (", "(", 1)


def creates(line):
    """Say whether a line gives a name to a tensor, rather than writing into one."""
    words = line.split()
    return words[0].isidentifier() and words[1] == "="


@st.composite
def programs(draw, max_steps=6):
    """Draw a Program of at most max_steps lines between its first, `a = x * 1`, and its last.

    Values stay small enough for float64 to be exact. A line that the model cannot run is not drawn, whether torch
    accepts it or not: an operand that does not broadcast, a view that would need a copy.
    """
    choices = draw_choices(draw, 2 + _LINE_BYTES * max_steps)
    shape = choices.of(_SHAPES)
    x, y = (draw_tensor(draw, "float64", shape, SEPARATE, integral=True, bounded=3) for _ in range(2))
    program = Program(x, y, ())
    names, lines, free = program.model(), ["a = x * 1"], list("hgfedcb")
    exec(lines[0], names)
    for _ in range(choices.between(1, max_steps)):
        line = _line_of(choices.part(_LINE_BYTES), names, free)
        if line.count("Triple") and CUSTOM not in lines:
            lines.insert(0, CUSTOM)
        if line:
            lines.append(line)
    return Program(x, y, tuple(lines) + (loss_line(lines),))


_LINE_BYTES = 5


def _line_of(choices, names, free):
    """Make one line of _LINE_BYTES bytes and run it on the model; an empty line where what was made does not fit."""
    kind = choices.of(_STEPS)
    known = dict(tensors_of(names))
    target = choices.of(sorted(known))
    others = [name for name in sorted(known) if _fits(known[name], known[target])]
    if kind in ("use", "write") and (not others or _large(known[target]) or not known[target].value.size):
        return ""
    if kind == "write":
        line = choices.of(WRITES).format(target, choices.of(others))
    elif kind == "plain write":
        line = choices.of(PLAIN_WRITES[:4] if _large(known[target]) else PLAIN_WRITES).format(target)
    elif kind == "use":
        line = choices.of(USES).format(target, choices.of(others))
    elif kind == "custom":
        line = "Triple.apply({})".format(target)
        names.setdefault("Triple", None) or exec(CUSTOM, names)
    else:
        line = choices.of(VIEWS if kind == "view" else PIECES).format(target)
    if "write" in kind:
        if choices.below(5) == 4:
            line = "with torch.no_grad(): " + line
    else:
        line = free[-1] + " = " + line
    try:
        exec(line, names)
    except (AssertionError, IndexError, ValueError):
        return ""
    if "write" not in kind:
        free.pop()
    return line


def _fits(operand, target):
    try:
        return np.broadcast(operand.value, target.value).shape == target.shape and not (
            operand.storage is target.storage and not target.same_places(operand))
    except ValueError:
        return False


def _large(tensor):
    return bool((abs(tensor.value) > 20).any())
