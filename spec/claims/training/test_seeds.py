"""Seeds.

Weights, dropout and the order of the data are random. A seed makes a run repeatable. The documents seed the CPU and the
GPUs with a call for each.
"""
import importlib
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
import torch
from hypothesis import given

from spec.capabilities import CUDA, SEEDED, WITHOUT_CUDA, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.training._run import trained
from spec.oracles.agreement import array_of, bitwise, unchanged
from spec.sources import FLOYDHUB
from spec.strategies import seeds

ROOT = os.path.dirname(os.path.dirname(importlib.import_module("spec").__file__))

CUDA_SEED_ALL_GPUS = Claim(
    "training.cuda-seed-all-gpus",
    "torch.cuda.manual_seed_all seeds the generator of every GPU, so that what is drawn there can be repeated.",
    sources=[FLOYDHUB["Training process"]],
    kills=["cuda-seed-is-ignored"],
)


@CUDA_SEED_ALL_GPUS
@needs(CUDA)
@reaches(beyond_31_bits=lambda seed: seed >= 2**31)
@given(seed=seeds())
def test_after_the_same_seed_every_gpu_draws_the_same_numbers_whatever_it_drew_before(seed):
    """
    >>> for _ in range(2): torch.cuda.manual_seed_all(seed); print(torch.rand(3, device="cuda:0"))
    """
    gpus = ["cuda:{}".format(number) for number in range(torch.cuda.device_count())]
    before = array_of(torch.get_rng_state())
    torch.cuda.manual_seed_all(seed)
    first = [array_of(torch.rand(17, device=gpu)) for gpu in gpus]
    torch.rand(3, device=gpus[0])
    torch.cuda.manual_seed_all(seed)
    for gpu, numbers in zip(gpus, first):
        bitwise(torch.rand(17, device=gpu), numbers)
        assert (array_of(torch.rand(17, device=gpu)) != numbers).any()
    unchanged(torch.get_rng_state(), before)


CUDA_SEED_SAFE_WITHOUT_GPU = Claim(
    "training.cuda-seed-safe-without-gpu",
    "torch.cuda.manual_seed_all may be called on any machine: without a GPU it is silently ignored, and what the CPU "
    "draws stays the same.",
    sources=[FLOYDHUB["Training process"]],
    kills=["cuda-seed-reaches-the-cpu", "cuda-seed-needs-a-gpu"],
)


@CUDA_SEED_SAFE_WITHOUT_GPU
@reaches(beyond_31_bits=lambda seed: seed >= 2**31)
@given(seed=seeds())
def test_seeding_the_gpus_leaves_the_generator_of_the_cpu_as_it_was(seed):
    """
    >>> before = torch.get_rng_state(); torch.cuda.manual_seed_all(seed); print(torch.get_rng_state().equal(before))
    """
    torch.default_generator.manual_seed(seed // 2)
    expected, before = array_of(torch.rand(5)), None
    torch.default_generator.manual_seed(seed // 2)
    before = array_of(torch.get_rng_state())
    assert torch.cuda.manual_seed_all(seed) is None
    unchanged(torch.get_rng_state(), before)
    bitwise(torch.rand(5), expected)


@CUDA_SEED_SAFE_WITHOUT_GPU
@needs(WITHOUT_CUDA)
def test_the_call_is_put_off_and_does_not_start_cuda(recwarn):
    torch.cuda.manual_seed_all(42)
    torch.cuda.manual_seed(42)
    started = getattr(torch.cuda, "is_initialized", lambda: torch.cuda._initialized)  # a function since torch 1.3
    assert not started() and not recwarn.list


CPU_AND_GPU_SEEDS_SEPARATE = Claim(
    "training.cpu-and-gpu-seeds-separate",
    "The seeds are separate: torch.manual_seed sets that of the CPU, torch.cuda.manual_seed_all that of the GPUs.",
    sources=[FLOYDHUB["Training process"]],
    deviations=[
        Deviation(
            "torch.manual_seed seeds every GPU as well. Only the other way round the seeds are separate, and "
            "torch.default_generator.manual_seed seeds the CPU alone.",
            witness={},
        )
    ],
    kills=["manual-seed-forgets-the-gpus", "cuda-seed-reaches-the-cpu", "manual-seed-shifts-the-seed-of-the-gpus"],
)


@contextmanager
def seeds_of_gpus():
    """Catch the seeds that are given to the GPUs, as a list that grows."""
    caught, original = [], torch.cuda.manual_seed_all
    torch.cuda.manual_seed_all = caught.append
    try:
        yield caught
    finally:
        torch.cuda.manual_seed_all = original


@CPU_AND_GPU_SEEDS_SEPARATE
def test_manual_seed_seeds_no_gpu():
    with seeds_of_gpus() as caught:
        torch.manual_seed(42)
    assert not caught


@CPU_AND_GPU_SEEDS_SEPARATE.instead
@reaches(beyond_31_bits=lambda seed: seed >= 2**31)
@given(seed=seeds())
def test_manual_seed_gives_its_seed_to_the_gpus_once(seed):
    """
    >>> torch.cuda.manual_seed_all = print; torch.manual_seed(seed)
    """
    with seeds_of_gpus() as caught:
        torch.manual_seed(seed)
    assert caught == [seed]
    assert torch.initial_seed() == seed


@CPU_AND_GPU_SEEDS_SEPARATE.regardless
@reaches(beyond_31_bits=lambda seed: seed >= 2**31)
@given(seed=seeds())
def test_seeding_the_gpus_does_not_change_the_seed_of_the_cpu(seed):
    """
    >>> torch.default_generator.manual_seed(7); torch.cuda.manual_seed_all(seed); print(torch.initial_seed())
    """
    torch.default_generator.manual_seed(7)
    torch.cuda.manual_seed_all(seed)
    assert torch.initial_seed() == 7


@CPU_AND_GPU_SEEDS_SEPARATE.regardless
def test_the_generator_of_the_cpu_can_be_seeded_alone():
    with seeds_of_gpus() as caught:
        torch.default_generator.manual_seed(3)
        first = array_of(torch.rand(5))
        torch.default_generator.manual_seed(3)
        bitwise(torch.rand(5), first)
    assert not caught


RUN_REPRODUCIBLE = Claim(
    "training.run-reproducible",
    "With the seed set first, a whole run of training can be repeated.",
    sources=[FLOYDHUB["Variables and AutoGrad"], FLOYDHUB["Defining new autograd functions"],
             FLOYDHUB["Models Definition"]],
    kills=["dropout-ignores-the-seed", "layers-ignore-the-seed"],
)


@RUN_REPRODUCIBLE
@needs(SEEDED)
@reaches(beyond_31_bits=lambda seed: seed >= 2**31)
@given(seed=seeds())
def test_a_run_of_training_repeated_with_its_seed_has_the_same_losses_and_weights_to_the_last_bit(device, seed):
    """
    >>> def run(): torch.manual_seed(seed); x = torch.randn(9, 5); return torch.nn.Dropout()(torch.nn.Linear(5, 9)(x))
    >>> print(run(), run())
    """
    first = trained(seed, device)
    torch.rand(7)
    bitwise(trained(seed, device), first)


@RUN_REPRODUCIBLE
@needs(SEEDED)
@pytest.mark.parametrize("other", [1, 2**32 - 1])
def test_another_seed_gives_another_run(device, other):
    assert (trained(0, device) != trained(other, device)).mean() > 0.9


@RUN_REPRODUCIBLE
def test_another_process_repeats_the_run():
    program = "from spec.claims.training import _run; print(_run.trained(42).tobytes().hex())"
    printed = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, timeout=300)
    assert printed.decode().split() == [trained(42).tobytes().hex()]
