"""A small specification to run the plugin on."""
import textwrap

import pytest
from hypothesis import core, settings

HEADER = """
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from spec.capabilities import Capability, needs
from spec.claim import Claim, Deviation, reaches
from spec.sources import FLOYDHUB

SOURCES = [FLOYDHUB["Tensor"]]
LACKING = Capability("the device lacks it by nature", True, lambda device: False)
ABSENT = Capability("it is not installed", False, lambda device: False)
"""

PLUGIN = """
pytest_plugins = [
    "spec.plugin.options", "spec.plugin.mutation", "spec.plugin.collection", "spec.plugin.trial",
    "spec.plugin.by_device", "spec.plugin.without_values", "spec.plugin.lazy",
    "spec.plugin.hygiene", "spec.plugin.record", "spec.plugin.summary", "spec.plugin.outline",
]
"""


@pytest.fixture
def book(pytester, monkeypatch):
    """Write a chapter `tensors` with one section and return a function that runs pytest on it in this process."""
    monkeypatch.delenv("CI", raising=False)
    profile, seed = settings.default, core.global_force_seed
    pytester.makeconftest(PLUGIN)

    def run(section, *arguments, **sections):
        sections = dict(sections, first=section)
        pytester.mkpydir("claims").joinpath("__init__.py").write_text(
            '"""The book.\n\nIt opens."""\nCHAPTERS = ["tensors", "indexing"]\n')
        pytester.path.joinpath("claims", "tensors").mkdir()
        pytester.path.joinpath("claims", "tensors", "__init__.py").write_text(
            '"""Tensors.\n\nAn introduction."""\nSECTIONS = {!r}\n'.format(sorted(sections)))
        for name, body in sections.items():
            pytester.path.joinpath("claims", "tensors", "test_{}.py".format(name)).write_text(
                '"""Section {}."""\n'.format(name) + HEADER + textwrap.dedent(body))
        try:
            return pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", *arguments)
        finally:
            settings.register_profile("outer", profile)
            settings.load_profile("outer")
            core.global_force_seed = seed

    return run
