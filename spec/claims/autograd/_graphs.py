"""The recorded graph, as torch shows it and as the model of reachability has it."""
import operator
from collections import OrderedDict

import torch

from spec.oracles import reachability

OPERATIONS = ("neg", "add", "sub", "mul", "relu", "sum", "detach")
"""Operations of spec.strategies.programs that are functions of torch by the same name."""

NAMES = OrderedDict([(name, (getattr(torch.Tensor, name), name.capitalize(), 1)) for name in (
    "abs", "clone", "cos", "exp", "floor", "log", "max", "mean", "neg", "prod", "reciprocal", "relu", "sigmoid", "sin",
    "sqrt", "sum", "t", "tanh")])
NAMES.update((name, (getattr(torch.Tensor, name), name.capitalize(), 2)) for name in ("add", "div", "mm", "mul", "sub"))
NAMES.update([("+", (operator.add, "Add", 2)), ("-", (operator.sub, "Sub", 2)), ("*", (operator.mul, "Mul", 2)),
              ("/", (operator.truediv, "Div", 2)), ("minus sign", (operator.neg, "Neg", 1))])
"""Operations of one step: the function, the name that the graph has for it, and the number of its operands."""


def model(program):
    """Return the nodes of a program, leaves first, as spec.oracles.reachability models them."""
    nodes = [reachability.leaf(leaf.requires_grad) for leaf in program.leaves]
    for step in program.steps:
        make = reachability.detach if step.op == "detach" else reachability.op
        make = make if step.recorded else reachability.no_grad
        nodes.append(make(*[nodes[operand] for operand in step.operands]))
    return nodes


def leaves_of(program, device):
    """Return the leaves of a program as tensors on a device."""
    return [leaf.blueprint.on(device, leaf.requires_grad) for leaf in program.leaves]


def used(program):
    """Return the numbers of the leaves that a gradient of the program's result would reach."""
    nodes = model(program)
    if not reachability.requires_grad(nodes[-1]):
        return []
    reached = reachability.leaves_with_gradient(nodes[-1])
    return [number for number, node in enumerate(nodes) if node in reached]


def recorded_operations(program):
    """Return the number of recorded operations of a program that its result depends on."""
    result = model(program)[-1]
    return reachability.operations_run(result) if reachability.requires_grad(result) else 0


class Recorded(torch.autograd.Function):
    """The sum of any number of tensors of one shape, as an operation with a single function in the graph."""

    @staticmethod
    def forward(ctx, *operands):
        return sum(operands[1:], operands[0] * 1)

    @staticmethod
    def backward(ctx, gradient):
        return (gradient,) * len(ctx.needs_input_grad)


RECORDED = {"neg": Recorded.apply, "add": Recorded.apply, "no_grad": torch.no_grad}
"""For spec.strategies.run: operations that put one function each into the graph, in every release of torch."""
