"""Strategies that are made once."""
import pytest
from hypothesis import strategies as st

from spec.strategies.remembered import remembered


@remembered
def made(*args, **options):
    return st.just((args, options))


@pytest.mark.parametrize("args, options", [((), {}), ((1, "a", (2, None)), {}), (([0, 1],), {"b": 2.5, "a": ()})])
def test_called_alike_it_returns_the_same_strategy(args, options):
    strategy = made(*args, **options)
    assert made(*args, **dict(reversed(list(options.items())))) is strategy
    assert strategy.value == (args, options)


def test_a_strategy_is_like_itself_only():
    one, other = st.integers(0, 1).map(abs), st.integers(0, 1).map(abs)
    assert made(one) is made(one) is not made(other)


@pytest.mark.parametrize("one, other", [(0.0, -0.0), ((0.0,), (-0.0,)), (1, True), (1, 1.0), ((1,), ([1],)), ("1", 1)])
def test_arguments_that_are_written_otherwise_are_others(one, other):
    assert made(one) is not made(other)
    assert made(option=one) is not made(option=other)
    assert repr(made(other).value) == repr(((other,), {}))


def test_it_does_not_keep_strategies_without_bound():
    first = made("first")
    for number in range(2000):
        made("further", number)
    assert made("first") is not first and made("first").value == first.value
