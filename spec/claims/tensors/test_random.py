"""Random numbers.

Uniform and normal ones, and the seed that makes them come again.
"""
from typing import NamedTuple, Tuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given
from hypothesis import strategies as st

from spec import devices, dtypes
from spec.capabilities import FLOAT64, SEEDED, needs
from spec.claim import Claim, reaches
from spec.oracles import statistics
from spec.oracles.agreement import array_of, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK
from spec.strategies import shapes
from spec.strategies.seeds import seeds

SAMPLES = 20000
ROWS = 3000


def pairs_are_independent(rows):
    """Assert that the signs of the columns of a sample, an array of two dimensions centred at 0, are uncorrelated."""
    signs = np.where(rows > 0, 1.0, -1.0)
    n, width = rows.shape
    correlation = signs.T @ signs / n - np.eye(width)
    assert abs(correlation).max() < statistics.hoeffding_radius(n, -1, 1, statistics.ALPHA / width**2)


def is_distributed(sample, cdf):
    """Assert that a sample may come from a distribution."""
    assert statistics.ks_distance(sample, cdf) < statistics.ks_threshold(np.size(sample))


RAND_IS_UNIFORM = Claim(
    "tensors.rand-is-uniform",
    "torch.rand(sizes) is a tensor of that shape with numbers drawn uniformly from 0, included, to 1, excluded.",
    sources=[FLOYDHUB["Tensor"]],
    kills=["rand-avoids-small-numbers", "rand-can-be-one", "rand-repeats-itself-in-the-second-half"],
)


@RAND_IS_UNIFORM
@reaches(empty=lambda shape: 0 in shape, scalar=lambda shape: shape == ())
@given(shape=shapes(), dtype=st.sampled_from(dtypes.FLOATS), seed=seeds())
def test_rand_has_the_shape_asked_for_and_numbers_from_0_up_to_below_1(device, shape, dtype, seed):
    """
    >>> torch.manual_seed(seed); torch.rand(shape, dtype=getattr(torch, dtype))
    """
    torch.manual_seed(seed)
    tensor = torch.rand(shape, dtype=dtypes.torch_dtype(dtype), device=device)
    values = array_of(tensor)
    assert values.shape == tuple(tensor.shape) == shape and values.dtype == dtype
    assert ((values >= 0) & (values < 1)).all()


@RAND_IS_UNIFORM
@needs(FLOAT64)
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
def test_rand_is_uniform_and_its_numbers_are_independent(device, dtype):
    values = array_of(torch.rand(SAMPLES // 8, 8, dtype=dtypes.torch_dtype(dtype), device=device))
    assert ((values >= 0) & (values < 1)).all()
    is_distributed(values, statistics.uniform_cdf)
    assert abs(values.mean() - 1 / 2) < statistics.hoeffding_radius(values.size, 0, 1)
    assert abs((values**2).mean() - 1 / 3) < statistics.hoeffding_radius(values.size, 0, 1)
    pairs_are_independent(values - 0.5)
    halves = values.reshape(2, -1)
    pairs_are_independent(halves.T - 0.5)


RANDN_IS_STANDARD_NORMAL = Claim(
    "tensors.randn-is-standard-normal",
    "torch.randn(sizes) is a tensor of independent samples from the normal distribution with mean 0 and variance 1, as "
    "np.random.randn is an array of them.",
    sources=[
        EXAMPLES["Warm-up: numpy"],
        EXAMPLES["PyTorch: Tensors"],
        INTRODUCTION["PyTorch Tensors"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Tensor"],
        NOTEBOOK["What are Tensors?"],
        NOTEBOOK["PyTorch Tensors"],
    ],
    kills=["randn-has-variance-two", "randn-fills-odd-sizes-with-the-first-number", "randn-is-uniform-from-sixteen-on"],
)


def drawn(width, device):
    """Return an array of so many numbers that torch.randn has drawn on a device."""
    values = array_of(torch.randn(width, device=device))
    devices.settle(device)
    return values


@RANDN_IS_STANDARD_NORMAL
@pytest.mark.parametrize("width", [1, 2, 3, 15, 16, 17, 33])
def test_randn_of_any_size_is_normal_and_its_numbers_are_independent(device, width):
    values = np.stack([drawn(width, device) for _ in range(ROWS // width + 400)])
    is_distributed(values, statistics.normal_cdf)
    is_distributed(values[:, -1], statistics.normal_cdf)
    assert abs(values.mean()) < statistics.normal_mean_radius(values.size)
    pairs_are_independent(values)
    pairs_are_independent(abs(values) - 0.67448975)


@RANDN_IS_STANDARD_NORMAL
@needs(FLOAT64)
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
def test_randn_is_normal_in_large_numbers_as_that_of_numpy_is(device, dtype):
    values = array_of(torch.randn(SAMPLES // 8, 8, dtype=dtypes.torch_dtype(dtype), device=device))
    for sample in (values, np.random.RandomState(0).randn(SAMPLES // 8, 8)):
        is_distributed(sample, statistics.normal_cdf)
        pairs_are_independent(sample)
    distance = statistics.two_sample_distance(values, sample)
    assert distance < statistics.two_sample_threshold(SAMPLES, SAMPLES)


@RANDN_IS_STANDARD_NORMAL
@pytest.mark.parametrize("shape", [(10, 20), (1,), (0, 3), (2, 1, 3)], ids=str)
def test_randn_has_the_shape_asked_for(device, shape):
    assert tuple(torch.randn(shape, device=device).shape) == tuple(torch.randn(*shape, device=device).shape) == shape
    assert np.shape(np.random.randn(*shape)) == shape


Program = NamedTuple("Program", [("seed", int), ("earlier", int), ("steps", Tuple[str, ...])])
Program.__doc__ = "A seed, how many numbers are drawn before it is set, and the random steps that follow."

STEPS = {
    "rand(5)": lambda device: torch.rand(5, device=device),
    "randn(3)": lambda device: torch.randn(3, device=device),
    "randn(17)": lambda device: torch.randn(17, device=device),
    "randn of doubles": lambda device: torch.randn(3, device=device, dtype=torch.float64),
    "randperm(8)": lambda device: torch.randperm(8),
    "randint(100, (5,))": lambda device: torch.randint(100, (5,), device=device),
    "normal_()": lambda device: torch.zeros(1, device=device).normal_(),
    "uniform_()": lambda device: torch.zeros(4, device=device).uniform_(-1, 1),
    "bernoulli": lambda device: torch.bernoulli(torch.full((9,), 0.5, device=device)),
    "dropout": lambda device: F.dropout(torch.ones(33, device=device)),
    "Linear(3, 2)": lambda device: torch.nn.Linear(3, 2).weight.detach(),
    "xavier_normal_": lambda device: torch.nn.init.xavier_normal_(torch.zeros(2, 3, device=device)),
}

MANUAL_SEED_REPRODUCES = Claim(
    "tensors.manual-seed-reproduces",
    "After torch.manual_seed(s) the random numbers that follow (data, weights, initialization, dropout) are the same "
    "each time.",
    sources=[
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Defining new autograd functions"],
        FLOYDHUB["Models Definition"],
        FLOYDHUB["Training process"],
    ],
    kills=["seeding-keeps-the-stream", "seeding-forgets-the-odd-normal-number", "all-seeds-are-one",
           "dropout-draws-from-elsewhere", "rand-uses-the-high-bits"],
)


@MANUAL_SEED_REPRODUCES
@needs(SEEDED, FLOAT64)
@reaches(odd=lambda program: program.earlier % 2 == 1, long=lambda program: len(program.steps) > 2)
@given(program=st.builds(Program, st.integers(-(2**63), 2**63 - 1), st.integers(0, 5),
                         st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4).map(tuple)))
@example(program=Program(1, 1, ("randn(3)", "dropout", "Linear(3, 2)")))
def test_the_same_seed_gives_the_same_numbers_whatever_was_drawn_before(device, program):
    """
    >>> torch.manual_seed(seed); first = torch.randn(3); torch.randn(earlier)
    >>> torch.manual_seed(seed); first, torch.randn(3)
    """
    torch.manual_seed(program.seed)
    first = [STEPS[step](device) for step in program.steps]
    torch.randn(program.earlier, device=device)
    for _ in range(program.earlier):
        torch.zeros(1, device=device).normal_()
    torch.manual_seed(program.seed)
    for step, values in zip(program.steps, first):
        bitwise(STEPS[step](device), array_of(values))


@MANUAL_SEED_REPRODUCES
@needs(SEEDED)
@pytest.mark.parametrize("pair", [(0, 1), (1, 2), (0, 2**31), (-1, 0), (123456, 123457)], ids=str)
def test_another_seed_gives_other_numbers(device, pair):
    samples = []
    for seed in pair:
        torch.manual_seed(seed)
        samples.append(array_of(torch.rand(8, device=device)))
    assert not np.array_equal(*samples)
    assert torch.initial_seed() == pair[1]


@MANUAL_SEED_REPRODUCES
@reaches(negative=lambda seed: seed < 0, wide=lambda seed: seed >= 2**32)
@given(seed=st.integers(-(2**63), 2**63 - 1))
@example(seed=1)
@example(seed=1 + 2**32)
def test_on_the_cpu_the_numbers_are_those_of_a_mersenne_twister_seeded_with_the_low_32_bits(seed):
    """
    >>> torch.manual_seed(seed); torch.rand(9) * 2**24
    >>> np.random.RandomState(seed % 2**32).randint(0, 2**32, 9, dtype=np.uint32) % 2**24
    """
    torch.manual_seed(seed)
    singles = torch.rand(9)
    words = np.random.RandomState(seed % 2**32).randint(0, 2**32, 9, dtype=np.uint32)
    bitwise(singles, ((words % 2**24) / 2.0**24).astype("float32"))
