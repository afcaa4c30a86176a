"""A device that is not the CPU and needs no hardware: the sound one conforms, and each fault of it is noticed."""
import json
import os
import subprocess
import sys

import pytest
import torch

import spec
from spec.era import release
from spec.selftest.pretend_faults import FAULTS, VARIABLE

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(spec.__file__)))
CHAPTERS = ["tensors", "indexing", "inplace", "backprop", "autograd", "freezing", "custom_functions", "nn", "optim",
            "devices"]
"""The folders of the chapters that the sound device is run on."""

NOTICED_BY = {
    "loses-the-dtype-on-the-way": ["devices.transfer-keeps-type"],
    "rounds-what-is-moved": ["devices.cpu-roundtrip", "tensors.computes-on-gpu"],
    "loses-the-last-element": ["devices.cpu-roundtrip"],
    "loses-negative-zero": ["devices.cpu-roundtrip"],
    "changes-a-copy": ["inplace.add-underscore"],
    "aliases-its-clone": ["tensors.clone-is-independent"],
    "multiplies-doubles-as-floats": ["tensors.mm-is-matrix-product"],
    "leaves-what-is-rectified-on-the-host": ["devices.cuda-on-model-and-inputs-suffices"],
    "ignores-the-seed-for-normal-numbers": ["tensors.manual-seed-reproduces"],
    "sums-in-half-precision": ["tensors.mm-is-matrix-product"],
    "passes-the-gradient-at-zero": ["autograd.clamp-gradient-at-bound"],
}
"""For each fault the claims that must notice it."""

pytestmark = pytest.mark.skipif(release(torch.__version__) < (2, 13),
                                reason="torch cannot have a device written in Python")


def verdicts_on_the_pretend_device(folder, *options, fault=""):
    """Run the specification on the pretend device; return the entries of the verdict file by claim id."""
    path = str(folder / "verdicts.json")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "--device-module=spec.selftest.pretend", "--device=pretend", "-q", "-p",
         "no:cacheprovider", "-p", "no:randomly", "--hypothesis-profile=quick", "--hypothesis-seed=1",
         "--verdicts=" + path] + list(options),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, **{VARIABLE: fault}))
    assert os.path.exists(path), ended.stdout.decode()[-3000:]
    with open(path) as file:
        return {entry["id"]: entry for entry in json.load(file)["claims"]}


def folders(claims):
    """Return the folders of the chapters of these claims."""
    return sorted({"spec/claims/" + id.split(".")[0].replace("-", "_") for id in claims})


def test_the_sound_device_conforms(tmp_path):
    found = verdicts_on_the_pretend_device(tmp_path, *["spec/claims/" + chapter for chapter in CHAPTERS])
    assert [id for id, entry in found.items() if entry["verdict"] == "broken"] == []
    for name in ("transfer-keeps-type", "cpu-roundtrip", "module-cuda-moves-everything", "gpu-program-end-to-end",
                 "cuda-on-model-and-inputs-suffices", "loss-to-cpu-keeps-graph"):
        assert found["devices." + name]["verdict"] == "holds"
    assert found["devices.loss-function-needs-cuda"]["verdict"] == "deviates"


def test_a_layer_that_fetches_its_input_is_noticed_on_the_device(tmp_path):
    id = "devices.cuda-on-model-and-inputs-suffices"
    found = verdicts_on_the_pretend_device(
        tmp_path, "spec/claims/devices", "--mutant=a-layer-fetches-its-input", "--claim=" + id)
    assert found[id]["verdict"] == "broken"


def test_each_fault_is_noticed_by_some_claim():
    assert sorted(NOTICED_BY) == sorted(FAULTS)


@pytest.mark.parametrize("fault", sorted(NOTICED_BY))
def test_a_faulty_device_is_noticed(tmp_path, fault):
    claims = NOTICED_BY[fault]
    found = verdicts_on_the_pretend_device(
        tmp_path, *folders(claims) + ["--claim=" + id for id in claims], fault=fault)
    assert {id: entry["verdict"] for id, entry in found.items()} == dict.fromkeys(claims, "broken")
