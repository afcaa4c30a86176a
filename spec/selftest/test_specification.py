"""The specification as a whole: nothing is listed that is not there, every script runs, every record is up to date."""
import glob
import importlib
import os
import subprocess
import sys

import pytest
from hypothesis import settings

from spec import records
from spec.claims import CHAPTERS
from spec.selftest.scripts import BOOK, collect

RECORDS = os.path.join(os.path.dirname(BOOK), "verdicts")


@pytest.fixture(scope="module")
def found():
    """The tests and the claims of the whole specification, collected but not run."""
    before = settings.default
    catcher = collect()
    settings.register_profile("before", before)
    settings.load_profile("before")
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


def test_a_script_is_at_most_six_lines_and_every_name_in_it_is_defined():
    run = subprocess.run([sys.executable, "-m", "spec.selftest.scripts"], cwd=os.path.dirname(os.path.dirname(BOOK)),
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert run.returncode == 0, run.stdout.decode()


@pytest.mark.parametrize("path", sorted(glob.glob(os.path.join(RECORDS, "*.json"))), ids=os.path.basename)
def test_a_record_speaks_of_every_claim_and_finds_none_broken(found, path):
    record = records.read(path)
    assert os.path.basename(path) in records.names(record["torch"], record["device"])
    assert [entry["id"] for entry in record["claims"]] == sorted(claim.id for claim in found.claims)
    assert [entry["id"] for entry in record["claims"] if entry["verdict"] == "broken"] == []
    says = {claim.id: claim.says for claim in found.claims}
    assert [entry["id"] for entry in record["claims"] if entry["says"] != says[entry["id"]]] == []


@pytest.mark.parametrize("path", sorted(glob.glob(os.path.join(RECORDS, "*.json"))), ids=os.path.basename)
def test_a_record_names_tests_that_are_there(found, path):
    tests = [test for claim in found.claims for test in claim.tests]
    here = {(test.__module__.replace(".", "/") + ".py", test.__name__) for test in tests}
    recorded = [test["nodeid"].split("[")[0].split("::") for entry in records.read(path)["claims"]
                for test in entry["tests"]]
    assert recorded and [test for test in recorded if tuple(test) not in here] == []
