"""The forms of a numpy index, and in which releases of torch each of them means something else or is refused.

Each form is tried on x = arange(60), of three rows, four columns and five layers.
"""
import sys
from collections import OrderedDict, namedtuple
from itertools import groupby

import numpy as np
import torch

from spec.claim import Deviation
from spec.era import RELEASES, Era

Form = namedtuple("Form", "index meaning otherwise")
Form.__doc__ = """An index, and what it means.

index      device -> the index for a tensor
meaning    the index for a numpy array
otherwise  a list of (era, outcome): in that era torch raises the exception type ``outcome``, or gives what the function
           ``outcome`` makes of the numpy array
"""

ALWAYS = Era()


def _plain(index, *otherwise):
    return Form(lambda device: index, index, list(otherwise))


def _tensor(numbers, dtype, *otherwise):
    meaning = np.array(numbers)
    return Form(lambda device: torch.tensor(numbers, dtype=getattr(torch, dtype)).to(device), meaning, list(otherwise))


_ROWS = np.array([[2, 0], [1, 1]])
_FEW = np.array([True, False, True])
_MANY = np.array([[True, False, True, False], [False, False, True, True], [False, True, False, False]])
_ALL = slice(None)


FORMS = OrderedDict([
    ("Ellipsis with None, an integer and a slice", _plain((Ellipsis, None, 1, slice(1, 9, 2)))),
    ("a numpy integer", _plain(np.int64(2))),
    ("True", _plain(True)),
    ("False between others", _plain((0, False, _ALL))),
    ("a list", _plain([2, 0, 0, -1])),
    ("a list of 40", _plain([2, 0, 1, -1] * 10)),
    ("an empty list", _plain((_ALL, []))),
    ("a range", _plain(range(2))),
    ("two lists", _plain(([0, 2, 1], [3, 3, -1]))),
    ("two nested lists", _plain(([[0], [2]], [[3, 1]]))),
    ("two lists around a slice", _plain(([0, 2], _ALL, [3, 1]))),
    ("a list before a slice and an integer", _plain(([0, 2], _ALL, 1))),
    ("a slice before an integer and a list", _plain((_ALL, 1, [0, 2]))),
    ("an int64 tensor", _tensor([[2, 0], [1, 1]], "int64")),
    ("a vector of numpy integers", _plain(np.array([2, 0, 1]))),
    ("a list of booleans", _plain(
        [True, False, True],
        (Era(until="1.0"), lambda x: x[[1, 0, 1]]))),
    ("a list of booleans after a slice", _plain(
        (_ALL, [True, False, True, False]),
        (Era(until="1.0"), lambda x: x[:, [1, 0, 1, 0]]))),
    ("a numpy mask of rows", _plain(
        _FEW,
        (Era(until="1.0"), TypeError),
        (Era("1.1", "1.1"), lambda x: x[[1, 0, 1]]))),
    ("a numpy mask of rows and columns", _plain(
        _MANY,
        (Era(until="1.0"), TypeError),
        (Era("1.1", "1.1"), lambda x: x[tuple(_MANY.astype(int))]),
        (Era("1.2", "2.1"), IndexError))),
    ("a matrix of numpy integers", _plain(
        _ROWS,
        (Era(until="2.1"), lambda x: x[tuple(_ROWS)]))),
    ("an int32 tensor", _tensor(
        [2, 0], "int32",
        (Era(until="1.0"), RuntimeError),
        (Era("1.1", "1.13"), IndexError))),
    ("an int16 tensor", _tensor(
        [2, 0], "int16",
        (Era(until="1.0"), RuntimeError),
        (Era("1.1"), IndexError))),
    ("a uint8 tensor (taken for a mask)", _tensor(
        [1, 0, 1], "uint8",
        (ALWAYS, lambda x: x[_FEW]))),
    ("a numpy array of uint8 (taken for a mask)", _plain(
        np.array([1, 0, 1], dtype="uint8"),
        (Era("1.1"), lambda x: x[_FEW]))),
    ("a list of lists (taken for a tuple)", Form(
        lambda device: [[2, 0], [1, 1]], _ROWS,
        [(ALWAYS, lambda x: x[tuple(_ROWS)])])),
    ("an integer before a slice and a list", _plain(
        (0, _ALL, [1, 2]),
        (ALWAYS, lambda x: x[0][:, [1, 2]]))),
    ("an integer before None and a list", _plain(
        (0, None, [1, 2]),
        (ALWAYS, lambda x: x[0][None, [1, 2]]))),
    ("a negative step", _plain(
        slice(None, None, -1),
        (ALWAYS, ValueError))),
    ("a step of sys.maxsize", _plain(
        (0, 0, slice(None, None, sys.maxsize)),
        (ALWAYS, lambda x: x[0, 0, :0]))),
    ("a slice from sys.maxsize on", _plain(
        slice(sys.maxsize, None),
        (Era("1.8", "1.12"), lambda x: x))),
    ("a slice from -sys.maxsize on", _plain(
        slice(-sys.maxsize, None),
        (Era("1.13", "1.13"), RuntimeError))),
])


def otherwise_in(version):
    """Return form -> outcome for the forms that do not follow numpy in a release, (major, minor)."""
    return OrderedDict(
        (name, outcome) for name, form in FORMS.items() for era, outcome in form.otherwise if version in era)


def deviations():
    """Return a Deviation for each longest run of releases in which the same forms end in the same way."""
    runs = [list(run) for _, run in groupby(RELEASES, key=lambda version: list(otherwise_in(version).items()))]
    return [_deviation(run[0], run[-1]) for run in runs]


def _deviation(first, last):
    outcomes = otherwise_in(first)
    refused = [
        "{} ({})".format(name, outcome.__name__) for name, outcome in outcomes.items() if isinstance(outcome, type)]
    misread = [name for name, outcome in outcomes.items() if not isinstance(outcome, type)]
    return Deviation(
        "torch refuses: {}. It reads in another way: {}.".format("; ".join(refused), "; ".join(misread)),
        witness=[{"form": name} for name in outcomes],
        where=lambda form: form in outcomes,
        raises=(AssertionError, IndexError, RuntimeError, TypeError, ValueError),
        since=None if first == RELEASES[0] else "{}.{}".format(*first),
        until=None if last == RELEASES[-1] else "{}.{}".format(*last),
    )
