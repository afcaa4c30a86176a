"""A test leaves the process as it found it.

One that changes a global setting and does not restore it fails, and the setting is restored for those after it. The
random states are restored after every test and fail none: to draw a number is to change them. What a module adds to
the environment or to the warnings filters when it is imported stays: torch imports parts of itself on first use.
"""
import gc
import os
import random
import sys
import warnings
from collections import namedtuple

import numpy as np
import pytest
import torch

Setting = namedtuple("Setting", "name read restore")
Setting.__doc__ = "A global setting: a function that returns a copy of its value, and one that puts such a copy back."

_OF_OTHERS = [os.environ.encodekey(name) for name in ("PYTEST_CURRENT_TEST", "CUDA_MODULE_LOADING")]
"""Variables that pytest sets, and torch when it looks for a GPU."""


def pytest_collection_finish():
    """Collect garbage seldom, and keep what is imported by now out of it: torch alone brings 170,000 objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20000)


def _environment():
    """Return the environment as the operating system has it; to decode it would take a hundred times as long."""
    found = dict(os.environ._data)
    for key in _OF_OTHERS:
        found.pop(key, None)
    return found


def _restore_environment(before):
    now = _environment()
    for key in set(now) - set(before):
        del os.environ[os.environ.decodekey(key)]
    for key, value in before.items():
        if now.get(key) != value:
            os.environ[os.environ.decodekey(key)] = os.environ.decodevalue(value)


def _restore_print_options(before):
    options = vars(torch._tensor_str.PRINT_OPTS)
    options.clear()
    options.update(before)


SETTINGS = [
    Setting("default dtype", torch.get_default_dtype, torch.set_default_dtype),
    Setting("grad mode", torch.is_grad_enabled, torch.set_grad_enabled),
    Setting("anomaly mode", torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    Setting("number of threads", torch.get_num_threads, torch.set_num_threads),
    Setting("how tensors print", lambda: dict(vars(torch._tensor_str.PRINT_OPTS)), _restore_print_options),
    Setting("current directory", os.getcwd, os.chdir),
    Setting("environment", _environment, _restore_environment),
    Setting("numpy's error handling", np.geterr, lambda before: np.seterr(**before)),
    Setting("how arrays print", np.get_printoptions, lambda before: np.set_printoptions(**before)),
]

if hasattr(torch, "get_deterministic_debug_mode"):
    SETTINGS.append(Setting("deterministic algorithms", torch.get_deterministic_debug_mode,
                            torch.set_deterministic_debug_mode))
if hasattr(torch, "get_default_device"):
    SETTINGS.append(Setting("default device", torch.get_default_device,
                            lambda before: torch.set_default_device(None if before.type == "cpu" else before)))


def _left_changed(setting, before, imported):
    """Say whether a setting is not as it was before, for another reason than that modules were imported."""
    now = setting.read()
    of_imports = imported and setting.read is _environment and before.items() <= now.items()
    return now != before and not of_imports


def _complaint(names):
    return "the test changed and did not restore: {}".format(", ".join(names))


@pytest.fixture(autouse=True)
def leaves_no_trace():
    """Restore the random states after a test, and fail it where it changed one of SETTINGS."""
    before, modules = [setting.read() for setting in SETTINGS], len(sys.modules)
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    changed = []
    for setting, value in zip(SETTINGS, before):
        if _left_changed(setting, value, len(sys.modules) > modules):
            setting.restore(value)
            changed.append(setting.name)
    if changed:
        pytest.fail(_complaint(changed), pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """Fail a test that changed the warnings filters; pytest has a list of them for each call, and drops it after."""
    before, modules = list(warnings.filters), len(sys.modules)
    outcome = yield
    if outcome.excinfo is None and len(sys.modules) == modules and warnings.filters != before:
        outcome.force_exception(pytest.fail.Exception(_complaint(["warnings filters"]), pytrace=False))
