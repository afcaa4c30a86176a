"""Choices that cost little: every draw that is saved, and every strategy that is not built again, shows in a run."""
from functools import lru_cache

from hypothesis import strategies as st

CODES = st.integers(0, 2**24 - 1)
"""A whole number that stands for several choices in a row; each takes its share of it with `pick`, and 0 is simplest.

It has 24 bits because Hypothesis draws longer ones unevenly.
"""


def pick(code, options):
    """Return the one of `options` that a code stands for, and the code that is left for further choices."""
    return options[code % len(options)], code // len(options)


@lru_cache(maxsize=1024)
def choice(options):
    """Return the strategy that draws one of `options`, a tuple."""
    return st.sampled_from(options)


@lru_cache(maxsize=1024)
def numbers(low, high):
    """Return the strategy that draws a whole number between the two bounds (inclusive)."""
    return st.integers(low, high)
