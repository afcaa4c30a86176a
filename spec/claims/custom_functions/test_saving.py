"""What is kept, and what must not be touched.

Backward often needs what forward has seen: save_for_backward keeps it, and watches over it. The gradient that backward
is handed, on the other hand, belongs to somebody else.
"""
import gc
import warnings
import weakref
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import STORAGE, needs
from spec.claim import Claim, reaches
from spec.networks.with_custom_function import HandWrittenReLU
from spec.oracles.agreement import agrees, bitwise, unchanged
from spec.sources import EXAMPLES, FLOYDHUB, NOTEBOOK
from spec.strategies import LAYOUTS, SEPARATE, Blueprint, tensors
from spec.strategies.tensors import draw_tensor

SAVE_FOR_BACKWARD = Claim(
    "custom-functions.save-for-backward",
    "save_for_backward keeps arbitrary tensors for the backward pass, which finds them, in order, as the tuple "
    "saved_tensors.",
    sources=[
        EXAMPLES["PyTorch: Defining new autograd functions"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["saved-tensors-come-back-reversed", "saved-tensors-are-copies", "saved-tensors-are-rounded-to-float32",
           "saving-drops-what-is-no-tensor", "saving-keeps-the-first-only"],
)


class Keep(torch.autograd.Function):
    """Twice the input; keeps ``kept`` for backward, and hands what it finds there to ``notes``."""

    @staticmethod
    def forward(ctx, x, kept, notes):
        ctx.save_for_backward(*kept)
        ctx.notes = notes
        return x * 2

    @staticmethod
    def backward(ctx, grad_output):
        ctx.notes.append(ctx.saved_tensors)
        return grad_output * 2, None, None


@SAVE_FOR_BACKWARD
@reaches(several=lambda kept: len(kept) > 1, none=lambda kept: None in kept, nothing=lambda kept: not kept,
         strided=lambda kept: any(one is not None and not one.contiguous for one in kept),
         integer=lambda kept: any(one is not None and dtypes.is_integer(one.dtype) for one in kept))
@given(kept=st.lists(st.none() | tensors(dtype=dtypes.ALL, layouts=LAYOUTS, max_elements=16), max_size=3))
@example(kept=[Blueprint.of([1.0, float("nan")]), None, Blueprint.of([[1, 2]], "int64")])
@example(kept=[Blueprint.of(0.1)])
def test_backward_finds_what_forward_saved_bit_for_bit_and_in_order(device, kept):
    """
    >>> f = staticmethod(lambda ctx, x: ctx.save_for_backward(*kept) or x * 2)
    >>> b = staticmethod(lambda ctx, g: print(ctx.saved_tensors) or g * 2); x = torch.ones(1, requires_grad=True)
    >>> type("F", (torch.autograd.Function,), {"forward": f, "backward": b}).apply(x).backward()
    """
    x = torch.ones(2, device=device, requires_grad=True)
    given_away = [one if one is None else one.on(device) for one in kept]
    notes = []
    Keep.apply(x, given_away, notes).sum().backward()
    agrees(x.grad, [2, 2])
    found, = notes
    assert type(found) is tuple and len(found) == len(kept)
    for one, other in zip(found, given_away):
        if other is None:
            assert one is None
        else:
            bitwise(one, other)
            assert one.device == other.device and not one.requires_grad


class Reciprocal(torch.autograd.Function):
    """One by x, from one of three things to keep: the input, the output, or the square in between."""

    @staticmethod
    def forward(ctx, x, keep, hand_out):
        square, out = x * x, 1 / x
        ctx.keep = keep
        ctx.save_for_backward({"input": x, "intermediate": square, "output": out}[keep])
        hand_out.append(square)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        kept, = ctx.saved_tensors
        slope = {"input": lambda x: -1 / (x * x), "intermediate": lambda square: -1 / square,
                 "output": lambda out: -out * out}[ctx.keep](kept)
        return grad_output * slope, None, None


WAYS = ["input", "intermediate", "output"]
POWERS_OF_TWO, SLOPES = [1.0, -2.0, 4.0], [-1, -0.25, -0.0625]
"""Where one by x, and its derivative, are exact."""


@SAVE_FOR_BACKWARD
@pytest.mark.parametrize("keep", WAYS)
def test_inputs_outputs_and_what_lies_between_can_be_saved(device, keep):
    x = torch.tensor(POWERS_OF_TWO, device=device, requires_grad=True)
    out = Reciprocal.apply(x, keep, [])
    agrees(out, [1, -0.5, 0.25])
    out.sum().backward()
    agrees(x.grad, SLOPES)


@SAVE_FOR_BACKWARD
@pytest.mark.parametrize("keep", WAYS)
def test_a_saved_tensor_that_is_changed_before_backward_is_an_error(device, keep):
    x = torch.tensor(POWERS_OF_TWO, device=device, requires_grad=True)
    h, hand_out = x * 1, []
    out = Reciprocal.apply(h, keep, hand_out)
    {"input": h, "intermediate": hand_out[0], "output": out}[keep].detach().add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()
    assert x.grad is None


@SAVE_FOR_BACKWARD
@pytest.mark.parametrize("something", [1.0, [1.0], np.ones(2), "text"], ids=["number", "list", "array", "text"])
def test_what_is_no_tensor_cannot_be_saved(device, something):
    x = torch.ones(2, device=device, requires_grad=True)
    with pytest.raises(TypeError, match="save_for_backward can only save"):
        Keep.apply(x, [x, something], [])


@SAVE_FOR_BACKWARD
def test_what_was_saved_serves_one_backward_pass_unless_the_graph_is_retained(device):
    x = torch.tensor(POWERS_OF_TWO, device=device, requires_grad=True)
    out = Reciprocal.apply(x, "input", []).sum()
    out.backward(retain_graph=True)
    out.backward()
    agrees(x.grad, [2 * slope for slope in SLOPES])
    with pytest.raises(RuntimeError, match="second time"):
        out.backward()
    agrees(x.grad, [2 * slope for slope in SLOPES])


@SAVE_FOR_BACKWARD
@pytest.mark.parametrize("keep", WAYS)
def test_a_saved_output_does_not_keep_itself_alive(device, keep):
    x = torch.tensor(POWERS_OF_TWO, device=device, requires_grad=True)
    gc.disable()
    try:
        out = Reciprocal.apply(x, keep, [])
        alive = weakref.ref(out)
        del out
        assert alive() is None
    finally:
        gc.enable()


CLONE_PROTECTS_GRADIENT = Claim(
    "custom-functions.clone-protects-gradient",
    "Backward must work on a clone of the gradient that it is handed: writing 0 into entries of that gradient itself "
    "spoils what belongs to the caller.",
    sources=[
        EXAMPLES["PyTorch: Defining new autograd functions"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["clone-is-the-tensor", "clone-of-an-expanded-tensor-is-expanded", "backward-is-handed-a-copy"],
)


class Careless(torch.autograd.Function):
    """The documents' rectifier without the clone."""

    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return input.clamp(min=0)

    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        grad_output[input < 0] = 0
        return grad_output


Case = NamedTuple("Case", [("x", Blueprint), ("grad", Blueprint)])
Case.__doc__ = "The input of a rectifier, and the caller's gradient."


@st.composite
def cases(draw):
    """Draw a Case of small whole numbers; no two elements of the gradient share a cell."""
    x = draw(tensors(dtype="float32", integral=True, layouts=LAYOUTS, max_elements=16))
    return Case(x, draw_tensor(draw, "float32", x.size, SEPARATE, integral=True))


def masked(case):
    return np.where(case.x.array < 0, np.float32(0), case.grad.array)


@CLONE_PROTECTS_GRADIENT
@reaches(spoilt=lambda case: (masked(case) != case.grad.array).any(), strided=lambda case: not case.grad.contiguous)
@given(case=cases())
@example(case=Case(Blueprint.of([-1.0, 2.0], "float32"), Blueprint.of([3.0, 4.0], "float32")))
def test_without_the_clone_the_gradient_of_the_caller_is_overwritten(device, case):
    """
    >>> f = staticmethod(lambda ctx, x: ctx.save_for_backward(x) or x.clamp(min=0))
    >>> b = staticmethod(lambda ctx, g: g.masked_fill_(ctx.saved_tensors[0] < 0, 0)); x.requires_grad_()
    >>> type("F", (torch.autograd.Function,), {"forward": f, "backward": b}).apply(x).backward(grad); print(grad)
    """
    x, grad = case.x.on(device, requires_grad=True), case.grad.on(device)
    Careless.apply(x).backward(grad)
    agrees(grad, masked(case))
    agrees(x.grad, masked(case))


@CLONE_PROTECTS_GRADIENT
@reaches(silent=lambda case: (case.x.array < 0).any() and (case.x.array >= 0).any(),
         strided=lambda case: not case.x.contiguous)
@given(case=cases())
@example(case=Case(Blueprint.of([-1.0, 0.0, 2.0], "float32"), Blueprint.of([3.0, 4.0, 5.0], "float32")))
def test_with_the_clone_both_gradients_are_right(device, case):
    """
    >>> f = staticmethod(lambda ctx, x: ctx.save_for_backward(x) or x.clamp(min=0))
    >>> b = staticmethod(lambda ctx, g: g.clone().masked_fill_(ctx.saved_tensors[0] < 0, 0)); x.requires_grad_()
    >>> type("F", (torch.autograd.Function,), {"forward": f, "backward": b}).apply(x).backward(grad); print(grad)
    """
    x, grad = case.x.on(device, requires_grad=True), case.grad.on(device)
    HandWrittenReLU.apply(x).backward(grad)
    unchanged(grad, case.grad.array)
    agrees(x.grad, masked(case))
    x.grad = None
    HandWrittenReLU.apply(x).sum().backward()
    agrees(x.grad, np.where(case.x.array < 0, np.float32(0), np.float32(1)))


@CLONE_PROTECTS_GRADIENT
@reaches(spoilt=lambda x: (x.array < 0).any() and (x.array >= 0).any(), right=lambda x: (x.array >= 0).all())
@given(x=tensors(dtype="float32", integral=True, layouts=LAYOUTS, max_elements=16))
@example(x=Blueprint.of([-1.0, 2.0, 3.0], "float32"))
def test_without_the_clone_one_silent_unit_silences_all_units_of_a_sum(device, x):
    """
    >>> f = staticmethod(lambda ctx, x: ctx.save_for_backward(x) or x.clamp(min=0))
    >>> b = staticmethod(lambda ctx, g: g.masked_fill_(ctx.saved_tensors[0] < 0, 0)); x.requires_grad_()
    >>> type("F", (torch.autograd.Function,), {"forward": f, "backward": b}).apply(x).sum().backward(); print(x.grad)
    """
    tensor = x.on(device, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some releases warn of writing into an expanded tensor
        Careless.apply(tensor).sum().backward()
    agrees(tensor.grad, np.full(x.size, 0 if (x.array < 0).any() else 1, "float32"))


@CLONE_PROTECTS_GRADIENT
@needs(STORAGE)
def test_the_gradient_of_a_sum_is_one_cell_and_its_clone_has_a_cell_for_each_element(device):
    strides = []

    class Look(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad_output):
            strides.extend([tuple(grad_output.stride()), tuple(grad_output.clone().stride())])
            return grad_output * 2

    Look.apply(torch.ones(2, 3, device=device, requires_grad=True)).sum().backward()
    assert strides == [(0, 0), (3, 1)]
