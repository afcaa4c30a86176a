"""Autograd finds the same gradient.

This is what all five documents build on: write the forward pass only, call backward() once, and find the gradients that
the backward pass by hand would have found.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.autograd import Variable

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.networks import trainer
from spec.oracles import backprop
from spec.oracles.agreement import agrees, bitwise
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import Stack, relu_stacks, two_layer_networks

ONE = np.ones((1, 1))
UNIT_AT_ZERO = Stack(ONE, ONE, (0 * ONE, ONE))
ONE_OF_TWO_AT_ZERO = Stack(
    np.array([[1.0, 2.0]]), 0 * ONE, (np.array([[2.0, 1.0], [-1.0, 1.0]]), np.array([[3.0], [1.0]])))


def at_a_kink(net):
    """Say whether some hidden unit of a Stack is exactly 0."""
    hidden = backprop.stack(net.x, net.y, net.weights).pre_activations[:-1]
    return any((h == 0).any() for h in hidden)


def by_autograd(net, device, requires_grad=lambda tensor: tensor.requires_grad_()):
    """Return the loss of a Stack on a device and the gradients of its weights after one call of backward()."""
    weights = [requires_grad(torch.tensor(weight, device=device)) for weight in net.weights]
    h = torch.tensor(net.x, device=device).mm(weights[0])
    for weight in weights[1:]:
        h = h.clamp(min=0).mm(weight)
    loss = (h - torch.tensor(net.y, device=device)).pow(2).sum()
    loss.backward()
    return loss, [weight.grad for weight in weights]


MANUAL_EQUALS_AUTOGRAD = Claim(
    "backprop.manual-equals-autograd",
    "For a network of rectifiers with summed squared error one call of backward() gives the gradients of the backward "
    "pass by hand, so that the program without that pass learns in the same way.",
    sources=[
        TEMPLATE["Variables and autograd"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["Autograd"],
    ],
    deviations=[
        Deviation(
            "Where a hidden unit is exactly 0 they differ: clamp(min=0) has the derivative 0 at its bound, and the "
            "mask h < 0 of the backward pass by hand has the derivative 1.",
            witness=[{"net": UNIT_AT_ZERO}, {"net": ONE_OF_TWO_AT_ZERO}],
            since="2.14",
            where=lambda net: at_a_kink(net),
            issue="pytorch#191142",
        )
    ],
    kills=["clamp-halves-the-gradient-at-its-bound", "clamp-lets-minus-one-through", "mm-loses-the-last-product",
           "mm-loses-the-gradient-of-its-last-row", "pow-loses-its-factor", "mm-of-doubles-is-rounded-to-float32"],
)


@MANUAL_EQUALS_AUTOGRAD
@needs(FLOAT64)
@reaches(deep=lambda net: len(net.weights) > 2, linear=lambda net: len(net.weights) == 1,
         silent=lambda net: len(net.weights) > 1 and (net.x.dot(net.weights[0]) < 0).any())
@given(net=st.one_of(relu_stacks(), relu_stacks(kinks=False)))
@example(net=UNIT_AT_ZERO)
def test_backward_gives_the_gradients_of_the_backward_pass_by_hand(device, net):
    """
    >>> w = [torch.tensor(each, requires_grad=True) for each in weights]; h = torch.tensor(x).mm(w[0])
    >>> for each in w[1:]: h = h.clamp(min=0).mm(each)
    >>> (h - torch.tensor(y)).pow(2).sum().backward(); print([each.grad for each in w])
    """
    by_hand = backprop.stack(net.x, net.y, net.weights, at_zero=1)
    loss, gradients = by_autograd(net, device)
    agrees(loss, np.float64(by_hand.loss))
    for gradient, expected in zip(gradients, by_hand.grad_weights):
        agrees(gradient, expected)


@MANUAL_EQUALS_AUTOGRAD.instead
@needs(FLOAT64)
@reaches(kink=lambda net: at_a_kink(net), deep=lambda net: len(net.weights) > 2)
@given(net=relu_stacks())
def test_backward_gives_the_gradients_by_hand_with_the_mask_changed_to_not_positive(device, net):
    """
    >>> w = [torch.tensor(each, requires_grad=True) for each in weights]; h = torch.tensor(x).mm(w[0])
    >>> for each in w[1:]: h = h.clamp(min=0).mm(each)
    >>> (h - torch.tensor(y)).pow(2).sum().backward(); print([each.grad for each in w])
    """
    by_hand = backprop.stack(net.x, net.y, net.weights, at_zero=0)
    loss, gradients = by_autograd(net, device)
    agrees(loss, np.float64(by_hand.loss))
    for gradient, expected in zip(gradients, by_hand.grad_weights):
        agrees(gradient, expected)


@MANUAL_EQUALS_AUTOGRAD.regardless
@needs(FLOAT64)
@reaches(silent=lambda net: (net.x.dot(net.w1) < 0).any(), autograd=lambda form: form == "autograd",
         double=lambda dtype: dtype == "float64")
@given(net=two_layer_networks(exact=False, kinks=False),
       form=st.sampled_from(["autograd", "custom-function", "sequential"]),
       dtype=st.sampled_from(["float64", "float32"]))
def test_the_programs_without_a_backward_pass_take_the_steps_of_the_one_by_hand(device, net, form, dtype):
    """
    >>> w1, w2 = [torch.tensor(w, requires_grad=True) for w in (w1, w2)]
    >>> (torch.tensor(x).mm(w1).clamp(min=0).mm(w2) - torch.tensor(y)).pow(2).sum().backward()
    >>> [w - 2**-8 * w.grad for w in (w1, w2)]
    """
    problem = [array.astype(dtype) for array in net]
    by_hand = backprop.descend(*[Rounded(array, dtype) for array in problem], learning_rate=2.0**-8, steps=4)
    losses, w1, w2 = trainer(form)(*problem, 2.0**-8, 4, device=device)
    for loss, expected in zip(losses, by_hand.losses):
        agrees(loss, expected.value, expected.bound)
    agrees(w1, by_hand.w1.value, by_hand.w1.bound, dtype=dtype)
    agrees(w2, by_hand.w2.value, by_hand.w2.bound, dtype=dtype)


@MANUAL_EQUALS_AUTOGRAD.regardless
@needs(FLOAT64)
def test_a_network_whose_units_are_all_silent_has_gradients_of_0(device):
    net = Stack(np.ones((3, 2)), np.ones((3, 1)), (-np.ones((2, 4)), np.ones((4, 1))))
    loss, gradients = by_autograd(net, device)
    assert loss.item() == 3
    for gradient, weight in zip(gradients, net.weights):
        agrees(gradient, np.zeros(weight.shape))


TENSORS_NEED_MANUAL_BACKWARD = Claim(
    "backprop.tensors-need-manual-backward",
    "With plain tensors, which are not wrapped in Variables, the backward pass has to be written by hand as well.",
    sources=[
        TEMPLATE["Tensors"],
        EXAMPLES["PyTorch: Tensors"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["PyTorch Tensors"],
    ],
    deviations=[
        Deviation(
            "A plain tensor that is made with requires_grad=True, or asked by requires_grad_(), needs backward() only, "
            "and gives the very gradients that a Variable gives.",
            witness={},
            issue="torch 0.4.0",
        )
    ],
    kills=["requires-grad-underscore-asks-for-nothing", "factory-tensor-ignores-requires-grad",
           "backward-of-anything-is-silent", "variable-negates-its-gradient"],
)

WAYS = {
    "keyword": lambda tensor: torch.tensor(
        tensor.tolist(), dtype=tensor.dtype, device=tensor.device, requires_grad=True),
    "method": lambda tensor: tensor.requires_grad_(),
    "attribute": lambda tensor: setattr(tensor, "requires_grad", True) or tensor,
    "variable": lambda tensor: Variable(tensor, requires_grad=True),
}
"""Ways to ask for a gradient: three for plain tensors, and the documents' own."""


@TENSORS_NEED_MANUAL_BACKWARD
def test_plain_tensors_cannot_be_asked_for_a_gradient(device):
    w = torch.ones(2, device=device)
    with pytest.raises((AttributeError, RuntimeError)):
        w.requires_grad_().sum().backward()


@TENSORS_NEED_MANUAL_BACKWARD.instead
@needs(FLOAT64)
@reaches(deep=lambda net: len(net.weights) > 2, keyword=lambda way: way == "keyword",
         method=lambda way: way == "method", attribute=lambda way: way == "attribute")
@given(net=relu_stacks(exact=False, kinks=False), way=st.sampled_from(["attribute", "keyword", "method"]))
def test_plain_tensors_and_variables_have_the_same_gradients_bit_for_bit(device, net, way):
    """
    >>> w = torch.tensor(weights[0]).requires_grad_(); v = torch.autograd.Variable(torch.tensor(weights[0]), True)
    >>> for each in (w, v): torch.tensor(x).mm(each).pow(2).sum().backward()
    >>> (w.grad - v.grad).abs().max()
    """
    _, plain = by_autograd(net, device, WAYS[way])
    _, wrapped = by_autograd(net, device, WAYS["variable"])
    for one, other in zip(plain, wrapped):
        bitwise(one, other)


@TENSORS_NEED_MANUAL_BACKWARD.instead
@needs(FLOAT64)
@pytest.mark.parametrize("way", sorted(WAYS))
def test_backward_alone_replaces_the_pass_by_hand(device, way):
    net = Stack(np.array([[1.0, -2.0]]), ONE, (np.array([[3.0], [1.0]]), 2 * ONE))
    by_hand = backprop.stack(net.x, net.y, net.weights)
    for gradient, expected in zip(by_autograd(net, device, WAYS[way])[1], by_hand.grad_weights):
        agrees(gradient, expected)


@TENSORS_NEED_MANUAL_BACKWARD.regardless
def test_plain_tensors_that_were_not_asked_leave_nothing_for_backward(device):
    w1, w2 = torch.ones(2, 3, device=device), torch.ones(3, 1, device=device)
    loss = (torch.ones(4, 2, device=device).mm(w1).clamp(min=0).mm(w2) - 1).pow(2).sum()
    assert loss.grad_fn is None and not loss.requires_grad
    with pytest.raises(RuntimeError, match="does not require grad"):
        loss.backward()
    assert w1.grad is None and w2.grad is None
