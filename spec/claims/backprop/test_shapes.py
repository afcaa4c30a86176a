"""Shapes.

Four sizes describe the network: N examples of D_in numbers each, H hidden units, D_out outputs. A transposed matrix
goes unseen only while some of the four are equal.
"""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.claim import Claim, reaches
from spec.networks import random_problem, trainer
from spec.sources import EXAMPLES, INTRODUCTION, NOTEBOOK
from spec.strategies import two_layer_networks

SHAPES = Claim(
    "backprop.shapes",
    "For N examples, D_in inputs, H hidden units and D_out outputs, x is (N, D_in), w1 (D_in, H), h (N, H), w2 "
    "(H, D_out), y and its prediction (N, D_out), and each gradient has the shape of its parameter.",
    sources=[
        EXAMPLES["Warm-up: numpy"],
        EXAMPLES["PyTorch: Tensors"],
        EXAMPLES["PyTorch: Variables and autograd"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        EXAMPLES["TensorFlow: Static Graphs"],
        EXAMPLES["PyTorch: nn"],
        INTRODUCTION["Variables and Autograd"],
        NOTEBOOK["What are Tensors?"],
        NOTEBOOK["PyTorch Tensors"],
    ],
    kills=["mm-transposes-its-result", "linear-keeps-its-weight-untransposed", "sum-of-everything-keeps-one-dimension"],
)

NETWORKS = two_layer_networks(exact=False, kinks=False, distinct=True)


FORMS = ("numpy", "tensors", "autograd", "custom-function", "sequential")
"""The forms of the program in which the weights are updated by hand."""


def shapes_of(*things):
    """Return the shapes of arrays and tensors as a list of tuples."""
    return [tuple(thing.shape) for thing in things]


@SHAPES
@pytest.mark.parametrize("n, d_in, h, d_out", [(2, 3, 4, 5), (5, 3, 2, 1)], ids=["growing", "shrinking"])
def test_the_arrays_of_the_numpy_program_have_the_shapes_of_their_names(n, d_in, h, d_out):
    net = random_problem(0, n, d_in, h, d_out)
    hidden = net.x.dot(net.w1)
    prediction = np.maximum(hidden, 0).dot(net.w2)
    assert shapes_of(hidden, prediction) == [(n, h), (n, d_out)]
    grad_prediction = 2 * (prediction - net.y)
    grad_hidden = grad_prediction.dot(net.w2.T)
    assert shapes_of(grad_prediction, grad_hidden) == [(n, d_out), (n, h)]
    assert shapes_of(net.x.T.dot(grad_hidden), hidden.T.dot(grad_prediction)) == [(d_in, h), (h, d_out)]
    assert np.shape(np.square(prediction - net.y).sum()) == ()


@SHAPES
@reaches(one_sample=lambda net: net.x.shape[0] == 1, one_unit=lambda net: net.w1.shape[1] == 1)
@given(net=NETWORKS)
def test_gradients_of_autograd_have_the_shapes_of_their_parameters(device, net):
    """
    >>> w1, w2 = torch.tensor(w1, requires_grad=True), torch.tensor(w2, requires_grad=True)
    >>> (torch.tensor(x).mm(w1).clamp(min=0).mm(w2) - torch.tensor(y)).pow(2).sum().backward()
    >>> w1.grad.shape, w2.grad.shape
    """
    n, d_in, h, d_out = net.x.shape + net.w2.shape
    x, y, w1, w2 = [torch.tensor(array, dtype=torch.float32, device=device) for array in net]
    w1.requires_grad_()
    w2.requires_grad_()
    hidden = x.mm(w1)
    prediction = hidden.clamp(min=0).mm(w2)
    loss = (prediction - y).pow(2).sum()
    assert shapes_of(hidden, prediction, loss) == [(n, h), (n, d_out), ()]
    loss.backward()
    assert shapes_of(w1.grad, w2.grad) == [(d_in, h), (h, d_out)]


@SHAPES
@reaches(numpy=lambda form: form == "numpy", sequential=lambda form: form == "sequential")
@given(net=NETWORKS, form=st.sampled_from(FORMS))
def test_every_form_of_the_program_keeps_the_shapes_of_its_weights(device, net, form):
    """
    >>> w1, w2 = [torch.tensor(w, requires_grad=True) for w in (w1, w2)]
    >>> (torch.tensor(x).mm(w1).clamp(min=0).mm(w2) - torch.tensor(y)).pow(2).sum().backward()
    >>> [(w - 1e-3 * w.grad).shape for w in (w1, w2)]
    """
    arrays = [array.astype("float32") for array in net]
    after = trainer(form)(*arrays, 1e-3, 1, **({} if form == "numpy" else {"device": device}))
    assert shapes_of(after.w1, after.w2) == shapes_of(net.w1, net.w2)


@SHAPES
def test_a_linear_layer_keeps_its_weight_and_the_gradient_of_it_transposed(device):
    n, d_in, h = 2, 3, 4
    layer = torch.nn.Linear(d_in, h, bias=False).to(device)
    out = layer(torch.ones(n, d_in, device=device))
    out.sum().backward()
    assert shapes_of(out, layer.weight, layer.weight.grad) == [(n, h), (h, d_in), (h, d_in)]


@SHAPES
@pytest.mark.parametrize("wrong", ["w1", "w2"])
def test_a_transposed_weight_fits_nowhere_when_the_four_sizes_differ(device, wrong):
    problem = random_problem(0, n=2, d_in=3, h=4, d_out=5)
    misfit = problem._replace(**{wrong: getattr(problem, wrong).T})
    with pytest.raises(ValueError):
        trainer("numpy")(*misfit, 1e-3, 1)
    with pytest.raises(RuntimeError):
        trainer("tensors")(*misfit, 1e-3, 1, device=device)
