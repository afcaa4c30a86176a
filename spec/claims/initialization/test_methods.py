"""The functions of torch.nn.init.

Each writes into the tensor that it is given and returns it. Some draw from a simple distribution; those named after
Xavier Glorot and Kaiming He choose its width by the number of inputs and outputs of the layer; some make matrices of a
certain form.
"""
import math
from typing import NamedTuple, Tuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.nn import init

from spec.capabilities import FLOAT64, SEEDED, needs
from spec.claim import Claim, reaches
from spec.claims.initialization._helpers import (
    SAMPLES,
    is_normal,
    is_scaled_normal,
    is_scaled_uniform,
    is_uniform,
    raw,
)
from spec.oracles.agreement import agrees, array_of
from spec.oracles.rounding import gamma
from spec.sources import FLOYDHUB
from spec.strategies import seeds, shapes

INIT_PACKAGE_METHODS = Claim(
    "initialization.init-package-methods",
    "The package torch.nn.init offers a collection of initialization methods that work in place and return their "
    "argument.",
    sources=[FLOYDHUB["Weight initialization"]],
    kills=["xavier-counts-its-inputs-twice", "the-gain-of-leaky-relu-is-that-of-relu", "kaiming-takes-the-other-fan",
           "orthogonal-forgets-its-gain", "sparse-rounds-down", "init-eye-is-the-other-diagonal",
           "dirac-forgets-its-last-channel", "init-normal-of-variables-is-uniform"],
)


@INIT_PACKAGE_METHODS
@pytest.mark.parametrize("low, high", [(0.0, 1.0), (-3.0, 0.5)])
def test_uniform_draws_uniformly_between_its_bounds(device, low, high):
    w = torch.zeros(SAMPLES, device=device)
    assert init.uniform_(w, low, high) is w
    is_uniform(w, low, high)


@INIT_PACKAGE_METHODS
@pytest.mark.parametrize("mean, std", [(0.0, 1.0), (1.0, 0.02), (-5.0, 3.0)])
def test_normal_draws_normally_about_its_mean(device, mean, std):
    w = torch.zeros(SAMPLES, device=device)
    assert init.normal_(w, mean, std) is w
    is_normal(w, mean, std)


@INIT_PACKAGE_METHODS
@reaches(empty=lambda shape: 0 in shape, number=lambda shape: not shape)
@given(shape=shapes(max_elements=33), value=st.sampled_from([0.0, -0.0, 1.0, -2.5, float("inf"), float("nan")]))
def test_constant_ones_and_zeros_fill_every_element(device, shape, value):
    """
    >>> torch.nn.init.constant_(torch.empty(shape), value)
    """
    for function, expected in ((lambda w: init.constant_(w, value), value),
                               (lambda w: init.ones_(w), 1.0),
                               (lambda w: init.zeros_(w), 0.0)):
        w = torch.full(shape, 9.0, device=device)
        assert function(w) is w
        agrees(w, np.full(shape, expected, "float32"), sign_of_zero=True)


Fans = NamedTuple("Fans", [("size", Tuple[int, ...]), ("seed", int)])
Fans.__doc__ = "The size of a weight, (outputs, inputs, *kernel), and a seed."


@st.composite
def weights(draw):
    """Draw Fans of two to five dimensions, without empty sides."""
    return Fans(draw(shapes(min_dims=2, max_dims=5, min_side=1, max_elements=66)), draw(seeds()))


def fans(size):
    """Return the numbers of inputs and outputs that one output and one input of a layer are connected with."""
    kernel = int(np.prod(size[2:]))
    return size[1] * kernel, size[0] * kernel


def filled(case, function, device):
    """Return a weight that a function has filled from the case's seed."""
    w = torch.zeros(case.size, dtype=torch.float64, device=device)
    torch.manual_seed(case.seed)
    assert function(w) is w
    return w


def standard(kind, case, device):
    """Return the standard numbers that the case's seed yields."""
    torch.manual_seed(case.seed)
    return raw(kind, [case.size], "float64", device)[0]


GAINS = {
    "linear": 1.0, "conv2d": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2),
    "leaky_relu": math.sqrt(2 / 1.0001),
}
"""The factors that make up for a nonlinearity (the documentation of calculate_gain); a leaky one has the slope 0.01."""


@INIT_PACKAGE_METHODS
def test_the_gains_of_the_nonlinearities_are_those_of_the_documentation():
    for name, gain in GAINS.items():
        assert abs(init.calculate_gain(name) - gain) < 1e-15 * 4
    assert abs(init.calculate_gain("leaky_relu", 2.0) - math.sqrt(2 / 5)) < 1e-15
    with pytest.raises(ValueError):
        init.calculate_gain("no such nonlinearity")


@INIT_PACKAGE_METHODS
@needs(SEEDED, FLOAT64)
@reaches(kernel=lambda case: len(case.size) > 2 and max(case.size[2:]) > 1,
         oblong=lambda case: case.size[0] != case.size[1], long=lambda case: np.prod(case.size) > 16)
@example(case=Fans((3, 5), 0), gain=1.0)
@given(case=weights(), gain=st.sampled_from([1.0, 5 / 3, 0.25]))
def test_xavier_spreads_by_the_root_of_two_over_inputs_plus_outputs(device, case, gain):
    """
    >>> torch.manual_seed(seed); w = torch.nn.init.xavier_normal_(torch.empty(size), gain)
    >>> fans = (size[0] + size[1]) * w[0, 0].numel()
    >>> torch.manual_seed(seed); print(w, torch.empty(size).normal_() * gain * (2 / fans) ** 0.5)
    """
    std = gain * math.sqrt(2 / sum(fans(case.size)))
    normal = filled(case, lambda w: init.xavier_normal_(w, gain), device)
    is_scaled_normal(normal, standard("normal", case, device), 0.0, std)
    uniform = filled(case, lambda w: init.xavier_uniform_(w, gain), device)
    is_scaled_uniform(uniform, standard("uniform", case, device), math.sqrt(3) * std)


@INIT_PACKAGE_METHODS
@needs(SEEDED, FLOAT64)
@reaches(kernel=lambda case: len(case.size) > 2 and max(case.size[2:]) > 1, out=lambda mode: mode == "fan_out",
         oblong=lambda case: case.size[0] != case.size[1], leaky=lambda slope: slope > 0)
@example(case=Fans((3, 5), 0), mode="fan_out", slope=0.0)
@given(case=weights(), mode=st.sampled_from(["fan_in", "fan_out"]), slope=st.sampled_from([0.0, 0.5, 5.0 ** 0.5]))
def test_kaiming_spreads_by_the_gain_over_the_root_of_inputs_or_outputs(device, case, mode, slope):
    """
    >>> torch.manual_seed(seed); w = torch.nn.init.kaiming_normal_(torch.empty(size), slope, mode)
    >>> fan = size[mode == "fan_in"] * w[0, 0].numel()
    >>> torch.manual_seed(seed); print(w, torch.empty(size).normal_() * (2 / (1 + slope ** 2) / fan) ** 0.5)
    """
    std = math.sqrt(2 / (1 + slope ** 2) / fans(case.size)[mode == "fan_out"])
    normal = filled(case, lambda w: init.kaiming_normal_(w, slope, mode), device)
    is_scaled_normal(normal, standard("normal", case, device), 0.0, std)
    uniform = filled(case, lambda w: init.kaiming_uniform_(w, slope, mode), device)
    is_scaled_uniform(uniform, standard("uniform", case, device), math.sqrt(3) * std)


@INIT_PACKAGE_METHODS
@needs(FLOAT64)
@reaches(tall=lambda size: size[0] > np.prod(size[1:]), wide=lambda size: size[0] < np.prod(size[1:]),
         kernel=lambda size: len(size) > 2)
@given(size=shapes(min_dims=2, max_dims=4, min_side=1, max_elements=66), gain=st.sampled_from([1.0, 2.0, 0.5]),
       seed=seeds())
def test_orthogonal_gives_orthogonal_rows_or_columns_as_long_as_the_gain(device, size, gain, seed):
    """
    >>> torch.manual_seed(seed); q = torch.nn.init.orthogonal_(torch.empty(size), gain).reshape(size[0], -1)
    >>> q.mm(q.t()) if q.size(0) <= q.size(1) else q.t().mm(q)
    """
    torch.manual_seed(seed)
    w = torch.zeros(size, dtype=torch.float64, device=device)
    assert init.orthogonal_(w, gain) is w
    q = array_of(w).reshape(size[0], -1)
    short, long = sorted(q.shape)
    product = q.dot(q.T) if q.shape[0] == short else q.T.dot(q)
    # Householder's Q is off by at most sqrt(short) gamma(c * long * short) (Higham, theorem 19.4; c is a small number).
    agrees(product, gain ** 2 * np.eye(short), gain ** 2 * 3 * math.sqrt(short) * gamma(10 * long * short, "float64"))


@INIT_PACKAGE_METHODS
@pytest.mark.parametrize("rows, columns, sparsity, zeros", [(10, 3, 0.1, 1), (10, 3, 0.25, 3), (7, 2, 0.5, 4),
                                                            (4, 4, 0.0, 0)])
def test_sparse_puts_zeros_in_a_share_rounded_up_of_each_column_and_small_numbers_elsewhere(
        device, rows, columns, sparsity, zeros):
    w = torch.ones(rows, columns, device=device)
    assert init.sparse_(w, sparsity) is w
    assert (array_of(w) == 0).sum(axis=0).tolist() == [zeros] * columns
    wide = array_of(init.sparse_(torch.ones(SAMPLES, device=device), 0.5, std=0.25))
    is_normal(wide[wide != 0], 0.0, 0.25)


@INIT_PACKAGE_METHODS
def test_eye_and_dirac_make_a_layer_pass_its_inputs_on(device):
    for rows, columns in ((3, 3), (2, 5), (4, 1)):
        w = torch.ones(rows, columns, device=device)
        assert init.eye_(w) is w
        agrees(w, np.eye(rows, columns, dtype="float32"))
    for size in ((2, 3, 3), (3, 2, 3, 5), (2, 2, 1, 3, 3)):
        w = torch.ones(size, device=device)
        assert init.dirac_(w) is w
        expected = np.zeros(size, "float32")
        for channel in range(min(size[:2])):
            expected[(channel, channel) + tuple(side // 2 for side in size[2:])] = 1
        agrees(w, expected)


@INIT_PACKAGE_METHODS
@pytest.mark.parametrize("name", ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "eye_",
                                  "dirac_", "orthogonal_", "sparse_"])
def test_functions_for_matrices_refuse_a_tensor_of_one_dimension_and_leave_it_alone(device, name):
    w = torch.ones(4, device=device)
    with pytest.raises(ValueError):
        getattr(init, name)(w, *((0.5,) if name == "sparse_" else ()))
    agrees(w, np.ones(4, "float32"))
