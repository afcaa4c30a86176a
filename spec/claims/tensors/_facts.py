"""Facts that overlap in time, and the deviations they amount to.

Eras of one claim may not overlap, and a pinned witness must hold outside the era of its deviation. Where one sentence
fails for several reasons that came to an end in different releases, each reason is a fact of its own here; between two
releases in which a fact begins or ends, the facts that are true together make one deviation.
"""
from collections import namedtuple

from spec.capabilities import HERE
from spec.claim import Deviation
from spec.era import RELEASES, Era

Fact = namedtuple("Fact", "says covers witness shows since until raises issue")
Fact.__new__.__defaults__ = (None, None, AssertionError, None)
Fact.__doc__ = """Something that contradicts a claim in a range of releases.

says     what is true instead, as a sentence
covers   a function of a case: whether the fact concerns it
witness  a case on which the claim's test fails
shows    a function of a device that asserts what is true instead
since, until, raises, issue  as in spec.claim.Deviation
"""


def true_here(facts):
    """Return the facts that are true of the installed release, as a list."""
    return [fact for fact in facts if HERE in Era(fact.since, fact.until)]


def deviations(facts, harmless):
    """Return the deviations that the facts about a claim amount to, in order of time.

    The claim's test takes a drawn argument ``case``. harmless is a case that no fact covers: in eras other than the
    present one it stands in for a witness that a fact of the present covers.
    """
    spans = []
    for version in RELEASES:
        together = [fact for fact in facts if version in Era(fact.since, fact.until)]
        if spans and spans[-1][0] == together:
            spans[-1][1].append(version)
        else:
            spans.append((together, [version]))
    present = true_here(facts)
    return [_deviation(together, versions, [] if HERE in versions else present, harmless)
            for together, versions in spans if together]


def _deviation(facts, versions, present, harmless):
    text = ["{}.{}".format(*version) for version in (versions[0], versions[-1])]
    return Deviation(
        " ".join(fact.says for fact in facts),
        witness=[{"case": harmless if any(other.covers(fact.witness) for other in present) else fact.witness}
                 for fact in facts],
        where=lambda case: any(fact.covers(case) for fact in facts),
        since=None if versions[0] == RELEASES[0] else text[0],
        until=None if versions[-1] == RELEASES[-1] else text[1],
        raises=tuple({fact.raises for fact in facts}),
        issue=", ".join(fact.issue for fact in facts if fact.issue) or None,
    )
