"""The report on one device: what it makes of a verdict file, what it refuses, and the page in a real browser."""
import pytest

from spec.report import __main__, conformance
from spec.selftest.report.conftest import claim
from spec.selftest.report.test_page import browser, needs_chromium, webdriver  # noqa: F401  browser is a fixture

DEVIATES = dict(instead="x may be | <large>.", reason="backend-fault, rounds-more; the device has no float64",
                issue="backend#1")


@pytest.fixture
def device(record):
    """Write a verdict file of a device and return its path."""
    skipped = [{"nodeid": "a.py::test_a[xla]", "outcome": "skipped", "examples": 0, "seconds": 0.0}]
    return record(
        "2.9.1", claim(), claim("deviates", id="tensors.large", tests=skipped, **DEVIATES),
        claim("not-applicable", id="devices.streams", reason="the device has no streams", tests=skipped),
        claim("broken", id="indexing.mask"), device="xla", device_name="a chip",
        capabilities={"has float64": False, "keeps values": True})


def made(device, tmp_path, kind):
    out = tmp_path / ("report." + kind)
    assert __main__.main([device, "--conformance", str(out)]) == 0
    return out.read_text(encoding="utf-8")


def test_the_report_counts_verdicts_and_tells_capabilities_and_reasons(device, tmp_path):
    text = made(device, tmp_path, "md")
    assert "# Conformance: torch 2.9.1 on xla" in text and "- device: xla (a chip)" in text
    assert "| tensors | 1 | 1 |  |  |  |" in text and "| together | 1 | 1 | 1 |  | 1 |" in text
    assert "- **no:** has float64" in text and "- yes: keeps values" in text
    assert "| backend-fault | a fault of the backend, which nobody intends | 1 |" in text
    assert "- the device has no float64: `tensors.large`" in text
    assert "- the device has no streams: `devices.streams`" in text
    assert "x may be \\| <large>." in text and "**broken**" in text


def test_chapters_stand_in_teaching_order(device):
    told = conformance.Conformance(device)
    assert [chapter for chapter, _ in told.chapters] == ["tensors", "indexing", "devices"]


def test_a_sentence_is_text_on_the_page_and_not_markup(device, tmp_path):
    text = made(device, tmp_path, "html")
    assert "x may be | &lt;large&gt;." in text and "<large>" not in text and 'id="indexing.mask"' in text


def test_a_file_of_a_time_without_capabilities_says_so(record, tmp_path):
    assert "The file does not say." in made(record("2.0.1", claim()), tmp_path, "md")


@pytest.mark.parametrize("name, files, says", [
    ("report.pdf", 1, "report.pdf: its name must end in .html or .md"),
    ("report.md", 0, "name one verdict file"),
    ("report.md", 2, "name one verdict file"),
])
def test_what_cannot_be_made_is_refused_in_one_line(record, tmp_path, capsys, name, files, says):
    paths = [record("2.0.1", claim()) for _ in range(files)]
    assert __main__.main(paths + ["--conformance", str(tmp_path / name)]) == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1 and not (tmp_path / name).exists()


def test_a_file_that_is_no_verdict_file_is_named(tmp_path, capsys):
    (tmp_path / "v.json").write_text("[]")
    assert __main__.main([str(tmp_path / "v.json"), "--conformance", str(tmp_path / "r.md")]) == 2
    assert "v.json: this is not a verdict file" in capsys.readouterr().err


@needs_chromium
@pytest.mark.parametrize("width", [500, 1200])
def test_a_link_opens_the_chapter_of_its_claim_and_the_page_is_no_wider_than_the_screen(
        browser, device, tmp_path, width):  # noqa: F811
    made(device, tmp_path, "html")
    browser.set_window_size(width, 900)
    browser.get("about:blank")
    browser.get((tmp_path / "report.html").as_uri() + "#tensors.large")
    assert browser.find_element("id", "tensors").get_attribute("open")
    assert not browser.find_element("id", "devices").get_attribute("open")
    assert "backend#1" in browser.find_element("id", "tensors.large").text
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
