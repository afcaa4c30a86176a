"""One program in many forms.

A network with one hidden layer of rectifiers is fitted to random data. The documents write it with arrays, tensors,
autograd, an operator of their own, layers, an optimizer and a module of their own.
"""
from typing import NamedTuple

import numpy as np
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.networks import TORCH_FORMS, trainer
from spec.networks.layers import linear
from spec.oracles.agreement import agrees
from spec.oracles.backprop import descend, two_layers
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES, FLOYDHUB, NOTEBOOK, TEMPLATE
from spec.strategies import TwoLayer, fills, two_layer_networks

FORMS = ("numpy",) + TORCH_FORMS
WITH_NN_RELU = ("sequential", "optimizer")
WITH_CLAMP = ("autograd", "module")
RATE = 2.0**-8
ONE = np.ones((1, 1))
ON_THE_KINK = TwoLayer(ONE, ONE, 0 * ONE, ONE)


def run(form, net, steps, device):
    """Train a network in one of the forms and return its trajectory."""
    place = {} if form == "numpy" else {"device": device}
    return trainer(form)(*net, learning_rate=RATE, steps=steps, **place)


def has_a_kink(net):
    """Say whether some hidden unit is exactly 0."""
    return bool((net.x.dot(net.w1) == 0).any())


RUNNING_EXAMPLE = Claim(
    "training.running-example",
    "The running example is a fully connected network with one hidden layer of rectifiers, y = relu(x W1) W2, and its "
    "loss is the sum of squared differences.",
    sources=[TEMPLATE["Opening"], EXAMPLES["Opening"]],
    kills=["mm-loses-the-last-product", "summed-squared-error-is-averaged", "a-layer-adds-only-its-first-bias"],
)

Biased = NamedTuple("Biased", [(name, np.ndarray) for name in ("x", "y", "w1", "w2", "b1", "b2")])
Biased.__doc__ = "A two-layer network of whole numbers with biases b1 (h,) and b2 (d_out,), and its data."


@st.composite
def biased_networks(draw):
    """Draw a Biased."""
    net = draw(two_layer_networks())
    return Biased(*net, *[np.array(draw(fills("float64", w.shape[1], integral=True, bounded=2))) for w in net[2:]])


def in_numbers(x, y, w1, w2, b1=None, b2=None):
    """Return the prediction, a list of rows, and the loss of a network, computed number by number."""
    x, y, first, second = x.tolist(), y.tolist(), w1.T.tolist(), w2.T.tolist()
    b1 = [0.0] * len(first) if b1 is None else b1.tolist()
    b2 = [0.0] * len(second) if b2 is None else b2.tolist()
    prediction = []
    for row in x:
        hidden = [max(b + sum(p * q for p, q in zip(row, column)), 0.0) for b, column in zip(b1, first)]
        prediction.append([b + sum(p * q for p, q in zip(hidden, column)) for b, column in zip(b2, second)])
    return prediction, sum((p - t) ** 2 for row, targets in zip(prediction, y) for p, t in zip(row, targets))


@RUNNING_EXAMPLE
@needs(FLOAT64)
@reaches(silent=lambda net: (net.x.dot(net.w1) < 0).any(), layers=lambda form: form in WITH_NN_RELU)
@given(net=two_layer_networks(), form=st.sampled_from(FORMS))
def test_the_first_loss_of_every_form_is_the_sum_of_squared_differences(device, net, form):
    """
    >>> x, y, w1, w2 = map(torch.tensor, (x, y, w1, w2))
    >>> torch.nn.MSELoss(reduction="sum")(x.mm(w1).clamp(min=0).mm(w2), y)
    """
    assert run(form, net, 1, device).losses == [in_numbers(*net)[1]]


@RUNNING_EXAMPLE
@needs(FLOAT64)
@reaches(hidden_bias=lambda net: net.b1.any(), output_bias=lambda net: net.b2.any())
@given(net=biased_networks())
def test_layers_add_their_biases_before_and_after_the_rectifier(device, net):
    """
    >>> x, w1, w2, b1, b2 = map(torch.tensor, (x, w1, w2, b1, b2)); F = torch.nn.functional
    >>> F.linear(F.linear(x, w1.t(), b1).relu(), w2.t(), b2)
    """
    layers = [linear(net.w1, device), linear(net.w2, device)]
    for layer, bias in zip(layers, (net.b1, net.b2)):
        layer.bias = torch.nn.Parameter(torch.tensor(bias, device=device))
    model = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
    output = model(torch.tensor(net.x, device=device))
    loss = torch.nn.MSELoss(reduction="sum")(output, torch.tensor(net.y, device=device))
    prediction, expected = in_numbers(*net)
    agrees(output, np.array(prediction))
    agrees(loss, np.float64(expected))


@RUNNING_EXAMPLE
@needs(FLOAT64)
@reaches(never=lambda repeats: repeats == 0, often=lambda repeats: repeats > 1,
         kink=lambda net: (net.x.dot(net.w1) == 0).any(), negative=lambda net: (net.x.dot(net.w1) < 0).any(),
         asymmetric=lambda net: (net.w1[:2] != net.w1[:2].T).any())
@given(net=two_layer_networks(sizes=(2, 3, 2, 1)), repeats=st.integers(0, 3))
def test_the_dynamic_form_passes_its_middle_layer_as_often_as_it_is_told(device, net, repeats):
    """
    >>> x, w1, w2 = map(torch.tensor, (x, w1, w2)); h = x.mm(w1).clamp(min=0)
    >>> for _ in range(repeats): h = h.mm(w1[:2]).clamp(min=0)
    >>> h.mm(w2)
    """
    square = net.w1[:2]
    first, middle, last = linear(net.w1, device), linear(square, device), linear(net.w2, device)
    h, expected = first(torch.tensor(net.x, device=device)).clamp(min=0), np.maximum(net.x.dot(net.w1), 0)
    for _ in range(repeats):
        h, expected = middle(h).clamp(min=0), np.maximum(expected.dot(square), 0)
    agrees(last(h), expected.dot(net.w2))


ALL_VARIANTS_AGREE = Claim(
    "training.all-variants-agree",
    "From the same weights and with the same learning rate the programs with arrays, tensors, autograd, an operator of "
    "their own and a module of their own compute the same losses, and so do those with nn and optim as long as no "
    "hidden unit is exactly 0.",
    sources=[
        TEMPLATE["Tensors"],
        TEMPLATE["Variables and autograd"],
        TEMPLATE["nn: The neural network Library"],
        TEMPLATE["optim: The optimization library"],
        EXAMPLES["Warm-up: numpy"],
        EXAMPLES["PyTorch: Tensors"],
        EXAMPLES["PyTorch: Variables and autograd"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        EXAMPLES["PyTorch: nn"],
        EXAMPLES["PyTorch: optim"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["PyTorch Tensors"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
        NOTEBOOK["What is a nn module"],
    ],
    deviations=[
        Deviation(
            "clamp(min=0) has the derivative 0 at its bound, as nn.ReLU always had: where a hidden unit is exactly 0, "
            "the programs that derive the gradient from clamp learn something else than those that write it by hand.",
            witness=[{"net": ON_THE_KINK, "form": form} for form in WITH_CLAMP],
            since="2.14",
            where=lambda net, form: form in WITH_CLAMP and has_a_kink(net),
            issue="pytorch#191142",
        )
    ],
    kills=["clamp-halves-the-gradient-at-its-bound", "mm-loses-the-gradient-of-its-last-row",
           "nn-relu-passes-the-gradient-at-zero", "sgd-leaves-its-last-parameter", "minus-equals-misses-the-last-row"],
)


@ALL_VARIANTS_AGREE
@needs(FLOAT64)
@reaches(kink=lambda net: has_a_kink(net), derived=lambda form: form in WITH_CLAMP)
@example(net=ON_THE_KINK, form="custom-function")
@given(net=two_layer_networks(), form=st.sampled_from([form for form in FORMS if form not in WITH_NN_RELU]))
def test_a_step_on_whole_numbers_leads_to_the_weights_that_backprop_by_hand_finds(device, net, form):
    """
    >>> x, y, w1, w2 = map(torch.tensor, (x, y, w1, w2)); w1.requires_grad_(); w2.requires_grad_()
    >>> (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum().backward()
    >>> w1 - 2**-8 * w1.grad, w2 - 2**-8 * w2.grad
    """
    follows(run(form, net, 1, device), net, at_zero=1)


@ALL_VARIANTS_AGREE.regardless
@needs(FLOAT64)
@reaches(kink=lambda net: has_a_kink(net))
@example(net=ON_THE_KINK, form="sequential")
@given(net=two_layer_networks(), form=st.sampled_from(WITH_NN_RELU))
def test_a_step_of_the_programs_with_nn_relu_takes_the_derivative_0_at_0(device, net, form):
    """
    >>> x, y, w1, w2 = map(torch.tensor, (x, y, w1, w2)); w1.requires_grad_(); w2.requires_grad_()
    >>> (torch.nn.ReLU()(x.mm(w1)).mm(w2) - y).pow(2).sum().backward()
    >>> w1 - 2**-8 * w1.grad, w2 - 2**-8 * w2.grad
    """
    follows(run(form, net, 1, device), net, at_zero=0)


@ALL_VARIANTS_AGREE.regardless
@needs(FLOAT64)
@reaches(silent=lambda net: (net.x.dot(net.w1) < 0).any(), double=lambda dtype: dtype == "float64")
@given(net=two_layer_networks(exact=False, kinks=False), form=st.sampled_from(FORMS),
       dtype=st.sampled_from(["float64", "float32"]))
def test_where_no_hidden_unit_is_0_all_forms_compute_the_same_losses_up_to_rounding(device, net, form, dtype):
    """
    >>> x, y, w1, w2 = map(torch.tensor, (x, y, w1, w2)); w1.requires_grad_(); w2.requires_grad_()
    >>> (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum().backward()
    >>> w1 - 2**-8 * w1.grad, w2 - 2**-8 * w2.grad
    """
    problem = TwoLayer(*[array.astype(dtype) for array in net])
    expected = descend(*[Rounded(array, dtype) for array in problem], learning_rate=RATE, steps=3)
    losses = run(form, problem, 3, device).losses
    for loss, reference in zip(losses, expected.losses):
        agrees(loss, reference.value, bound=reference.bound)


@ALL_VARIANTS_AGREE.instead
@needs(FLOAT64)
@reaches(kink=lambda net: has_a_kink(net))
@example(net=ON_THE_KINK, form="autograd")
@given(net=two_layer_networks(), form=st.sampled_from(WITH_CLAMP))
def test_a_step_of_the_programs_with_clamp_takes_the_derivative_0_at_0(device, net, form):
    """
    >>> x, y, w1, w2 = map(torch.tensor, (x, y, w1, w2)); w1.requires_grad_(); w2.requires_grad_()
    >>> (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum().backward()
    >>> w1 - 2**-8 * w1.grad, w2 - 2**-8 * w2.grad
    """
    follows(run(form, net, 1, device), net, at_zero=0)


def follows(trajectory, net, at_zero):
    """Assert that one step of training led where backprop by hand leads; on whole numbers nothing is rounded."""
    expected = two_layers(*net, at_zero=at_zero)
    assert trajectory.losses == [expected.loss]
    agrees(trajectory.w1, net.w1 - RATE * expected.grad_w1)
    agrees(trajectory.w2, net.w2 - RATE * expected.grad_w2)
