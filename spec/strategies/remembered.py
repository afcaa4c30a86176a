"""Strategies that are made once: to make one, and let Hypothesis check it, costs more than to draw from it."""
from functools import wraps

from hypothesis.strategies import SearchStrategy

_MOST = 1000
"""How many strategies of one kind are kept; then all are forgotten."""


def remembered(make):
    """Decorate a function that makes a strategy of plain arguments: called alike again, it returns the same one.

    Arguments are alike where they are written alike, so that -0.0 is not 0.0 and True is not 1; a strategy is like
    itself only.
    """
    made = {}

    @wraps(make)
    def strategy(*args, **options):
        key = tuple(map(_written, args)), tuple((name, _written(options[name])) for name in sorted(options))
        if key not in made:
            if len(made) >= _MOST:
                made.clear()
            made[key] = make(*args, **options)
        return made[key]

    return strategy


def _written(argument):
    return argument if isinstance(argument, SearchStrategy) else repr(argument)
