"""Choices: what the bytes of one draw are made into."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.selftest.strategies.reaching import for_examples, minimal, reaches
from spec.strategies.choices import BLOCK, Choices, draw_choices


def test_bytes_of_0_stand_for_the_simplest_options():
    choices = Choices(bytes(16))
    assert choices.codes(2) == b"\0\0"
    assert choices.below(7) == 0 and choices.below(1000) == 0
    assert choices.between(-3, 3) == -3
    assert choices.of("abc") == "a"


def test_each_choice_takes_the_bytes_after_those_of_the_one_before():
    choices = Choices(bytes(bytearray([5, 3, 1, 2, 9, 4])))
    assert choices.below(4) == 1
    assert choices.below(256) == 3
    assert choices.below(300) == (256 + 2) % 300
    assert choices.of("abc") == "a"
    assert choices.between(10, 19) == 14


def test_a_part_takes_all_its_bytes_whatever_is_made_of_them():
    choices = Choices(bytes(bytearray([3, 4, 5])))
    assert choices.part(2).below(10) == 3
    assert choices.below(10) == 5


@pytest.mark.parametrize("take", [
    lambda choices: choices.codes(3),
    lambda choices: choices.part(3),
    lambda choices: choices.below(257) + choices.below(2),
    lambda choices: [choices.of("ab") for _ in range(3)],
], ids=["codes", "part", "below", "of"])
def test_more_bytes_than_there_are_cannot_be_taken(take):
    with pytest.raises(IndexError):
        take(Choices(b"\1\2"))


@st.composite
def three(draw):
    choices = draw_choices(draw, 3)
    return choices.below(5), choices.between(2, 4), choices.of((0.5, 1.5))


@for_examples()
@given(three())
def test_a_choice_is_one_of_its_options(drawn):
    assert drawn[0] in range(5) and drawn[1] in (2, 3, 4) and drawn[2] in (0.5, 1.5)


@pytest.mark.parametrize("place, option", [(0, 4), (1, 4), (2, 1.5)])
def test_every_option_is_reached_and_shrinks_by_itself(place, option):
    assert reaches(three(), lambda drawn: drawn[place] == option, examples=100)
    expected = [0, 2, 0.5]
    expected[place] = option
    assert minimal(three(), lambda drawn: drawn[place] == option) == tuple(expected)


@st.composite
def many(draw):
    return draw_choices(draw, BLOCK + 1).codes(BLOCK + 1)


def test_there_may_be_more_choices_than_one_draw_has_bytes():
    assert minimal(many()) == bytes(BLOCK + 1)
