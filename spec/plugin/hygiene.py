"""A test leaves the process as it found it: default dtype, grad mode, threads, current directory, random states."""
import gc
import os
import random

import numpy as np
import pytest
import torch


def pytest_collection_finish():
    """Keep what is imported by now out of every later garbage collection: torch alone brings 170,000 objects."""
    gc.collect()
    gc.freeze()


def _settings():
    return {
        "default dtype": torch.get_default_dtype(),
        "grad mode": torch.is_grad_enabled(),
        "number of threads": torch.get_num_threads(),
        "current directory": os.getcwd(),
        "numpy's error handling": tuple(sorted(np.geterr().items())),
    }


_RESTORE = {
    "default dtype": torch.set_default_dtype,
    "grad mode": torch.set_grad_enabled,
    "number of threads": torch.set_num_threads,
    "current directory": os.chdir,
    "numpy's error handling": lambda pairs: np.seterr(**dict(pairs)),
}


@pytest.fixture(autouse=True)
def leaves_no_trace():
    """Restore the random states after a test, and fail it where it changed a global setting."""
    before = _settings()
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    changed = [name for name, value in _settings().items() if value != before[name]]
    for name in changed:
        _RESTORE[name](before[name])
    if changed:
        pytest.fail("the test changed and did not restore: {}".format(", ".join(changed)), pytrace=False)
