"""What a seed yields, so that drawn weights can be compared number by number, and samples with their distribution."""
import numpy as np
import torch

from spec.oracles import statistics
from spec.oracles.agreement import agrees, array_of
from spec.oracles.rounding import both

SAMPLES = (100, 200)
"""The shape of the weights whose distribution is tested: 20000 numbers."""


def raw(kind, sizes, dtype="float32", device="cpu"):
    """Draw standard numbers, "normal" or "uniform" (from 0 to 1), for weights of these sizes in turn, as arrays."""
    drawn = []
    for size in sizes:
        tensor = torch.empty(*size, dtype=getattr(torch, dtype), device=device)
        drawn.append(array_of(tensor.normal_() if kind == "normal" else tensor.uniform_()).astype(float))
    return drawn


def is_scaled_normal(weight, z, mean, std):
    """Assert that a weight is mean + std * z, up to the rounding of a few operations."""
    __tracebackhide__ = True
    expected = mean + std * z
    dtype = array_of(weight).dtype.name
    agrees(weight, expected, (abs(mean) + abs(std * z)) * both(4, dtype), dtype=dtype)


def is_scaled_uniform(weight, u, bound):
    """Assert that a weight is the number from -bound to bound that u is from 0 to 1, up to rounding."""
    __tracebackhide__ = True
    dtype = array_of(weight).dtype.name
    agrees(weight, bound * (2 * u - 1), 3 * bound * both(4, dtype), dtype=dtype)


def is_normal(weight, mean=0.0, std=1.0):
    """Assert that a sample may come from a normal distribution; a false alarm has a probability of at most 1e-9."""
    __tracebackhide__ = True
    sample = array_of(weight)
    distance = statistics.ks_distance(sample, lambda x: statistics.normal_cdf(x, mean, std))
    assert distance < statistics.ks_threshold(np.size(sample))


def is_uniform(weight, low, high):
    """Assert that a sample may come from a uniform distribution; a false alarm has a probability of at most 1e-9."""
    __tracebackhide__ = True
    sample = array_of(weight)
    assert low <= sample.min() and sample.max() <= high
    distance = statistics.ks_distance(sample, lambda x: statistics.uniform_cdf(x, low, high))
    assert distance < statistics.ks_threshold(np.size(sample))
