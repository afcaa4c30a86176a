"""Operators of one's own, and those that torch brings along.

A subclass of torch.autograd.Function with the two functions is an operator. The built-in operators are such pairs too,
and the second half of each can be called on its own.
"""
from collections import OrderedDict
from typing import NamedTuple

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.custom_functions._helpers import Product, Scale, Square
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.oracles.exact_ad import Exact, exact, floats
from spec.sources import EXAMPLES, FLOYDHUB, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, same_shape

SUBCLASS_DEFINES_OPERATOR = Claim(
    "custom-functions.subclass-defines-operator",
    "A subclass of torch.autograd.Function that implements forward and backward is a new differentiable operator.",
    sources=[
        TEMPLATE["Defining new autograd functions"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["apply-cuts-its-second-tensor-off", "apply-serves-a-class-once", "backward-is-handed-half-the-gradient",
           "apply-cuts-the-gradient-that-backward-returns"],
)

Case = NamedTuple("Case", [("name", str), ("a", Blueprint), ("b", Blueprint), ("v", Blueprint)])
Case.__doc__ = "An expression, by name, the tensors a and b in it, and the gradient v that enters it from behind."


def cases(names, **options):
    """Draw a Case of one of the names; a, b and v are of one size, of any layouts, and hold small whole numbers."""
    three = same_shape(3, dtype="float64", integral=True, bounded=3, layouts=LAYOUTS, **options)
    return st.builds(lambda name, blueprints: Case(name, *blueprints), st.sampled_from(list(names)), three)


EXPRESSIONS = OrderedDict([
    ("square", (lambda a, b: Square.apply(a), lambda a, b: a ** 2)),
    ("product", (lambda a, b: Product.apply(a, b), lambda a, b: a * b)),
    ("self-product", (lambda a, b: Product.apply(a, a), lambda a, b: a * a)),
    ("scale", (lambda a, b: Scale.apply(b, -3), lambda a, b: b * -3)),
    ("square-of-square", (lambda a, b: Square.apply(Square.apply(a)), lambda a, b: a ** 4)),
    ("mixed", (lambda a, b: Square.apply(a + b) * a + Scale.apply(b, 2), lambda a, b: (a + b) ** 2 * a + b * 2)),
])
"""By name: an expression of custom operators on tensors, and the same on exact numbers."""


@SUBCLASS_DEFINES_OPERATOR
@needs(FLOAT64)
@reaches(two_inputs=lambda case: case.name == "product", reused=lambda case: case.name == "square-of-square",
         with_builtins=lambda case: case.name == "mixed", strided=lambda case: not case.a.contiguous,
         expanded=lambda case: case.v.layout() == "expanded")
@given(case=cases(EXPRESSIONS, max_elements=16))
@example(case=Case("product", Blueprint.of([2.0, -1.0]), Blueprint.of([3.0, 0.0]), Blueprint.of([5.0, 7.0])))
def test_custom_operators_have_the_values_and_the_gradients_of_their_formulas(device, case):
    """
    >>> f = staticmethod(lambda ctx, a, b: ctx.save_for_backward(a, b) or a * b)
    >>> g = staticmethod(lambda ctx, v: (v * ctx.saved_tensors[1], v * ctx.saved_tensors[0])); a.requires_grad_()
    >>> type("F", (torch.autograd.Function,), {"forward": f, "backward": g}).apply(a, b).backward(v); print(a.grad)
    """
    on_tensors, on_numbers = EXPRESSIONS[case.name]
    a, b = case.a.on(device, requires_grad=True), case.b.on(device, requires_grad=True)
    exact_a, exact_b = Exact.leaf(case.a.array), Exact.leaf(case.b.array)
    out, expected = on_tensors(a, b), on_numbers(exact_a, exact_b)
    assert out.requires_grad and not out.is_leaf
    agrees(out, floats(expected.value))
    out.backward(case.v.on(device))
    for leaf, gradient in zip((a, b), expected.gradient([exact_a, exact_b], case.v.array)):
        if leaf.grad is None:
            assert not gradient.any()
        else:
            agrees(leaf.grad, floats(gradient))
    unchanged(a, case.a.array)
    unchanged(b, case.b.array)


@SUBCLASS_DEFINES_OPERATOR
@needs(FLOAT64)
def test_the_gradient_of_a_custom_operator_can_be_differentiated_again(device):
    x = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64, device=device, requires_grad=True)
    fourth_power = Square.apply(Square.apply(x))
    first, = torch.autograd.grad(fourth_power.sum(), x, create_graph=True)
    agrees(first, 4 * x.detach() ** 3)
    second, = torch.autograd.grad(first.sum(), x, create_graph=True)
    agrees(second, 12 * x.detach() ** 2)
    third, = torch.autograd.grad(second.sum(), x)
    agrees(third, 24 * x.detach())


@SUBCLASS_DEFINES_OPERATOR
def test_an_operator_without_backward_computes_and_fails_only_when_backward_reaches_it(device):
    class Forward(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    x = torch.ones(2, device=device, requires_grad=True)
    out = Forward.apply(x)
    agrees(out, [2, 2])
    assert out.requires_grad
    with pytest.raises(RuntimeError):
        out.sum().backward()
    assert x.grad is None


WRONG = OrderedDict([
    ("two-gradients-for-one-input", (lambda g: (g, g), "incorrect number of gradients")),
    ("a-gradient-of-another-size", (lambda g: g.new_ones(3), "invalid gradient")),
    ("a-number-for-a-tensor", (lambda g: 1.0, "expected Variable or None")),
])
"""What a backward function for one input of two elements might return by mistake, and what torch says to that."""


@SUBCLASS_DEFINES_OPERATOR
@pytest.mark.parametrize("returned, complaint", list(WRONG.values()), ids=list(WRONG))
def test_a_backward_function_must_return_one_gradient_of_the_right_size_for_each_input(device, returned, complaint):
    class Mistaken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad_output):
            return returned(grad_output)

    x = torch.ones(2, device=device, requires_grad=True)
    with pytest.raises(RuntimeError, match=complaint):
        Mistaken.apply(x).sum().backward()
    assert x.grad is None


@SUBCLASS_DEFINES_OPERATOR
def test_a_gradient_of_none_counts_as_nothing_and_superfluous_nones_are_ignored(device):
    class Silent(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad_output):
            return grad_output, None, None

    a, b = [torch.ones(2, device=device, requires_grad=True) for _ in range(2)]
    Silent.apply(a, b).sum().backward()
    agrees(a.grad, [1, 1])
    assert b.grad is None or not array_of(b.grad).any()


PRIMITIVE_IS_FUNCTION_PAIR = Claim(
    "custom-functions.primitive-is-function-pair",
    "A built-in operator is two functions: a forward function that computes outputs from inputs, and a backward "
    "function that maps the derivative of a scalar by the outputs to its derivative by the inputs.",
    sources=[
        TEMPLATE["Defining new autograd functions"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["grad-ignores-what-enters-from-behind", "mm-loses-the-gradient-of-its-last-row",
           "mul-forgets-its-first-factor", "pow-loses-its-factor"],
)

PRIMITIVES = OrderedDict([
    ("neg", (lambda a, b: a.neg(), lambda a, b: -a)),
    ("relu", (lambda a, b: a.relu(), lambda a, b: a.relu(at_zero=0))),
    ("pow", (lambda a, b: a.pow(2), lambda a, b: a ** 2)),
    ("t", (lambda a, b: a.t(), lambda a, b: a.t())),
    ("sub", (lambda a, b: a.sub(b), lambda a, b: a - b)),
    ("mul", (lambda a, b: a.mul(b), lambda a, b: a * b)),
    ("mm", (lambda a, b: a.mm(b), lambda a, b: a @ b)),
])
"""By name: a built-in operator on matrices (the first four use only one of them), and the same on exact numbers."""

SQUARES = st.sampled_from([(1, 1), (2, 2), (3, 3)])


@PRIMITIVE_IS_FUNCTION_PAIR
@needs(FLOAT64)
@reaches(mm=lambda case: case.name == "mm", mul=lambda case: case.name == "mul", relu=lambda case: case.name == "relu",
         pow=lambda case: case.name == "pow", strided=lambda case: not case.v.contiguous,
         nothing=lambda case: not case.v.array.any())
@given(case=cases(PRIMITIVES, shape=SQUARES))
@example(case=Case("mm", *[Blueprint.of(rows) for rows in ([[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [-1.0, 2.0]],
                                                           [[1.0, 0.0], [2.0, -1.0]])]))
@example(case=Case("pow", Blueprint.of([[3.0]]), Blueprint.of([[0.0]]), Blueprint.of([[0.0]])))
def test_the_backward_function_of_a_result_turns_output_gradients_into_input_gradients(device, case):
    """
    >>> y = getattr(a.requires_grad_(), name)(*{"pow": [2], "sub": [b], "mul": [b], "mm": [b]}.get(name, []))
    >>> y.grad_fn(v), torch.autograd.grad(y, a, v)
    """
    on_tensors, on_numbers = PRIMITIVES[case.name]
    inputs = [case.a.on(device, requires_grad=True), case.b.on(device, requires_grad=True)]
    numbers = [Exact.leaf(case.a.array), Exact.leaf(case.b.array)]
    out, expected = on_tensors(*inputs), on_numbers(*numbers)
    agrees(out, floats(expected.value))
    used = 2 if case.name in ("sub", "mul", "mm") else 1
    gradients = [floats(gradient) for gradient in expected.gradient(numbers[:used], exact(case.v.array))]
    v = case.v.on(device)
    by_hand = out.grad_fn(v)
    by_engine = torch.autograd.grad(out, inputs[:used], v)
    for one, other, gradient in zip(by_hand if used == 2 else (by_hand,), by_engine, gradients):
        agrees(one, gradient)
        agrees(other, gradient)
    unchanged(v, case.v.array)


@PRIMITIVE_IS_FUNCTION_PAIR
def test_where_operands_are_broadcast_their_gradients_have_the_sizes_of_the_operands(device):
    a, b = torch.ones(3, 1, device=device, requires_grad=True), torch.ones(2, device=device, requires_grad=True)
    gradients = torch.autograd.grad(a * b, [a, b], torch.ones(3, 2, device=device))
    agrees(gradients[0], torch.full((3, 1), 2.0))
    agrees(gradients[1], torch.full((2,), 3.0))


@PRIMITIVE_IS_FUNCTION_PAIR
def test_a_backward_function_that_needs_the_inputs_is_of_no_use_once_they_are_freed(device):
    a = torch.ones(2, device=device, requires_grad=True)
    needs_inputs, needs_none = a * a, a + a
    v = torch.ones(2, device=device)
    (needs_inputs + needs_none).sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        needs_inputs.grad_fn(v)
    assert len(needs_none.grad_fn(v)) == 2
