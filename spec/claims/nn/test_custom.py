"""Modules of one's own.

A subclass of nn.Module creates its layers in the constructor and combines them in forward, with any operators and any
Python code. It needs nothing else: the backward pass follows from what forward did.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.nn._helpers import Net, gradients, linear, nets, sequential, summed_error
from spec.oracles.agreement import agrees
from spec.oracles.exact_ad import Exact, floats
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import programs
from spec.strategies.programs import run

ONLY_FORWARD_NEEDED = Claim(
    "nn.only-forward-needed",
    "A subclass of nn.Module needs to implement forward only; the backward computation comes from autograd.",
    sources=[
        TEMPLATE["nn: The neural network Library"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        INTRODUCTION["PyTorch nn Module"],
    ],
    kills=["modules-have-a-backward", "a-missing-forward-is-noticed-early", "a-missing-forward-returns-none",
           "backward-flips-the-sign"],
)


class Scale(torch.nn.Module):
    """Multiply by a learnable number; the method called backward is not what autograd runs."""

    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor([3.0]))

    def forward(self, x):
        return self.factor * x

    def backward(self, gradient):
        raise AssertionError("autograd called a method of the module")


@ONLY_FORWARD_NEEDED
def test_the_gradient_of_a_factor_is_the_sum_of_what_it_multiplies_and_no_method_is_called(device):
    module, x = Scale().to(device), torch.tensor([1.0, -4.0, 10.0], device=device, requires_grad=True)
    output = module(x)
    agrees(output, np.array([3, -12, 30], "float32"))
    output.sum().backward()
    agrees(module.factor.grad, np.array([7], "float32"))
    agrees(x.grad, np.full(3, 3, "float32"))
    assert not hasattr(torch.nn.Module, "backward")


@ONLY_FORWARD_NEEDED
def test_a_module_without_forward_can_be_made_and_fails_when_it_is_called(device):
    class Headless(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

    module = Headless().to(device)
    assert len(list(module.parameters())) == 2
    with pytest.raises(NotImplementedError):
        module(torch.ones(1, device=device))


SUBCLASS_WITH_ARBITRARY_FORWARD = Claim(
    "nn.subclass-with-arbitrary-forward",
    "The forward of a custom module may combine modules from the constructor with any operators and Python code, and "
    "gradients flow through all of it.",
    sources=[EXAMPLES["PyTorch: Custom nn Modules"], INTRODUCTION["PyTorch nn Module"], NOTEBOOK["Custom nn module"]],
    kills=["linear-detaches-its-weight", "linear-detaches-its-input", "a-call-detaches-what-forward-returns"],
)


class Running(torch.nn.Module):
    """A module whose forward multiplies its input by a parameter and runs a program on the product."""

    def __init__(self, program, factor):
        super().__init__()
        self.layer, self.program = factor, program

    def forward(self, *leaves):
        return run(self.program, [self.layer(leaves[0])] + list(leaves[1:]))[-1]


@SUBCLASS_WITH_ARBITRARY_FORWARD
@needs(FLOAT64)
@reaches(products=lambda program: any(step.op == "mul" for step in program.steps),
         several_leaves=lambda program: len(program.leaves) > 1)
@given(program=programs(ops=("neg", "add", "sub", "mul", "sum"), scalar=True, no_grad=False, max_steps=4, max_leaves=2))
def test_gradients_flow_through_whatever_forward_computes(device, program):
    """
    >>> x = program[0][0][0].reshape(-1, 1).requires_grad_()
    >>> layer = torch.nn.Linear(1, 1, bias=False).double(); (layer(x) * x - layer(x)).sum().backward()
    >>> layer.weight.grad, (x * x - x).sum()
    """
    leaves = [leaf.blueprint.array.reshape(-1, 1) for leaf in program.leaves]
    module = Running(program, linear(np.array([[2.0]]), None, device))
    inputs = [torch.tensor(leaf, device=device, requires_grad=True) for leaf in leaves]
    output = module(*inputs)
    output.backward()
    factor, exact = Exact.leaf(np.array([[2.0]])), [Exact.leaf(leaf) for leaf in leaves]
    table = {"neg": lambda a: -a, "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
             "sum": lambda a: a.sum()}
    expected = run(program, [exact[0] @ factor] + exact[1:], table)[-1]
    agrees(output, floats(expected.value))
    for tensor, gradient in zip(inputs + [module.layer.weight], expected.gradient(exact + [factor])):
        agrees(np.zeros(tensor.shape) if tensor.grad is None else tensor.grad, floats(gradient))


class Looping(torch.nn.Module):
    """A module that applies one of its layers several times, the other perhaps never, and slices the result."""

    def __init__(self):
        super().__init__()
        self.again, self.never = torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2)
        self.again.weight.data.copy_(torch.tensor([[0.0, 2.0], [1.0, 0.0]]))

    def forward(self, x, times, also=None):
        for _ in range(times):
            x = self.again(x)
        return x[:, 0] if also is None else x[:, 0] + self.never(also)[:, 0]


@SUBCLASS_WITH_ARBITRARY_FORWARD
def test_a_layer_that_a_loop_applies_several_times_gets_the_sum_of_its_gradients_and_an_unused_one_none(device):
    module, x = Looping().to(device), torch.tensor([[3.0, 5.0]], device=device)
    output = module(x, times=2)
    agrees(output, np.array([6], "float32"))
    output.sum().backward()
    agrees(module.again.weight.grad, np.array([[10, 3], [6, 10]], "float32"))
    assert module.never.weight.grad is None and module.never.bias.grad is None
    module(x, 0, also=x).sum().backward()
    agrees(module.never.bias.grad, np.array([1, 0], "float32"))


CUSTOM_MODULE_EQUALS_SEQUENTIAL = Claim(
    "nn.custom-module-equals-sequential",
    "The custom two-layer module computes the same function as the Sequential model with the same weights.",
    sources=[
        EXAMPLES["PyTorch: Custom nn Modules"],
        INTRODUCTION["PyTorch nn Module"],
        INTRODUCTION["Optimization"],
        FLOYDHUB["Training process"],
        NOTEBOOK["Custom nn module"],
    ],
    kills=["sequential-runs-backwards", "sequential-leaves-out-the-last-layer", "clamp-is-the-absolute-value",
           "relu-lets-small-negatives-through"],
)


class TwoLayerNet(torch.nn.Module):
    """The documents' module: two linear layers as members, and clamp or the module ReLU between them."""

    def __init__(self, first, second, relu=None):
        super().__init__()
        self.linear1, self.linear2, self.relu = first, second, relu

    def forward(self, x):
        hidden = self.linear1(x)
        return self.linear2(hidden.clamp(min=0) if self.relu is None else self.relu(hidden))


def of_two_layers(net, device, relu):
    """Build the custom module with the weights of a Net of two layers."""
    return TwoLayerNet(*[linear(*pair, device=device) for pair in zip(net.weights, net.biases)], relu=relu)


@CUSTOM_MODULE_EQUALS_SEQUENTIAL
@needs(FLOAT64)
@reaches(silent=lambda net: (net.x @ net.weights[0].T + net.biases[0] < 0).any(),
         kink=lambda net: (net.x @ net.weights[0].T + net.biases[0] == 0).any())
@given(net=nets(2, 2))
@example(net=Net(np.ones((1, 1)), np.ones((1, 1)), (np.ones((1, 1)),) * 2, (-np.ones(1), np.ones(1))))
def test_the_two_models_return_the_same_numbers_and_with_a_module_relu_the_same_gradients(device, net):
    """
    >>> first, second = [torch.nn.Linear(*weight.shape[::-1]).double() for weight in weights]; x = torch.tensor(x)
    >>> torch.nn.Sequential(first, torch.nn.ReLU(), second)(x), second(first(x).clamp(min=0))
    """
    x, hidden = torch.tensor(net.x, device=device), np.maximum(net.x @ net.weights[0].T + net.biases[0], 0)
    models = [sequential(net, device), of_two_layers(net, device, torch.nn.ReLU()), of_two_layers(net, device, None)]
    for model in models:
        agrees(model(x), hidden @ net.weights[1].T + net.biases[1])
    for model in models[:2]:
        summed_error(model, net, device).backward()
        for parameter, expected in zip(model.parameters(), gradients(net)):
            agrees(parameter.grad, expected)


FORWARD_MUST_RETURN_A_VARIABLE = Claim(
    "nn.forward-must-return-a-variable",
    "forward accepts one Variable of input data and must return a Variable.",
    sources=[EXAMPLES["PyTorch: Custom nn Modules"], INTRODUCTION["PyTorch nn Module"], NOTEBOOK["Custom nn module"]],
    deviations=[
        Deviation(
            "Nothing of this is enforced: forward takes any arguments, and the call returns whatever it returns.",
            witness=[{"value": None}, {"value": [1]}, {"value": {"a": (2,)}}],
        )
    ],
    kills=["a-call-returns-tensors-only"],
)

VALUES = st.recursive(st.none() | st.integers(-9, 9) | st.sampled_from(["a", ""]),
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
                      max_leaves=4)


class Constant(torch.nn.Module):
    """A module that ignores its arguments and returns a fixed value."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, *args, **kwargs):
        return self.value


@FORWARD_MUST_RETURN_A_VARIABLE
@reaches(none=lambda value: value is None, number=lambda value: isinstance(value, int),
         several=lambda value: isinstance(value, (list, dict)) and len(value) > 0)
@given(value=VALUES)
def test_calling_a_module_returns_a_tensor_whatever_its_forward_returns(value):
    """
    >>> torch.nn.Sequential(type("Constant", (torch.nn.Module,), {"forward": lambda self, x: value})())(None)
    """
    assert isinstance(Constant(value)(torch.ones(1)), torch.Tensor)


@FORWARD_MUST_RETURN_A_VARIABLE.instead
@reaches(nothing=lambda args: args == [], several=lambda args: len(args) > 1, nested=lambda value: bool(value))
@given(value=VALUES, args=st.lists(VALUES, max_size=2))
def test_a_call_with_any_arguments_returns_the_very_object_that_forward_returns(value, args):
    """
    >>> torch.nn.Sequential(type("Constant", (torch.nn.Module,), {"forward": lambda self, x: value})())(args)
    """
    assert Constant(value)(*args, extra=args) is value
