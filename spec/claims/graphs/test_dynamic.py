"""A graph for each pass.

A forward pass is a run of Python. It leaves a graph behind, of just those operations that were executed; what comes
between two passes, such as an update of the weights, is no part of one.
"""
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.graphs._dynamic import operations
from spec.networks.layers import linear
from spec.oracles import backprop
from spec.oracles.agreement import agrees, array_of
from spec.recorded_graph import functions
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import Blueprint, Leaf, Program, Step, programs, run, two_layer_networks

NEW_GRAPH_EACH_FORWARD = Claim(
    "graphs.new-graph-each-forward",
    "Each forward pass runs the Python code of forward again and records a new graph.",
    sources=[
        TEMPLATE["Variables and autograd"],
        TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"],
        EXAMPLES["TensorFlow: Static Graphs"],
        EXAMPLES["PyTorch: Control Flow + Weight Sharing"],
        INTRODUCTION["Opening"],
        FLOYDHUB["Static vs Dynamic Computational Graph"],
    ],
    kills=["modules-remember-their-first-result", "a-product-with-itself-is-a-power", "backward-frees-nothing"],
)

SHARED = Program((Leaf(Blueprint.of(2.0), True),), (Step("mul", (0, 0), True), Step("add", (1, 1), True),
                                                     Step("sub", (2, 1), True)))
"""A square, used three times."""


def executed(program):
    """Return the recorded operations that the result of a program depends on, by their names in the graph."""
    required = [leaf.requires_grad for leaf in program.leaves]
    for step in program.steps:
        required.append(step.recorded and any(required[operand] for operand in step.operands))
    needed, first = {len(required) - 1}, len(program.leaves)
    for number in reversed(range(first, len(required))):
        if number in needed and required[number]:
            needed.update(program.steps[number - first].operands)
    return Counter(program.steps[number - first].op.capitalize() for number in needed
                   if number >= first and required[number])


@NEW_GRAPH_EACH_FORWARD
@needs(FLOAT64)
@reaches(long=lambda program: sum(executed(program).values()) > 3, none=lambda program: not executed(program),
         unused=lambda program: sum(executed(program).values()) < len(program.steps))
@given(program=programs(ops=("neg", "add", "sub", "mul", "relu")))
@example(program=SHARED)
def test_each_run_records_a_graph_of_its_own_with_just_the_operations_executed(device, program):
    """
    >>> nodes = [tensor.requires_grad_(flag) for tensor, flag in leaves]
    >>> for op, at, on in steps: torch.set_grad_enabled(on); nodes.append(getattr(torch, op)(*[nodes[i] for i in at]))
    >>> nodes[-1].grad_fn, nodes[-1].grad_fn and nodes[-1].grad_fn.next_functions
    """
    leaves = [leaf.blueprint.on(device, leaf.requires_grad) for leaf in program.leaves]
    one, other = [run(program, leaves)[-1] for _ in range(2)]
    assert operations(one) == operations(other) == executed(program)
    own = [function for function in functions(one) if not hasattr(function, "variable")]
    assert not any(function is theirs for function in own for theirs in functions(other))


class Squared(torch.nn.Module):
    """The square of its input times a weight; it counts how often its forward has run."""

    def __init__(self):
        super().__init__()
        self.weight, self.runs = torch.nn.Parameter(torch.tensor([2.0])), 0

    def forward(self, x):
        """Return (x * weight) squared."""
        self.runs += 1
        product = x * self.weight
        return product * product


@NEW_GRAPH_EACH_FORWARD
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)], ids=str)
def test_forward_runs_at_each_call_and_the_graphs_can_be_run_back_in_any_order_each_once(device, order):
    model = Squared().to(device)
    x = torch.tensor([3.0], device=device)
    results = [model(x * (number + 1)) for number in range(3)]
    assert model.runs == 3 and all(operations(result) == {"Mul": 2} for result in results)
    total = 0.0
    for number in order:
        results[number].sum().backward()
        total += 2 * 2.0 * (3.0 * (number + 1)) ** 2
        agrees(model.weight.grad, np.array([total], dtype="float32"))
        with pytest.raises(RuntimeError, match="second time"):
            results[number].sum().backward()
    assert model.runs == 3


TORCH_UPDATE_IS_OUTSIDE_GRAPH = Claim(
    "graphs.torch-update-is-outside-graph",
    "In PyTorch the update of the weights is no part of the graph.",
    sources=[EXAMPLES["TensorFlow: Static Graphs"]],
    kills=["no-grad-does-nothing", "step-puts-the-update-into-the-graph", "sgd-climbs"],
)


def by_data(weights, step):
    for weight in weights:
        weight.data -= step * weight.grad.data


def under_no_grad(weights, step):
    with torch.no_grad():
        for weight in weights:
            weight -= step * weight.grad


def by_optimizer(weights, step):
    torch.optim.SGD(weights, lr=step).step()


UPDATES = {"data": by_data, "no_grad": under_no_grad, "optimizer": by_optimizer}


@TORCH_UPDATE_IS_OUTSIDE_GRAPH
@needs(FLOAT64)
@reaches(moves=lambda net: backprop.two_layers(*net, at_zero=0).grad_w1.any(), optimizer=lambda by: by == "optimizer")
@given(net=two_layer_networks(), by=st.sampled_from(sorted(UPDATES)))
def test_updated_weights_are_still_leaves_and_the_next_graph_is_like_the_first(device, net, by):
    """
    >>> w1, w2 = [torch.tensor(w, requires_grad=True) for w in (w1, w2)]
    >>> ((torch.tensor(x).mm(w1).relu().mm(w2) - torch.tensor(y)) ** 2).sum().backward()
    >>> for w in (w1, w2): w.data -= 0.5 * w.grad; print(w.is_leaf, w.grad_fn, w)
    """
    x, y = torch.tensor(net.x, device=device), torch.tensor(net.y, device=device)
    weights = [torch.tensor(w, device=device, requires_grad=True) for w in (net.w1, net.w2)]

    def loss():
        difference = torch.relu(x.mm(weights[0])).mm(weights[1]) - y
        return (difference * difference).sum()

    first = loss()
    before = operations(first)
    first.backward()
    UPDATES[by](weights, 0.5)
    by_hand = backprop.two_layers(*net, at_zero=0)
    for weight, old, gradient in zip(weights, (net.w1, net.w2), (by_hand.grad_w1, by_hand.grad_w2)):
        assert weight.is_leaf and weight.grad_fn is None and weight.requires_grad
        agrees(weight, old - 0.5 * gradient)
        weight.grad = None
    assert operations(loss()) == before
    loss().backward()
    again = backprop.two_layers(net.x, net.y, *[array_of(weight) for weight in weights], at_zero=0)
    agrees(weights[0].grad, again.grad_w1)
    agrees(weights[1].grad, again.grad_w2)


@TORCH_UPDATE_IS_OUTSIDE_GRAPH
def test_an_update_written_as_an_ordinary_operation_is_in_the_graph(device):
    weight = torch.tensor([2.0], device=device, requires_grad=True)
    updated = weight - 0.5 * weight * weight
    assert not updated.is_leaf and operations(updated) == {"Sub": 1, "Mul": 2}
    updated.backward()
    agrees(weight.grad, np.array([-1], dtype="float32"))


@TORCH_UPDATE_IS_OUTSIDE_GRAPH
def test_an_update_between_forward_and_backward_is_noticed_unless_it_goes_by_data(device):
    weight = torch.tensor([2.0], device=device, requires_grad=True)
    loss = (weight * weight * weight).sum()
    weight.data -= 1
    loss.backward()
    agrees(weight.grad, np.array([1 * 2 + 4], dtype="float32"))  # of w * w * w, the weight is 1 now, the square still 4
    loss = (weight * weight).sum()
    with torch.no_grad():
        weight -= 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


INPUTS_OF_DIFFERENT_SHAPES = Claim(
    "graphs.inputs-of-different-shapes",
    "One network takes inputs of different shapes, and the graph may be another one for each.",
    sources=[INTRODUCTION["Opening"]],
    kills=["linear-keeps-two-dimensions", "conv2d-forgets-a-column"],
)


@INPUTS_OF_DIFFERENT_SHAPES
@needs(FLOAT64)
@pytest.mark.parametrize("leading", [(), (1,), (0,), (5,), (2, 3), (2, 1, 4), (0, 2)], ids=str)
def test_a_linear_layer_takes_any_number_of_leading_dimensions(device, leading):
    weight = np.array([[1.0, -2.0], [3.0, 0.0], [-1.0, 5.0]])
    x = np.arange(int(np.prod(leading + (3,))), dtype="float64").reshape(leading + (3,)) - 4
    agrees(linear(weight, device)(torch.tensor(x, device=device)), x @ weight)


@INPUTS_OF_DIFFERENT_SHAPES
@needs(FLOAT64)
def test_a_convolution_takes_pictures_of_any_size_that_holds_its_kernel(device):
    layer = torch.nn.Conv2d(1, 1, (2, 3), bias=False).to(device, torch.float64)
    kernel = np.array([[1.0, -2.0, 3.0], [0.0, 5.0, -1.0]])
    layer.weight.data.copy_(torch.tensor(kernel[None, None]))
    for height, width in ((2, 3), (2, 9), (7, 3), (5, 6)):
        picture = (np.arange(height * width, dtype="float64") % 7).reshape(height, width)
        right = np.array([[(picture[i:i + 2, j:j + 3] * kernel).sum() for j in range(width - 2)]
                          for i in range(height - 1)])
        agrees(layer(torch.tensor(picture[None, None], device=device))[0, 0], right)
    with pytest.raises(RuntimeError):
        layer(torch.zeros(1, 1, 2, 2, dtype=torch.float64, device=device))


@INPUTS_OF_DIFFERENT_SHAPES
def test_the_graph_of_a_longer_sequence_is_larger(device):
    layer, counts = torch.nn.Linear(2, 2).to(device), []
    for length in (1, 3, 9):
        state = torch.zeros(1, 2, device=device)
        for step in torch.ones(length, 1, 2, device=device):
            state = torch.tanh(layer(step) + state)
        counts.append(operations(state)["Tanh"])
    assert counts == [1, 3, 9]
