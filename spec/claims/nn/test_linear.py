"""Linear layers.

A layer that holds a matrix and a vector, both learnable, and maps each row of its input with them.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.autograd import Variable

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.nn._helpers import linear
from spec.oracles import layers
from spec.oracles.agreement import agrees, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import Blueprint, shapes
from spec.strategies.tensors import draw_tensor

Affine = NamedTuple("Affine", [("x", Blueprint), ("weight", Blueprint), ("bias", Blueprint)])
Affine.__doc__ = "The input (..., inputs), weight (outputs, inputs) and bias (outputs,) of a Linear layer."


@st.composite
def affine_maps(draw, min_side=0, **options):
    """Draw an Affine of one dtype, each part in a layout of its own; only leading sides may be 0."""
    dtype = draw(st.sampled_from(dtypes.FLOATS))
    inputs, outputs = draw(shapes(2, 2, 1, 17, 64))
    leading = draw(shapes(0, 3, min_side, 17, 24))
    return Affine(*[draw_tensor(draw, dtype, size, **options)
                    for size in (leading + (inputs,), (outputs, inputs), (outputs,))])


def layer_of(case, device):
    """Build a Linear layer whose weight and bias have the layouts of the case."""
    layer = torch.nn.Linear(case.weight.size[1], case.weight.size[0])
    layer.weight = torch.nn.Parameter(case.weight.on(device))
    layer.bias = torch.nn.Parameter(case.bias.on(device))
    return layer


LINEAR_IS_AFFINE = Claim(
    "nn.linear-is-affine",
    "A Linear layer computes x W' + b along the last dimension of its input, however many dimensions there are before "
    "it.",
    sources=[
        TEMPLATE["nn: The neural network Library"],
        EXAMPLES["PyTorch: nn"],
        INTRODUCTION["PyTorch nn Module"],
        FLOYDHUB["Models Definition"],
        NOTEBOOK["What is a nn module"],
    ],
    deviations=[
        Deviation(
            "For an input without rows, a layer with a single output raises a RuntimeError, and so may one with a "
            "single input whose weight is not contiguous.",
            witness={"case": Affine(Blueprint("float32", (), (0, 2)), Blueprint.of([[1.0, 2.0]], "float32"),
                                    Blueprint.of([3.0], "float32"))},
            until="1.3",
            where=lambda case: case.x.numel == 0 and 1 in case.weight.size,
            raises=RuntimeError,
        )
    ],
    kills=["linear-forgets-its-bias", "linear-keeps-two-dimensions", "linear-computes-in-float32"],
)


@LINEAR_IS_AFFINE
@needs(FLOAT64)
@reaches(vector=lambda case: case.x.ndim == 1, batches=lambda case: case.x.ndim > 2,
         no_rows=lambda case: not case.x.numel, strided_input=lambda case: not case.x.contiguous,
         strided_weight=lambda case: not case.weight.contiguous, wide=lambda case: case.x.size[-1] > 8)
@given(case=affine_maps(integral=True))
@example(case=Affine(Blueprint.of([2.0]), Blueprint.of([[3.0]]), Blueprint.of([4.0])))
def test_on_whole_numbers_the_output_is_exactly_x_times_the_transposed_weight_plus_the_bias(device, case):
    """
    >>> torch.nn.functional.linear(x, weight, bias), x.matmul(weight.t()) + bias
    """
    expected = layers.linear(case.x.array, case.weight.array, case.bias.array)
    agrees(layer_of(case, device)(case.x.on(device)), expected.astype(case.x.dtype))


@LINEAR_IS_AFFINE.regardless
@needs(FLOAT64)
@reaches(single=lambda case: case.x.dtype == "float32", batches=lambda case: case.x.ndim > 2)
@given(case=affine_maps(min_side=1, bounded=1e6))
@example(case=Affine(Blueprint.of(2 * [4 * [0.0]] + [[0.0, 0.0, 1.0, 0.5]]), Blueprint.of(2 * [4 * [-5e-324]]),
                     Blueprint.of([0.0, 0.0])))
def test_on_any_numbers_it_is_that_up_to_rounding(device, case):
    """
    >>> torch.nn.functional.linear(x, weight, bias), x.matmul(weight.t()) + bias
    """
    arrays = [part.array for part in case]
    bound = layers.of_linear(*arrays, dtype=case.x.dtype)
    agrees(layer_of(case, device)(case.x.on(device)), layers.linear(*arrays), bound, dtype=case.x.dtype)


@LINEAR_IS_AFFINE.regardless
@needs(FLOAT64)
def test_without_a_bias_it_is_the_product_alone(device):
    weight = np.array([[1.0, -2.0, 3.0], [0.0, 5.0, 7.0]])
    layer = linear(weight, None, device)
    agrees(layer(torch.tensor([1.0, 10.0, 100.0], device=device).double()), np.array([281.0, 750.0]))


@LINEAR_IS_AFFINE.regardless
@pytest.mark.parametrize("x", [torch.tensor(1.0), torch.ones(3), torch.ones(5, 3), torch.ones(2, 0),
                               torch.ones(4, 2, dtype=torch.int64)],
                         ids=["0-dim", "wrong-width", "wrong-width-of-rows", "no-columns", "integers"])
def test_an_input_of_another_width_or_dtype_is_refused(device, x):
    layer = torch.nn.Linear(2, 4).to(device)
    with pytest.raises(RuntimeError):
        layer(x.to(device))


@LINEAR_IS_AFFINE.instead
@pytest.mark.parametrize("leading", [(0,), (2, 0), (0, 3)])
def test_a_layer_with_one_output_refuses_an_input_without_rows_and_one_with_three_does_not(device, leading):
    x = torch.ones(*leading + (2,), device=device)
    agrees(torch.nn.Linear(2, 3).to(device)(x), np.ones(leading + (3,), "float32"))
    with pytest.raises(RuntimeError):
        torch.nn.Linear(2, 1).to(device)(x)


LINEAR_HOLDS_WEIGHT_AND_BIAS = Claim(
    "nn.linear-holds-weight-and-bias",
    "A Linear layer holds its weight, of shape (outputs, inputs), and its bias, of shape (outputs,), as Variables that "
    "require a gradient.",
    sources=[
        TEMPLATE["nn: The neural network Library"],
        EXAMPLES["PyTorch: nn"],
        INTRODUCTION["PyTorch nn Module"],
        FLOYDHUB["Models Definition"],
        NOTEBOOK["What is a nn module"],
    ],
    kills=["linear-registers-its-bias-first", "linear-without-bias-has-one", "linear-freezes-its-bias",
           "parameters-skips-the-last"],
)


@LINEAR_HOLDS_WEIGHT_AND_BIAS
@pytest.mark.parametrize("inputs, outputs", [(1, 1), (3, 2), (2, 3), (1000, 100)])
def test_a_layer_lists_its_weight_and_then_its_bias(device, inputs, outputs):
    layer = torch.nn.Linear(inputs, outputs).to(device)
    assert layer.weight.shape == (outputs, inputs) and layer.bias.shape == (outputs,)
    first, second = layer.parameters()
    assert first is layer.weight and second is layer.bias
    for parameter in (first, second):
        assert isinstance(parameter, torch.nn.Parameter) and isinstance(parameter, Variable)
        assert parameter.requires_grad and parameter.is_leaf and parameter.grad is None


@LINEAR_HOLDS_WEIGHT_AND_BIAS
def test_a_layer_without_bias_lists_its_weight_alone():
    layer = torch.nn.Linear(3, 2, bias=False)
    only, = layer.parameters()
    assert only is layer.weight and layer.bias is None


@LINEAR_HOLDS_WEIGHT_AND_BIAS
def test_a_parameter_assigned_in_place_of_the_weight_is_the_one_that_is_listed_and_used(device):
    layer = torch.nn.Linear(2, 1).to(device)
    old, new = layer.weight, torch.nn.Parameter(torch.zeros(1, 2, device=device))
    layer.weight = new
    assert [id(parameter) for parameter in layer.parameters()] == [id(new), id(layer.bias)]
    bitwise(layer(torch.ones(2, device=device)), layer.bias)
    assert all(parameter is not old for parameter in layer.parameters())


MODULE_MAPS_VARIABLES_TO_VARIABLES = Claim(
    "nn.module-maps-variables-to-variables",
    "A module takes Variables and returns Variables that are connected to its parameters; a tensor and the Variable "
    "that wraps it give the same output.",
    sources=[
        TEMPLATE["nn: The neural network Library"],
        EXAMPLES["PyTorch: nn"],
        INTRODUCTION["PyTorch nn Module"],
        INTRODUCTION["PyTorch DataLoader"],
        FLOYDHUB["Models Definition"],
        NOTEBOOK["What is a nn module"],
    ],
    kills=["linear-detaches-its-weight", "linear-detaches-its-input"],
)


@MODULE_MAPS_VARIABLES_TO_VARIABLES
@pytest.mark.parametrize("leading", [(), (1,), (9,), (2, 3)], ids=["vector", "one-row", "nine-rows", "batches"])
def test_the_gradients_of_input_weight_and_bias_are_those_of_an_affine_map(device, leading):
    x, v = (np.random.RandomState(0).randint(-9, 10, leading + (side,)).astype("float32") for side in (3, 2))
    weight = np.array([[1.0, -2.0, 3.0], [0.0, 4.0, -5.0]], "float32")
    layer, given_x = linear(weight, np.zeros(2, "float32"), device), torch.tensor(x, device=device, requires_grad=True)
    layer(given_x).backward(torch.tensor(v, device=device))
    agrees(given_x.grad, v @ weight)
    agrees(layer.weight.grad, v.reshape(-1, 2).T @ x.reshape(-1, 3))
    agrees(layer.bias.grad, v.reshape(-1, 2).sum(axis=0))


@MODULE_MAPS_VARIABLES_TO_VARIABLES
@pytest.mark.parametrize("module", [torch.nn.Linear(3, 3), torch.nn.ReLU(),
                                    torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())],
                         ids=["Linear", "ReLU", "Sequential"])
@pytest.mark.parametrize("requires_grad", [False, True], ids=["data", "requires-grad"])
def test_a_tensor_and_a_variable_that_wraps_it_give_the_same_output(device, module, requires_grad):
    module = module.to(device)
    x = torch.randn(4, 3, device=device)
    wrapped = module(Variable(x, requires_grad=requires_grad))
    plain = module(x.clone().requires_grad_(requires_grad))
    bitwise(wrapped, plain)
    connected = requires_grad or bool(list(module.parameters()))
    for output in (wrapped, plain):
        assert isinstance(output, Variable) and output.requires_grad is connected
        assert (output.grad_fn is not None) is connected


@MODULE_MAPS_VARIABLES_TO_VARIABLES
def test_an_input_that_requires_no_gradient_gets_none_and_the_parameters_get_theirs(device):
    layer, x = torch.nn.Linear(2, 1).to(device), torch.ones(3, 2, device=device)
    layer(x).sum().backward()
    assert x.grad is None
    agrees(layer.weight.grad, np.full((1, 2), 3, "float32"))
    agrees(layer.bias.grad, np.full(1, 3, "float32"))
