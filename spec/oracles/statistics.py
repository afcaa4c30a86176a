"""How far a sample may stray from its distribution, at a stated rate of false alarms.

Every radius and threshold here holds for every sample size, not only in the limit. Claims use alpha = 1e-9: one false
alarm in a thousand million runs.
"""
import math

import numpy as np

ALPHA = 1e-9
"""The probability of a false alarm that claims use."""


def normal_cdf(x, mean=0.0, std=1.0):
    """Return the probability that a normal variable is at most x, element by element."""
    scaled = (np.asarray(x, dtype=float) - mean) / std
    return np.vectorize(lambda z: 0.5 * math.erfc(-z / math.sqrt(2)), otypes=[float])(scaled)[()]


def uniform_cdf(x, low=0.0, high=1.0):
    """Return the probability that a uniform variable on [low, high] is at most x, element by element."""
    return np.clip((np.asarray(x, dtype=float) - low) / (high - low), 0, 1)


def ks_distance(sample, cdf):
    """Return the Kolmogorov-Smirnov distance: the greatest gap between the sample's distribution and a continuous cdf.

    sample  numbers in any order and shape, at least one; cdf  a function of an array
    """
    ordered = np.sort(np.asarray(sample, dtype=float), axis=None)
    n = ordered.size
    expected = cdf(ordered)
    above = np.arange(1, n + 1) / n - expected
    below = expected - np.arange(n) / n
    return float(max(above.max(), below.max()))


def two_sample_distance(a, b):
    """Return the greatest gap between the distributions of two samples, each with at least one number."""
    a, b = (np.sort(np.asarray(x, dtype=float), axis=None) for x in (a, b))
    places = np.concatenate([a, b])
    shares = [np.searchsorted(x, places, side="right") / x.size for x in (a, b)]
    return float(np.abs(shares[0] - shares[1]).max())


def ks_threshold(n, alpha=ALPHA):
    """Return the distance that a sample of n exceeds with probability at most alpha: sqrt(log(2/alpha) / (2n)).

    The Dvoretzky-Kiefer-Wolfowitz inequality, with the constant of P. Massart, The Tight Constant in the
    Dvoretzky-Kiefer-Wolfowitz Inequality, Annals of Probability 18(3), 1990.
    """
    return math.sqrt(math.log(2 / alpha) / (2 * n))


def two_sample_threshold(n, m, alpha=ALPHA):
    """Return the distance that two samples of one distribution exceed with probability at most alpha."""
    return ks_threshold(n, alpha / 2) + ks_threshold(m, alpha / 2)


def hoeffding_radius(n, low, high, alpha=ALPHA):
    """Return how far the mean of n independent variables in [low, high] strays with probability at most alpha.

    W. Hoeffding, Probability Inequalities for Sums of Bounded Random Variables, JASA 58, 1963, theorem 2.
    """
    return (high - low) * math.sqrt(math.log(2 / alpha) / (2 * n))


def normal_mean_radius(n, std=1.0, alpha=ALPHA):
    """Return how far the mean of n independent normal variables strays with probability at most alpha.

    From the tail bound P(|Z| > z) <= 2 exp(-z**2 / 2) of the standard normal distribution.
    """
    return std * math.sqrt(2 * math.log(2 / alpha) / n)
