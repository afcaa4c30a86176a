"""The command that tries the mutants, and the mutants that change nothing."""
import os
import subprocess
import sys

import pytest

from spec import mutants

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def tried(*words):
    """Run ``python -m spec.mutants`` and return its exit status and all that it printed."""
    found = subprocess.run([sys.executable, "-m", "spec.mutants"] + list(words), cwd=ROOT, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, universal_newlines=True)
    return found.returncode, found.stdout


def test_the_mutants_of_a_claim_are_killed():
    status, output = tried("tensors.clone-is-independent")
    assert status == 0 and ": killed\n" in output and " 0 not killed by every claim" in output


@pytest.mark.parametrize("word", ["gremlin", "tensors.gremlin"])
def test_a_word_that_names_nothing_is_refused_in_one_line(word):
    assert tried(word) == (4, "{} is not a chapter, a claim or a mutant that some claim names\n".format(word))


def test_there_are_null_mutants_and_every_other_one_is_named_as_a_fault():
    null = [name for name, fault in mutants.catalogue().items() if fault.null]
    assert len(null) >= 10 and all(name.startswith("null-") for name in null)
    assert not [name for name, fault in mutants.catalogue().items() if name.startswith("null-") and not fault.null]


def test_a_mutant_that_is_put_in_replaces_what_it_names_where_it_is_there(monkeypatch):
    import torch

    monkeypatch.setattr(torch, "add", torch.add)
    fault = mutants.Mutant(_wrong_sum, ("torch.add", "torch.no_such_function"))
    assert fault.fits() == fault.apply() == ["torch.add"]
    assert torch.add(1, 2) == "wrong"


def _wrong_sum(add):
    """The sum is a word."""
    return lambda *args: "wrong"
