"""Batch norm.

In training a batch norm layer normalises each channel with the statistics of the batch and remembers them; in inference
it uses what it remembers.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.oracles.rounding import gamma
from spec.oracles.statistics import ks_distance, ks_threshold, uniform_cdf
from spec.sources import FLOYDHUB
from spec.strategies import fills

BATCHNORM = Claim(
    "training.batchnorm",
    "In training a new BatchNorm layer returns (x - mean) / sqrt(variance + eps) of the batch and moves its running "
    "statistics; in inference it uses those and changes nothing.",
    sources=[FLOYDHUB["Training process"]],
    deviations=[
        Deviation(
            "A new layer also multiplies by a random weight between 0 and 1; with the weight set to 1 the formulas "
            "hold.",
            witness={},
            until="1.1",
            issue="torch 1.2 release notes",
        )
    ],
    kills=["batch-norm-is-born-with-half-its-weight", "batch-norm-uses-the-unbiased-variance",
           "batch-norm-remembers-the-wrong-share", "batch-norm-learns-in-inference", "batch-norm-ignores-eps"],
)

Norm = NamedTuple("Norm", [(name, np.ndarray) for name in ("x", "weight", "bias", "running_mean", "running_var")] + [
    ("momentum", float), ("eps", float)])
Norm.__doc__ = "A batch x (n, channels, length) of whole numbers, and the parameters and state of a layer."


@st.composite
def norms(draw):
    """Draw a Norm with at least two values in each channel."""
    channels = draw(st.integers(1, 3))
    n, length = draw(st.sampled_from([(2, 1), (1, 2), (3, 1), (2, 4), (9, 1), (17, 1)]))
    x = np.array(draw(fills("float64", n * channels * length, integral=True))).reshape(n, channels, length)
    weight, bias, mean = [np.array(draw(fills("float64", channels, integral=True))) for _ in range(3)]
    variance = 1 + abs(np.array(draw(fills("float64", channels, integral=True))))
    return Norm(x, weight, bias, mean, variance, draw(st.sampled_from([0.1, 0.5, 1.0, 0.0])),
                draw(st.sampled_from([1e-5, 1.0, 0.5])))


def layer_of(case, device):
    """Return a BatchNorm1d with the parameters and the state of a Norm."""
    layer = torch.nn.BatchNorm1d(case.x.shape[1], momentum=case.momentum, eps=case.eps).to(device).double()
    layer.load_state_dict({name: torch.tensor(getattr(case, name)) for name in (
        "weight", "bias", "running_mean", "running_var")}, strict=False)
    return layer


def normalised(case, mean, variance):
    """Return the normalised batch, the result (with weight and bias), and a bound on the rounding of each.

    The bounds allow for x * scale + shift in the place of (x - mean) * scale, and for a mean and a variance that are
    sums of all terms and of their squares: a relative error d of the variance is one of d / 2 of the scale.
    """
    mean, variance, weight, bias = [each[:, np.newaxis] for each in (mean, variance, case.weight, case.bias)]
    scale = 1 / np.sqrt(variance + case.eps)
    unit = (case.x - mean) * scale
    size = abs(case.x).max() + abs(mean)
    relative = gamma(4 * case.x.size + 40, "float64")
    slack = relative * (2 * size * scale + abs(unit) * (1 + (size * scale) ** 2 / 2))
    return unit, unit * weight + bias, slack, slack * abs(weight) + relative * abs(bias)


def of_batch(case):
    """Return mean, biased and unbiased variance of each channel of the batch."""
    return [case.x.mean(axis=(0, 2)), case.x.var(axis=(0, 2))] + [np.array(
        [np.var(case.x[:, channel], ddof=1) for channel in range(case.x.shape[1])])]


@BATCHNORM
def test_a_new_layer_returns_the_batch_with_mean_0_and_variance_1(device):
    x = torch.tensor([[1.0, -2.0], [3.0, 0.0], [5.0, 5.0]], device=device)
    expected = (array_of(x) - [3.0, 1.0]) / np.sqrt(np.array([8.0, 26.0]) / 3 + 1e-5)
    agrees(torch.nn.BatchNorm1d(2).to(device)(x), expected, bound=1e-5, dtype="float32")


@BATCHNORM.instead
def test_the_weight_of_a_new_layer_is_drawn_uniformly_from_0_to_1(device):
    weight = array_of(torch.nn.BatchNorm1d(4000).to(device).weight)
    assert ks_distance(weight, uniform_cdf) < ks_threshold(4000)
    agrees(torch.nn.BatchNorm1d(3).to(device).bias, np.zeros(3, dtype="float32"))


@BATCHNORM.regardless
@needs(FLOAT64)
@reaches(constant=lambda case: (case.x.var(axis=(0, 2)) == 0).any(), long=lambda case: case.x.shape[2] > 1,
         keeps=lambda case: case.momentum == 0, forgets=lambda case: case.momentum == 1)
@given(case=norms())
def test_in_training_the_batch_is_normalised_and_the_running_statistics_move_by_the_momentum(device, case):
    """
    >>> x, w, b, m, v = map(torch.tensor, (x, weight, bias, running_mean, running_var))
    >>> print(torch.nn.functional.batch_norm(x, m, v, w, b, True, momentum, eps), m, v)
    """
    layer = layer_of(case, device)
    before = array_of(layer.num_batches_tracked)
    mean, variance, unbiased = of_batch(case)
    _, expected, _, bound = normalised(case, mean, variance)
    agrees(layer(torch.tensor(case.x, device=device)), expected, bound=bound)
    relative, old, new = gamma(4 * case.x.size + 40, "float64"), 1 - case.momentum, case.momentum
    size = abs(case.x).max() + abs(case.running_mean)
    agrees(layer.running_mean, old * case.running_mean + new * mean, bound=relative * size)
    agrees(layer.running_var, old * case.running_var + new * unbiased,
           bound=relative * (2 * size ** 2 + case.running_var))
    agrees(layer.num_batches_tracked, before + 1)


@BATCHNORM.regardless
@needs(FLOAT64)
@reaches(channels=lambda case: case.x.shape[1] > 1, narrow=lambda case: (case.running_var == 1).any(),
         moved=lambda case: (case.running_mean != 0).any(), no_momentum=lambda case: case.momentum == 0)
@given(case=norms())
def test_in_inference_the_running_statistics_are_used_and_nothing_changes(device, case):
    """
    >>> x, w, b, m, v = map(torch.tensor, (x, weight, bias, running_mean, running_var))
    >>> print(torch.nn.functional.batch_norm(x, m, v, w, b, False, momentum, eps), m, v)
    """
    layer = layer_of(case, device).eval()
    before = {name: array_of(value) for name, value in layer.state_dict().items()}
    _, expected, _, bound = normalised(case, case.running_mean, case.running_var)
    agrees(layer(torch.tensor(case.x, device=device)), expected, bound=bound)
    for name, value in layer.state_dict().items():
        unchanged(value, before[name])


@BATCHNORM.regardless
def test_one_value_in_a_channel_is_an_error_in_training_and_none_in_inference(device):
    layer, x = torch.nn.BatchNorm1d(2, affine=False).to(device), torch.tensor([[3.0, 4.0]], device=device)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        layer(x)
    agrees(layer.eval()(x), np.array([[3, 4]], dtype="float32"), bound=1e-4)


@BATCHNORM.regardless
def test_without_a_momentum_the_running_mean_is_the_mean_of_all_batches(device):
    layer = torch.nn.BatchNorm1d(1, momentum=None).to(device)
    for values in ([1.0, 3.0], [5.0, 9.0], [0.0, 3.0]):
        layer(torch.tensor(values, device=device)[:, None])
    agrees(layer.running_mean, np.array([3.5]), bound=1e-5, dtype="float32")
    agrees(layer.running_var, np.array([(2 + 8 + 4.5) / 3]), bound=1e-5, dtype="float32")


@BATCHNORM.regardless
def test_without_running_statistics_inference_uses_those_of_the_batch(device):
    layer = torch.nn.BatchNorm1d(1, affine=False, track_running_stats=False).to(device).eval()
    x = torch.tensor([[1.0], [3.0]], device=device)
    agrees(layer(x), np.array([[-1.0], [1.0]]), bound=1e-5, dtype="float32")
    assert layer.running_mean is None and not layer.state_dict()


EVAL_STOPS_BATCHNORM_LEARNING = Claim(
    "training.eval-stops-batchnorm-learning",
    "train(False) switches the learning of batch norm off.",
    sources=[FLOYDHUB["Training process"]],
    deviations=[
        Deviation(
            "Only the running statistics stand still. Weight and bias still receive gradients in inference mode, and "
            "an optimizer moves them.",
            witness={},
        )
    ],
    kills=["batch-norm-learns-in-inference", "eval-freezes-the-parameters", "batch-norm-gradient-ignores-the-mean"],
)


def after_a_step(layer, x, device):
    """Take a step of training with a loss that sums 3 * result and a learning rate of 1/4; return the result."""
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.25)
    result = layer(torch.tensor(x, device=device))
    (3 * result).sum().backward()
    optimizer.step()
    return result


@EVAL_STOPS_BATCHNORM_LEARNING
def test_a_step_in_inference_mode_leaves_the_whole_layer_as_it_is(device):
    layer = torch.nn.BatchNorm1d(2).to(device).train(False)
    before = {name: array_of(value) for name, value in layer.state_dict().items()}
    after_a_step(layer, np.array([[1.0, 2.0], [4.0, 8.0]], dtype="float32"), device)
    for name, value in layer.state_dict().items():
        unchanged(value, before[name])


@EVAL_STOPS_BATCHNORM_LEARNING.instead
@needs(FLOAT64)
@reaches(several=lambda case: case.x.shape[1] > 1, moves=lambda case: case.x.any())
@given(case=norms())
def test_in_inference_mode_weight_and_bias_get_their_gradients_and_are_moved(device, case):
    """
    >>> x, w, b, m, v = map(torch.tensor, (x, weight, bias, running_mean, running_var)); w.requires_grad_()
    >>> torch.nn.functional.batch_norm(x, m, v, w, b, False, momentum, eps).sum().backward(); print(w.grad, m, v)
    """
    layer = layer_of(case, device).eval()
    after_a_step(layer, case.x, device)
    unit, _, slack, _ = normalised(case, case.running_mean, case.running_var)
    number = case.x.shape[0] * case.x.shape[2]
    expected = 3 * unit.sum(axis=(0, 2))
    bound = 3 * (slack + gamma(number, "float64") * abs(unit)).sum(axis=(0, 2)) + gamma(4, "float64") * abs(expected)
    agrees(layer.weight.grad, expected, bound=bound)
    agrees(layer.bias.grad, np.full(case.bias.shape, 3.0 * number))
    agrees(layer.weight, case.weight - 0.25 * expected, bound=bound + gamma(2, "float64") * abs(case.weight))
    agrees(layer.bias, case.bias - 0.75 * number)
    unchanged(layer.running_mean, case.running_mean)
    unchanged(layer.running_var, case.running_var)


@EVAL_STOPS_BATCHNORM_LEARNING.regardless
@pytest.mark.parametrize("affine", [True, False])
def test_a_layer_whose_parameters_are_frozen_or_absent_learns_nothing_in_inference_mode(device, affine):
    layer = torch.nn.BatchNorm1d(2, affine=affine).to(device).eval()
    for parameter in layer.parameters():
        parameter.requires_grad = False
    assert len(list(layer.parameters())) == 2 * affine
    assert not layer(torch.ones(3, 2, device=device)).requires_grad
