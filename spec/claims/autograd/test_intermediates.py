"""What the graph keeps.

The program with autograd computes its prediction in one expression. What backpropagation by hand had to keep under a
name, the hidden units and what the rectifier left of them, is kept by the graph.
"""
import gc
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given
from torch.autograd import Variable

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.oracles import backprop
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, NOTEBOOK
from spec.strategies import two_layer_networks

INTERMEDIATES_KEPT_BY_GRAPH = Claim(
    "autograd.intermediates-kept-by-graph",
    "No references to intermediate values have to be kept: the graph keeps those that backward needs.",
    sources=[EXAMPLES["PyTorch: Variables and autograd"], NOTEBOOK["Autograd"]],
    kills=["mm-forgets-a-nameless-operand", "backward-frees-nothing", "backward-frees-what-it-was-told-to-keep",
           "changes-of-intermediates-go-unnoticed"],
)


def forward(network, device):
    """Return (loss, w1, w2) of the two-layer network on Variables, written without a name for anything between."""
    x, y, w1, w2 = [torch.tensor(array, device=device) for array in network]
    w1, w2 = Variable(w1, requires_grad=True), Variable(w2, requires_grad=True)
    return (Variable(x).mm(w1).clamp(min=0).mm(w2) - Variable(y)).pow(2).sum(), w1, w2


def litter(network, device):
    """Return new tensors of the sizes of all intermediates: they would take the memory of any that is gone."""
    n, h, d_out = len(network.x), network.w1.shape[1], network.y.shape[1]
    sizes = [network.x.shape, network.y.shape, (n, h), (n, h), (n, d_out), (n, d_out), (n, d_out), ()]
    return [torch.full(size, 1e300, dtype=torch.float64, device=device) for size in sizes]


@INTERMEDIATES_KEPT_BY_GRAPH
@needs(FLOAT64)
@reaches(dead_unit=lambda network: (network.x @ network.w1 < 0).any(), wide=lambda network: network.w1.shape[1] > 1)
@given(network=two_layer_networks(kinks=False))
def test_an_expression_without_names_has_the_gradients_that_backpropagation_by_hand_gives(device, network):
    """
    >>> w1, w2 = [torch.tensor(array, requires_grad=True) for array in (w1, w2)]
    >>> (torch.tensor(x).mm(w1).clamp(min=0).mm(w2) - torch.tensor(y)).pow(2).sum().backward()
    >>> w1.grad, w2.grad
    """
    loss, w1, w2 = forward(network, device)
    others = litter(network, device)
    loss.backward()
    expected = backprop.two_layers(*network)
    agrees(loss, expected.loss)
    agrees(w1.grad, expected.grad_w1)
    agrees(w2.grad, expected.grad_w2)
    assert all((other == 1e300).all() for other in others)


@INTERMEDIATES_KEPT_BY_GRAPH
def test_what_backward_needs_survives_the_garbage_collector_and_goes_with_the_result(device):
    class Token(object):
        pass

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.token = tokens["kept"] = Token()
            ctx.save_for_backward(x + 1)
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            agrees(ctx.saved_tensors[0], [4, 6])
            return gradient * 2

    tokens = weakref.WeakValueDictionary()
    x = Variable(torch.tensor([1.0, 2.0], device=device), requires_grad=True)
    loss = Double.apply(x * 2 + 1).sum()
    gc.collect()
    assert "kept" in tokens
    loss.backward()
    agrees(x.grad, [4, 4])
    del loss
    assert "kept" not in tokens


NETWORK = (np.array([[1.0, 2.0], [3.0, -1.0]]), np.ones((2, 1)), np.array([[1.0, -2.0], [1.0, 3.0]]), np.ones((2, 1)))


@INTERMEDIATES_KEPT_BY_GRAPH
@needs(FLOAT64)
def test_backward_lets_go_of_what_the_graph_kept_so_that_it_runs_once(device):
    loss, w1, w2 = forward(NETWORK, device)
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()
    expected = backprop.two_layers(*NETWORK)
    agrees(w1.grad, expected.grad_w1)
    agrees(w2.grad, expected.grad_w2)


@INTERMEDIATES_KEPT_BY_GRAPH
@needs(FLOAT64)
def test_a_graph_that_is_retained_gives_its_gradients_again_and_again(device):
    loss, w1, w2 = forward(NETWORK, device)
    expected = backprop.two_layers(*NETWORK)
    for times in (1, 2, 3):
        loss.backward(retain_graph=True)
        agrees(w1.grad, times * expected.grad_w1)
        agrees(w2.grad, times * expected.grad_w2)


@INTERMEDIATES_KEPT_BY_GRAPH
def test_a_graph_that_keeps_nothing_can_be_followed_twice(device):
    x = torch.ones(3, device=device, requires_grad=True)
    total = (x + 1).sum()
    total.backward()
    total.backward()
    agrees(x.grad, [2, 2, 2])


@INTERMEDIATES_KEPT_BY_GRAPH
@pytest.mark.parametrize("method", ["exp", "sigmoid", "tanh", "sqrt"])
def test_backward_refuses_an_intermediate_value_that_was_changed_in_place(device, method):
    x = torch.ones(3, device=device, requires_grad=True)
    y = getattr(x, method)()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    assert x.grad is None
