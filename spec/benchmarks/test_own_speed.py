"""The specification's own speed, as ratios to what it stands on: Hypothesis, its numpy strategies, and the imports."""
import os
import resource
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from spec.benchmarks import conditions
from spec.benchmarks.timing import Operation, Stopwatch
from spec.claim import Claim
from spec.plugin.trial import Trial
from spec.sources import FLOYDHUB
from spec.strategies.shapes import shapes
from spec.strategies.tensors import tensors

EXAMPLES = 100
"""How many examples one run of a property has."""

CHAPTER = "spec/claims/indexing"
"""The chapter whose quick run is timed, start and collection included."""

on_the_cpu = pytest.mark.benchmark(timer=Stopwatch(conditions.synchronizer("cpu")))


def _processor_time_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tried(test):
    return settings(max_examples=EXAMPLES, database=None, deadline=None, derandomize=True,
                    phases=[Phase.generate])(test)


@on_the_cpu
def test_drawing_a_tensor(measure):
    filled = shapes(min_side=1, max_elements=128)  # torch 1.0 takes no empty array

    @_tried
    @given(x=tensors("float32", filled))
    def ours(x):
        x.on("cpu")

    @_tried
    @given(x=filled.flatmap(lambda shape: hypothesis_numpy.arrays("float32", shape)))
    def theirs(x):
        torch.from_numpy(x)
    measure("drawing a tensor", [Operation("spec.strategies", ours), Operation("hypothesis.extra.numpy", theirs)],
            budget=2)


@on_the_cpu
def test_a_property_that_does_nothing(measure):
    claim = Claim("tensors.nothing", "Nothing is said.", sources=[FLOYDHUB["Tensor"]])

    @claim
    @_tried
    @given(x=st.just(None))
    def ours(device, x):
        """Do nothing."""

    @_tried
    @given(x=st.just(None))
    def theirs(x):
        """Do nothing."""
    item = SimpleNamespace(function=ours, funcargs={"device": "cpu"},
                           config=SimpleNamespace(spec_profile="ci", spec_seed=0))
    measure("a property that does nothing", [Operation("as a claim", lambda: Trial(item).run()),
                                             Operation("with Hypothesis alone", theirs)], budget=2)


@pytest.mark.benchmark(timer=Stopwatch(conditions.synchronizer("cpu"), _processor_time_of_children))
def test_a_quick_run_of_a_chapter(measure):
    environment = dict(os.environ, CI="true", OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")

    def run(*arguments):
        subprocess.run([sys.executable] + list(arguments), env=environment, check=True, stdout=subprocess.DEVNULL)
    plain = ["-p", "no:benchmark", "-p", "no:randomly", "-p", "no:cacheprovider", "--device=cpu",
             "--hypothesis-profile=quick"]
    measure("a quick run of a chapter", [
        Operation("run", lambda: run("-m", "pytest", *(plain + [CHAPTER]))),
        Operation("imports", lambda: run("-c", "import torch, hypothesis, pytest"))], budget=1)
