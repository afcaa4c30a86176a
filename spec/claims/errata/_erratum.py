"""The form in which errata are written down: the lines that a document prints, and the lines that do what was meant.

    CRITERIA = Erratum(
        "errata.module-cell-criteria-name",
        "The cell with the custom module computes its loss.",
        [NOTEBOOK["Custom nn module"]],
        Correction("The loss function is defined as criterion and called as criteria.", NameError, "'criteria'"),
        kills=["mse-loss-keeps-a-dimension"],
    )

    @CRITERIA.printed
    def test_criteria_is_the_loss_function_that_was_made():
        \"\"\"
        >>> criterion = torch.nn.MSELoss()
        >>> criteria(torch.ones(2), torch.zeros(2))
        \"\"\"

    @CRITERIA.corrected
    def test_criterion_is_the_loss_function_that_was_made():
        \"\"\"
        >>> criterion = torch.nn.MSELoss()
        >>> assert criterion(torch.ones(2), torch.zeros(2)).item() == 1
        \"\"\"

The lines are the test. They are run in a namespace of their own, exactly as a report prints them to be pasted. Those
that are printed must fail as the correction says, and in their last statement: all that stands before it must run.
"""
import ast
import functools
import traceback
import warnings

import torch

from spec.capabilities import HERE, Capability
from spec.claim import Claim, ClaimError, Deviation
from spec.plugin.script import LONGEST, script

WITHOUT_CUDA = Capability("what is described happens where there is no CUDA device, and here is one", True,
                          lambda device: not torch.cuda.is_available())


class NotAsRecorded(Exception):
    """Printed lines failed in another way than the correction says, or before their last statement."""


class Correction(Deviation):
    """What is wrong with printed lines, and how they fail: the type of the exception and a part of its message."""

    def __init__(self, says, fails=AssertionError, message="", since=None, until=None, issue=None):
        super().__init__(says, witness={}, since=since, until=until, raises=fails, issue=issue)
        self.message = message


class Erratum(Claim):
    """A claim that is refuted by running what the document prints."""

    def __init__(self, id, says, sources, *corrections, kills=()):
        super().__init__(id, says, sources, corrections, kills)

    def printed(self, test):
        """Make the lines in a function's docstring the test of the claim, as the document prints them."""
        lines = _listing(test)

        @functools.wraps(test)
        def run_as_printed():
            correction = self.deviation_in(HERE)
            try:
                run(lines)
            except Exception as error:
                if correction is not None and isinstance(error, correction.raises):
                    _check(error, lines, correction)
                raise
        return self(run_as_printed)

    def corrected(self, test):
        """Make the lines in a function's docstring the test of what is true instead."""
        lines = _listing(test)
        return self.instead(functools.wraps(test)(lambda: run(lines)))


def run(lines, **names):
    """Run lines in a namespace of their own that holds these names, without warnings; return the namespace."""
    namespace = dict(names, __name__="printed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile("\n".join(lines), "<printed>", "exec"), namespace)
    return namespace


def undefined_names(lines, **supplied):
    """Run lines again and again, each time with the name that was last found undefined; return these names in order.

    Also return the namespace of the last run. KeyError for a name that is not supplied.
    """
    found = []
    while True:
        try:
            return found, run(lines, **{name: supplied[name] for name in found})
        except NameError as error:
            found.append(str(error).split("'")[1])


def _listing(test):
    lines = script(test, {})
    if not 2 <= len(lines) <= LONGEST:
        raise ClaimError("{} has {} lines, and an erratum has 1 to {}".format(
            test.__name__, len(lines) - 1, LONGEST - 1))
    return lines


def _check(error, lines, correction):
    reached = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<printed>"]
    if reached and reached[0] < ast.parse("\n".join(lines)).body[-1].lineno:
        raise NotAsRecorded("line {} fails, not the last one: {!r}".format(reached[0] - 1, error)) from error
    if correction.message not in str(error):
        raise NotAsRecorded("{!r} does not mention {!r}".format(error, correction.message)) from error
