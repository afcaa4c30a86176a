"""Which gradient.

backward() leaves on each leaf the derivative of a scalar with respect to that leaf.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.autograd import Variable

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.autograd._sources import EVERYWHERE
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB
from spec.strategies import LAYOUTS, Blueprint, same_shape, shapes, tensors

GRAD_HOLDS_DERIVATIVE = Claim(
    "autograd.grad-holds-derivative",
    "x.grad is None before backward; afterwards it is a Variable of the shape and type of x that holds the derivative "
    "of the scalar with respect to x.",
    sources=EVERYWHERE,
    kills=["backward-forgets-the-last-element", "backward-flips-the-sign", "backward-gives-gradients-that-require-one",
           "backward-rounds-to-half-precision", "a-square-counts-one-of-its-two-uses"],
)


@GRAD_HOLDS_DERIVATIVE
@reaches(strided=lambda x: not x.contiguous, empty=lambda x: not x.numel, scalar=lambda x: x.size == (),
         single=lambda x: x.dtype == "float32", double=lambda x: x.dtype == "float64")
@given(x=tensors(dtypes.FLOATS, layouts=LAYOUTS, integral=True, max_elements=33), factor=st.integers(1, 4000))
@example(x=Blueprint.of([3.0, -1.0], "float32"), factor=2049)
def test_the_gradient_of_a_weighted_sum_of_squares_is_twice_the_weight_times_x(device, x, factor):
    """
    >>> x = x.requires_grad_()
    >>> (x * x * factor).sum().backward()
    >>> x.grad
    """
    tensor = x.on(device, requires_grad=True)
    assert tensor.grad is None
    (tensor * tensor * factor).sum().backward()
    agrees(tensor.grad, x.array * 2 * factor, any_dtype=True)
    assert isinstance(tensor.grad, Variable)
    assert (tensor.grad.dtype, tensor.grad.device, tensor.grad.shape) == (tensor.dtype, tensor.device, tensor.shape)
    assert tensor.grad.requires_grad is False and tensor.grad.grad_fn is None


@GRAD_HOLDS_DERIVATIVE
def test_a_leaf_that_the_scalar_does_not_depend_on_keeps_none(device):
    x, unused = (torch.ones(3, device=device, requires_grad=True) for _ in range(2))
    (x * 2).sum().backward()
    agrees(x.grad, [2.0, 2.0, 2.0])
    assert unused.grad is None


DIRECTION = Claim(
    "autograd.grad-direction-wording",
    "x.grad is the derivative of x with respect to the scalar s.",
    sources=EVERYWHERE + [FLOYDHUB["Defining new autograd functions"]],
    deviations=[Deviation(
        "x.grad is the derivative of the scalar s with respect to x: 3 for s = 3x, not 1/3.",
        witness={"k": 3.0},
        where=lambda k: k not in (1.0, -1.0),
    )],
    kills=["a-number-times-a-tensor-has-the-inverse-gradient"],
)


@DIRECTION
@given(k=st.sampled_from([1.0, -1.0, 3.0, 0.5, -2.0]))
def test_the_gradient_of_k_times_x_is_one_over_k(device, k):
    """
    >>> x = torch.tensor(7.0, requires_grad=True)
    >>> (k * x).backward()
    >>> x.grad.item(), 1 / k
    """
    x = torch.tensor(7.0, device=device, requires_grad=True)
    (k * x).backward()
    assert x.grad.item() == 1 / k


@DIRECTION.instead
@given(k=st.sampled_from([3.0, 0.5, -2.0, 1.0]))
def test_the_gradient_of_k_times_x_is_k(device, k):
    """
    >>> x = torch.tensor(7.0, requires_grad=True)
    >>> (k * x).backward()
    >>> x.grad.item(), k
    """
    x = torch.tensor(7.0, device=device, requires_grad=True)
    (k * x).backward()
    assert x.grad.item() == k


NEEDS_SCALAR = Claim(
    "autograd.implicit-backward-needs-scalar",
    "Gradients are taken of a scalar: backward() without an argument works on a result of one element only.",
    sources=EVERYWHERE + [FLOYDHUB["Defining new autograd functions"]],
    kills=["backward-of-many-elements-sums-them", "backward-refuses-one-element-with-dimensions",
           "backward-scales-its-argument"],
)


@NEEDS_SCALAR
@reaches(one=lambda x: x.numel == 1, none=lambda x: x.numel == 0, many=lambda x: x.numel > 1,
         one_with_dimensions=lambda x: x.numel == 1 and x.ndim > 1)
@given(x=tensors(dtypes.FLOATS, shape=shapes(0, 3, 0, 3), integral=True))
@example(x=Blueprint.of([[[2.0]]]))
def test_backward_without_an_argument_works_exactly_on_one_element(device, x):
    """
    >>> (x.requires_grad_() * 3).backward()
    >>> x.grad
    """
    tensor = x.on(device, requires_grad=True)
    if x.numel == 1:
        (tensor * 3).backward()
        agrees(tensor.grad, np.full(x.size, 3, x.dtype))
        return
    with pytest.raises(RuntimeError):
        (tensor * 3).backward()
    assert tensor.grad is None


@NEEDS_SCALAR
@needs(FLOAT64)
@reaches(strided=lambda pair: not pair[0].contiguous, other_layout=lambda pair: pair[0].stride != pair[1].stride,
         empty=lambda pair: pair[0].numel == 0, zero=lambda pair: (pair[1].array == 0).any(),
         no_dimension=lambda pair: pair[0].ndim == 0)
@given(pair=same_shape(2, dtype="float64", integral=True, max_elements=17))
def test_backward_with_a_vector_gives_its_product_with_the_jacobian(device, pair):
    """
    >>> x, v = pair
    >>> (x.requires_grad_() * x).backward(v)
    >>> x.grad, 2 * x * v
    """
    x, v = pair
    tensor, seed = x.on(device, requires_grad=True), v.on(device)
    (tensor * tensor).backward(seed)
    agrees(tensor.grad, 2 * x.array * v.array)
    agrees(seed, v.array)


@NEEDS_SCALAR
def test_backward_refuses_a_vector_of_another_shape(device):
    x = torch.ones(2, 3, device=device, requires_grad=True)
    with pytest.raises(RuntimeError):
        (x * 2).backward(torch.ones(2, 2, device=device))
    assert x.grad is None
