"""A run: devices, the verdict file, several processes, random order, and what a failure prints."""
import json

import pytest

from spec.plugin.verdict_file import version
from spec.records import FOLDER

pytest_plugins = ["pytester"]

SECTION = """
SMALL = Claim("tensors.small", "x is below 5.", sources=SOURCES, deviations=[Deviation(
    "x may be 5 or more.", witness={'x': 7}, where=lambda x: x >= 5)])
ONE = Claim("tensors.one", "One is one.", sources=SOURCES)

@SMALL
@given(x=st.integers(0, 10**6).map(lambda number: number % 10))
def test_x_is_small(device, x):
    '''
    >>> x < 5
    '''
    assert x < 5

@SMALL.instead
def test_x_may_be_large():
    assert 7 >= 5

@ONE
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_number_divided_by_itself_is_one(device, number):
    assert torch.tensor(number, device=device).item() / number == 1
"""


def stable(path):
    """Return a verdict file without what may differ from run to run: seconds and seed."""
    data = json.loads(path.read_text())
    del data["seed"]
    for claim in data["claims"]:
        for test in claim["tests"]:
            del test["seconds"]
    return data


def printed_script(text):
    """Return the lines of the script that a failure prints."""
    lines = text.partition("alone:")[2].partition("=====")[0].splitlines()
    return [line[4:] for line in lines if line.startswith("    ")]


def record_path(pytester):
    """Return the path of the record of the installed torch on the CPU, its folder made."""
    folder = pytester.path.joinpath(FOLDER)
    folder.mkdir(parents=True)
    return folder.joinpath("torch-{}-cpu.json".format(version()))


def test_the_verdict_file_is_the_same_in_several_processes_and_in_random_order(
        book, pytester, monkeypatch, pytestconfig):
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath))
    book(SECTION, "--verdicts=plain.json", "--hypothesis-profile=ci")
    plain = stable(pytester.path.joinpath("plain.json"))
    assert [claim["verdict"] for claim in plain["claims"]] == ["holds", "deviates"]
    orders = {"processes": ["-n2"], "random": ["-p", "randomly", "-p", "no:xdist"]}
    for name, arguments in orders.items():
        result = pytester.runpytest_subprocess(
            "-p", "no:cacheprovider", "--verdicts={}.json".format(name), "--hypothesis-profile=ci", *arguments)
        assert result.ret == 0
        assert stable(pytester.path.joinpath(name + ".json")) == plain


def test_the_verdict_file_has_the_fields_of_schema_1(book, pytester):
    book(SECTION, "--verdicts=v.json")
    data = json.loads(pytester.path.joinpath("v.json").read_text())
    assert list(data) == ["schema", "torch", "python", "numpy", "tensorflow", "device", "device_name", "platform",
                          "profile", "seed", "capabilities", "claims"]
    assert (data["schema"], data["device"], data["profile"]) == (1, "cpu", "default")
    for claim in data["claims"]:
        assert list(claim) == ["id", "chapter", "says", "sources", "verdict", "instead", "since", "issue", "reason",
                               "tests"]
        assert list(claim["sources"][0]) == ["document", "section"]
        assert list(claim["tests"][0]) == ["nodeid", "outcome", "examples", "seconds"]


def test_nothing_is_left_behind_beside_the_verdict_file(book, pytester):
    book(SECTION, "--verdicts=v.json")
    assert [path.name for path in pytester.path.iterdir() if "verdicts" in path.name] == []
    assert pytester.path.joinpath("v.json").stat().st_mode & 0o444 == 0o444


def test_a_run_with_a_seed_is_repeated_by_that_seed(book, pytester):
    section = SECTION.replace("assert x < 5\n", "print('drew', x); assert x < 5\n", 1)
    first = book(section, "--hypothesis-seed=11", "-s")
    again = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-seed=11", "-s")
    other = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-seed=12", "-s")
    drawn = [[line.split("drew")[1] for line in run.outlines if "drew" in line] for run in (first, again, other)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_only_the_claim_asked_for_is_run(book):
    book(SECTION, "--claim=tensors.one").assert_outcomes(passed=3, deselected=2)


def test_a_failing_property_prints_the_sentence_its_source_and_a_script(book):
    result = book("""
    from spec.strategies import Blueprint
    CLAIM = Claim("tensors.small", "Every entry is below 5.", sources=SOURCES)

    @CLAIM
    @given(x=st.sampled_from([Blueprint.of([[1.0, 7.0]], "float32")]), number=st.just(3))
    def test_entries_are_small(device, x, number):
        '''
        >>> x.max() < 5
        '''
        assert x.on(device).max().item() < 5
    """)
    text = "\n".join(result.outlines)
    assert "Every entry is below 5.  [tensors.small]" in text
    assert "FloydHub Introduction to PyTorch: a DL Framework: Tensor" in text
    script = printed_script(text)
    assert script == ["import torch", "x = torch.tensor([[1.0, 7.0]], dtype=torch.float32)", "print(x.max() < 5)"]
    exec("\n".join(script), {})


def test_a_script_is_never_longer_than_six_lines(book):
    result = book("""
    from typing import NamedTuple
    CLAIM = Claim("tensors.small", "It is small.", sources=SOURCES)
    Net = NamedTuple("Net", [("w1", float), ("w2", float), ("w3", float)])

    @CLAIM
    @given(a=st.just(1), b=st.just(2), c=st.just(3), net=st.just(Net(1.0, 2.0, 3.0)))
    def test_it_is_small(a, b, c, net):
        '''
        >>> total = a + b + c
        >>> total + w1 + w3
        '''
        assert a + b < 0
    """)
    text = "\n".join(result.outlines)
    script = printed_script(text)
    assert len(script) == 6 and script[-1] == "print(total + w1 + w3)"
    exec("\n".join(script), {})


def test_the_summary_counts_verdicts_by_chapter(book):
    result = book(SECTION)
    result.stdout.fnmatch_lines(["*holds  deviates  not-applicable  unverified  broken", "tensors *1 *1 *. *. *."])


@pytest.mark.parametrize("change, ret, line", [
    ({}, 0, None),
    ({"verdict": "unverified"}, 0, None),
    ({"verdict": "deviates"}, 1, "tensors.one is deviates in the record, but holds in this run"),
    ({"says": "One is two."}, 1, "tensors.one: the record has another 'says': 'One is two.'"),
    ({"since": "1.4"}, 1, "tensors.one: the record has another 'since': '1.4'"),
    ({"id": "tensors.two"}, 1, "tensors.one is not in the record; in this run it is holds"),
])
def test_a_run_must_agree_with_the_record_of_its_release(book, pytester, change, ret, line):
    path = record_path(pytester)
    book(SECTION, "--verdicts=new.json")
    record = json.loads(pytester.path.joinpath("new.json").read_text())
    record["claims"][0].update(change)
    path.write_text(json.dumps(record))
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    assert result.ret == ret
    assert line is None or line in "\n".join(result.outlines)


def test_an_interrupted_run_leaves_the_verdict_file_as_it_was(book, pytester):
    pytester.path.joinpath("v.json").write_text("what was there")
    result = book(SECTION.replace("assert torch.tensor", "pytest.exit(\"stop\")\n    assert torch.tensor"),
                  "--verdicts=v.json")
    assert result.ret == 2
    assert pytester.path.joinpath("v.json").read_text() == "what was there"


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 2, "claims": []}', '{"schema": 1, "claims": [{"id": "a.b"}]}'])
def test_a_record_that_is_no_verdict_file_is_named(book, pytester, text):
    path = record_path(pytester)
    path.write_text(text)
    result = book(SECTION)
    assert result.ret == 1
    assert path.name in "\n".join(result.outlines) and "Traceback" not in "\n".join(result.outlines)
