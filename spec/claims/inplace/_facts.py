"""Facts that contradict a claim, in eras that may overlap, and the deviations that they make together.

The eras of one claim's deviations may not overlap, and a pinned witness must hold outside the era of its deviation. So
the releases are cut where a fact begins or ends, and the facts that are true together make one deviation.
"""
from collections import namedtuple

from spec.capabilities import HERE
from spec.claim import Deviation
from spec.era import RELEASES, Era

Fact = namedtuple("Fact", "says covers witness shows since until issue")
Fact.__new__.__defaults__ = (None, None, None)
Fact.__doc__ = """Something that contradicts a claim in a range of releases.

says     what is true instead, as a sentence
covers   a function of a case: whether the fact concerns it
witness  a case on which the claim's test fails by an assertion
shows    a function of a device that asserts what is true instead
since, until, issue  as in spec.claim.Deviation
"""


def true_in(facts, version):
    """Return the facts that are true of a release, (major, minor), as a list."""
    return [fact for fact in facts if version in Era(fact.since, fact.until)]


def true_here(facts):
    """Return the facts that are true of the installed release, as a list."""
    return true_in(facts, HERE)


def deviations(facts, harmless):
    """Return the deviations, in order of time, that the facts about a claim amount to.

    The claim's test draws its input as ``case``. harmless is a case that no fact covers: it stands in for the witnesses
    of other eras that a fact of the installed release covers, since what they show there is that fact.
    """
    spans = []
    for version in RELEASES:
        together = true_in(facts, version)
        if not spans or spans[-1][0] != together:
            spans.append((together, []))
        spans[-1][1].append(version)
    return [_deviation(together, versions, facts, harmless) for together, versions in spans if together]


def _deviation(together, versions, facts, harmless):
    elsewhere = [] if HERE in versions else true_here(facts)
    first, last = ["{}.{}".format(*version) for version in (versions[0], versions[-1])]
    return Deviation(
        " ".join(fact.says for fact in together),
        witness=[{"case": harmless if any(other.covers(fact.witness) for other in elsewhere) else fact.witness}
                 for fact in together],
        where=lambda case: any(fact.covers(case) for fact in together),
        since=None if versions[0] == RELEASES[0] else first,
        until=None if versions[-1] == RELEASES[-1] else last,
        issue=", ".join(fact.issue for fact in together if fact.issue) or None,
    )
