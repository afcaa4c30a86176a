"""Measured ratios: the tests that judge them, and files that are none."""
import json

import pytest

from spec.plugin.verdict_file import version

pytest_plugins = ["pytester"]

SECTION = """
from spec.measurements import measured, ratio
FAST = Claim("tensors.fast", "A is faster than b.", sources=SOURCES)

@FAST
@needs(measured("b over a"))
def test_a_is_faster_than_b(device):
    assert ratio("b over a", device).low > 1
"""


def measurements(low, high, **fields):
    return dict({"schema": 1, "torch": version(), "ratios": [
        {"name": "b over a", "device": "cpu", "low": low, "median": (low + high) / 2, "high": high}]}, **fields)


def verdict(book, pytester, *options):
    result = book(SECTION, "--device=cpu", "--verdicts=v.json", *options)
    claim, = json.loads(pytester.path.joinpath("v.json").read_text())["claims"]
    return result.ret, claim["verdict"], claim["reason"]


def test_a_claim_about_time_is_unverified_where_nothing_was_measured(book, pytester):
    code, found, reason = verdict(book, pytester)
    assert (code, found) == (0, "unverified")
    assert "tox run -e bench" in reason


@pytest.mark.parametrize("low, high, found", [(1.5, 2.5, "holds"), (0.9, 2.5, "broken")])
def test_a_claim_about_time_is_judged_by_the_measured_ratio(book, pytester, low, high, found):
    pytester.path.joinpath("m.json").write_text(json.dumps(measurements(low, high)))
    assert verdict(book, pytester, "--measurements=m.json")[1] == found


@pytest.mark.parametrize("text, says", [
    ("", "Expecting value"),
    ("[1]", "this is not a file of measurements"),
    (json.dumps(measurements(1, 2, schema=7)), "schema 1"),
    (json.dumps(measurements(1, 2, torch="0.3.1")), "torch 0.3.1 was measured"),
    (json.dumps(measurements(2, 1)), "no ratio with its spread"),
    (None, "No such file"),
], ids=["empty", "list", "schema", "other-torch", "spread", "absent"])
def test_a_file_that_is_none_of_measurements_is_a_usage_error_of_one_line(book, pytester, text, says):
    if text is not None:
        pytester.path.joinpath("m.json").write_text(text)
    result = book(SECTION, "--measurements=m.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    line, = [line for line in result.stderr.lines if line]
    assert says in line and "m.json" in line
