"""The graph.

What sets a Variable apart is that operations on it are remembered. Each result knows the function that made it, that
function knows the functions that made its operands, and so on back to the Variables that nothing made: the leaves.
"""
import re

import pytest
import torch
from hypothesis import example, given
from torch.autograd import Variable

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.autograd._graphs import (
    NAMES,
    OPERATIONS,
    RECORDED,
    leaves_of,
    model,
    recorded_operations,
    used,
)
from spec.oracles import reachability
from spec.recorded_graph import functions
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import Blueprint, Leaf, Program, Step, programs, run

PRODUCT = Program(
    (Leaf(Blueprint.of(2.0), False), Leaf(Blueprint.of(3.0), True), Leaf(Blueprint.of(5.0), True)),
    (Step("mul", (0, 1), True), Step("mul", (0, 2), True), Step("mul", (3, 4), True)),
)
"""The product of two products, of which each has a plain tensor for its first operand."""

SUM = Program(PRODUCT.leaves[1:], (Step("add", (0, 1), True), Step("neg", (2,), True), Step("add", (2, 3), True)))
"""A sum less itself: each step has a part in the last."""

SUM_OF_A_NUMBER = Program(PRODUCT.leaves[1:2], (Step("sum", (0,), True), Step("sum", (1,), True)))
"""A sum of a single number, twice over."""

VARIABLES_DEFINE_GRAPH = Claim(
    "autograd.variables-define-graph",
    "Operations on Variables that require a gradient define a graph; of operations on other tensors nothing is "
    "recorded.",
    sources=[
        TEMPLATE["Variables and autograd"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["Autograd"],
    ],
    kills=["mul-forgets-its-second-operand", "add-records-plain-tensors", "no-grad-records", "detach-keeps-the-history",
           "addition-in-place-is-not-recorded"],
)


@VARIABLES_DEFINE_GRAPH
@needs(FLOAT64)
@reaches(plain=lambda program: not reachability.requires_grad(model(program)[-1]),
         recorded=lambda program: reachability.requires_grad(model(program)[-1]),
         unrecorded_step=lambda program: any(not step.recorded for step in program.steps),
         detached=lambda program: any(step.op == "detach" for step in program.steps))
@given(program=programs(ops=OPERATIONS))
@example(program=PRODUCT)
def test_a_result_has_a_grad_fn_exactly_if_it_was_made_from_something_that_requires_a_gradient(device, program):
    """
    >>> nodes = [tensor.requires_grad_(flag) for tensor, flag in leaves]
    >>> for op, at, on in steps: torch.set_grad_enabled(on); nodes.append(getattr(torch, op)(*[nodes[i] for i in at]))
    >>> [node.grad_fn for node in nodes]
    """
    nodes = run(program, leaves_of(program, device))
    for number, (node, expected) in enumerate(zip(nodes, model(program))):
        assert node.requires_grad is reachability.requires_grad(expected)
        assert node.is_leaf is reachability.is_leaf(expected)
        made = number >= len(program.leaves)
        assert (node.grad_fn is not None) is (made and node.requires_grad)


@VARIABLES_DEFINE_GRAPH
@pytest.mark.parametrize("flag", [True, False], ids=["required", "not required"])
def test_a_plain_tensor_joins_the_graph_when_a_variable_that_requires_a_gradient_is_added_in_place(device, flag):
    total, x = torch.ones(2, device=device), Variable(torch.ones(2, device=device), requires_grad=flag)
    total.add_(total)
    assert total.grad_fn is None and total.is_leaf
    total.add_(x)
    assert total.requires_grad is flag and (total.grad_fn is not None) is flag and total.is_leaf is not flag
    assert x.is_leaf and x.grad_fn is None


@VARIABLES_DEFINE_GRAPH
@pytest.mark.parametrize("operation", list(NAMES))
def test_of_an_operation_on_plain_tensors_nothing_is_recorded(device, operation):
    function, _, operands = NAMES[operation]
    result = function(*[Variable(torch.ones(2, 2, device=device))] * operands)
    assert result.requires_grad is False and result.grad_fn is None and result.is_leaf
    with pytest.raises(RuntimeError, match="does not require grad"):
        result.sum().backward()


OP_RESULT_HAS_GRAD_FN = Claim(
    "autograd.op-result-has-grad-fn",
    "The result of an operation on a Variable that requires a gradient has a grad_fn that names the operation; a "
    "Variable that the user made has none.",
    sources=[FLOYDHUB["Variables and AutoGrad"]],
    kills=["sigmoid-is-made-of-other-operations", "variable-is-no-leaf", "a-product-with-itself-is-a-power",
           "operations-in-place-keep-the-grad-fn"],
)


def is_named(function, operation):
    """Say whether a function of the graph has the name of an operation, as AddBackward0 has that of Add."""
    return re.match(operation + r"Backward\d*$", type(function).__name__) is not None


@OP_RESULT_HAS_GRAD_FN
@pytest.mark.parametrize("operation", list(NAMES))
def test_the_grad_fn_of_a_result_has_the_name_of_its_operation(device, operation):
    function, name, operands = NAMES[operation]
    for blueprint in (Blueprint.of([[1.0, 2.0], [3.0, 4.0]], "float32"), Blueprint.of([[2.0]]),
                      Blueprint("float64", [1.0, 2.0, 3.0, 4.0], (2, 2), (1, 2))):
        x = Variable(blueprint.on(device), requires_grad=True)
        assert x.grad_fn is None and x.is_leaf
        result = function(*[x] * operands)
        assert is_named(result.grad_fn, name)
        assert result.grad_fn.name() == type(result.grad_fn).__name__
        assert result.requires_grad and not result.is_leaf
        assert x.grad_fn is None and x.is_leaf


@OP_RESULT_HAS_GRAD_FN
def test_the_example_of_the_document_adds_a_number_to_a_variable(device):
    x = Variable(torch.ones(2, 2, device=device), requires_grad=True)
    y = x + 2
    z = y * y * 3
    out = z.mean()
    assert x.grad_fn is None
    assert is_named(y.grad_fn, "Add") and is_named(z.grad_fn, "Mul") and is_named(out.grad_fn, "Mean")


@OP_RESULT_HAS_GRAD_FN
def test_an_operation_in_place_gives_a_result_another_grad_fn(device):
    h = Variable(torch.ones(2, device=device), requires_grad=True) * 1
    first = h.grad_fn
    h.add_(1)
    assert is_named(h.grad_fn, "Add") and h.grad_fn is not first
    assert h.grad_fn.next_functions[0][0] is first
    h.detach_()
    assert h.grad_fn is None and h.is_leaf and not h.requires_grad


GRAPH_REACHES_LEAVES = Claim(
    "autograd.graph-reaches-leaves",
    "The forward pass defines a graph: followed backwards from a result, it leads to exactly those leaves requiring a "
    "gradient that the result was made from.",
    sources=[
        TEMPLATE["Variables and autograd"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["Autograd"],
    ],
    kills=["mul-forgets-its-second-operand", "neg-makes-a-leaf-of-its-own", "detach-keeps-the-history",
           "sum-forgets-the-history-of-a-number"],
)


@GRAPH_REACHES_LEAVES
@needs(FLOAT64)
@reaches(unused=lambda program: len(used(program)) < sum(leaf.requires_grad for leaf in program.leaves),
         several=lambda program: len(used(program)) > 1, none=lambda program: not used(program))
@given(program=programs(ops=OPERATIONS))
@example(program=PRODUCT)
@example(program=SUM_OF_A_NUMBER)
def test_the_graph_of_a_result_leads_to_the_leaves_that_it_was_made_from(device, program):
    """
    >>> nodes = [tensor.requires_grad_(flag) for tensor, flag in leaves]
    >>> for op, at, on in steps: torch.set_grad_enabled(on); nodes.append(getattr(torch, op)(*[nodes[i] for i in at]))
    >>> nodes[-1].grad_fn.next_functions
    """
    leaves = leaves_of(program, device)
    result = run(program, leaves)[-1]
    reached = [function.variable for function in functions(result) if hasattr(function, "variable")]
    expected = [leaves[number] for number in used(program)]
    assert sorted(map(id, reached)) == sorted(map(id, expected))  # each once, however often it was used


@GRAPH_REACHES_LEAVES
@needs(FLOAT64)
@reaches(all_steps=lambda program: recorded_operations(program) == len(program.steps) > 2,
         unused_steps=lambda program: 0 < recorded_operations(program) < len(program.steps))
@given(program=programs(ops=("neg", "add")))
@example(program=SUM)
def test_the_graph_of_a_result_has_one_function_for_each_operation_that_led_to_it(device, program):
    """
    >>> nodes = [tensor.requires_grad_(flag) for tensor, flag in leaves]
    >>> for op, at, on in steps: torch.set_grad_enabled(on); nodes.append(getattr(torch, op)(*[nodes[i] for i in at]))
    >>> nodes[-1].grad_fn.next_functions
    """
    result = run(program, leaves_of(program, device), RECORDED)[-1]
    recorded = [function for function in functions(result) if type(function).__name__ == "RecordedBackward"]
    assert len(recorded) == recorded_operations(program)


NODES_ARE_TENSORS = Claim(
    "autograd.nodes-are-tensors",
    "The nodes of the graph are tensors, and its edges are functions that make tensors from tensors.",
    sources=[
        TEMPLATE["Variables and autograd"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["Autograd"],
    ],
    deviations=[
        Deviation(
            "What torch records is the other way about: the nodes are functions, and an edge, a pair of a function "
            "and the number of one of its results, stands for a tensor.",
            witness={},
        )
    ],
    kills=["unbind-takes-one-at-a-time", "mul-forgets-its-second-operand", "a-product-with-itself-is-a-power"],
)


@NODES_ARE_TENSORS
def test_every_node_of_a_graph_is_a_tensor(device):
    x = Variable(torch.ones(2, device=device), requires_grad=True)
    assert all(isinstance(node, torch.Tensor) for node in functions((x * x).sum()))


@NODES_ARE_TENSORS.instead
@needs(FLOAT64)
@reaches(constant=lambda program: not all(leaf.requires_grad for leaf in program.leaves),
         leaf_twice=lambda program: any(step.operands == (0, 0) for step in program.steps))
@given(program=programs(ops=("neg", "add")))
def test_a_function_has_an_edge_for_each_operand_that_leads_to_the_function_that_made_it(device, program):
    """
    >>> nodes = [tensor.requires_grad_(flag) for tensor, flag in leaves]
    >>> for op, at, on in steps: torch.set_grad_enabled(on); nodes.append(getattr(torch, op)(*[nodes[i] for i in at]))
    >>> [node.grad_fn and node.grad_fn.next_functions for node in nodes]
    """
    nodes = run(program, leaves_of(program, device), RECORDED)
    for step, result in zip(program.steps, nodes[len(program.leaves):]):
        if result.grad_fn is None:
            continue
        edges = result.grad_fn.next_functions
        assert type(edges) is tuple and len(edges) == len(step.operands)
        for (function, number), operand in zip(edges, [nodes[operand] for operand in step.operands]):
            assert not isinstance(function, torch.Tensor) and number == 0
            if operand.requires_grad and operand.is_leaf:
                assert function.variable is operand
            else:
                assert function is operand.grad_fn


@NODES_ARE_TENSORS.instead
def test_an_edge_counts_the_results_of_the_function_that_it_leads_to(device):
    parts = torch.ones(3, 2, device=device, requires_grad=True).unbind(0)
    for place, part in enumerate(parts):
        function, number = (part * 2).grad_fn.next_functions[0]
        assert is_named(function, "Unbind") and function is parts[0].grad_fn
        assert type(number) is int and number == place


@NODES_ARE_TENSORS.instead
def test_a_leaf_hangs_on_a_function_that_adds_up_its_gradient(device):
    x = Variable(torch.ones(2, device=device), requires_grad=True)
    product = (x * x).grad_fn
    (first, _), (second, _) = product.next_functions
    assert type(first).__name__ == "AccumulateGrad" and first is second
    assert first.variable is x and first.next_functions == ()
