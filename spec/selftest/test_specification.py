"""The specification as a whole: nothing is listed that is not there, every script runs, every record is up to date."""
import contextlib
import glob
import importlib
import io
import os

import pytest
from hypothesis import Phase, settings

from spec.claims import CHAPTERS
from spec.plugin.collection import drawn_names
from spec.plugin.script import LONGEST, script
from spec.plugin.verdict_file import RECORDS, read_json

BOOK = os.path.dirname(importlib.import_module("spec.claims").__file__)


class _Catcher:
    """A pytest plugin that keeps the items and claims that a collection finds."""

    def pytest_collection_finish(self, session):
        self.items, self.claims = session.items, session.config.spec_claims


@pytest.fixture(scope="module")
def found():
    """The tests and the claims of the whole specification, collected but not run."""
    catcher = _Catcher()
    before = settings.default
    with contextlib.redirect_stdout(io.StringIO()):
        status = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", BOOK],
                             plugins=[catcher])
    settings.register_profile("before", before)
    settings.load_profile("before")
    assert status == 0
    return catcher


def chapter_folders():
    return sorted(name for name in os.listdir(BOOK) if os.path.isfile(os.path.join(BOOK, name, "__init__.py")))


@pytest.mark.parametrize("folder", chapter_folders())
def test_a_chapter_lists_the_sections_it_has(folder):
    chapter = importlib.import_module("spec.claims." + folder)
    files = glob.glob(os.path.join(BOOK, folder, "test_*.py"))
    assert folder.replace("_", "-") in CHAPTERS
    assert sorted(chapter.SECTIONS) == sorted(os.path.basename(path)[len("test_"):-len(".py")] for path in files)
    assert chapter.__doc__ and len(chapter.__doc__.splitlines()) > 2


def test_a_claim_names_a_mutant_that_it_must_notice(found):
    assert [claim.id for claim in found.claims if not claim.kills] == []


def test_a_script_is_at_most_six_lines_and_every_name_in_it_is_defined(found):
    wrong, tried = [], set()
    for item in found.items:
        if item.function in tried or not drawn_names(item.function):
            continue
        tried.add(item.function)
        lines = script(item.function, _one_example(item))
        if len(lines) > LONGEST:
            wrong.append("{}: {} lines".format(item.nodeid, len(lines)))
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile("\n".join(lines), item.nodeid, "exec"), {})
        except (SyntaxError, NameError, ImportError) as error:
            wrong.append("{}: {!r}\n{}".format(item.nodeid, error, "\n".join(lines)))
        except Exception:
            pass  # many a claim is that something raises, and its script shows it
    assert wrong == []


def _one_example(item):
    """Return the arguments of one call of a test that draws: its parameters and the first input drawn."""
    test, seen = item.function, {}
    body, test.hypothesis.inner_test = test.hypothesis.inner_test, lambda **arguments: seen.update(arguments)
    chosen = getattr(test, "_hypothesis_internal_use_settings", None)
    try:
        test._hypothesis_internal_use_settings = settings(
            max_examples=1, phases=[Phase.generate], database=None, derandomize=True, deadline=None)
        parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
        names = set(item.fixturenames) - {"leaves_no_trace", "request"}
        test(**{name: parameters.get(name) for name in names})
    finally:
        test.hypothesis.inner_test = body
        test._hypothesis_internal_use_settings = chosen
    return seen


@pytest.mark.parametrize("path", sorted(glob.glob(os.path.join(RECORDS, "*.json"))), ids=os.path.basename)
def test_a_record_speaks_of_every_claim_and_finds_none_broken(found, path):
    record = read_json(path)
    assert os.path.basename(path) == "torch-{}-{}.json".format(record["torch"], record["device"])
    assert [entry["id"] for entry in record["claims"]] == sorted(claim.id for claim in found.claims)
    assert [entry["id"] for entry in record["claims"] if entry["verdict"] == "broken"] == []
    says = {claim.id: claim.says for claim in found.claims}
    assert [entry["id"] for entry in record["claims"] if entry["says"] != says[entry["id"]]] == []
