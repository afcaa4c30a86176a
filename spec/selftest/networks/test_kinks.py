"""The derivative that each form takes at a hidden unit of exactly 0 is the one that its module documents."""

import re

import numpy as np
import pytest
import torch

from spec.networks import trainer
from spec.selftest.networks.forms import parameter

RELEASE = tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", torch.__version__).groups())
CLAMP = 1 if RELEASE < (2, 14) else 0
DERIVATIVES = [
    ("numpy", 1),
    ("tensors", 1),
    ("autograd", CLAMP),
    ("custom-function", 1),
    ("sequential", 0),
    ("optimizer", 0),
    ("module", CLAMP),
    ("tensorflow", 1),
]


@pytest.mark.parametrize("form, derivative", [parameter(*row) for row in DERIVATIVES])
@pytest.mark.parametrize("zero", [0.0, -0.0], ids=["plus-zero", "minus-zero"])
def test_the_first_step_shows_the_derivative_of_the_rectifier_at_zero(form, derivative, zero):
    one = np.array([[1.0]])
    trajectory = trainer(form)(one, one, np.array([[zero]]), one, 0.5, 1)
    assert trajectory.w1 == derivative
    assert trajectory.losses == [1.0]


@pytest.mark.parametrize("form, derivative", [parameter(*row) for row in DERIVATIVES])
@pytest.mark.parametrize("hidden", [-1.0, 1.0], ids=["negative-unit", "positive-unit"])
def test_beside_zero_all_forms_have_the_same_derivative(form, derivative, hidden):
    one = np.array([[1.0]])
    trajectory = trainer(form)(one, 3 * one, hidden * one, one, 0.25, 1)
    assert trajectory.w1 == (2.0 if hidden > 0 else -1.0)
