"""Compiling.

torch has come to optimise up front, too: torch.compile watches a function run, takes down its graph, and has a compiler
make something faster of it, which serves later calls.
"""
import numpy as np
import torch
from hypothesis import given, settings

from spec.capabilities import COMPILE, FLOAT64, needs
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import FLOYDHUB
from spec.strategies import programs, run
from spec.strategies.programs import NUMPY

COMPILED_FUNCTION_SAME_VALUES = Claim(
    "performance.compiled-function-same-values",
    "A version of a function that was optimised up front gives the same values as the dynamic one, and serves further "
    "calls with the same shape.",
    sources=[FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["compiled-functions-forget-their-graphs", "compiled-functions-return-their-first-result"],
)

CALLS = {"neg": "-{}", "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "relu": "torch.relu({})",
         "clamp": "torch.clamp({}, min=-1, max=2)", "sum": "torch.sum({})"}
"""How the operations of a program are written."""


def function_of(program):
    """Return a program as a function of its leaves, written in Python."""
    names = ["leaf{}".format(place) for place in range(len(program.leaves))]
    lines = ["def function({}):".format(", ".join(names))]
    for place, step in enumerate(program.steps):
        operation = CALLS[step.op].format(*[names[operand] for operand in step.operands])
        names.append("step{}".format(place))
        lines.append("    {} = {}".format(names[-1], operation))
    lines.append("    return {}".format(names[-1]))
    written = {"torch": torch}
    exec("\n".join(lines), written)
    return written["function"]


def counting():
    """Return a backend that runs graphs as they are, and the list to which it adds each graph that it is given.

    What torch remembers of earlier functions, such as which lengths have changed in them, is forgotten first.
    """
    torch._dynamo.reset()
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    return backend, graphs


@COMPILED_FUNCTION_SAME_VALUES
@needs(COMPILE, FLOAT64)
@reaches(reduced=lambda program: any(step.op == "sum" for step in program.steps),
         pointwise=lambda program: all(step.op != "sum" for step in program.steps))
@settings(max_examples=-(-settings.default.max_examples // 5))  # each is compiled twice
@given(program=programs(ops=tuple(sorted(CALLS)), no_grad=False, max_steps=5))
def test_calls_with_one_shape_share_a_graph_another_shape_gets_its_own_and_all_values_are_right(device, program):
    """
    >>> apply = lambda t, op, at: t + (getattr(torch, op)(*[t[p] for p in at], *[-1, 2][:2 * (op == "clamp")]),)
    >>> import functools; f = lambda *t: functools.reduce(lambda t, step: apply(t, *step[:2]), steps, t)[-1]
    >>> print(f(*[leaf for leaf, _ in leaves]), torch.compile(f, backend="eager")(*[leaf for leaf, _ in leaves]))
    """
    function = function_of(program)
    backend, graphs = counting()
    compiled = torch.compile(function, backend=backend)
    short = [np.tile(leaf.blueprint.array.reshape(-1), 2) for leaf in program.leaves]
    long = [np.append(array, array[:1]) for array in short]
    counts = []
    for arrays in (short, [array[::-1] + 1 for array in short], long, short):
        leaves = [torch.tensor(array.copy(), device=device) for array in arrays]
        result = compiled(*leaves)
        agrees(result, run(program, arrays, NUMPY)[-1])
        bitwise(result, array_of(function(*leaves)))
        counts.append(len(graphs))
    assert counts == [1, 1, 2, 2]


@COMPILED_FUNCTION_SAME_VALUES
@needs(COMPILE)
def test_a_third_shape_gets_a_graph_of_its_own_or_is_served_by_one_for_any_length(device):
    backend, graphs = counting()
    compiled = torch.compile(lambda x: x * 2 + x.sum(), backend=backend)
    counts = []
    for length in (2, 3, 4, 4, 2):
        x = np.arange(length, dtype="float32")
        agrees(compiled(torch.tensor(x, device=device)), x * 2 + x.sum())
        counts.append(len(graphs))
    assert counts in ([1, 2, 3, 3, 3], [1, 2, 2, 2, 2])


@COMPILED_FUNCTION_SAME_VALUES
@needs(COMPILE)
def test_a_condition_on_the_values_cuts_the_graph_and_both_courses_are_right(device):
    def double_or_lessen(x):
        x = x + 1
        return x * 2 if x.sum() > 0 else x - 1

    backend, graphs = counting()
    compiled = torch.compile(double_or_lessen, backend=backend)
    up, down = [torch.tensor(values, device=device) for values in ([3.0, 1.0], [-3.0, 1.0])]
    counts = []
    for x in (up, down, up, down):
        agrees(compiled(x), array_of(double_or_lessen(x)))
        counts.append(len(graphs))
    assert counts == [2, 3, 3, 3]


@COMPILED_FUNCTION_SAME_VALUES
@needs(COMPILE)
def test_random_numbers_in_a_compiled_function_are_new_in_each_call_and_the_same_after_the_same_seed(device):
    backend, graphs = counting()

    def noisy(x):
        return x + torch.rand_like(x)

    compiled, x = torch.compile(noisy, backend=backend), torch.zeros(8, device=device)
    found = []
    for function in (compiled, compiled, noisy):
        torch.manual_seed(1)
        found.append([array_of(function(x)) for _ in range(2)])
    for first, second in found:
        bitwise(first, found[-1][0])
        bitwise(second, found[-1][1])
        assert (first != second).any()
    assert len(graphs) == 1


@COMPILED_FUNCTION_SAME_VALUES
@needs(COMPILE)
def test_gradients_pass_through_a_compiled_function_as_through_the_dynamic_one(device):
    def function(x, w):
        return (x.mm(w).clamp(min=0) * 3).sum()

    backend, graphs = counting()
    compiled = torch.compile(function, backend=backend)
    x = torch.tensor([[1.0, -2.0], [3.0, 5.0]], device=device, requires_grad=True)
    w = torch.tensor([[1.0, -1.0], [2.0, 1.0]], device=device, requires_grad=True)
    for _ in range(2):
        gradients = torch.autograd.grad(compiled(x, w), [x, w])
        for one, other in zip(gradients, torch.autograd.grad(function(x, w), [x, w])):
            agrees(one, array_of(other))
    assert len(graphs) == 1
