"""Branches: every property reaches those that it names, often enough; the measure itself notices where one does not."""
import os
import subprocess
import sys

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from spec.claim import Claim, ClaimError, Deviation, at_least, reaches
from spec.selftest.branches import faults, survey
from spec.selftest.scripts import BOOK
from spec.sources import FLOYDHUB

NUMBERS = st.integers(0, 10**6).map(lambda number: number % 1000)


def wrong(strategy, deviations=(), **labels):
    """Return what is wrong with a property over one number x that names these branches."""
    @Claim("tensors.one", "One is one.", sources=[FLOYDHUB["Tensor"]], deviations=deviations)
    @reaches(**labels)
    @given(x=strategy)
    @example(x=7)
    def test_one(x):
        raise AssertionError("the body is not to be run")

    return list(faults(test_one, survey(test_one, {})))


def test_the_properties_of_the_specification_reach_their_branches_and_throw_little_away():
    run = subprocess.run([sys.executable, "-m", "spec.selftest.branches"], cwd=os.path.dirname(os.path.dirname(BOOK)),
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert run.returncode == 0, run.stdout.decode()


def test_branches_that_are_reached_often_enough_are_found_sound():
    assert wrong(NUMBERS, tenth=lambda x: x % 10 == 3, half=at_least(0.4, lambda x: x % 2)) == []


@pytest.mark.parametrize("predicate", [
    lambda x: x < 0, lambda x: x == 7, lambda x: x % 200 == 3], ids=["never", "by its example only", "once in 200"])
def test_a_branch_that_is_reached_less_than_once_in_fifty_is_named(predicate):
    assert [text.partition(" in ")[0] for text in wrong(NUMBERS, rare=predicate, often=lambda x: x % 2)] == [
        "rare is reached"]


def test_a_branch_that_falls_short_of_a_share_of_its_own_is_named():
    assert wrong(NUMBERS, tenth=at_least(0.05, lambda x: x % 10 == 3)) == []
    assert len(wrong(NUMBERS, tenth=at_least(0.3, lambda x: x % 10 == 3))) == 1


def test_a_property_that_names_no_branch_is_vacuous_unless_it_tries_all_there_is():
    assert wrong(NUMBERS) == ["it names no branch that it must reach (spec.claim.reaches)"]
    assert wrong(st.integers(0, 9)) == []


def test_in_a_domain_that_is_tried_as_a_whole_a_branch_is_reached_or_not():
    assert wrong(st.integers(0, 9), rare=at_least(0.9, lambda x: x == 3)) == []
    assert len(wrong(st.integers(0, 9), never=lambda x: x > 9)) == 1


@st.composite
def assumed(draw):
    """Draw a number, and throw three of four away."""
    number = draw(NUMBERS)
    assume(number % 4 == 0)
    return number


@pytest.mark.parametrize("strategy", [NUMBERS.filter(lambda x: x % 10 == 0), assumed()], ids=["filter", "assume"])
def test_a_property_that_throws_away_much_of_what_it_draws_is_named(strategy):
    texts = wrong(strategy, large=lambda x: x > 500)
    assert len(texts) == 1 and texts[0].endswith("examples are thrown away")


def test_what_a_deviation_leaves_out_is_thrown_away():
    deviation = Deviation("One is two.", witness={"x": 1}, where=lambda x: x % 5)
    texts = wrong(NUMBERS, [deviation], fifth=at_least(0.9, lambda x: x % 5 == 0))
    assert len(texts) == 1 and texts[0].endswith("examples are thrown away")


def test_a_claim_that_is_not_there_is_a_usage_error():
    run = subprocess.run([sys.executable, "-m", "spec.selftest.branches", "no.such"], stderr=subprocess.PIPE,
                         cwd=os.path.dirname(os.path.dirname(BOOK)))
    assert run.returncode == 2 and b"there is no claim no.such" in run.stderr


@pytest.mark.parametrize("share", [0, 1, 50])
def test_a_share_lies_between_0_and_1(share):
    with pytest.raises(ClaimError, match="not between 0 and 1"):
        at_least(share, lambda x: True)
