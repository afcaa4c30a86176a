"""From what the benchmarks wrote to measurements, ratios, table, drawing and the comparison with a record."""
import json
import os

import pytest

from spec import measurements as judged
from spec.benchmarks import __main__, documents, markdown, regression
from spec.measurement_file import load

CONDITIONS = {
    "torch": "2.13.0", "python": "3.11.7", "numpy": "2.4.6", "tensorflow": None, "platform": "Linux x86_64",
    "hardware": {"cpu": {"name": "a processor", "cores": 2, "mhz": None}}, "threads": 1,
    "settings": {"tf32": False, "cudnn_benchmark": False},
}


def entry(group, device="cpu", size=None, **data):
    """Return the entry of one benchmark; an operation's spaces are written as underscores."""
    return {"extra_info": {
        "refused": False, "group": group, "device": device, "size": size, "conditions": CONDITIONS,
        "operations": {name.replace("_", " "): {
            "iterations": 10, "data": times, "work": 5, "unit": "flop", "checks": {"left": 0.0, "growth": {"2": 1.0}}}
            for name, times in data.items()}}}


def lstm(factor=1.0, device="cpu"):
    return entry("LSTM", device, None, **{"loop of cells": [4.0 * factor, 6.0, 9.0 * factor],
                                          "hand-written cell": [8.0, 12.0, 18.0], "built-in": [1.0, 2.0, 3.0]})


def sweep(device, times):
    return [entry("matrix product", device, size, mm=[time]) for size, time in times.items()]


@pytest.fixture
def written(tmp_path):
    """Write a file of pytest-benchmark and return its path."""
    def write(*entries):
        path = tmp_path / "raw-{}.json".format(len(list(tmp_path.iterdir())))
        path.write_text(json.dumps({"benchmarks": list(entries)}))
        return str(path)
    return write


def made(written, *entries):
    return documents.measurements(documents.entries_of("times.json", load(written(*entries))))


def ratios(found):
    return {(one["name"], one["device"]): (one["low"], one["median"], one["high"]) for one in found["ratios"]}


def test_quartiles_are_the_medians_of_the_halves():
    assert documents.quartiles([5, 1, 4, 2, 3]) == (2, 3, 4)
    assert documents.quartiles([4, 1, 2, 3]) == (1.5, 2.5, 3.5)
    assert documents.quartiles([7]) == (7, 7, 7)


def test_operations_that_took_turns_are_compared_round_by_round(written):
    found = ratios(made(written, lstm()))
    assert found["LSTM: loop of cells over the built-in", "cpu"] == (3.0, 3.0, 3.5)
    assert found["LSTM: hand-written cell over the built-in", "cpu"] == (6.0, 6.0, 7.0)


def test_the_processor_and_a_gpu_are_compared_by_their_far_quartiles(written):
    net = "forward and backward"
    found = ratios(made(written, entry("convolutional network", **{net: [90.0, 100.0, 110.0]}),
                        entry("convolutional network", "cuda", **{net: [1.0, 2.0, 3.0]})))
    assert found == {("GPU speed-up: convolutional net", "cuda"): (95 / 2.5, 50.0, 105 / 1.5)}


def test_a_ratio_whose_benchmarks_did_not_run_is_absent_and_said_to_be(written):
    found = made(written, lstm())
    assert len(found["ratios"]) == 2
    assert ("GPU speed-up: convolutional net", "no CUDA device is present") in list(documents.absent(found))
    assert ("static graph: built anew over rerun", "TensorFlow is not installed") in list(documents.absent(found))
    assert "- transfer: pageable over pinned (no CUDA device is present)" in list(markdown.lines(found))


def test_a_time_that_was_refused_is_not_among_the_measurements(written):
    refused = {"extra_info": {"refused": True}}
    assert len(made(written, refused, lstm())["benchmarks"]) == 3
    with pytest.raises(judged.NotMeasurements, match="nothing was measured"):
        made(written, refused)


def test_a_gpu_wins_from_the_size_on_from_which_it_is_always_faster(written):
    found = made(written, *(sweep("cpu", {10: 1, 100: 2, 1000: 30, 10000: 900}) +
                            sweep("cuda", {10: 0.5, 100: 3, 1000: 4, 10000: 5})))
    assert list(documents.crossovers(found)) == [("matrix product", "mm", "cuda", 1000)]
    assert "Matrix product, size as side of the matrices: cuda is faster than the CPU from 1000 on." in list(
        markdown.lines(found))


def test_the_measurements_are_a_file_that_the_claims_are_judged_by(written, tmp_path, monkeypatch):
    monkeypatch.setattr(judged, "_taken", {})
    out = str(tmp_path / "measurements.json")
    assert __main__.main([written(lstm()), "--measurements", out]) == 0
    judged.take(out, "2.13.0")
    assert judged.ratio("LSTM: loop of cells over the built-in", "cpu") == (3.0, 3.0, 3.5)


def test_measurements_are_read_again_as_they_were_written(written, tmp_path):
    first, second = str(tmp_path / "first.json"), str(tmp_path / "second.json")
    assert __main__.main([written(lstm()), "--measurements", first]) == 0
    assert __main__.main([first, "--measurements", second]) == 0
    with open(first) as one, open(second) as other:
        assert one.read() == other.read()


def own(ratio):
    return entry("drawing a tensor", **{"spec.strategies": [ratio], "hypothesis.extra.numpy": [1.0]})


@pytest.mark.parametrize("now, status", [(2.0, 0), (2.39, 0), (2.41, 1), (1.0, 0)])
def test_a_ratio_that_has_grown_by_more_than_a_fifth_is_named(written, tmp_path, capsys, now, status):
    recorded = str(tmp_path / "recorded.json")
    assert __main__.main([written(own(2.0), lstm()), "--measurements", recorded]) == 0
    assert __main__.main([written(own(now), lstm(9.0)), "--compare", recorded]) == status
    said = capsys.readouterr().err
    assert said.count("\n") == status and ("drawing a tensor" in said) == bool(status)


def test_a_recorded_ratio_that_was_not_measured_is_named(written):
    line, = regression.regressions(made(written, lstm()), made(written, own(2.0)))
    assert "it was not measured" in line


@pytest.mark.parametrize("text, says", [
    ("", "Expecting value"), ("[1]", "not a file"), ("{}", "not a file that the benchmarks wrote"),
    ('{"benchmarks": []}', "nothing was measured"), ('{"benchmarks": [{"extra_info": {}}]}', "not a file that"),
    ('{"schema": 2}', "not a file of measurements of schema 1"), (None, "No such file"),
])
def test_a_file_that_is_neither_is_refused_in_one_line_and_nothing_is_written(tmp_path, capsys, text, says):
    path, out = tmp_path / "some.json", tmp_path / "out.md"
    if text is not None:
        path.write_text(text)
    assert __main__.main([str(path), "--markdown", str(out)]) == 2
    said = capsys.readouterr().err
    assert says in said and "some.json" in said and said.count("\n") == 1 and not out.exists()


def test_the_readme_has_the_table_of_the_recorded_measurements():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    with open(os.path.join(root, "spec", "verdicts", "speed", "torch-2.13.0-cpu.json")) as file:
        table = [line for line in markdown.lines(json.load(file)) if line.startswith(("|", "Measured"))]
    with open(os.path.join(root, "README.md"), encoding="utf-8") as file:
        lines = file.read().splitlines()
    assert [line for line in table if line not in lines] == []


def test_a_drawing_is_the_same_whenever_it_is_made_and_takes_on_the_colour_of_the_text(written):
    plot = pytest.importorskip("spec.benchmarks.plot", reason="matplotlib is not installed")
    found = made(written, *(sweep("cpu", {10: 1, 100: 2}) + sweep("cuda", {10: 2, 100: 1})))
    text = plot.svg(found)
    assert text == plot.svg(found)
    assert text.startswith("<svg") and "currentColor" in text and "http" not in text.replace("http://www.w3.org/", "")
    assert "#000000" not in text and plot.INK not in text and len(text) < 60000


@pytest.mark.parametrize("value, text", [(0.8966, "0.897"), (1.266, "1.27"), (49.84, "49.8"), (1339.6, "1340"),
                                         (99.96, "100")])
def test_a_ratio_is_written_with_three_digits(value, text):
    assert markdown.number(value) == text
