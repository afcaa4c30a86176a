"""Gradients of a model.

One call of backward() from the loss fills the gradients of the layers, all the way back to the first.
"""
import numpy as np
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.nn._helpers import Net, gradients, nets, sequential, summed_error
from spec.oracles import layers
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, NOTEBOOK

ONE = np.ones((1, 1))
DEAD_UNIT = Net(ONE, ONE, (-ONE, ONE), (np.zeros(1), np.zeros(1)))
UNIT_AT_ZERO = Net(ONE, ONE, (ONE, ONE), (-np.ones(1), np.zeros(1)))


BACKWARD_FILLS_ALL_PARAMETERS = Claim(
    "nn.backward-fills-all-parameters",
    "loss.backward() computes the exact gradient of the loss for every parameter that took part in the forward pass.",
    sources=[EXAMPLES["PyTorch: nn"], NOTEBOOK["What is a nn module"]],
    kills=["linear-detaches-its-weight", "linear-detaches-its-input", "linear-forgets-its-bias",
           "relu-has-the-slope-one-at-zero"],
)


@BACKWARD_FILLS_ALL_PARAMETERS
@needs(FLOAT64)
@reaches(deep=lambda net: len(net.weights) > 2, one_layer=lambda net: len(net.weights) == 1,
         batch=lambda net: len(net.x) > 1)
@given(net=nets())
@example(net=DEAD_UNIT)
@example(net=UNIT_AT_ZERO)
def test_each_weight_and_bias_gets_the_gradient_of_backprop_by_hand(device, net):
    """
    >>> h, parts = torch.tensor(x), [torch.tensor(a, requires_grad=True) for two in zip(weights, biases) for a in two]
    >>> for i in range(0, len(parts), 2): h = torch.nn.functional.linear(torch.relu(h) if i else h, *parts[i:i + 2])
    >>> torch.autograd.grad((h - torch.tensor(y)).pow(2).sum(), parts)
    """
    model = sequential(net, device)
    loss = summed_error(model, net, device)
    loss.backward()
    agrees(loss, np.asarray(layers.stack(*net).loss))
    found = [parameter.grad for parameter in model.parameters()]
    assert len(found) == 2 * len(net.weights)
    for gradient, expected in zip(found, gradients(net)):
        agrees(gradient, expected)


@BACKWARD_FILLS_ALL_PARAMETERS
@needs(FLOAT64)
def test_the_parameters_of_a_unit_that_is_never_active_get_a_gradient_of_zeros(device):
    model = sequential(DEAD_UNIT, device)
    summed_error(model, DEAD_UNIT, device).backward()
    agrees(model[0].weight.grad, np.zeros((1, 1)))
    agrees(model[0].bias.grad, np.zeros(1))
    agrees(model[2].bias.grad, np.array([-2.0]))


EVERY_PARAMETER_GETS_A_GRADIENT = Claim(
    "nn.every-parameter-gets-a-gradient",
    "One call of backward() gives a gradient to all learnable parameters of the model.",
    sources=[EXAMPLES["PyTorch: nn"], FLOYDHUB["Models Definition"], NOTEBOOK["What is a nn module"]],
    deviations=[
        Deviation(
            "Only the parameters that took part in the forward pass get one; the gradient of the others stays None.",
            witness=[{"used": [True, False]}, {"used": [False, True]}],
            where=lambda used: not all(used),
        )
    ],
    kills=["linear-detaches-its-weight", "linear-freezes-its-bias", "zero-grad-makes-zeros-of-none"],
)


class Partial(torch.nn.Module):
    """A model that adds up some of its layers and leaves the others unused."""

    def __init__(self, used):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(2, 1) for _ in used])
        self.used = used

    def forward(self, x):
        return sum((layer(x) for layer, used in zip(self.layers, self.used) if used), x.sum())


def after_backward(used, device):
    """Return for each layer of a Partial model whether its weight, and whether its bias, has a gradient."""
    model = Partial(used).to(device)
    model.zero_grad()
    model(torch.ones(3, 2, device=device, requires_grad=True)).sum().backward()
    return [(layer.weight.grad is not None, layer.bias.grad is not None) for layer in model.layers]


@EVERY_PARAMETER_GETS_A_GRADIENT
@given(used=st.integers(1, 5).map(lambda number: [True] * number))
def test_all_parameters_have_a_gradient_after_backward(device, used):
    """
    >>> layers = [torch.nn.Linear(2, 1) for _ in used]
    >>> sum(layer(torch.ones(2)) for layer, use in zip(layers, used) if use).backward()
    >>> [layer.weight.grad for layer in layers]
    """
    assert after_backward(used, device) == [(True, True)] * len(used)


@EVERY_PARAMETER_GETS_A_GRADIENT.instead
@reaches(none=lambda used: not any(used), some=lambda used: len(set(used)) == 2)
@given(used=st.lists(st.booleans(), min_size=1, max_size=5))
def test_exactly_the_layers_that_forward_used_have_a_gradient(device, used):
    """
    >>> layers = [torch.nn.Linear(2, 1) for _ in used]
    >>> start = torch.ones(1, requires_grad=True)
    >>> sum((layer(torch.ones(2)) for layer, use in zip(layers, used) if use), start).backward()
    >>> [layer.weight.grad for layer in layers]
    """
    assert after_backward(used, device) == [(use, use) for use in used]


@EVERY_PARAMETER_GETS_A_GRADIENT.instead
def test_a_layer_whose_output_is_multiplied_by_zero_took_part_and_gets_zeros(device):
    layer = torch.nn.Linear(2, 1).to(device)
    (0 * layer(torch.ones(3, 2, device=device))).sum().backward()
    agrees(layer.weight.grad, np.zeros((1, 2), "float32"))
    agrees(layer.bias.grad, np.zeros(1, "float32"))
