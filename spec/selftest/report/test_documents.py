"""The command: what it makes of verdict files, and what it refuses."""
import os

import pytest

from spec import records
from spec.report import __main__, changes, history, markdown, sections
from spec.selftest.report.conftest import claim

LARGE = dict(instead="x may be | large.", issue="pytorch#1")


def test_neighbouring_releases_that_say_the_same_are_one_run_and_the_others_are_not_guessed(record):
    told = history.read([record("1.0.0", claim()), record("1.1.0", claim()), record("1.3.1", claim())])
    assert [(run.first, run.last, run.verdict) for run in told.runs("tensors.small", "cpu")] == [
        ("1.0", "1.1", "holds"), ("1.2", "1.2", "not-run"), ("1.3", "1.3", "holds"), ("1.4", "2.15", "not-run")]


def test_a_file_that_verified_a_claim_goes_before_one_that_did_not_in_either_order(record):
    files = [record("2.0.1", claim("unverified")), record("2.0.1", claim("holds"))]
    for order in (files, files[::-1]):
        assert history.read(order).entry("tensors.small", "cpu", (2, 0))["verdict"] == "holds"


def test_what_changed_is_told_once_in_the_release_that_changed_it(record):
    told = history.read([record("1.13.1", claim()), record("2.0.1", claim("deviates", **LARGE)),
                         record("2.1.2", claim("deviates", **LARGE))])
    assert changes.changes(told) == {
        "2.0": [("tensors.small", "x is <small>.", None, "x may be | large.", "pytorch#1")]}


def test_a_change_between_releases_far_apart_names_them_all(record):
    told = history.read([record("1.4.0", claim("deviates", **LARGE)), record("1.8.1", claim())])
    assert list(changes.changes(told)) == ["1.5 to 1.8"]


def test_what_was_not_verified_is_no_change(record):
    told = history.read([record("1.4.0", claim()), record("1.5.1", claim("unverified")), record("1.6.0", claim())])
    assert not changes.changes(told)


def test_a_bar_in_a_sentence_does_not_end_the_cell_of_the_table(record):
    told = history.read([record("2.0.1", claim("deviates", **LARGE))])
    assert "deviates 2.0 (x may be \\| large.)" in "\n".join(markdown.lines(told))


@pytest.mark.parametrize("fields, refused", [
    (dict(schema=2), "not a verdict file of schema 1"),
    (dict(torch="nightly"), "not a version: 'nightly'"),
    (dict(torch="0.4.1"), "torch 0.4.1 is not one of the releases 1.0 to 2.15"),
    (dict(claims=[claim("perhaps")]), "tensors.small has the unknown verdict 'perhaps'"),
    (dict(claims=[claim(), claim()]), "tensors.small stands there twice"),
    (dict(claims=[dict(claim(), tests=None)]), "the entry 'tensors.small' has no 'tests', or one of another type"),
    (dict(device=None), "it has no 'device', or one of another type"),
], ids=["schema", "nightly", "too old", "unknown verdict", "twice", "no tests", "no device"])
def test_a_file_that_cannot_be_right_is_named_and_the_page_stays(record, tmp_path, capsys, fields, refused):
    page = tmp_path / "page.html"
    page.write_text("what was published")
    bad = record(**dict(dict(torch="2.0.1", claims=[claim()]), **fields))
    assert __main__.main([record("1.0.0", claim()), bad, "--html", str(page)]) == 2
    said = capsys.readouterr().err
    assert bad in said and refused in said and said.count("\n") == 1
    assert page.read_text() == "what was published"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": 1'])
def test_a_truncated_file_is_named(record, tmp_path, capsys, text):
    path = tmp_path / "half.json"
    path.write_text(text)
    assert __main__.main([str(path), "--changes", str(tmp_path / "c.md")]) == 2
    assert str(path) in capsys.readouterr().err and not (tmp_path / "c.md").exists()


def test_two_files_that_contradict_each_other_are_both_named(record, tmp_path, capsys):
    files = [record("2.0.1", claim()), record("2.0.1", claim("deviates", **LARGE))]
    assert __main__.main(files + ["--markdown", str(tmp_path / "t.md")]) == 2
    said = capsys.readouterr().err
    assert all(path in said for path in files)


def test_a_place_that_cannot_be_written_is_named(record, tmp_path, capsys):
    assert __main__.main([record("2.0.1", claim()), "--markdown", str(tmp_path / "no" / "t.md")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_verdict_file_is_read_back_as_it_was_written(record, tmp_path):
    data = records.read(record("2.0.1", claim("deviates", **LARGE), claim(id="tensors.other")))
    records.write(str(tmp_path / "v.json"), data)
    assert records.read(str(tmp_path / "v.json")) == data


def test_every_claim_is_quoted_with_its_tests():
    places = sections.passages()
    assert len(places) > 100
    for id, place in places.items():
        assert os.path.exists(os.path.join(os.path.dirname(sections.SPEC), place.path))
        assert id in place.text and place.kills, id
