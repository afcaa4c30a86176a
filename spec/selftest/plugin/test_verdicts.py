"""What a run says of a claim."""
import json

import pytest
import torch

from spec.era import release

pytest_plugins = ["pytester"]

ELSEWHERE = "since='2.15'" if release(torch.__version__) == (1, 0) else "until='1.0'"
"""An era in which the installed torch does not lie."""


def verdicts(pytester, path="v.json"):
    """Return claim id -> entry of the verdict file that a run has written."""
    return {entry["id"]: entry for entry in json.loads(pytester.path.joinpath(path).read_text())["claims"]}


def deviating(body, deviation):
    """Return a section whose claim, "x is below 5", has one deviation and a test of what is true instead."""
    return """
    CLAIM = Claim("tensors.small", "x is below 5.", sources=SOURCES, deviations=[Deviation(
        "x may be 5 or more.", {deviation})])

    @CLAIM
    @given(x=st.integers(0, 9))
    def test_x_is_small(device, x):
        '''
        >>> x < 5
        '''
        {body}

    @CLAIM.instead
    def test_x_may_be_large():
        assert 7 >= 5
    """.format(deviation=deviation, body=body)


def test_a_claim_whose_tests_pass_holds(book, pytester):
    book("""
    CLAIM = Claim("tensors.one", "One is one.", sources=SOURCES)

    @CLAIM
    def test_one_is_one(device):
        assert torch.ones(1, device=device).item() == 1
    """, "--verdicts=v.json").assert_outcomes(passed=1)
    entry = verdicts(pytester)["tensors.one"]
    assert (entry["verdict"], entry["instead"], entry["reason"]) == ("holds", None, None)
    assert [test["outcome"] for test in entry["tests"]] == ["passed"]


def test_a_claim_with_a_failing_test_is_broken_and_the_run_fails(book, pytester):
    result = book("""
    CLAIM = Claim("tensors.one", "One is one.", sources=SOURCES)

    @CLAIM
    def test_one_is_one():
        assert True

    @CLAIM
    def test_one_is_two():
        assert 1 == 2
    """, "--verdicts=v.json")
    assert result.ret == 1
    assert verdicts(pytester)["tensors.one"]["verdict"] == "broken"


def test_a_deviation_seen_on_its_witness_is_reported_as_recorded(book, pytester):
    section = deviating("assert x < 5", "witness={'x': 7}, where=lambda x: x >= 5, issue='pytorch#1'")
    result = book(section, "--verdicts=v.json")
    result.assert_outcomes(passed=2)
    entry = verdicts(pytester)["tensors.small"]
    assert (entry["verdict"], entry["instead"], entry["issue"]) == ("deviates", "x may be 5 or more.", "pytorch#1")
    result.stdout.fnmatch_lines(["*tensors.small: x may be 5 or more. (pytorch#1)"])


def test_a_deviation_that_is_not_there_is_broken(book, pytester):
    section = deviating("assert x < 10", "witness={'x': 7}, where=lambda x: x >= 5")
    result = book(section, "--verdicts=v.json")
    result.stdout.fnmatch_lines(["*this holds on the pinned witness*"])
    assert verdicts(pytester)["tensors.small"]["verdict"] == "broken"


def test_a_property_must_hold_outside_the_cases_that_a_deviation_covers(book, pytester):
    section = deviating("assert x < 5 and x != 3", "witness={'x': 7}, where=lambda x: x >= 5")
    book(section, "--verdicts=v.json").stdout.fnmatch_lines(["*x = 3*"])
    assert verdicts(pytester)["tensors.small"]["verdict"] == "broken"


def test_a_deviation_that_covers_everything_runs_only_its_witness(book, pytester):
    section = deviating("assert x == 3", "witness={'x': 7}")
    book(section, "--verdicts=v.json").assert_outcomes(passed=2)
    examples = [test["examples"] for test in verdicts(pytester)["tensors.small"]["tests"]]
    assert examples == [1, 1]


def test_outside_its_era_the_witness_of_a_deviation_must_pass(book, pytester):
    section = deviating("assert x != 7", ELSEWHERE + ", witness={'x': 7}")
    book(section, "--verdicts=v.json").assert_outcomes(failed=1, deselected=1)
    assert verdicts(pytester)["tensors.small"]["verdict"] == "broken"


def test_a_witness_that_fails_in_another_way_than_recorded_is_broken(book, pytester):
    section = deviating("assert [0, 1][x] < 5", "witness={'x': 7}")
    book(section, "--verdicts=v.json").stdout.fnmatch_lines(["*must fail by AssertionError, not by IndexError*"])
    assert verdicts(pytester)["tensors.small"]["verdict"] == "broken"


def test_a_recorded_exception_type_is_accepted_in_place_of_an_assertion(book, pytester):
    section = deviating("assert [0, 1][x] < 5", "witness={'x': 7}, raises=IndexError")
    book(section, "--verdicts=v.json").assert_outcomes(passed=2)
    assert verdicts(pytester)["tensors.small"]["verdict"] == "deviates"


def test_a_body_in_which_nothing_is_raised_fails_like_an_assertion(book, pytester):
    section = deviating("with pytest.raises(IndexError): [0, 1, 2, 3, 4, 5, 6, 7][x]", "witness={'x': 7}")
    book(section, "--verdicts=v.json").assert_outcomes(passed=2)
    assert verdicts(pytester)["tensors.small"]["verdict"] == "deviates"


def test_what_is_true_instead_must_pass(book, pytester):
    section = deviating("assert x < 5", "witness={'x': 7}").replace("assert 7 >= 5", "assert 7 < 5")
    book(section, "--verdicts=v.json").assert_outcomes(passed=1, failed=1)
    assert verdicts(pytester)["tensors.small"]["verdict"] == "broken"


@pytest.mark.parametrize("capability, verdict, reason", [
    ("LACKING", "not-applicable", "the device lacks it by nature"),
    ("ABSENT", "unverified", "it is not installed"),
])
def test_a_missing_capability_gives_its_reason(book, pytester, capability, verdict, reason):
    book("""
    CLAIM = Claim("tensors.one", "One is one.", sources=SOURCES)

    @CLAIM
    @needs({})
    def test_one_is_one(device):
        assert False
    """.format(capability), "--verdicts=v.json").assert_outcomes(skipped=1)
    entry = verdicts(pytester)["tensors.one"]
    assert (entry["verdict"], entry["reason"]) == (verdict, reason)


@pytest.mark.parametrize("capability, verdict, reason", [
    ("LACKING", "holds", "the device lacks it by nature"),
    ("ABSENT", "unverified", "in part: it is not installed"),
])
def test_a_part_that_could_not_be_run_here_leaves_the_claim_unverified(book, pytester, capability, verdict, reason):
    book("""
    CLAIM = Claim("tensors.one", "One is one.", sources=SOURCES)

    @CLAIM
    def test_one_is_one(device):
        assert True

    @CLAIM
    @needs({})
    def test_one_is_one_elsewhere(device):
        assert True
    """.format(capability), "--verdicts=v.json").assert_outcomes(passed=1, skipped=1)
    entry = verdicts(pytester)["tensors.one"]
    assert (entry["verdict"], entry["reason"]) == (verdict, reason)


def test_a_skip_without_a_missing_capability_is_broken(book, pytester):
    result = book("""
    CLAIM = Claim("tensors.one", "One is one.", sources=SOURCES)

    @CLAIM
    def test_one_is_one(device):
        pytest.skip("not today")
    """, "--verdicts=v.json")
    assert result.ret == 1
    assert verdicts(pytester)["tensors.one"]["verdict"] == "broken"


REACHING = """
    CLAIM = Claim("tensors.small", "x is below 1000.", sources=SOURCES)

    @CLAIM
    @reaches(far=lambda x: x == 77)
    @given(x=st.integers(0, {}).map(lambda number: number * 31 % {}))
    def test_x_is_small(x):
        '''
        >>> x < 1000
        '''
        assert x < 1000
"""


@pytest.mark.parametrize("profile", ["default", "ci"])
def test_a_branch_that_is_never_reached_is_broken(book, pytester, profile):
    result = book(REACHING.format(50, 51), "--hypothesis-profile=" + profile, "--verdicts=v.json")
    result.stdout.fnmatch_lines(["*never reached: far*"])
    assert verdicts(pytester)["tensors.small"]["verdict"] == "broken"


@pytest.mark.parametrize("profile", ["default", "ci"])
def test_a_branch_that_is_rare_is_reached_by_going_on(book, pytester, profile):
    book(REACHING.format(220, 221), "--hypothesis-profile=" + profile, "--verdicts=v.json").assert_outcomes(passed=1)
    assert verdicts(pytester)["tensors.small"]["verdict"] == "holds"


def test_a_claim_of_which_only_some_tests_were_run_is_unverified(book, pytester):
    book("""
    CLAIM = Claim("tensors.one", "One is one.", sources=SOURCES)

    @CLAIM
    def test_one_is_one():
        assert True

    @CLAIM
    def test_two_is_two():
        assert True
    """, "--verdicts=v.json", "-k", "one")
    entry = verdicts(pytester)["tensors.one"]
    assert (entry["verdict"], entry["reason"]) == ("unverified", "not all tests of this claim were run")


def test_a_test_that_leaks_a_global_setting_is_broken(book, pytester):
    book("""
    CLAIM = Claim("tensors.one", "One is one.", sources=SOURCES)

    @CLAIM
    def test_one_is_one():
        torch.set_default_dtype(torch.float64)
    """, "--verdicts=v.json").stdout.fnmatch_lines(["*changed and did not restore: default dtype*"])
    assert verdicts(pytester)["tensors.one"]["verdict"] == "broken"
