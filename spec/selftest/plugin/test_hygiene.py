"""Hygiene: a test that leaves a global setting changed fails, and the test after it does not notice."""
import pytest
import torch

pytest_plugins = ["pytester"]

SECTION = """
import os
import random
import warnings
import numpy as np

ONE = Claim("tensors.one", "One is one.", sources=SOURCES)

@ONE
def test_first(tmp_path):
    {leak}

@ONE
def test_second():
    {look}
"""

LEAKS = {
    "default dtype": ("torch.set_default_dtype(torch.float64)", "assert torch.get_default_dtype() == torch.float32"),
    "grad mode": ("torch.set_grad_enabled(False)", "assert torch.is_grad_enabled()"),
    "anomaly mode": ("torch.autograd.set_detect_anomaly(True)", "assert not torch.is_anomaly_enabled()"),
    "number of threads": ("torch.set_num_threads(torch.get_num_threads() + 1)",
                          "assert torch.get_num_threads() == {}".format(torch.get_num_threads())),
    "how tensors print": ("torch.set_printoptions(precision=1)", "assert '0.1250' in str(torch.tensor([0.125]))"),
    "current directory": ("os.chdir(str(tmp_path))", "assert os.path.isdir('claims')"),
    "environment": ("os.environ['SPEC_NEW'] = '1'; os.environ.pop('SPEC_OLD'); os.environ['SPEC_KEPT'] = 'b'",
                    "assert [os.environ.get('SPEC_' + name) for name in ('NEW', 'OLD', 'KEPT')] == [None, '1', 'a']"),
    "numpy's error handling": ("np.seterr(divide='raise')", "assert np.geterr()['divide'] == 'warn'"),
    "how arrays print": ("np.set_printoptions(precision=1)", "assert str(np.array([0.125])) == '[0.125]'"),
    "warnings filters": ("warnings.simplefilter('ignore')",
                         "assert ('ignore', None, Warning, None, 0) not in warnings.filters"),
    "deterministic algorithms": ("torch.set_deterministic_debug_mode('error')",
                                 "assert not torch.are_deterministic_algorithms_enabled()"),
    "default device": ("torch.set_default_device('meta')", "assert torch.ones(1).device.type == 'cpu'"),
}
NEEDED = {"deterministic algorithms": "get_deterministic_debug_mode", "default device": "get_default_device",
          "number of threads": "set_num_interop_threads"}
"""A name of torch without which it lacks a setting; torch 1.0 keeps to one thread."""


@pytest.mark.parametrize("setting", [name for name in LEAKS if hasattr(torch, NEEDED.get(name, "ones"))])
def test_a_test_that_leaves_a_setting_changed_fails_and_the_next_one_finds_it_restored(book, monkeypatch, setting):
    monkeypatch.setenv("SPEC_OLD", "1")
    monkeypatch.setenv("SPEC_KEPT", "a")
    leak, look = LEAKS[setting]
    result = book(SECTION.format(leak=leak, look=look))
    result.stdout.fnmatch_lines(["the test changed and did not restore: " + setting])
    assert "first" in "".join(line for line in result.outlines if line.startswith(("FAILED", "ERROR")))
    assert "second" not in "".join(line for line in result.outlines if line.startswith(("FAILED", "ERROR")))


def test_random_states_are_restored_and_fail_no_test(book):
    look = "print('drawn', random.random(), np.random.rand(), torch.rand(1).item())"
    leak = "random.seed(1); np.random.seed(1); torch.manual_seed(1)"
    result = book(SECTION.format(leak="{}; {}".format(look, leak), look=look), "-s")
    first, second = [line[line.index("drawn"):] for line in result.outlines if "drawn" in line]
    assert result.ret == 0 and first == second


def test_what_an_import_adds_fails_no_test_and_what_it_changes_does(book, monkeypatch):
    monkeypatch.setenv("SPEC_OLD", "1")
    monkeypatch.setenv("SPEC_NEW", "0")
    monkeypatch.delenv("SPEC_NEW")
    adds = "import sys; sys.modules['spec_new'] = os; os.environ['SPEC_NEW'] = '1'; warnings.simplefilter('ignore')"
    changes = "sys.modules['spec_newer'] = os; os.environ['SPEC_OLD'] = '2'"
    result = book(SECTION.format(leak=adds, look="import sys; " + changes))
    failed = "".join(line for line in result.outlines if line.startswith(("FAILED", "ERROR")))
    assert "second" in failed and "first.py::test_first" not in failed


def test_a_failure_of_the_test_itself_is_told_before_its_leaks(book):
    result = book(SECTION.format(leak="warnings.simplefilter('ignore'); assert 1 == 2", look="pass"))
    result.stdout.fnmatch_lines(["*assert 1 == 2"])
    assert not any("did not restore" in line for line in result.outlines)
