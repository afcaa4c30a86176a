"""The chapter on devices, on a device that is not the CPU: what needs an accelerator is run, and nothing is broken."""
import json
import os
import subprocess
import sys

import pytest
import torch

import spec
from spec.era import release

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(spec.__file__)))


def verdicts_on_the_pretend_device(folder, *options):
    """Run the chapter with the pretend device; return the verdicts by claim id."""
    path = str(folder / "verdicts.json")
    ended = subprocess.run(
        [sys.executable, "-m", "spec.selftest.pretend", "spec/claims/devices", "-q", "-p", "no:cacheprovider",
         "--hypothesis-profile=quick", "--verdicts=" + path] + list(options),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    assert os.path.exists(path), ended.stdout.decode()[-3000:]
    with open(path) as file:
        return {entry["id"].split(".")[1]: entry["verdict"] for entry in json.load(file)["claims"]}


@pytest.mark.skipif(release(torch.__version__) < (2, 13), reason="torch cannot have a device written in Python")
def test_what_needs_an_accelerator_is_verified_on_a_pretended_one(tmp_path):
    verdicts = verdicts_on_the_pretend_device(tmp_path)
    assert "broken" not in verdicts.values()
    for name in ("transfer-keeps-type", "cpu-roundtrip", "module-cuda-moves-everything", "gpu-program-end-to-end",
                 "cuda-on-model-and-inputs-suffices", "loss-to-cpu-keeps-graph"):
        assert verdicts[name] == "holds"
    assert verdicts["loss-function-needs-cuda"] == "deviates"


@pytest.mark.skipif(release(torch.__version__) < (2, 13), reason="torch cannot have a device written in Python")
def test_a_layer_that_fetches_its_input_is_noticed_on_a_pretended_accelerator(tmp_path):
    verdicts = verdicts_on_the_pretend_device(
        tmp_path, "--mutant=a-layer-fetches-its-input", "--claim=devices.cuda-on-model-and-inputs-suffices")
    assert verdicts == {"cuda-on-model-and-inputs-suffices": "broken"}
