"""Deviations by device: they are witnessed in the run, and a file that cannot be right is refused in one line."""
import json
import os

import pytest

pytest_plugins = ["pytester"]

SECTION = """
SMALL = Claim("tensors.small", "x is below 5.", sources=SOURCES)
CASES = Claim("tensors.cases", "A number is not 2.", sources=SOURCES)

@SMALL
@given(x=st.integers(0, 400))
def test_x_is_small(device, x):
    '''
    >>> x < 5
    '''
    assert x % 401 < {limit}

@SMALL
def test_one_is_small(device):
    assert 1 < 5

@CASES
@pytest.mark.parametrize("number", [1, 2])
def test_a_number_is_not_two(device, number):
    assert number != {two}
"""
KNOWN = {"claim": "tensors.small", "tests": ["test_x_is_small"], "reason": "backend-fault", "says": "x may be large.",
         "issue": "backend#1"}
CASE = {"claim": "tensors.cases", "tests": ["test_a_number_is_not_two[2]"], "reason": "accepts-more",
        "says": "A number may be 2."}


@pytest.fixture
def verdicts(book, pytester):
    """Run the section on the CPU with a file of deviations; return (result, entries by the last part of the id)."""
    def run(*entries, limit=200, two=0, section=SECTION, options=("--hypothesis-profile=quick",)):
        pytester.path.joinpath("known.json").write_text(
            json.dumps({"schema": 1, "device": "cpu", "deviations": entries}))
        result = book(section.format(limit=limit, two=two), "--device=cpu", "--verdicts=v.json",
                      "--device-deviations=known.json", *options)
        path = pytester.path.joinpath("v.json")
        claims = json.loads(path.read_text())["claims"] if path.exists() else []
        return result, {entry["id"].split(".")[1]: entry for entry in claims}
    return run


def test_a_recorded_failure_that_is_seen_is_a_deviation_with_its_reason(verdicts):
    result, claims = verdicts(KNOWN, CASE, two=2)
    assert result.ret == 0
    assert [claims["small"][name] for name in ("verdict", "instead", "since", "issue", "reason")] == [
        "deviates", "x may be large.", None, "backend#1", "backend-fault"]
    assert [claims["cases"][name] for name in ("verdict", "instead", "reason")] == [
        "deviates", "A number may be 2.", "accepts-more"]


@pytest.mark.parametrize("seed", range(5))
def test_a_failure_that_few_inputs_show_is_looked_for_with_other_seeds(verdicts, seed):
    _, claims = verdicts(KNOWN, limit=390, options=("--hypothesis-profile=quick", "--hypothesis-seed={}".format(seed)))
    assert claims["small"]["verdict"] == "deviates"


def test_a_failure_that_is_not_seen_is_broken(verdicts):
    result, claims = verdicts(KNOWN, CASE, limit=1000)
    assert result.ret == 1
    assert claims["small"]["verdict"] == claims["cases"]["verdict"] == "broken"
    result.stdout.fnmatch_lines(["*this holds, although a deviation by device is recorded*"])


def test_a_failure_that_is_not_recorded_is_broken(verdicts):
    result, claims = verdicts(KNOWN, CASE, two=1)
    assert result.ret == 1 and claims["cases"]["verdict"] == "broken"


def test_a_failure_by_another_exception_than_recorded_is_broken(verdicts):
    result, claims = verdicts(dict(KNOWN, raises="IndexError"), CASE, two=2)
    assert claims["small"]["verdict"] == "broken" and claims["cases"]["verdict"] == "deviates"
    result.stdout.fnmatch_lines(["*must fail by IndexError, not by AssertionError*"])


def test_a_test_that_is_skipped_although_it_is_recorded_to_fail_is_broken(verdicts):
    section = SECTION.replace("@SMALL\ndef", "@SMALL\n@needs(LACKING)\ndef")
    _, claims = verdicts(dict(KNOWN, tests=["test_one_is_small"]), section=section)
    assert claims["small"]["verdict"] == "broken"


def test_an_entry_for_another_release_is_left_aside(verdicts):
    _, claims = verdicts(dict(KNOWN, until="1.0") if not_the_first() else dict(KNOWN, since="2.15"), limit=1000)
    assert claims["small"]["verdict"] == "holds"


def not_the_first():
    from spec.capabilities import HERE

    return HERE != (1, 0)


CRASHING = SECTION.replace("assert 1 < 5", "import os, signal; os.kill(os.getpid(), signal.{signal})")


@pytest.mark.parametrize("signal, verdict", [("SIGSEGV", "deviates"), ("SIGCONT", "broken")])
def test_a_crash_is_witnessed_in_a_process_of_its_own(verdicts, pytester, monkeypatch, pytestconfig, signal, verdict):
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath))
    _, claims = verdicts(dict(KNOWN, tests=["test_one_is_small"], raises="crash"), limit=1000,
                         section=CRASHING.replace("{signal}", signal))
    assert claims["small"]["verdict"] == verdict


@pytest.mark.parametrize("entries, says", [
    ([dict(KNOWN, claim="tensors.gremlin")], "there is no such claim"),
    ([dict(KNOWN, tests=["test_gremlin"])], "there is no test test_gremlin of it"),
    ([dict(CASE, tests=["test_a_number_is_not_two[7]"])], "there is no test test_a_number_is_not_two[7] of it on this"),
    ([dict(KNOWN, reason="gremlins")], "there is no reason 'gremlins'; there are accepts-more, "),
    ([dict(KNOWN, says="no sentence")], "what it says is not a sentence"),
    ([dict(KNOWN, since="0.4")], "'0.4' is not a minor release"),
    ([dict(KNOWN, colour="red")], "has an unknown field 'colour'"),
    ([dict(KNOWN, tests="test_x_is_small")], "'tests' is of another type"),
    ([{"claim": "tensors.small"}], "has no 'tests'"),
    ([KNOWN, dict(KNOWN, says="Other.")], "test_x_is_small stands there twice"),
    (["tensors.small"], "an entry is not an object"),
], ids=["claim", "test", "case", "reason", "sentence", "release", "field", "type", "lacking", "twice", "text"])
def test_an_entry_that_cannot_be_right_is_a_usage_error_of_one_line(verdicts, entries, says):
    result, _ = verdicts(*entries)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    line, = [line for line in result.stderr.lines if line]
    assert says in line and "known.json" in line


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 2}', '{"schema": 1, "device": "cpu"}', None])
def test_a_file_that_is_none_of_deviations_is_a_usage_error_of_one_line(book, pytester, text):
    if text is not None:
        pytester.path.joinpath("known.json").write_text(text)
    result = book(SECTION.format(limit=5, two=2), "--device-deviations=known.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    line, = [line for line in result.stderr.lines if line]
    assert "known.json" in line


@pytest.mark.parametrize("name, says", [
    ("no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    ("fails", "RuntimeError: no driver"),
])
def test_a_module_that_cannot_bring_a_device_is_a_usage_error_of_one_line(book, pytester, name, says):
    pytester.makepyfile(fails="raise RuntimeError('no driver\\nand more')")
    pytester.syspathinsert()
    result = book(SECTION.format(limit=400, two=0), "--device-module=" + name)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    line, = [line for line in result.stderr.lines if line]
    assert line.endswith("--device-module={}: it cannot be imported: {}".format(name, says))


def test_a_module_of_a_device_is_imported_before_the_device_is_looked_for(book, pytester):
    pytester.makepyfile(brings="import os; os.environ['BROUGHT'] = 'yes'")
    pytester.syspathinsert()
    os.environ.pop("BROUGHT", None)
    try:
        assert book(SECTION.format(limit=401, two=0), "--device-module=brings", "--device=cpu").ret == 0
        assert os.environ["BROUGHT"] == "yes"
    finally:
        os.environ.pop("BROUGHT", None)
