"""Programs that hand one memory to and fro between torch and numpy, and write to it on both sides.

A program is text: a name is bound to a tensor or an array, and each line binds another name to something made of an
earlier one, or writes through one. Beside each line stands what it means for arrays alone, where sharing is plain
assignment and a copy is a copy; running both line by line shows whether torch and numpy share what they should.
"""

from typing import NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st

from spec.strategies import Blueprint, shapes, tensors
from spec.strategies.choices import draw_choices

Line = NamedTuple("Line", [("real", str), ("meaning", str)])
Line.__doc__ = "One line of a program, and the same for numpy arrays only."

# What can be made of a tensor ("t") or an array ("a"): the kind it gives, the text, and its meaning.
_MADE = {
    "t": [
        ("a", "{}.numpy()", "{}"),
        ("a", "np.asarray({})", "{}"),
        ("a", "{}.detach().numpy()", "{}"),
        ("a", "{}.clone().numpy()", "{}.copy()"),
        ("t", "{}[..., ::2]", "{}[..., ::2]"),
        ("t", "{}.transpose(0, -1)", "{}.swapaxes(0, -1)"),
        ("t", "{}.clone()", "{}.copy()"),
    ],
    "a": [
        ("t", "torch.from_numpy({})", "{}"),
        ("t", "torch.as_tensor({})", "{}"),
        ("t", "torch.tensor({})", "{}.copy()"),
        ("t", "torch.from_numpy({}.copy())", "{}.copy()"),
        ("a", "{}[..., ::2]", "{}[..., ::2]"),
        ("a", "{}.swapaxes(0, -1)", "{}.swapaxes(0, -1)"),
        ("a", "{}.copy()", "{}.copy()"),
    ],
}

# How to write a whole number through a tensor or an array: the text and its meaning.
_WRITTEN = {
    "t": [
        ("{}.add_({})", "{} += {}"),
        ("{} += {}", "{} += {}"),
        ("{}.fill_({})", "{}[...] = {}"),
        ("{}[0] = {}", "{}[0] = {}"),
        ("{}[..., -1] = {}", "{}[..., -1] = {}"),
    ],
    "a": [
        ("np.add({0}, {1}, out={0})", "{} += {}"),
        ("{} += {}", "{} += {}"),
        ("{}.fill({})", "{}[...] = {}"),
        ("{}[0] = {}", "{}[0] = {}"),
        ("{}[..., -1] = {}", "{}[..., -1] = {}"),
    ],
}

_NAMES = "abcdefghijkl"


class Program(tuple):
    """The lines of a program in which the name `a` is given: a tuple of Line."""

    def run(self, start, array):
        """Run each line with `a` bound to start, a tensor or an array, and its meaning with `a` bound to array.

        After each line, yield a list of what the names are bound to: pairs of the real thing and the array it means.
        """
        real, meaning = {"torch": torch, "np": np, "a": start}, {"a": array}
        for line in self:
            exec(line.real, real)
            exec(line.meaning, meaning)
            yield [(real[name], meaning[name]) for name in _NAMES if name in meaning]

    def source_text(self):
        """Return the program as a literal, for exec()."""
        return repr("; ".join(line.real for line in self))

    def __repr__(self):
        return "Program({})".format([tuple(line) for line in self])


class Exchange(NamedTuple("Exchange", [("a", Blueprint), ("program", Program)])):
    """A tensor, or the values and layout of an array, and a program that starts from it."""

    __slots__ = ()

    @property
    def text(self):
        """The program's text."""
        return "; ".join(line.real for line in self.program)


@st.composite
def exchanges(draw, start, dtypes, layouts, max_lines=9):
    """Draw an Exchange that starts from a tensor (start "tensor") or from an array (start "array").

    Its first line crosses to the other library over the same memory. Values and whatever is written are whole numbers
    so small that no sum leaves the range of any dtype.
    """
    a = draw(tensors(dtypes, shape=shapes(1, 3, min_side=1, max_side=9, max_elements=24), layouts=layouts,
                     integral=True))
    kinds, lines = {"a": start[0]}, []
    choices = draw_choices(draw, 1 + 4 * max_lines)
    for number in range(choices.between(2, max_lines)):
        line = choices.part(4)
        name = line.of(sorted(kinds))
        kind = kinds[name]
        if line.below(2) and number:
            forms, value = line.of(_WRITTEN[kind]), line.below(10)
            lines.append(Line(*[form.format(name, value) for form in forms]))
            continue
        gives, text, meaning = line.of(_MADE[kind] if number else _MADE[kind][:2])
        fresh = _NAMES[len(kinds)]
        kinds[fresh] = gives
        lines.append(Line("{} = {}".format(fresh, text.format(name)), "{} = {}".format(fresh, meaning.format(name))))
    return Exchange(a, Program(lines))
