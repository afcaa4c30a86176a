"""Control flow.

Loops and conditions are those of Python, run for each input. A compiler that makes a static graph of a function has to
do something about them: forget them, read them, or watch what they depend on.
"""
import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import COMPILE, FLOAT64, HERE, needs
from spec.claim import Claim, reaches
from spec.claims.graphs._dynamic import in_turn, operations
from spec.networks.dynamic import DynamicNet
from spec.oracles.agreement import agrees
from spec.oracles.exact_ad import Exact, floats
from spec.recorded_graph import functions
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE

PYTHON_CONTROL_FLOW = Claim(
    "graphs.python-control-flow",
    "Loops and conditions of Python may take another course for each input, inside forward too, and gradients follow "
    "the course that was taken.",
    sources=[
        TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"],
        TEMPLATE["Control Flow and Weight Sharing"],
        EXAMPLES["TensorFlow: Static Graphs"],
        EXAMPLES["PyTorch: Control Flow + Weight Sharing"],
        INTRODUCTION["Opening"],
        FLOYDHUB["Static vs Dynamic Computational Graph"],
    ],
    kills=["greater-includes-equal", "mul-forgets-its-second-operand", "trace-returns-its-function"],
)


def wander(h, w, is_positive, is_large, most=6):
    """Multiply h by w where it is positive, else subtract it from 1, until it is large; return it and the course."""
    course = []
    while not is_large(h) and len(course) < most:
        if is_positive(h):
            h = h * w
            course.append("Mul")
        else:
            h = 1 - h
            course.append("Rsub")
    return h, course


@PYTHON_CONTROL_FLOW
@needs(FLOAT64)
@reaches(nowhere=lambda x: abs(x) > 20, boundary=lambda x: x == 0, both=lambda x, w: 0 < x <= 20 and w < 0,
         grows=lambda x, w: 0 < x <= 20 and w > 1)
@given(x=st.integers(-25, 25), w=st.integers(-3, 3))
@example(x=0, w=2)
@example(x=2, w=-3)
def test_the_value_the_gradient_and_the_graph_are_those_of_the_course_that_the_input_took(device, x, w):
    """
    >>> h = x = torch.tensor(float(x), requires_grad=True); w = torch.tensor(float(w), requires_grad=True)
    >>> for _ in range(6): h = h if h.abs() > 20 else h * w if h > 0 else 1 - h
    >>> (h * 1).backward()
    >>> h, x.grad, w.grad
    """
    def is_positive(h):
        return int(h.value) > 0

    def is_large(h):
        return abs(int(h.value)) > 20

    exact_x, exact_w = Exact.leaf(x), Exact.leaf(w)
    exact_h, right_course = wander(exact_x, exact_w, is_positive, is_large)
    leaf, weight = [torch.tensor(float(number), dtype=torch.float64, device=device, requires_grad=True)
                    for number in (x, w)]
    h, course = wander(leaf, weight, lambda h: h > 0, lambda h: abs(h) > 20)
    assert course == right_course
    agrees(h, floats(exact_h.value))
    assert sorted(operations(h).elements()) == sorted(course)
    (h * 1).backward()
    of_x, of_w = [floats(gradient) for gradient in exact_h.gradient([exact_x, exact_w])]
    agrees(leaf.grad, of_x)
    if "Mul" in course:
        agrees(weight.grad, of_w)
    else:
        assert weight.grad is None


@PYTHON_CONTROL_FLOW
def test_a_loop_in_forward_makes_the_graph_longer_with_each_round(device):
    sizes = []
    for depth in range(4):
        result = DynamicNet(2, 3, 1, in_turn([depth])).to(device)(torch.ones(1, 2, device=device))
        sizes.append(len(functions(result)))
    assert sizes == sorted(set(sizes))


@PYTHON_CONTROL_FLOW
def test_what_the_condition_was_computed_from_has_no_part_in_the_gradient(device):
    x, threshold = [torch.tensor(number, device=device, requires_grad=True) for number in (3.0, 2.0)]
    result = x * 5 if x > threshold else x * 7
    result.backward()
    agrees(x.grad, np.array(5, dtype="float32"))
    assert threshold.grad is None


def double_or_lessen(x):
    if bool(x.sum() > 0):
        y = x * 2
    else:
        y = x - 1
    return y


def times_itself(x, rounds: int):
    # The annotation is for script.
    y = x
    for _ in range(rounds):
        y = y * x
    return y


@PYTHON_CONTROL_FLOW.regardless
def test_tracing_freezes_the_course_that_the_first_input_takes_and_warns():
    up, down = torch.tensor([3.0]), torch.tensor([-3.0])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        traced = torch.jit.trace(double_or_lessen, up)
    assert any(issubclass(warning.category, torch.jit.TracerWarning) for warning in caught)
    assert double_or_lessen(down).item() == -4 and traced(up).item() == 6
    assert traced(down).item() == -6


@PYTHON_CONTROL_FLOW.regardless
def test_script_keeps_conditions_and_loops_and_their_gradients():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        branches, loops = torch.jit.script(double_or_lessen), torch.jit.script(times_itself)
    for value in (3.0, -3.0, 0.0):
        x = torch.tensor([value], requires_grad=True)
        agrees(branches(x), double_or_lessen(x))
        for rounds in (0, 1, 3):
            result = loops(x, rounds)
            agrees(result, np.array([value ** (rounds + 1)], dtype="float32"))
            gradient, = torch.autograd.grad(result.sum() * 1, [x])
            agrees(gradient, np.array([(rounds + 1) * value ** rounds], dtype="float32"))


class Scaled(torch.nn.Module):
    """Multiplies by its attribute ``factor`` as often as ``rounds`` says, or subtracts 1 where nothing is positive."""

    def __init__(self):
        super().__init__()
        self.factor = 2.0

    def forward(self, x, rounds):
        """Return x, changed."""
        for _ in range(rounds):
            x = x * self.factor
        return x if x.sum() > 0 else x - 1


@PYTHON_CONTROL_FLOW.regardless
@needs(COMPILE)
def test_compile_watches_numbers_and_conditions_and_yields_what_python_does():
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    module = Scaled()
    compiled = torch.compile(module, backend=backend)
    counts = []
    for x, rounds in ((3.0, 1), (5.0, 1), (-3.0, 1), (3.0, 3), (4.0, 3)):
        leaf = torch.tensor([x], requires_grad=True)
        agrees(compiled(leaf, rounds), module(leaf, rounds))
        compiled(leaf, rounds).sum().backward()
        agrees(leaf.grad, np.array([2.0 ** rounds], dtype="float32"))
        counts.append(len(graphs))
    # The same graphs serve another number; another course or number of rounds needs new ones, once.
    assert counts[0] == counts[1] < counts[2] < counts[3] == counts[4]


@PYTHON_CONTROL_FLOW.regardless
@needs(COMPILE)
def test_compile_watches_the_attributes_of_a_module_since_2_4_and_silently_uses_their_old_values_before():
    module, x = Scaled(), torch.tensor([3.0])
    compiled = torch.compile(module, backend="eager")
    agrees(compiled(x, 3), np.array([3 * 2.0 ** 3], dtype="float32"))
    module.factor = 5.0
    used = 5.0 if HERE >= (2, 4) else 2.0
    agrees(compiled(x, 3), np.array([3 * used ** 3], dtype="float32"))


PYTHON_WHILE_LOOP_PROGRAM = Claim(
    "graphs.python-while-loop-program",
    "In PyTorch a while loop over tensors is one of Python: two counters, from 0 in steps of 2 and from 10 in steps of "
    "1, both end at 20.",
    sources=[FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["plus-equals-makes-a-new-tensor", "less-than-includes-equal"],
)


def chase(first, second, fast, slow, limit=100):
    """Add fast to the first and slow to the second tensor while the first is less; return the number of rounds."""
    rounds = 0
    while (first < second)[0] and rounds < limit:
        first += fast
        second += slow
        rounds += 1
    return rounds


@PYTHON_WHILE_LOOP_PROGRAM
def test_the_counters_of_the_documents_end_at_twenty_after_ten_rounds(device):
    first, second = torch.tensor([0.0], device=device), torch.tensor([10.0], device=device)
    kept = first, second
    assert chase(first, second, 2, 1) == 10
    for counter in kept:
        agrees(counter, np.array([20], dtype="float32"))


@PYTHON_WHILE_LOOP_PROGRAM
@needs(FLOAT64)
@reaches(never=lambda gap: gap <= 0, once=lambda gap, fast, slow: 0 < gap <= fast - slow,
         level=lambda gap, fast, slow: gap > 0 and gap % (fast - slow) == 0,
         past=lambda gap, fast, slow: gap > 0 and gap % (fast - slow) != 0)
@given(start=st.integers(-5, 5), gap=st.integers(-3, 20), slow=st.integers(-2, 3),
       fast=st.integers(1, 4).flatmap(lambda more: st.sampled_from([3 + more, 4 + more])),
       dtype=st.sampled_from(["float32", "float64", "int64"]))
@example(start=0, gap=10, slow=1, fast=2, dtype="float32")
def test_the_loop_runs_until_the_faster_counter_has_caught_up(device, start, gap, slow, fast, dtype):
    """
    >>> a, b = torch.tensor([start], dtype=getattr(torch, dtype)), torch.tensor([start + gap]).to(getattr(torch, dtype))
    >>> while (a < b)[0]: a += fast; b += slow
    >>> a, b
    """
    first, second = [torch.tensor([number], device=device).to(getattr(torch, dtype)) for number in (start, start + gap)]
    rounds = chase(first, second, fast, slow)
    assert rounds == max(0, -(-gap // (fast - slow)))
    agrees(first, np.array([start + rounds * fast], dtype=dtype))
    agrees(second, np.array([start + gap + rounds * slow], dtype=dtype))


@PYTHON_WHILE_LOOP_PROGRAM
def test_the_loop_does_not_begin_at_nan_and_single_precision_stands_still_at_two_to_the_24(device):
    nan, one = torch.tensor([float("nan")], device=device), torch.tensor([1.0], device=device)
    assert chase(nan, one, 2, 1) == chase(one, nan, 2, 1) == 0
    counter = torch.tensor([2.0 ** 24], device=device)
    assert chase(counter, torch.tensor([2.0 ** 25], device=device), 1, 0, limit=3) == 3
    agrees(counter, np.array([2 ** 24], dtype="float32"))
    with pytest.raises(IndexError):
        chase(torch.tensor(0.0, device=device), torch.tensor(1.0, device=device), 2, 1)
