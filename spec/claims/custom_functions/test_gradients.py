"""What the backward function is handed.

In words that hold for every operator: the gradient of the loss by the operator's output comes in, and the gradient of
the loss by its input goes out. The chain rule is all that happens in between.
"""
import numpy as np
import torch
from hypothesis import given

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.custom_functions._helpers import Watched
from spec.oracles.agreement import agrees, unchanged
from spec.sources import EXAMPLES, FLOYDHUB, NOTEBOOK
from spec.strategies import LAYOUTS, same_shape

BACKWARD_RECEIVES_OUTPUT_GRADIENT = Claim(
    "custom-functions.backward-receives-output-gradient",
    "The backward function is handed the gradient of the loss by the operator's output, and what it returns is taken "
    "for the gradient of the loss by the input.",
    sources=[
        EXAMPLES["PyTorch: Defining new autograd functions"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["backward-is-handed-half-the-gradient", "backward-is-handed-ones",
           "backward-is-handed-none-for-an-unused-output", "apply-cuts-the-gradient-that-backward-returns"],
)

PAIRS = same_shape(2, dtype="float64", integral=True, bounded=3, layouts=LAYOUTS, max_elements=16)


@BACKWARD_RECEIVES_OUTPUT_GRADIENT
@needs(FLOAT64)
@reaches(strided=lambda pair: not pair[1].contiguous, number=lambda pair: not pair[0].size,
         empty=lambda pair: not pair[0].numel)
@given(pair=PAIRS)
def test_backward_is_handed_the_weights_of_a_weighted_sum(device, pair):
    """
    >>> x, c = pair; x.requires_grad_(); h = x * 2; y = h.pow(3)
    >>> y.register_hook(print)
    >>> (c * y).sum().backward(); print(x.grad)
    """
    x, c = pair[0].on(device, requires_grad=True), pair[1].on(device)
    notes = []
    (c * Watched.apply(2 * x, notes)).sum().backward()
    assert len(notes) == 1
    agrees(notes[0], pair[1].array)
    agrees(x.grad, 2 * 3 * (2 * pair[0].array) ** 2 * pair[1].array)


@BACKWARD_RECEIVES_OUTPUT_GRADIENT
@needs(FLOAT64)
@reaches(strided=lambda pair: not pair[0].contiguous, empty=lambda pair: pair[0].numel == 0,
         no_error=lambda pair: (pair[0].array ** 3 == pair[1].array).any(), no_dimension=lambda pair: pair[0].ndim == 0)
@given(pair=PAIRS)
def test_backward_is_handed_twice_the_error_of_a_squared_error(device, pair):
    """
    >>> x, target = pair; x.requires_grad_(); y = x.pow(3)
    >>> y.register_hook(print)
    >>> (y - target).pow(2).sum().backward(); print(x.grad)
    """
    x, target = pair[0].on(device, requires_grad=True), pair[1].on(device)
    notes = []
    (Watched.apply(x, notes) - target).pow(2).sum().backward()
    twice_the_error = 2 * (pair[0].array ** 3 - pair[1].array)
    agrees(notes[0], twice_the_error)
    agrees(x.grad, 3 * pair[0].array ** 2 * twice_the_error)


@BACKWARD_RECEIVES_OUTPUT_GRADIENT
@needs(FLOAT64)
@reaches(strided=lambda pair: not pair[1].contiguous, expanded=lambda pair: pair[1].layout() == "expanded")
@given(pair=PAIRS)
def test_backward_is_handed_what_the_caller_starts_with(device, pair):
    """
    >>> x, v = pair; x.requires_grad_(); y = x.pow(3)
    >>> y.register_hook(print)
    >>> y.backward(v); print(x.grad)
    """
    x, v = pair[0].on(device, requires_grad=True), pair[1].on(device)
    notes = []
    Watched.apply(x, notes).backward(v)
    agrees(notes[0], pair[1].array)
    agrees(x.grad, 3 * pair[0].array ** 2 * pair[1].array)
    unchanged(v, pair[1].array)


@BACKWARD_RECEIVES_OUTPUT_GRADIENT
def test_backward_is_called_once_with_the_sum_over_all_uses_of_the_output(device):
    x = torch.tensor([1.0, -2.0], device=device, requires_grad=True)
    notes = []
    y = Watched.apply(x, notes)
    (3 * y + y * torch.tensor([0.0, 5.0], device=device) - y[0]).sum().backward()
    assert len(notes) == 1
    agrees(notes[0], np.array([3 - 2, 3 + 5], "float32"))


@BACKWARD_RECEIVES_OUTPUT_GRADIENT
def test_whatever_backward_returns_is_passed_on(device):
    class Arbitrary(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad_output):
            return grad_output * 7

    w = torch.tensor([1.0, -2.0], device=device, requires_grad=True)
    (5 * Arbitrary.apply(3 * w)).sum().backward()
    agrees(w.grad, [105, 105])


@BACKWARD_RECEIVES_OUTPUT_GRADIENT
def test_for_an_output_that_the_loss_does_not_use_backward_is_handed_zeros(device):
    class Twins(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, notes):
            ctx.notes = notes
            return x * 2, x.sum(0)

        @staticmethod
        def backward(ctx, grad_double, grad_sum):
            ctx.notes.append((grad_double, grad_sum))
            return 2 * grad_double + grad_sum, None

    x = torch.ones(2, 3, device=device, requires_grad=True)
    notes = []
    Twins.apply(x, notes)[1].sum().backward()
    agrees(notes[0][0], np.zeros((2, 3), "float32"))
    agrees(notes[0][1], np.ones(3, "float32"))
    agrees(x.grad, np.ones((2, 3), "float32"))
