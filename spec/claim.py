"""What a claim is, how a test becomes its witness, and how a deviation from it is written down.

    ADDS_IN_PLACE = Claim(
        "inplace.add-underscore",
        "y.add_(x) adds x into y: y changes and is returned, x does not change.",
        sources=[FLOYDHUB["Tensor"]],
        kills=["add-underscore-on-a-copy"],
    )

    @ADDS_IN_PLACE
    @given(pair=same_shape(2))
    def test_add_underscore_returns_its_receiver(device, pair): ...
"""
import inspect
import re
from collections import namedtuple

import pytest

from spec.era import Era

Witness = namedtuple("Witness", "claim role deviation")
Witness.__doc__ = """What a test testifies to: a claim, in one of three roles.

``law``: the test states the claim itself, so in the era of a deviation it must fail on the pinned witness.
``regardless``: it states a part of the claim that no deviation touches.
``instead``: it states what is true in the era of ``deviation`` (of any deviation of the claim, if that is None).
"""


class ClaimError(pytest.Collector.CollectError):
    """A claim that is not well formed; pytest shows its text, without a traceback, as an error at collection."""


class Deviation:
    """An era in which a claim is not true.

    instead  what is true in that era, as a sentence
    witness  the pinned input on which the claim's test must fail in that era and must pass outside it: a dictionary
             from the names of drawn arguments to values, or a list of several; ``{}`` for a test that draws nothing.
             A key that names a parameter of the test restricts the witness to that case.
    since, until  the first and the last minor release of the era, as "1.13"; left out, the era is open at that end
    where    a function of some of the test's arguments: the cases that the deviation covers. Outside them the claim
             must hold in every release. Left out, it covers every case.
    raises   the exception type (or a tuple of types) by which the test fails on the witness, where the claim is that
             something works; an assertion otherwise
    issue    the issue or pull request ("pytorch#191142"), or the release whose notes tell of it
    """

    def __init__(self, instead, witness, since=None, until=None, where=None, raises=AssertionError, issue=None):
        try:
            self.era = Era(since, until)
        except ValueError as error:
            raise ClaimError("deviation {!r}: {}".format(instead, error)) from None
        self.instead_says = instead
        self.witnesses = [witness] if isinstance(witness, dict) else list(witness)
        if not self.witnesses:
            raise ClaimError("deviation {!r} has no witness".format(instead))
        self.where = where
        self.raises = raises
        self.issue = issue
        self.claim = None

    @property
    def since(self):
        """The first release of the era as text, or None where the claim was never true."""
        return self.era.since

    @property
    def always(self):
        """Whether the era is every release: the claim was never true."""
        return self.era.since is None and self.era.until is None

    def instead(self, test):
        """Make a test the witness of what is true in this era; it runs in this era only."""
        return self.claim._attach(test, "instead", self)

    def covers(self, arguments):
        """Say whether the case with these arguments (a dictionary by name) is one that the deviation covers."""
        if self.where is None:
            return True
        return bool(self.where(**{name: arguments[name] for name in self.condition_names}))

    @property
    def condition_names(self):
        """The names of the arguments that decide whether a case is covered."""
        return () if self.where is None else tuple(inspect.signature(self.where).parameters)


class Claim:
    """A sentence that the documents state about torch, numpy or TensorFlow; as a decorator it makes a test its witness.

    id          "chapter.slug", stable
    says        the sentence, restated
    sources     where the documents state it: a list of spec.sources.Source
    deviations  the eras in which it is not true
    kills       names of the mutants that its tests must notice
    """

    def __init__(self, id, says, sources, deviations=(), kills=()):
        self.id, self.says = id, says
        self.sources = tuple(sources)
        self.deviations = tuple(deviations)
        self.kills = tuple(kills)
        self.tests = []
        if not re.match(r"[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*$", id):
            raise ClaimError("{!r} is not a claim id of the form chapter.slug".format(id))
        if not says or says[-1] not in ".)":
            raise ClaimError("{}: what the claim says is not a sentence".format(id))
        if not self.sources:
            raise ClaimError("{}: no document is named as a source".format(id))
        for position, deviation in enumerate(self.deviations):
            for other in self.deviations[:position]:
                if deviation.era.overlaps(other.era):
                    raise ClaimError("{}: the eras {} and {} overlap".format(id, other.era, deviation.era))
            deviation.claim = self

    @property
    def chapter(self):
        """The chapter's name: the part of the id before the point."""
        return self.id.split(".")[0]

    def __call__(self, test):
        """Make a test a witness of the claim itself."""
        return self._attach(test, "law", None)

    def regardless(self, test):
        """Make a test the witness of a part of the claim that holds in the era of a deviation too."""
        return self._attach(test, "regardless", None)

    def instead(self, test):
        """Make a test the witness of what is true where the claim is not; it runs in the era of any deviation."""
        return self._attach(test, "instead", None)

    def deviation_in(self, version):
        """Return the deviation in whose era a release, (major, minor), lies, or None."""
        return next((deviation for deviation in self.deviations if version in deviation.era), None)

    def _attach(self, test, role, deviation):
        if hasattr(test, "claim"):
            raise ClaimError("{} is a witness of {} and of {}; a test testifies to one claim".format(
                test.__name__, test.claim.claim.id, self.id))
        if role == "instead" and not self.deviations:
            raise ClaimError("{}: {} says what is true instead, but no deviation is recorded".format(
                self.id, test.__name__))
        test.claim = Witness(self, role, deviation)
        self.tests.append(test)
        return test

    def mistakes(self):
        """Return what is wrong with the claim once its module has been read, as a list of sentences."""
        roles = [test.claim.role for test in self.tests]
        if not roles:
            return ["no test is a witness of it"]
        wrong = ["{} is not the name of a test".format(test.__name__)
                 for test in self.tests if not test.__name__.startswith("test_")]
        if self.deviations and "law" not in roles:
            wrong.append("it has a deviation, but no test that could fail on the pinned witness")
        for deviation in self.deviations:
            if not any(test.claim.role == "instead" and test.claim.deviation in (None, deviation)
                       for test in self.tests):
                wrong.append("no test shows what is true instead in {}".format(deviation.era))
        return wrong


class Branch:
    """A branch that a property must reach: a predicate over some of its arguments, and the least share of examples."""

    def __init__(self, predicate, least=0.02):
        self.predicate, self.least = predicate, least
        self.names = tuple(inspect.signature(predicate).parameters)

    def taken(self, arguments):
        """Say whether the example with these arguments (a dictionary by name) reaches the branch."""
        return bool(self.predicate(*[arguments[name] for name in self.names]))


def at_least(share, predicate):
    """Name a branch that is reached in another share of the examples than one in fifty: above 0, below 1."""
    if not 0 < share < 1:
        raise ClaimError("a least share of {} is not between 0 and 1".format(share))
    return Branch(predicate, share)


def reaches(**labels):
    """Name the branches that a property must reach: label -> predicate over some of its arguments.

    A property is run on, with other seeds, until it has reached each of them, and fails where it does not come to one
    in twenty times its examples: what it states would not have been tried where it matters. (On the CPU only, and
    not under the profile ``quick``.) The self-tests see to it that each is reached in one example of fifty, or in the
    share that at_least gives.

        @reaches(kink=at_least(0.2, lambda h: (h.array == 0).any()), strided=lambda h: not h.contiguous)
    """
    def attach(test):
        test.reaches = {
            label: branch if isinstance(branch, Branch) else Branch(branch) for label, branch in labels.items()
        }
        return test
    return attach
