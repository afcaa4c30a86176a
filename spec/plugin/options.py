"""The command line: devices, profiles, and one clear line with exit status 4 for whatever cannot be used."""
import os
import random

import pytest
from hypothesis import HealthCheck, Phase, settings

from spec import devices, measurements
from spec.plugin.verdict_file import version

PROFILES = {"quick": 10, "default": 50, "ci": 50, "thorough": 1000}
"""Examples per property under each Hypothesis profile; ``ci`` is derandomized."""

for _name, _examples in PROFILES.items():
    settings.register_profile(
        _name,
        max_examples=_examples,
        deadline=None,
        derandomize=_name == "ci",
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.function_scoped_fixture),
    )


def pytest_addoption(parser):
    group = parser.getgroup("spec", "the specification")
    group.addoption("--device", action="append", default=[], metavar="NAME",
                    help="verify on this device (repeatable); default: the CPU and each accelerator present")
    group.addoption("--device-module", action="append", default=[], metavar="NAME",
                    help="import this module first, which brings a device, such as torch_xla (repeatable)")
    group.addoption("--claim", action="append", default=[], metavar="ID",
                    help="verify only this claim (repeatable)")
    group.addoption("--verdicts", metavar="FILE.json",
                    help="write the verdicts to this file; with several devices, to FILE-DEVICE.json for each")
    group.addoption("--measurements", metavar="FILE.json",
                    help="judge the claims about speed by the times in this file, which the benchmarks wrote")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    config.spec_profile = _choose_profile(config)
    config.spec_seed = _choose_seed(config)
    try:
        for name in config.getoption("device_module"):
            devices.bring(name)
        names = list(dict.fromkeys(config.getoption("device")))
        config.spec_devices = [devices.require(name) for name in names] or devices.present()
    except devices.NoSuchDevice as error:
        raise pytest.UsageError(str(error)) from None
    except devices.NoSuchModule as error:
        raise pytest.UsageError("--device-module={}".format(error)) from None
    path = config.getoption("verdicts")
    if path is not None:
        _check_writable(path)
    try:
        measurements.take(config.getoption("measurements"), version())
    except measurements.NotMeasurements as error:
        raise pytest.UsageError("--measurements={}".format(error)) from None


def pytest_report_header(config):
    import torch

    return "torch {}, devices: {}, profile: {}, seed: {}".format(
        torch.__version__, ", ".join(config.spec_devices), config.spec_profile, config.spec_seed)


def _choose_profile(config):
    """Settle the profile before Hypothesis's own plugin, which would end in a traceback, looks at the option."""
    name = config.getoption("hypothesis_profile", None)
    if name is None:
        name = "ci" if os.environ.get("CI", "").lower() in ("1", "true", "yes") else "default"
        config.option.hypothesis_profile = name
    if name not in PROFILES:
        raise pytest.UsageError("--hypothesis-profile={}: the profiles are {}".format(name, ", ".join(PROFILES)))
    return name


def _choose_seed(config):
    """Return the seed of the run, 0 where it is derandomized; a seed drawn here is handed to Hypothesis."""
    if settings.get_profile(config.spec_profile).derandomize:
        return 0
    if config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))
    seed = config.option.hypothesis_seed
    if not seed.isdigit():
        raise pytest.UsageError("--hypothesis-seed={}: a seed is a whole number".format(seed))
    return int(seed)


def _check_writable(path):
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        raise pytest.UsageError("--verdicts={}: this is a folder".format(path))
    if not os.path.isdir(folder):
        raise pytest.UsageError("--verdicts={}: there is no folder {}".format(path, folder))
    if not os.access(folder, os.W_OK) or (os.path.exists(path) and not os.access(path, os.W_OK)):
        raise pytest.UsageError("--verdicts={}: it cannot be written".format(path))
