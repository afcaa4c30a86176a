"""Optimizers by name, and runs of them: weights, and the gradients that they are to meet one after the other."""
from typing import Dict, NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import HERE
from spec.oracles import optimizers
from spec.oracles.agreement import agrees
from spec.oracles.optimizers import measured
from spec.strategies import SEPARATE, Blueprint, shapes, tensors
from spec.strategies.values import draw_values

COMMON = ("SGD", "Adagrad", "RMSprop", "Adam")
"""The names of the four algorithms that the documents name."""

EARLY_EPS = HERE < (1, 3)
"""Whether Adam of this release adds eps before the correction; the claim optim.adam-rule says so."""


def adam(**options):
    """Make the rule of Adam as this release has it."""
    return optimizers.Adam(early_eps=EARLY_EPS, **options)


Run = NamedTuple("Run", [("w", Blueprint), ("gradients", np.ndarray), ("options", Dict)])
Run.__doc__ = "First weights, the gradients of the steps, one after the other (steps, *size), and the options."


@st.composite
def runs(draw, options=({},), max_steps=4, layouts=SEPARATE, dtype=dtypes.FLOATS):
    """Draw a Run with one of the options given; all numbers are finite and at most 100 in size."""
    w = draw(tensors(dtype, shape=shapes(max_dims=2, max_elements=33), layouts=layouts, finite=True, bounded=100.0))
    steps = draw(st.integers(1, max_steps))
    values = draw_values(draw, w.dtype, steps * w.numel, finite=True, bounded=100.0)
    gradients = np.array(values, dtype=w.dtype).reshape((steps,) + w.size)
    return Run(w, gradients, draw(st.sampled_from(options)))


def make(name, parameters, **options):
    """Make the optimizer of a name; lr, which some releases ask for, is 0.01 where the options do not give it."""
    return getattr(torch.optim, name)(parameters, **dict({"lr": 0.01}, **options))


def gradients_of(run, device):
    """Return the gradients of a run as a list of tensors."""
    return [Blueprint.of(gradient, run.w.dtype).on(device) for gradient in run.gradients]


def weights_by_step(optimizer, run, device):
    """Train as the documents do, with a loss whose gradient is the one that is due; yield the weights after each step.

    optimizer  called with a list of the weights and the run's options
    """
    w = run.w.on(device, requires_grad=True)
    trained = optimizer([w], **run.options)
    for gradient in gradients_of(run, device):
        loss = (w * gradient).sum()
        trained.zero_grad()
        loss.backward()
        trained.step()
        yield w


def follows(optimizer, rule, run, device):
    """Assert that after each step an optimizer has the weights of a rule of spec.oracles.optimizers."""
    __tracebackhide__ = True
    rule, expected = rule(**run.options), measured(run.w.array, run.w.dtype)
    for w, gradient in zip(weights_by_step(optimizer, run, device), run.gradients):
        expected = rule.step(expected, measured(gradient, run.w.dtype))
        agrees(w, expected.value, expected.bound, dtype=run.w.dtype)


def cleared(parameter):
    """Say whether a parameter holds no gradient: None, or nothing but zeros."""
    return parameter.grad is None or not np.asarray(parameter.grad.cpu()).any()


def moved(parameter, before):
    """Say whether every element of a parameter differs from what it was."""
    return bool((parameter.detach().cpu().numpy() != before).all())
