"""A vocabulary for testing strategies: what they reach, and what they shrink to."""

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.errors import NoSuchExample

EXAMPLES = 400

_QUIET = {"database": None, "deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


def reaches(strategy, predicate, examples=EXAMPLES):
    """Say whether one of the first derandomised examples of `strategy` satisfies `predicate`."""
    try:
        find(strategy, predicate, settings=settings(max_examples=examples, phases=[Phase.generate], **_QUIET))
    except NoSuchExample:
        return False
    return True


def minimal(strategy, predicate=lambda value: True):
    """Return the simplest value of `strategy` that satisfies `predicate`, as shrinking finds it."""
    return find(strategy, predicate, settings=settings(max_examples=1000, **_QUIET))


def share(strategy, predicate, examples=EXAMPLES):
    """Return the share of derandomised examples of `strategy` that satisfy `predicate`, between 0 and 1."""
    seen = []

    @settings(max_examples=examples, phases=[Phase.generate], **_QUIET)
    @given(strategy)
    def look(value):
        seen.append(bool(predicate(value)))

    look()
    return sum(seen) / float(len(seen))


def for_examples(number=200):
    """Return the settings of a self-test that draws: `number` derandomised examples, no deadline, no database."""
    return settings(max_examples=number, **_QUIET)
