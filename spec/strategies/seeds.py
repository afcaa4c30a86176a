"""Seeds for random number generators."""

from hypothesis import strategies as st


def seeds():
    """Draw a seed that numpy's RandomState, Python's random and torch.manual_seed all take: 0 to 2**32 - 1."""
    return st.integers(0, 2**32 - 1)
