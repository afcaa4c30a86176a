"""The same names as numpy has.

A list of common numpy functions, and which of them torch has under the same name; and whether a shared name means the
same thing.
"""
import re
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, HERE, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.tensors._helpers import evaluate
from spec.era import release
from spec.oracles import rounding
from spec.oracles.agreement import agrees, is_tensor
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import Blueprint, matrices
from spec.strategies.choices import draw_choices

FIRST_RELEASE = OrderedDict([
    ("1.0", "abs add all allclose any arange argmax argmin argsort bincount ceil cos cosh cross cumprod cumsum "
            "diag dot einsum empty empty_like equal exp expm1 eye flip floor fmod full full_like isclose isfinite "
            "isinf isnan linspace log log10 log1p log2 logspace matmul max mean median meshgrid min nonzero ones "
            "ones_like prod reciprocal remainder reshape roll rot90 round sign sin sinh sort split sqrt squeeze "
            "stack std sum take tan tanh tensordot trace transpose tril triu trunc unique var where zeros "
            "zeros_like"),
    ("1.3", "logical_not logical_xor"),
    ("1.4", "conj imag real"),
    ("1.5", "floor_divide logical_and logical_or square true_divide"),
    ("1.6", "deg2rad fliplr logaddexp rad2deg searchsorted vander"),
    ("1.7", "amax arcsin clip hstack hypot maximum minimum outer quantile vstack"),
    ("1.8", "broadcast_to copysign diff inner kron moveaxis nan_to_num ravel tile"),
    ("1.9", "positive"),
    ("1.10", "histogram nanmean"),
    ("1.11", "arctan2 asarray"),
    ("1.13", "concatenate"),
])
"""The release in which torch got each of these numpy names; it still has them all."""
NEVER = "append array array_split average copy delete expand_dims insert interp pad percentile power repeat".split()
"""Common numpy names that torch 2.15 does not have."""

Case = NamedTuple("Case", [("expression", str), ("x", Blueprint), ("m", Blueprint)])
Case.__doc__ = "An expression in xp (torch or numpy), a vector x and a matrix m, both of float64."

Pair = NamedTuple("Pair", [("tensor_says", str), ("array_says", str), ("x", Blueprint), ("m", Blueprint)])
Pair.__doc__ = "An expression for torch, and the one that gives the same with numpy, of a vector x and a matrix m."

SAME = [text for text in (
    "xp.abs(-x)", "xp.ceil(x / 2)", "xp.floor(-x / 2)", "xp.round(x / 2)", "xp.trunc(-x / 2)", "xp.sign(-x)",
    "xp.sqrt(x)", "xp.exp(x)", "xp.log(x)", "xp.log2(x)", "xp.sin(x)", "xp.tanh(x)", "xp.reciprocal(x)",
    "xp.fmod(-x, 3)", "xp.remainder(-x, 3)", "xp.sum(m)", "xp.mean(x)", "xp.prod(x)", "xp.max(x)", "xp.min(m)",
    "xp.argmax(x)", "xp.argmin(x)", "xp.argsort(-x)", "xp.cumsum(m, 0)", "xp.cumprod(x, 0)", "xp.dot(x, x)",
    "xp.matmul(x, x)", "xp.diag(x)", "xp.diag(m)", "xp.trace(m)", "xp.tril(m)", "xp.triu(m, 1)", "xp.roll(x, 1)",
    "xp.flip(m, (0, 1))", "xp.rot90(m)", "xp.stack([x, -x])", "xp.squeeze(m)", "xp.reshape(m, (-1,))",
    "xp.where(x > 2, x, -x)", "xp.isclose(x, x)", "xp.allclose(x, x + 1)", "xp.einsum('ij,ij->i', m, m)",
    "xp.tensordot(m, m)", "xp.linspace(0, 1, 5)", "xp.logspace(0, 2, 3)", "xp.eye(3)", "xp.zeros(3)", "xp.ones((2, 3))",
    "xp.full((2,), 7.5)", "xp.arange(7)", "xp.square(x)", "xp.vander(x)", "xp.hypot(x, -x)", "xp.maximum(x, 3 - x)",
    "xp.vstack([x, x])", "xp.outer(x, x)", "xp.clip(x, 2, 3)", "xp.kron(m, m)", "xp.diff(x)", "xp.ravel(m)",
    "xp.moveaxis(m, 0, 1)", "xp.concatenate([x, x])",
) if hasattr(torch, re.match(r"xp\.(\w+)", text).group(1))]
"""Expressions that mean the same in both libraries, for distinct positive x."""

FOUR = Blueprint.of([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
SQUARE = Blueprint.of([[1.0, 2.0], [3.0, 4.0]])
DIFFERENT = [
    "xp.std(x)", "xp.var(x)", "xp.median(x)", "x.repeat(2)", "x.size", "xp.max(x, 0)", "xp.min(x, 0)", "xp.sort(x)",
    "xp.transpose(m)", "xp.dot(m, m)", "xp.equal(x, x)", "xp.split(x, 2)", "xp.nonzero(x)", "xp.cumsum(m)",
    "xp.flip(x)", "xp.meshgrid(x, x[1:])", "xp.mean(xp.arange(3))", "xp.sign(x * float('nan'))",
]
"""Expressions that torch understands otherwise, or not at all."""

TRANSLATED = {
    "torch.std(x)": "np.std(x, ddof=1)",
    "torch.var(x)": "np.var(x, ddof=1)",
    "torch.median(x)": "np.sort(x)[(len(x) - 1) // 2]",
    "x.repeat(2)": "np.tile(x, 2)",
    "x.size()[0]": "x.size",
    "torch.max(x, 0)[0]": "np.max(x, 0)",
    "x[torch.max(x, 0)[1]]": "np.max(x, 0)",
    "torch.min(m, 1)[0]": "np.min(m, 1)",
    "torch.sort(x)[0]": "np.sort(x)",
    "x[torch.sort(x)[1]]": "np.sort(x)",
    "torch.transpose(m, 0, 1)": "np.transpose(m)",
    "m.transpose(0, 1)": "m.transpose()",
    "torch.equal(x, x / 2)": "np.array_equal(x, x / 2)",
    "torch.split(x, 2)[0]": "x[:2]",
    "torch.nonzero(m)": "np.argwhere(m)",
    "torch.cumsum(m.reshape(-1), 0)": "np.cumsum(m)",
    "torch.flip(x, (0,))": "np.flip(x)",
    "torch.meshgrid(x, x[1:])[0]": "np.meshgrid(x, x[1:], indexing='ij')[0]",
}
"""What torch's version of each of these is in numpy's terms."""


@st.composite
def distinct_vectors(draw):
    """Draw a vector of one to six distinct whole numbers from 1 to 9."""
    choices, numbers = draw_choices(draw, 7), list(range(1, 10))
    return Blueprint.of([float(numbers.pop(choices.below(len(numbers)))) for _ in range(choices.between(1, 6))])


NUMPY_NAMES_AVAILABLE = Claim(
    "tensors.numpy-names-available",
    "Many functions on tensors have the names of numpy's: torch has most of a list of common ones, and no release "
    "loses one.",
    sources=[
        TEMPLATE["Tensors"],
        EXAMPLES["PyTorch: Tensors"],
        INTRODUCTION["PyTorch Tensors"],
        FLOYDHUB["Tensor"],
        NOTEBOOK["PyTorch Tensors"],
    ],
    kills=["cumprod-is-gone"],
)


@NUMPY_NAMES_AVAILABLE
@pytest.mark.parametrize("first", list(FIRST_RELEASE))
def test_the_names_that_came_with_a_release_are_there_from_then_on(first):
    there = [name for name in FIRST_RELEASE[first].split() if callable(getattr(torch, name, None))]
    assert there == (FIRST_RELEASE[first].split() if release(first) <= HERE else [])


@NUMPY_NAMES_AVAILABLE
def test_most_of_the_common_names_are_there():
    names = " ".join(FIRST_RELEASE.values()).split() + NEVER
    assert len(set(names)) == len(names) and all(hasattr(np, name) for name in names)
    assert sum(callable(getattr(torch, name, None)) for name in names) > len(names) / 2


DROP_IN_FOR_NUMPY = Claim(
    "tensors.drop-in-for-numpy",
    "torch can stand in for numpy: functions of the same name give the same result.",
    sources=[INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Pytorch introduction"], FLOYDHUB["Tensor"]],
    deviations=[
        Deviation(
            "Some names mean something else: std and var divide by n - 1, the median of an even number of values is "
            "the lower of the middle two, repeat tiles, size is a method, max along a dimension and sort also return "
            "indices, equal gives one answer, split takes a length, transpose takes two dimensions, dot takes "
            "vectors, and cumsum, flip, mean, meshgrid, nonzero and sign differ too.",
            witness=[{"case": Case(expression, FOUR, SQUARE)} for expression in DIFFERENT],
            where=lambda case: case.expression in DIFFERENT,
            raises=(AssertionError, TypeError, RuntimeError),
        )
    ],
    kills=["std-divides-by-n", "median-is-the-mean-of-the-middle-two", "argsort-descends",
           "repeat-repeats-each-element", "flip-turns-one-dimension-only"],
)


@DROP_IN_FOR_NUMPY
@needs(FLOAT64)
@reaches(alone=lambda case: case.x.numel == 1, unsorted=lambda case: list(case.x.storage) != sorted(case.x.storage),
         oblong=lambda case: case.m.size[0] != case.m.size[1])
@given(case=st.builds(Case, st.sampled_from(SAME), distinct_vectors(),
                      matrices("float64", min_side=1, max_side=4, integral=True)))
@example(case=Case("xp.flip(m, (0, 1))", FOUR, SQUARE))
@example(case=Case("xp.argsort(-x)", FOUR, SQUARE))
def test_a_name_that_both_libraries_have_means_the_same_in_both(device, case):
    """
    >>> eval(expression, {"xp": torch}, {"x": x, "m": m})
    >>> eval(expression, {"xp": np}, {"x": x.numpy(), "m": m.numpy()})
    """
    result = evaluate(case.expression, torch, x=case.x.on(device), m=case.m.on(device))
    expected = evaluate(case.expression, np, x=case.x.array, m=case.m.array)
    assert isinstance(result, (tuple, list)) == isinstance(expected, (tuple, list))
    assert callable(result) == callable(expected)
    if not isinstance(expected, (tuple, list)):
        result, expected = [result], [expected]
    assert len(result) == len(expected)
    for one, other in zip(result, expected):
        precision = "float64" if is_tensor(one) and one.dtype == torch.float64 else "float32"
        exact = np.asarray(other).dtype.kind in "biu"
        bound = 0 if exact else rounding.elementwise(other, precision, 8)
        agrees(one, np.asarray(other), bound, any_dtype=True)


@DROP_IN_FOR_NUMPY.instead
@needs(FLOAT64)
@reaches(
    even=lambda pair: pair.x.numel % 2 == 0,
    alone=lambda pair: pair.x.numel == 1,
    tie=lambda pair: len(set(pair.x.storage)) < pair.x.numel,
)
@given(pair=st.builds(
    lambda names, x, m: Pair(names[0], names[1], x, m),
    st.sampled_from(sorted(TRANSLATED.items())),
    st.lists(st.integers(1, 5), min_size=1, max_size=6).map(lambda values: Blueprint.of([float(n) for n in values])),
    matrices("float64", min_side=1, max_side=4, integral=True),
))
@example(pair=Pair("torch.std(x)", "np.std(x, ddof=1)", Blueprint.of([3.0]), SQUARE))
@example(pair=Pair("torch.median(x)", "np.sort(x)[(len(x) - 1) // 2]", FOUR, SQUARE))
def test_what_torch_means_by_a_name_can_be_said_in_numpy(device, pair):
    """
    >>> eval(tensor_says, {"torch": torch}, {"x": x, "m": m})
    >>> eval(array_says, {"np": np}, {"x": x.numpy(), "m": m.numpy()})
    """
    x, m = pair.x.on(device), pair.m.on(device)
    result = evaluate(pair.tensor_says.replace("torch", "xp"), torch, x=x, m=m)
    expected = evaluate(pair.array_says.replace("np", "xp"), np, x=pair.x.array, m=pair.m.array)
    agrees(result, expected, rounding.elementwise(expected, "float64", 16), any_dtype=True)


@DROP_IN_FOR_NUMPY.instead
@needs(FLOAT64)
@pytest.mark.parametrize("expression", [
    "xp.transpose(m)", "m.transpose()", "xp.dot(m, m)", "xp.cumsum(m)", "xp.flip(m)", "xp.mean(xp.arange(3))"])
def test_torch_refuses_what_numpy_takes(device, expression):
    with pytest.raises((TypeError, RuntimeError)):
        evaluate(expression, torch, m=SQUARE.on(device))
    assert evaluate(expression, np, m=SQUARE.array) is not None


@DROP_IN_FOR_NUMPY.instead
@needs(FLOAT64)
def test_the_sign_of_nan_is_0(device):
    values = torch.tensor([float("nan"), -0.0, -2.0, float("inf")], dtype=torch.float64, device=device)
    agrees(torch.sign(values), [0.0, 0.0, -1.0, 1.0])
    agrees(np.sign(values.cpu().numpy()), [float("nan"), 0.0, -1.0, 1.0])
