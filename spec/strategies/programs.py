"""Small straight-line programs: graphs of elementwise operations that run on torch, on numpy and on exact numbers."""

from contextlib import nullcontext
from typing import NamedTuple, Tuple

import numpy as np
from hypothesis import strategies as st

from spec.strategies.blueprint import Blueprint
from spec.strategies.choices import draw_choices
from spec.strategies.remembered import remembered
from spec.strategies.values import draw_values

Leaf = NamedTuple("Leaf", [("blueprint", Blueprint), ("requires_grad", bool)])
Leaf.__doc__ = "An input of a program."

Step = NamedTuple("Step", [("op", str), ("operands", Tuple[int, ...]), ("recorded", bool)])
Step.__doc__ = """One operation on earlier nodes, given by number: leaves first, then steps in order.

recorded=False is a step that runs under no_grad."""

Program = NamedTuple("Program", [("leaves", Tuple[Leaf, ...]), ("steps", Tuple[Step, ...])])
Program.__doc__ = "A straight-line program, whose result is its last node."

OPERATIONS = {
    "neg": 1,
    "add": 2,
    "sub": 2,
    "mul": 2,
    "relu": 1,
    "clamp": 1,
    "sum": 1,
    "detach": 1,
    "positive": 1,
}
"""The operations by name, with their number of operands.

relu is the maximum with 0; clamp limits to [-1, 2]; sum adds up all elements; detach has the same value and no history;
positive is 1 where its operand is above 0 and 0 elsewhere: a comparison, which has no gradient.
"""

SMOOTH = ("neg", "add", "sub", "mul", "sum")
"""The operations that have a derivative everywhere."""

_LARGEST = 2.0**30


NUMPY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "relu": lambda a: np.maximum(a, 0),
    "clamp": lambda a: np.minimum(np.maximum(a, -1), 2),
    "sum": lambda a: np.sum(a),
    "detach": lambda a: a,
    "positive": lambda a: np.asarray(a > 0) * 1.0,
    "no_grad": nullcontext,
}
"""What each operation does to numpy arrays."""


def torch_operations():
    """Return what each operation does to torch tensors, as a table for `run`."""
    import torch

    return {
        "add": torch.add,
        "sub": torch.sub,
        "mul": torch.mul,
        "neg": torch.neg,
        "relu": torch.relu,
        "clamp": lambda a: torch.clamp(a, min=-1, max=2),
        "sum": torch.sum,
        "detach": lambda a: a.detach(),
        "positive": lambda a: (a > 0).to(a.dtype),
        "no_grad": torch.no_grad,
    }


def run(program, leaves, operations=None):
    """Run a program on `leaves`, one value for each of its leaves, and return the values of all nodes as a list.

    operations maps the names of OPERATIONS to functions, and "no_grad" to a context manager for steps that are not
    recorded (it may be missing); by default those of torch.
    """
    operations = torch_operations() if operations is None else operations
    nodes = list(leaves)
    for step in program.steps:
        operands = [nodes[operand] for operand in step.operands]
        if step.recorded:
            nodes.append(operations[step.op](*operands))
        else:
            with operations.get("no_grad", nullcontext)():
                nodes.append(operations[step.op](*operands))
    return nodes


def _bounded(op, bounds):
    """Return the largest size that a step's result can have, from those of its operands."""
    if op == "mul":
        return bounds[0] * bounds[1]
    if op in ("add", "sub"):
        return sum(bounds)
    return 3 * bounds[0] if op == "sum" else max(1.0, bounds[0])


@remembered
@st.composite
def programs(draw, ops=tuple(OPERATIONS), max_leaves=3, max_steps=8, no_grad=True, scalar=False, exact=True):
    """Draw a Program over float64 leaves of one size, () or (2,) or (3,), at least one of which requires grad.

    Operands are any earlier nodes, the latest more often, so that shared sub-expressions and leaves used twice are
    common. exact: the leaves hold whole numbers up to 3 in size. A step whose result might exceed 2**30 takes the
    first leaf for its operands instead, so that float64 stays exact on whole numbers, in the gradients too.
    no_grad=False has no step that runs unrecorded; scalar=True ends in a sum. ops limits the operations, for example
    to SMOOTH.
    """
    choices = draw_choices(draw, 3 + max_leaves + 4 * max_steps)
    size = choices.of(((), (2,), (3,)))
    options = {"integral": True, "bounded": 3} if exact else {"finite": True, "subnormal": False, "bounded": 3.0}
    leaves, flags = [], choices.part(max_leaves)
    for place in range(choices.between(1, max_leaves)):
        values = draw_values(draw, "float64", size[0] if size else 1, **options)
        leaves.append(Leaf(Blueprint("float64", values, size), flags.below(2) == 1 or place == 0))
    bounds = [3.0] * len(leaves)
    steps = []
    for _ in range(choices.between(1, max_steps)):
        op, operands, recorded = choices.of(ops), choices.part(2), choices.below(10) < 9 or not no_grad
        operands = tuple(_operand(operands, len(bounds)) for _ in range(OPERATIONS[op]))
        bound = _bounded(op, [bounds[operand] for operand in operands])
        if bound > _LARGEST:
            operands = (0,) * len(operands)
            bound = _bounded(op, [3.0] * len(operands))
        steps.append(Step(op, operands, recorded))
        bounds.append(bound)
    if scalar:
        steps.append(Step("sum", (len(bounds) - 1,), True))
    return Program(tuple(leaves), tuple(steps))


def _operand(choices, number):
    """Choose the number of an earlier node: any, or one of the last two."""
    back = choices.below(2 * number)
    return number - 1 - back if back < number else number - 1 - back % min(2, number)
