"""``python -m spec.selftest.branches [ID …]`` draws the examples of every property, or of these claims, and no more.

It prints where a property reaches a branch that it names less often than it says, where it names none, and where its
strategies throw away too much, and ends with status 1 if there is such a place. ``--all`` prints every share.

A share is decided by Wald's sequential test: draws of the size of a run, each with a seed of its own, go on until what
was seen of the branch is a hundred times likelier under its least share than under half of it, or the other way round.
What a deviation leaves out in a run on this torch counts as thrown away. A domain that is tried as a whole in one run
needs no branches, since none is left out.
"""
import argparse
import inspect
import math
import sys
from collections import namedtuple

from hypothesis import Phase, assume, settings
from hypothesis.statistics import collector

from spec.capabilities import HERE
from spec.plugin.collection import drawn_names
from spec.plugin.options import PROFILES
from spec.selftest.scripts import collect

EXAMPLES = PROFILES["ci"]
"""How many examples are drawn at a time: as many as a run has."""

DRAWS = 60
"""How often they are drawn at most; a branch that is not decided by then has not shown its least share."""

DECIDED = math.log(100)
"""How sure it is: the logarithm of the odds."""

THROWN_AWAY = 0.3
"""The largest share of its examples that a property may throw away; twice the standard deviation is left to chance."""

LEFT_OUT = 0.6
"""The same where a deviation of the installed release leaves cases out, too."""

Found = namedtuple("Found", "examples discarded exhausted hits")
Found.__doc__ = """What the draws of one property came to.

examples   how many valid examples there were; discarded: how many more were thrown away
exhausted  whether the domain is so small that one run tries all of it
hits       label -> how many examples reached the branch
"""


def survey(test, given):
    """Draw the examples of a property, with `given` (name -> value) for its other arguments, and return a Found."""
    branches = getattr(test, "reaches", {})
    hits, examples, discarded, exhausted = dict.fromkeys(branches, 0), 0, 0, False
    excluded = _excluded(test)

    def look(**arguments):
        assume(excluded is None or not excluded.covers(arguments))
        for label, branch in branches.items():
            hits[label] += branch.taken(arguments)

    for seed in range(1, DRAWS + 1):
        valid, invalid, exhausted = _draw(test, given, look, seed)
        examples, discarded = examples + valid, discarded + invalid
        found = Found(examples, discarded, exhausted, hits)
        if exhausted or all(_evidence(branch.least, hits[label], examples) for label, branch in branches.items()):
            break
    return found


def _excluded(test):
    """Return the deviation whose cases a run of the property leaves out here, or None."""
    deviation = test.claim.claim.deviation_in(HERE) if test.claim.role == "law" else None
    drawn = drawn_names(test)
    return deviation if deviation and set(deviation.condition_names) & set(drawn) else None


def _draw(test, given, look, seed):
    """Draw once; return the numbers of valid and of other examples, and whether there are no more than these."""
    kept, told = test.hypothesis.inner_test, []
    before = {name: getattr(test, name, None) for name in ("_hypothesis_internal_use_settings",
                                                           "_hypothesis_internal_use_seed")}
    test.hypothesis.inner_test = look
    test._hypothesis_internal_use_seed = seed
    test._hypothesis_internal_use_settings = settings(
        max_examples=EXAMPLES, phases=[Phase.generate], database=None, deadline=None)
    try:
        with collector.with_value(told.append):
            test(**given)
    finally:
        test.hypothesis.inner_test = kept
        for name, value in before.items():
            setattr(test, name, value)
    cases = told[-1]["generate-phase"]["test-cases"]
    valid, invalid = (sum(case["status"] == status for case in cases) for status in ("valid", "invalid"))
    return valid, invalid, told[-1]["stopped-because"] == "nothing left to do"


def _evidence(least, hits, examples):
    """Return 1 where the share is seen to be `least` or more, -1 where it is seen to be half of it or less, else 0."""
    half = least / 2
    against = hits * math.log(half / least) + (examples - hits) * math.log((1 - half) / (1 - least))
    return 0 if abs(against) < DECIDED else 1 if against < 0 else -1


def faults(test, found):
    """Yield a sentence for each thing that is wrong with a property."""
    branches = getattr(test, "reaches", {})
    if not branches and not found.exhausted:
        yield "it names no branch that it must reach (spec.claim.reaches)"
    for label, branch in branches.items():
        hits = found.hits[label]
        if not hits if found.exhausted else _evidence(branch.least, hits, found.examples) < 1:
            yield "{} is reached in {} of {} examples, which is less than {:.1%}".format(
                label, hits, found.examples, branch.least)
    drawn = found.examples + found.discarded
    most = LEFT_OUT if _excluded(test) else THROWN_AWAY
    chance = 2 * math.sqrt(most * (1 - most) * drawn)
    if found.discarded > most * drawn + chance and not found.exhausted:
        yield "{} of {} examples are thrown away".format(found.discarded, drawn)


def shares(found):
    """Return a line that tells what was found."""
    texts = ["{} {:.0%}".format(label, hits / found.examples) for label, hits in sorted(found.hits.items())]
    return "{} examples{}, {} thrown away: {}".format(
        found.examples, " (all there are)" if found.exhausted else "", found.discarded, ", ".join(texts))


def main(arguments):
    parser = argparse.ArgumentParser(prog="python -m spec.selftest.branches")
    parser.add_argument("claims", nargs="*", metavar="ID")
    parser.add_argument("--all", action="store_true", help="print what was found for every property")
    options = parser.parse_args(arguments)
    found = collect()
    unknown = sorted(set(options.claims) - {claim.id for claim in found.claims})
    if unknown:
        parser.error("there is no claim {}".format(unknown[0]))
    wrong = 0
    for item in found.items:
        if not drawn_names(item.function) or options.claims and item.function.claim.claim.id not in options.claims:
            continue
        given = dict(item.callspec.params) if hasattr(item, "callspec") else {}
        names = inspect.signature(item.function).parameters
        come_to = survey(item.function, {name: given.get(name) for name in names})
        lines = list(faults(item.function, come_to))
        wrong += len(lines)
        for line in lines + [shares(come_to)] * options.all:
            print("{}: {}".format(item.nodeid, line))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
