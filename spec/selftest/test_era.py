"""Releases and eras."""
import pytest

from spec.era import RELEASES, Era, release


def test_there_are_thirty_minor_releases_from_1_0_to_2_15():
    assert len(RELEASES) == 30
    assert (RELEASES[0], RELEASES[13], RELEASES[14], RELEASES[-1]) == ((1, 0), (1, 13), (2, 0), (2, 15))


@pytest.mark.parametrize("version, pair", [
    ("1.0.0", (1, 0)), ("1.13.1+cu117", (1, 13)), ("2.2.0a0+git81ea7a4", (2, 2)), ("2.15", (2, 15))])
def test_a_version_belongs_to_its_minor_release(version, pair):
    assert release(version) == pair


def test_a_text_that_is_no_version_is_refused():
    with pytest.raises(ValueError, match="not a version"):
        release("nightly")


def test_1_2_comes_before_1_13():
    assert (1, 2) in Era(until="1.13")
    assert (1, 13) not in Era(until="1.2")


@pytest.mark.parametrize("era, inside", [
    (Era(), RELEASES),
    (Era(since="2.14"), ((2, 14), (2, 15))),
    (Era(until="1.1"), ((1, 0), (1, 1))),
    (Era("1.13", "2.0"), ((1, 13), (2, 0))),
])
def test_both_ends_of_an_era_lie_in_it(era, inside):
    assert tuple(one for one in RELEASES if one in era) == tuple(inside)


def test_a_release_to_come_lies_in_an_era_without_an_end():
    assert (2, 16) in Era(since="2.14") and (3, 0) in Era()


def test_eras_overlap_when_they_share_a_release():
    for first, second in ((Era(until="1.4"), Era(since="1.4")), (Era("1.2", "2.0"), Era("1.4", "1.5"))):
        assert first.overlaps(second) and second.overlaps(first)
    for first, second in ((Era(until="1.4"), Era(since="1.5")), (Era("1.2", "1.3"), Era("1.4", "1.5"))):
        assert not first.overlaps(second) and not second.overlaps(first)


def test_an_era_reads_as_words():
    assert [str(era) for era in (Era(), Era(until="2.13"), Era("2.14"), Era("1.2", "1.4"), Era("1.2", "1.2"))] == [
        "every torch", "torch up to 2.13", "torch 2.14 on", "torch 1.2 to 1.4", "torch 1.2"]
