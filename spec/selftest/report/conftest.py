"""Verdict files made up for a test."""
import json

import pytest


def claim(verdict="holds", id="tensors.small", **fields):
    """Return the entry of one claim."""
    entry = {
        "id": id, "chapter": id.split(".")[0], "says": "x is <small>.", "verdict": verdict, "instead": None,
        "sources": [{"document": "A tutorial", "section": "Tensors"}], "since": None, "issue": None, "reason": None,
        "tests": [{"nodeid": "a.py::test_a[cpu]", "outcome": "passed", "examples": 1, "seconds": 0.1}],
    }
    return dict(entry, **fields)


@pytest.fixture
def record(tmp_path):
    """Write a verdict file and return its path."""
    def write(torch, *claims, **fields):
        data = {
            "schema": 1, "torch": torch, "python": "3.11.7", "numpy": "2.0.0", "tensorflow": None, "device": "cpu",
            "device_name": "a processor", "platform": "Linux", "profile": "ci", "seed": 0, "claims": list(claims),
        }
        data.update(fields)
        path = tmp_path / "{}-{}-{}.json".format(torch, data["device"], len(list(tmp_path.iterdir())))
        path.write_text(json.dumps(data))
        return str(path)
    return write
