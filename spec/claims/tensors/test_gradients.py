"""Tensors and gradients.

The documents were written when a Tensor knew nothing of gradients and a Variable was wrapped around it. Since torch 0.4
both are one class.
"""
import numpy as np
import pytest
import torch
from hypothesis import given

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, tensors

OF_AUTOGRAD = ("requires_grad", "grad", "grad_fn", "is_leaf", "backward", "register_hook", "detach")
"""Attributes that a Variable had and a Tensor had not."""

MAKERS = {
    "torch.randn": lambda device: torch.randn(2, 3, device=device),
    "torch.ones": lambda device: torch.ones(2, 3, device=device),
    "torch.from_numpy": lambda device: torch.from_numpy(np.ones((2, 3))).to(device),
    "torch.Tensor": lambda device: torch.Tensor([[1, 2]]).to(device),
}

KNOWS_NO_GRADIENTS = Claim(
    "tensors.knows-no-gradients",
    "A plain Tensor, like a numpy array, carries no gradient and knows of no computational graph.",
    sources=[
        TEMPLATE["Tensors"],
        EXAMPLES["PyTorch: Tensors"],
        INTRODUCTION["PyTorch Tensors"],
        FLOYDHUB["Tensor"],
        NOTEBOOK["PyTorch Tensors"],
    ],
    deviations=[
        Deviation(
            "Every tensor has a gradient, which is None at first, and records a graph once it is told to; one that is "
            "not told to records nothing.",
            witness={},
        )
    ],
    kills=["tensors-require-gradients-by-default", "requires-grad-is-ignored", "the-product-records-itself-always"],
)


@KNOWS_NO_GRADIENTS
@pytest.mark.parametrize("name", OF_AUTOGRAD)
def test_a_tensor_has_nothing_that_has_to_do_with_gradients(device, name):
    assert not hasattr(torch.ones(2, device=device), name)


@KNOWS_NO_GRADIENTS.regardless
@pytest.mark.parametrize("name", OF_AUTOGRAD)
def test_an_array_has_nothing_that_has_to_do_with_gradients(name):
    assert not hasattr(np.ones(2), name)


@KNOWS_NO_GRADIENTS.instead
@pytest.mark.parametrize("maker", sorted(MAKERS))
def test_every_tensor_has_a_gradient_which_is_none_at_first(device, maker):
    tensor = MAKERS[maker](device)
    assert all(hasattr(tensor, name) for name in OF_AUTOGRAD)
    assert (tensor.requires_grad, tensor.grad, tensor.grad_fn, tensor.is_leaf) == (False, None, None, True)
    assert isinstance(tensor, torch.autograd.Variable)


@KNOWS_NO_GRADIENTS.instead
@needs(FLOAT64)
@reaches(integer=lambda t: dtypes.is_integer(t.dtype), strided=lambda t: not t.contiguous)
@given(t=tensors(layouts=LAYOUTS))
def test_what_is_computed_from_plain_tensors_records_nothing(device, t):
    """
    >>> (t * t).sum().grad_fn
    """
    tensor = t.on(device)
    for result in (tensor * tensor, tensor + 1, tensor.sum(), tensor.clone(), tensor.unsqueeze(0)):
        assert (result.requires_grad, result.grad_fn, result.is_leaf) == (False, None, True)
    with pytest.raises(RuntimeError, match="does not require grad"):
        tensor.sum().backward()
    assert tensor.grad is None


@KNOWS_NO_GRADIENTS.instead
@needs(FLOAT64)
@reaches(kink=lambda t: (t.array == 0).any(), empty=lambda t: t.numel == 0)
@given(t=tensors("float64", integral=True))
def test_a_tensor_told_to_records_a_graph_and_receives_its_gradient(device, t):
    """
    >>> (t.requires_grad_() * t).sum().backward(); t.grad
    """
    tensor = t.on(device)
    assert tensor.requires_grad_() is tensor and tensor.requires_grad
    square = tensor * tensor
    assert square.requires_grad and square.grad_fn is not None and not square.is_leaf
    square.sum().backward()
    agrees(tensor.grad, 2 * t.array)


@KNOWS_NO_GRADIENTS.instead
@pytest.mark.parametrize("dtype", dtypes.INTEGERS + dtypes.BOOL)
def test_whole_numbers_and_truth_values_cannot_require_a_gradient(device, dtype):
    with pytest.raises(RuntimeError, match="floating point"):
        torch.ones(2, device=device).to(dtypes.torch_dtype(dtype)).requires_grad_()
