"""A rectifier of one's own.

The documents' example is an operator that torch has already, so that the two can be compared: everywhere, and at 0,
where no derivative is the right one and every implementation chooses.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch.nn.functional as F
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.claim import Claim, Deviation, reaches
from spec.networks.with_custom_function import HandWrittenReLU
from spec.oracles.agreement import agrees, bitwise
from spec.oracles.derivatives import clarke_contains, one_sided
from spec.sources import EXAMPLES, FLOYDHUB, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, shapes, tensors
from spec.strategies.tensors import draw_tensor

Case = NamedTuple("Case", [("x", Blueprint), ("v", Blueprint)])
Case.__doc__ = "The input of a rectifier, and the gradient that enters it from behind."


@st.composite
def cases(draw, x, **upstream):
    """Draw a Case from a strategy for x; v has any layout and the size and dtype of x."""
    x = draw(x)
    return Case(x, draw_tensor(draw, x.dtype, x.size, LAYOUTS, **upstream))


def inputs(**options):
    """Draw the input of a rectifier: floats of any layout, with sides on both sides of the vector widths."""
    return tensors(dtype=dtypes.FLOATS, shape=shapes(max_elements=66), layouts=LAYOUTS, **options)


def value_and_gradient(operator, case, device):
    """Return the output of an operator, and the gradient of the case's input."""
    x = case.x.on(device, requires_grad=True)
    out = operator(x)
    out.backward(case.v.on(device))
    return out, x.grad


def gradient_where(passes, case):
    """Return the gradient that lets v through where ``passes`` (an array of bools) says so, and is 0 elsewhere."""
    return np.where(passes, case.v.array, np.zeros((), case.v.dtype))


def rectified(case):
    """Return the input with 0 for negative numbers; NaN stays."""
    return np.where(case.x.array < 0, np.zeros((), case.x.dtype), case.x.array)


RELU_MATCHES_BUILTIN = Claim(
    "custom-functions.relu-matches-builtin",
    "The custom rectifier computes the same outputs and gradients as the built-in one, for inputs that are not exactly "
    "0.",
    sources=[
        TEMPLATE["Defining new autograd functions"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["relu-turns-nan-into-zero", "relu-lets-small-negatives-through", "clamp-lets-minus-one-through",
           "assignment-by-mask-misses-the-last-element", "mask-of-negative-units-includes-nan"],
)


@RELU_MATCHES_BUILTIN
@reaches(negative=lambda case: (case.x.array < 0).any(), nan=lambda case: np.isnan(case.x.array).any(),
         infinite=lambda case: np.isinf(case.x.array).any(), strided=lambda case: not case.x.contiguous,
         strided_gradient=lambda case: not case.v.contiguous,
         expanded_gradient=lambda case: case.v.layout() == "expanded",
         empty=lambda case: not case.x.numel, long=lambda case: case.x.numel > 16)
@given(case=cases(inputs(kinks=False)))
@example(case=Case(Blueprint.of([-1.0, 2.0, float("nan"), float("inf"), float("-inf"), 5e-324, -5e-324]),
                   Blueprint.of([1.0, -2.0, 3.0, 4.0, 5.0, 6.0, 7.0])))
def test_off_zero_the_custom_rectifier_and_the_built_in_one_agree(device, case):
    """
    >>> f = staticmethod(lambda ctx, x: ctx.save_for_backward(x) or x.clamp(min=0)); x.requires_grad_()
    >>> b = staticmethod(lambda ctx, g: g.clone().masked_fill_(ctx.saved_tensors[0] < 0, 0)); relu = torch.relu(x)
    >>> type("R", (torch.autograd.Function,), {"forward": f, "backward": b}).apply(x), relu
    """
    custom = value_and_gradient(HandWrittenReLU.apply, case, device)
    builtin = value_and_gradient(F.relu, case, device)
    assert type(custom[0].grad_fn).__name__ == "HandWrittenReLUBackward"
    for value, gradient in (custom, builtin):
        agrees(value, rectified(case))
        agrees(gradient, gradient_where(~(case.x.array < 0), case))
    bitwise(custom[0], builtin[0])
    agrees(custom[1], builtin[1])


def has_a_zero(case):
    """Say whether the input has a 0, of either sign, among its elements."""
    return bool((case.x.array == 0).any())


NAN = float("nan")

RELU_EQUALS_CLAMP_EVERYWHERE = Claim(
    "custom-functions.relu-equals-clamp-everywhere",
    "The custom rectifier has the values and the gradient of clamp(min=0) at every number, 0 and the infinities "
    "included.",
    sources=[
        TEMPLATE["Defining new autograd functions"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    deviations=[
        Deviation(
            "At 0 they differ: clamp has the derivative 0 at its bound, and the custom rectifier 1.",
            witness=[{"case": Case(Blueprint.of([zero]), Blueprint.of([1.0]))} for zero in (0.0, -0.0)],
            since="2.14",
            where=lambda case: has_a_zero(case),
            issue="pytorch#191142",
        )
    ],
    kills=["clamp-halves-the-gradient-at-its-bound", "mask-of-negative-units-includes-zero",
           "clamp-passes-the-gradient-at-nan", "clamp-turns-infinity-into-zero"],
)

NUMBERS = inputs().filter(lambda x: not np.isnan(x.array).any()) | inputs(integral=True)
CLAMPED = cases(NUMBERS, finite=True)


@RELU_EQUALS_CLAMP_EVERYWHERE
@reaches(negative=lambda case: (case.x.array < 0).any(), positive=lambda case: (case.x.array > 0).any(),
         strided=lambda case: not case.x.contiguous)
@given(case=CLAMPED)
@example(case=Case(Blueprint.of([float("-inf"), -0.5, 0.5, float("inf")]), Blueprint.of([1.0, 2.0, 3.0, 4.0])))
def test_the_custom_rectifier_and_clamp_have_the_same_gradient(device, case):
    """
    >>> x.requires_grad_(); x.clamp(min=0).backward(v)
    >>> x.grad, v.masked_fill(x < 0, 0)
    """
    custom = value_and_gradient(HandWrittenReLU.apply, case, device)
    clamp = value_and_gradient(lambda x: x.clamp(min=0), case, device)
    agrees(custom[1], gradient_where(~(case.x.array < 0), case))
    agrees(clamp[1], custom[1])


@RELU_EQUALS_CLAMP_EVERYWHERE.instead
@reaches(kink=lambda case: (case.x.array == 0).any(), negative=lambda case: (case.x.array < 0).any())
@given(case=CLAMPED)
@example(case=Case(Blueprint.of([0.0, -0.0]), Blueprint.of([3.0, 4.0])))
def test_at_zero_the_custom_rectifier_passes_the_gradient_and_clamp_does_not(device, case):
    """
    >>> x.requires_grad_(); x.clamp(min=0).backward(v)
    >>> x.grad, v.masked_fill(x < 0, 0)
    """
    agrees(value_and_gradient(HandWrittenReLU.apply, case, device)[1], gradient_where(~(case.x.array < 0), case))
    agrees(value_and_gradient(lambda x: x.clamp(min=0), case, device)[1], gradient_where(case.x.array > 0, case))


@RELU_EQUALS_CLAMP_EVERYWHERE.regardless
@reaches(kink=lambda x: (x.array == 0).any(), nan=lambda x: np.isnan(x.array).any())
@given(x=inputs())
def test_the_custom_rectifier_and_clamp_have_the_same_values(device, x):
    """
    >>> x.clamp(min=0)
    """
    custom, clamp = HandWrittenReLU.apply(x.on(device)), x.on(device).clamp(min=0)
    agrees(custom, rectified(Case(x, x)))
    bitwise(clamp, custom)


@RELU_EQUALS_CLAMP_EVERYWHERE.regardless
@pytest.mark.parametrize("count", [1, 7, 16, 33])
def test_at_nan_which_is_no_number_the_custom_rectifier_passes_the_gradient_and_clamp_does_not(device, count):
    case = Case(Blueprint.of([NAN] * count, "float32"), Blueprint.of([3.0] * count, "float32"))
    agrees(value_and_gradient(HandWrittenReLU.apply, case, device)[1], np.full(count, 3, "float32"))
    agrees(value_and_gradient(lambda x: x.clamp(min=0), case, device)[1], np.zeros(count, "float32"))


RELU_KINK_GRADIENT = Claim(
    "custom-functions.relu-kink-gradient",
    "Because its backward function silences negative inputs only, the custom rectifier has the derivative 1 at 0 and "
    "at -0.0, where F.relu has 0.",
    sources=[
        EXAMPLES["PyTorch: Defining new autograd functions"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["relu-has-the-slope-one-at-zero", "mask-of-negative-units-includes-zero",
           "mask-of-negative-units-includes-minus-zero"],
)

KINKS = (-1.0, 0.0, -0.0, 1.0)


@RELU_KINK_GRADIENT
@reaches(zero=lambda case: (case.x.array == 0).any(),
         minus_zero=lambda case: ((case.x.array == 0) & np.signbit(case.x.array)).any(),
         strided=lambda case: not case.x.contiguous, long=lambda case: case.x.numel > 16)
@given(case=cases(tensors(dtype=dtypes.FLOATS, shape=shapes(max_elements=33), layouts=LAYOUTS, among=KINKS)))
@example(case=Case(Blueprint.of([-1.0, -0.0, 0.0, 1.0]), Blueprint.of([3.0, 4.0, 5.0, 6.0])))
@example(case=Case(Blueprint.of([0.0] * 17, "float32"), Blueprint.of([2.0] * 17, "float32")))
def test_at_zero_the_custom_rectifier_passes_the_gradient_and_relu_does_not(device, case):
    """
    >>> x.requires_grad_(); torch.relu(x).backward(v)
    >>> x.grad, v.masked_fill(x < 0, 0)
    """
    custom, builtin = (value_and_gradient(f, case, device) for f in (HandWrittenReLU.apply, F.relu))
    agrees(custom[0], rectified(case))
    agrees(builtin[0], rectified(case))
    agrees(custom[1], gradient_where(case.x.array >= 0, case))
    agrees(builtin[1], gradient_where(case.x.array > 0, case))


@RELU_KINK_GRADIENT
def test_both_derivatives_at_zero_lie_between_those_from_the_left_and_from_the_right(device):
    left, right = one_sided(lambda at: max(at, 0.0), 0.0, 1.0)
    case = Case(Blueprint.of([0.0], "float32"), Blueprint.of([1.0], "float32"))
    derivatives = [value_and_gradient(f, case, device)[1].item() for f in (HandWrittenReLU.apply, F.relu)]
    assert derivatives == [right, left] == [1, 0]
    assert all(clarke_contains(derivative, left, right) for derivative in derivatives)
