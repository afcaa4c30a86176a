"""The page in a real browser: it opens from the file system, unfolds, filters and follows links."""
import glob
import os
import shutil

import pytest

from spec import records
from spec.report import history, page, speed
from spec.selftest.report.conftest import claim

webdriver = pytest.importorskip("selenium.webdriver")
Select = pytest.importorskip("selenium.webdriver.support.select").Select
needs_chromium = pytest.mark.skipif(
    not (shutil.which("chromedriver") and (shutil.which("chromium") or shutil.which("google-chrome"))),
    reason="Chromium and its driver are not installed")
RECORDS = os.path.join(os.path.dirname(page.HERE), "verdicts")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                     "--disable-background-networking", "--disable-component-update", "--window-size=1200,1000",
                     "--user-data-dir={}".format(tmp_path_factory.mktemp("browser"))):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    driver.set_script_timeout(20)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Write the page of the recorded verdicts and return its address."""
    told = history.read(sorted(glob.glob(os.path.join(RECORDS, "*.json"))))
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(page.html(told, speed.recorded(os.path.join(RECORDS, "speed"))), encoding="utf-8")
    return path.as_uri()


def shown(browser):
    """Return the ids of the claims that can be seen."""
    return browser.execute_script(
        "return [...document.querySelectorAll('.claim')].filter(c => c.offsetParent).map(c => c.id)")


def source_of(browser, id):
    """Wait for the source text of an open claim and return it."""
    return browser.execute_async_script("""
        const [id, done] = arguments, text = document.getElementById(id).querySelector('pre');
        const look = () => text.textContent ? done(text.textContent) : setTimeout(look, 20); look();""", id)


@needs_chromium
def test_a_link_opens_its_claim_with_what_is_true_instead_and_the_text_of_its_tests(browser, published):
    browser.get("about:blank")
    browser.get(published + "#autograd.clamp-gradient-at-bound")
    element = browser.find_element("id", "autograd.clamp-gradient-at-bound")
    assert element.get_attribute("open")
    assert "deviates 2.1" in element.text
    assert "def test_" in source_of(browser, "autograd.clamp-gradient-at-bound")
    assert browser.execute_script("return document.activeElement.parentElement.id") == element.get_attribute("id")


@needs_chromium
def test_words_and_kinds_narrow_the_list_and_can_be_taken_back(browser, published):
    browser.get("about:blank")
    browser.get(published)
    everything = shown(browser)
    browser.find_element("id", "find").send_keys("clamp bound")
    found = shown(browser)
    assert "autograd.clamp-gradient-at-bound" in found and len(found) < len(everything) / 4
    assert browser.find_element("id", "count").text.split()[0] == str(len(found))
    browser.find_element("id", "find").send_keys(" nothing-of-that-name")
    assert shown(browser) == []
    browser.find_element("id", "clear").click()
    assert shown(browser) == everything
    Select(browser.find_element("id", "kind")).select_by_value("changed")
    assert 0 < len(shown(browser)) < len(everything)


@needs_chromium
def test_a_click_and_a_key_unfold_a_claim(browser, published):
    browser.get("about:blank")
    browser.get(published)
    first = browser.find_element("css selector", ".claim")
    first.find_element("tag name", "summary").click()
    assert first.get_attribute("open")
    first.find_element("tag name", "summary").send_keys("\ue007")
    assert not first.get_attribute("open")


@needs_chromium
def test_nothing_is_asked_of_a_network_and_no_script_fails(browser, published):
    browser.get("about:blank")
    browser.get(published)
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


@needs_chromium
def test_the_page_is_no_wider_than_a_phone(browser, published):
    size = browser.get_window_size()
    browser.set_window_size(500, 900)
    browser.get("about:blank")
    browser.get(published)
    try:
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        browser.set_window_size(size["width"], size["height"])


@needs_chromium
def test_the_curves_take_on_the_colour_of_the_text_in_the_dark_and_in_the_light(browser, published):
    colours = {}
    for scheme in ("light", "dark"):
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        browser.get("about:blank")
        browser.get(published + "#speed")
        colours[scheme] = browser.execute_script("""
            const text = document.querySelector('.speed svg text').closest('g');
            return [getComputedStyle(text).fill, getComputedStyle(document.body).color];""")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert colours["light"] != colours["dark"]
    assert all(fill == text for fill, text in colours.values())


def test_a_page_without_measurements_says_nothing_of_speed(record):
    told = history.read([record("2.0.1", claim())])
    assert 'id="speed"' not in page.html(told) and 'id="speed"' in page.html(told, [
        speed.Speed("2.0.1", "a <processor>", [("a over b", "cpu", "2.00", "1.00 to 3.00")], None)])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "torch": "2.13.0", "ratios": [1]}'])
def test_a_file_that_has_no_measurements_is_named(tmp_path, text):
    (tmp_path / "torch-2.13.0-cpu.json").write_text(text)
    with pytest.raises(records.NotAVerdictFile, match="torch-2.13.0-cpu.json: "):
        speed.recorded(str(tmp_path))


def test_a_sentence_is_text_on_the_page_and_not_markup(record):
    assert "x is &lt;small&gt;." in page.html(history.read([record("2.0.1", claim())]))


def test_the_page_of_all_records_is_under_two_megabytes():
    told = history.read(sorted(glob.glob(os.path.join(RECORDS, "*.json"))))
    assert len(page.html(told, speed.recorded(os.path.join(RECORDS, "speed"))).encode("utf-8")) < 2e6
