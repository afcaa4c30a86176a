"""Gradients add up.

backward() does not replace a gradient, it adds to it. That is why the documents' training loops clear the gradients by
hand, and it is what makes large batches possible on small machines.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, STORAGE, needs
from spec.claim import Claim, Deviation, reaches
from spec.oracles import backprop
from spec.oracles.agreement import agrees
from spec.oracles.memory import shares_memory
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK
from spec.strategies import Blueprint, TwoLayer, same_shape, tensors, two_layer_networks

LOOPS = [
    EXAMPLES["PyTorch: Variables and autograd"],
    EXAMPLES["PyTorch: Defining new autograd functions"],
    INTRODUCTION["Variables and Autograd"],
    FLOYDHUB["Variables and AutoGrad"],
    NOTEBOOK["Autograd"],
    NOTEBOOK["PyTorch: Defining new autograd functions"],
]

GRADIENTS_ACCUMULATE = Claim(
    "autograd.gradients-accumulate",
    "Each backward adds to the gradients that are there, so they must be zeroed by hand before new ones are computed.",
    sources=LOOPS,
    kills=["backward-replaces-gradients", "backward-doubles-the-first-gradient", "zero-underscore-leaves-nan",
           "backward-forgets-the-last-element"],
)


@GRADIENTS_ACCUMULATE
@reaches(once=lambda factors: len(factors) == 1, several=lambda factors: len(factors) > 2,
         strided=lambda x: not x.contiguous, empty=lambda x: not x.numel)
@given(x=tensors(dtypes.FLOATS, integral=True, max_elements=17),
       factors=st.lists(st.integers(-5, 5), min_size=1, max_size=4))
@example(x=Blueprint.of([[1.0, 2.0]]), factors=[2, -3])
def test_the_gradients_of_several_losses_add_up(device, x, factors):
    """
    >>> x = x.requires_grad_()
    >>> for factor in factors: (x * x * factor).sum().backward()
    >>> x.grad
    """
    tensor = x.on(device, requires_grad=True)
    for done, factor in enumerate(factors, 1):
        (tensor * tensor * factor).sum().backward()
        agrees(tensor.grad, x.array * 2.0 * sum(factors[:done]), dtype=x.dtype)


@GRADIENTS_ACCUMULATE
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 3.0])
def test_only_after_zeroing_is_a_gradient_that_of_the_last_loss(device, value):
    x = torch.tensor([1.0, 2.0], device=device, requires_grad=True)
    (x * value).sum().backward()
    x.grad.data.zero_()
    (x * 5).sum().backward()
    agrees(x.grad, [5.0, 5.0])


@GRADIENTS_ACCUMULATE
@needs(FLOAT64)
@reaches(moving=lambda net: (backprop.two_layers(*net).grad_w1 != 0).any())
@given(net=two_layer_networks(kinks=False))
def test_training_without_zeroing_steps_along_the_sum_of_all_gradients_so_far(device, net):
    """
    >>> x, y, w1, w2 = map(torch.tensor, net)
    >>> w1.requires_grad_(), w2.requires_grad_()
    >>> for _ in "ab": (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum().backward(); w1.grad
    """
    x, y = (Blueprint.of(array).on(device) for array in (net.x, net.y))
    w1, w2 = (Blueprint.of(array).on(device, requires_grad=True) for array in (net.w1, net.w2))
    for repetition in (1, 2, 3):
        (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum().backward()
        agrees(w1.grad, repetition * backprop.two_layers(*net).grad_w1)
        agrees(w2.grad, repetition * backprop.two_layers(*net).grad_w2)


GRAD_ZEROED_IN_PLACE = Claim(
    "autograd.grad-zeroed-in-place",
    "w.grad is None before the first backward and a gradient afterwards; w.grad.data.zero_() leaves it the same object "
    "in the same memory, all zeros and not None.",
    sources=LOOPS + [EXAMPLES["PyTorch: nn"], NOTEBOOK["What is a nn module"]],
    kills=["zero-underscore-clears-a-copy", "zero-underscore-leaves-nan", "data-is-a-copy",
           "backward-accumulates-into-a-new-tensor"],
)


@GRAD_ZEROED_IN_PLACE
@needs(STORAGE)
@reaches(single=lambda w: w.dtype == "float32", strided=lambda w: not w.contiguous, scalar=lambda w: w.size == ())
@given(w=tensors(dtypes.FLOATS, integral=True, max_elements=17))
@example(w=Blueprint.of(float("nan")))
def test_zeroing_the_data_of_a_gradient_keeps_the_object_and_its_memory(device, w):
    """
    >>> (w.requires_grad_() * w).sum().backward()
    >>> grad = w.grad; w.grad.data.zero_()
    >>> w.grad is grad, w.grad
    """
    tensor = w.on(device, requires_grad=True)
    assert tensor.grad is None
    with pytest.raises(AttributeError):
        tensor.grad.data.zero_()
    (tensor * tensor).sum().backward()
    gradient, address = tensor.grad, tensor.grad.data_ptr()
    tensor.grad.data.zero_()
    assert tensor.grad is gradient and tensor.grad.data_ptr() == address
    agrees(tensor.grad, np.zeros(w.size, w.dtype), sign_of_zero=True)
    (tensor * 3).sum().backward()
    assert tensor.grad is gradient and tensor.grad.data_ptr() == address
    agrees(tensor.grad, np.full(w.size, 3, w.dtype))


@GRAD_ZEROED_IN_PLACE
def test_the_data_of_a_gradient_is_the_memory_of_the_gradient(device):
    w = torch.ones(3, device=device, requires_grad=True)
    (w * 2).sum().backward()
    assert type(w.grad.data) is torch.Tensor and w.grad.data.requires_grad is False
    assert shares_memory(w.grad.data, w.grad)


ONE_SAMPLE = TwoLayer(*(np.ones((1, 1)) for _ in range(4)))
SAMPLES = st.tuples(st.sampled_from((4, 3, 2, 4)), *[st.integers(1, 4)] * 3)
"""Sizes of a network with samples enough to be divided."""

CUTS = st.sampled_from((1, 2, 3, 1, 2, 3, 0, 4))
"""How many samples the first part has; mostly some are left for the second part."""

CONTROL_OVER_GRADIENTS = Claim(
    "autograd.control-over-gradients",
    "When and how gradients are applied is the user's choice: gradients accumulated over the parts of a batch are "
    "those of the whole batch, and a step uses edited gradients as they are.",
    sources=[FLOYDHUB["Variables and AutoGrad"]],
    deviations=[Deviation(
        "Where a part of the batch is empty, backward through a matrix product raises.",
        until="1.4",
        witness={"net": ONE_SAMPLE, "cut": 0},
        where=lambda net, cut: not 0 < cut < len(net.x),
        raises=RuntimeError,
    )],
    kills=["backward-replaces-gradients", "sgd-uses-normalised-gradients", "mm-has-a-gradient-off-by-a-thousandth"],
)


@CONTROL_OVER_GRADIENTS
@needs(FLOAT64)
@reaches(split=lambda net, cut: 0 < cut < len(net.x), uneven=lambda net, cut: 0 < cut != len(net.x) - cut)
@given(net=SAMPLES.flatmap(lambda sizes: two_layer_networks(kinks=False, sizes=sizes)), cut=CUTS)
def test_the_gradients_of_the_parts_of_a_batch_add_up_to_that_of_the_whole(device, net, cut):
    """
    >>> w1, w2 = torch.tensor(w1).requires_grad_(), torch.tensor(w2)
    >>> for part in (slice(cut), slice(cut, None)): (torch.tensor(x)[part].mm(w1).clamp(min=0).mm(w2) - \
torch.tensor(y)[part]).pow(2).sum().backward()
    >>> w1.grad
    """
    x, y = (Blueprint.of(array).on(device) for array in (net.x, net.y))
    w1, w2 = (Blueprint.of(array).on(device, requires_grad=True) for array in (net.w1, net.w2))
    for part in (slice(cut), slice(cut, None)):
        (x[part].mm(w1).clamp(min=0).mm(w2) - y[part]).pow(2).sum().backward()
    whole = backprop.two_layers(*net)
    agrees(w1.grad, whole.grad_w1)
    agrees(w2.grad, whole.grad_w2)


@CONTROL_OVER_GRADIENTS.instead
def test_backward_through_a_product_with_an_empty_matrix_raises_and_leaves_the_gradient_alone(device):
    w = torch.ones(1, 1, device=device, requires_grad=True)
    with pytest.raises(RuntimeError):
        torch.ones(0, 1, device=device).mm(w).sum().backward()
    assert w.grad is None


@CONTROL_OVER_GRADIENTS.regardless
@reaches(replaced_by_another_layout=lambda pair, edit: edit == "replaced" and pair[0].stride != pair[1].stride,
         strided=lambda pair: not pair[0].contiguous, no_dimension=lambda pair: pair[0].ndim == 0)
@given(pair=same_shape(2, dtype="float32", integral=True, max_elements=9), edit=st.sampled_from(["scaled", "replaced"]))
def test_a_step_uses_a_gradient_as_the_user_has_edited_it(device, pair, edit):
    """
    >>> w, g = pair[0].requires_grad_(), pair[1]
    >>> w.sum().backward(); w.grad.data.mul_(0).add_(g)
    >>> torch.optim.SGD([w], lr=0.5).step(); w
    """
    w = pair[0].on(device, requires_grad=True)
    w.sum().backward()
    if edit == "scaled":
        w.grad.data.mul_(4)
        used = np.full(pair[0].size, 4.0)
    else:
        w.grad = pair[1].on(device)
        used = pair[1].array
    torch.optim.SGD([w], lr=0.5).step()
    agrees(w, pair[0].array - 0.5 * used, any_dtype=True)
