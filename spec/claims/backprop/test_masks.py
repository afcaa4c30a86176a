"""The rectifier on the way back.

Where a hidden unit was silenced, no gradient may pass. The programs copy the gradient and write 0 into the copy
wherever the hidden unit is negative. A unit of exactly 0 is not negative: there the rectifier has no derivative, and
the programs take 1.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees, bitwise, unchanged
from spec.oracles.derivatives import clarke_contains, one_sided
from spec.sources import EXAMPLES, NOTEBOOK
from spec.strategies import ARRAY_LAYOUTS, LAYOUTS, Blueprint, arrays, shapes, tensors
from spec.strategies.tensors import draw_tensor

Masked = NamedTuple("Masked", [("grad", Blueprint), ("h", Blueprint)])
Masked.__doc__ = "A gradient to be masked, and the hidden units, of the same size and dtype, that mask it."


@st.composite
def masked(draw):
    """Draw a Masked of any layouts; the hidden units have many zeros, infinities and NaN among them."""
    h = draw(tensors(dtype=dtypes.FLOATS, shape=shapes(max_elements=64), layouts=LAYOUTS))
    return Masked(draw_tensor(draw, h.dtype, h.size, LAYOUTS), h)


def passed_on(case):
    """Return what the mask lets through: the gradient wherever h is not negative, NaN and both zeros included."""
    kept = [0.0 if h < 0 else g for g, h in zip(case.grad.array.ravel().tolist(), case.h.array.ravel().tolist())]
    return np.array(kept, case.grad.dtype).reshape(case.grad.size)


NAN, INF = float("nan"), float("inf")
KINDS = Masked(Blueprint.of([7.0] * 7), Blueprint.of([-1.0, -0.0, 0.0, 1.0, NAN, INF, -INF]))

MASK_PASSES_GRADIENT_AT_ZERO = Claim(
    "backprop.mask-passes-gradient-at-zero",
    "The mask grad_h[h < 0] = 0 lets the gradient through unchanged where h is exactly 0, and where it is NaN: at its "
    "kink the rectifier has the derivative 1.",
    sources=[
        EXAMPLES["Warm-up: numpy"],
        EXAMPLES["PyTorch: Tensors"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        NOTEBOOK["What are Tensors?"],
        NOTEBOOK["PyTorch Tensors"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["mask-of-negative-units-includes-zero", "mask-of-negative-units-includes-nan",
           "mask-of-negative-units-includes-minus-zero", "assignment-by-mask-misses-the-last-element",
           "assignment-by-mask-needs-contiguous-memory"],
)


@MASK_PASSES_GRADIENT_AT_ZERO
@reaches(kink=lambda case: (case.h.array == 0).any(), nan=lambda case: (case.h.array != case.h.array).any(),
         negative=lambda case: (case.h.array < 0).any(), strided=lambda case: not case.h.contiguous,
         empty=lambda case: not case.h.numel)
@given(case=masked())
@example(case=KINDS)
def test_a_masked_gradient_of_a_tensor_is_0_where_the_unit_is_negative_and_unchanged_elsewhere(device, case):
    """
    >>> grad_h = grad.clone()
    >>> grad_h[h < 0] = 0
    >>> grad_h
    """
    h, grad = case.h.on(device), case.grad.on(device)
    masked_grad = grad.clone()
    masked_grad[h < 0] = 0
    bitwise(masked_grad, passed_on(case))
    bitwise(grad, case.grad.array)
    bitwise(h, case.h.array)


@MASK_PASSES_GRADIENT_AT_ZERO
def test_the_transposed_gradient_is_masked_by_the_transposed_mask(device):
    h = torch.tensor([[-1.0, 0.0, 2.0], [3.0, -4.0, -0.0]], device=device)
    grad = torch.ones(2, 3, device=device)
    grad.t()[(h < 0).t()] = 0
    agrees(grad, np.array([[0, 1, 1], [1, 0, 1]], "float32"))


@MASK_PASSES_GRADIENT_AT_ZERO
@reaches(kink=lambda case: (case.h.array == 0).any(), nan=lambda case: (case.h.array != case.h.array).any())
@given(case=masked())
@example(case=KINDS)
def test_a_masked_gradient_of_an_array_is_the_same(case):
    """
    >>> grad_h = grad.numpy().copy()
    >>> grad_h[h.numpy() < 0] = 0
    >>> grad_h
    """
    h, grad = case.h.strided(), case.grad.strided()
    masked_grad = grad.copy()
    with np.errstate(invalid="ignore"):
        masked_grad[h < 0] = 0
    bitwise(masked_grad, passed_on(case))
    bitwise(grad, case.grad.array)


@MASK_PASSES_GRADIENT_AT_ZERO
def test_passing_the_gradient_at_0_is_one_of_the_valid_derivatives_there(device):
    h, grad = torch.zeros(1, device=device), torch.ones(1, device=device)
    grad[h < 0] = 0
    left, right = one_sided(lambda at: max(at, 0.0), 0.0, 1.0)
    assert (left, right) == (0, 1)
    assert clarke_contains(grad.item(), left, right)
    assert grad.item() == right


NUMPY_COPY_INDEPENDENT = Claim(
    "backprop.numpy-copy-independent",
    "grad_h_relu.copy() is an array of its own: writing 0 into entries of the copy leaves grad_h_relu as it was.",
    sources=[EXAMPLES["Warm-up: numpy"], NOTEBOOK["What are Tensors?"]],
    kills=["numpy-copy-is-a-view", "copy-of-a-strided-array-is-a-view", "copy-of-a-read-only-array-is-the-array",
           "copy-shares-its-first-row"],
)

SPELLINGS = {"method": lambda a: a.copy(), "function": lambda a: np.copy(a)}
"""The two ways to write the copy."""


@NUMPY_COPY_INDEPENDENT
@reaches(strided=lambda a: "contiguous" not in a.labels, broadcast=lambda a: "broadcast" in a.labels,
         readonly=lambda a: "readonly" in a.labels, empty=lambda a: not a.array.size, number=lambda a: not a.size,
         foreign=lambda a: "foreign" in a.labels)
@given(a=arrays(layouts=ARRAY_LAYOUTS, readonly=None, foreign=None, misaligned=None),
       spelling=st.sampled_from(sorted(SPELLINGS)))
def test_what_is_written_into_a_copy_does_not_reach_the_original(a, spelling):
    """
    >>> copy = a.copy()
    >>> copy[...] = 1 - copy
    >>> a
    """
    original = a.make()
    copy = SPELLINGS[spelling](original)
    bitwise(copy, original)
    assert copy.base is None and copy.flags.owndata and copy.flags.writeable
    assert not np.shares_memory(copy, original)
    with np.errstate(all="ignore"):
        copy[...] = 1 - copy
    unchanged(np.array(original, a.dtype), a.array)


@NUMPY_COPY_INDEPENDENT
@pytest.mark.parametrize("spelling", sorted(SPELLINGS))
def test_silencing_units_in_the_copy_leaves_the_gradient_before_the_rectifier(spelling):
    h = np.array([[-1.0, 0.0, 2.0], [3.0, -4.0, -5.0]])
    grad_h_relu = np.arange(1.0, 7.0).reshape(2, 3)
    grad_h = SPELLINGS[spelling](grad_h_relu)
    grad_h[h < 0] = 0
    agrees(grad_h, [[0, 2, 3], [4, 0, 0]])
    agrees(grad_h_relu, [[1, 2, 3], [4, 5, 6]])
    assert grad_h_relu.base is not None and grad_h.base is None
