"""Running a program with operations that say when backward visits them, and looking into the recorded graph."""
import torch

from spec.oracles import reachability
from spec.strategies import run


class Counted(torch.autograd.Function):
    """neg, add, sub or mul, by name; ``visit`` is called by backward, once for each visit, with needs_input_grad."""

    @staticmethod
    def forward(ctx, name, visit, *operands):
        ctx.name, ctx.visit = name, visit
        ctx.save_for_backward(*operands)
        return {
            "neg": lambda a: -a, "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
        }[name](*operands)

    @staticmethod
    def backward(ctx, gradient):
        needed = tuple(ctx.needs_input_grad[2:])
        ctx.visit(needed)
        operands = ctx.saved_tensors
        shares = {
            "neg": lambda: [-gradient],
            "add": lambda: [gradient, gradient],
            "sub": lambda: [gradient, -gradient],
            "mul": lambda: [gradient * operands[1], gradient * operands[0]],
        }[ctx.name]()
        return (None, None) + tuple(share if wanted else None for share, wanted in zip(shares, needed))


def run_counted(program, leaves):
    """Run a program on tensors: return the values of all nodes, and a list to which backward adds what it visits.

    Each operation adds its number, counted from 0 in the order of running, when backward visits it.
    """
    visited, number = [], [0]

    def operation(name):
        def applied(*operands):
            place = number[0]
            number[0] += 1
            return Counted.apply(name, lambda needed: visited.append(place), *operands)
        return applied

    table = {name: operation(name) for name in ("neg", "add", "sub", "mul")}
    table.update(detach=lambda a: a.detach(), no_grad=torch.no_grad)
    return run(program, leaves, table), visited


def nodes_of(program):
    """Return the nodes of a program as reachability.Nodes: leaves first, then the steps in order."""
    nodes = [reachability.leaf(leaf.requires_grad) for leaf in program.leaves]
    for step in program.steps:
        operands = [nodes[operand] for operand in step.operands]
        if step.op == "detach":
            nodes.append(reachability.detach(*operands))
        else:
            nodes.append(reachability.op(*operands) if step.recorded else reachability.no_grad(*operands))
    return nodes


def recorded_leaves(tensor):
    """Return the ids of the leaves in which the recorded history of a tensor ends."""
    found, seen, stack = set(), set(), [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.add(id(node.variable))
        stack.extend(following for following, _ in node.next_functions)
    return found
