"""Where the graph is while an operator works.

Inside the two functions nothing is recorded: for the graph the operator is one node, whatever it does. And there is a
node only if somebody wants a gradient.
"""
from typing import NamedTuple, Tuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.custom_functions._helpers import Columns, Square
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, matrices

RUNS_OUTSIDE_GRAPH = Claim(
    "custom-functions.runs-outside-graph",
    "Forward and backward work on tensors outside the graph: nothing that they do is recorded, the output is the "
    "result of one node named after the operator, and the gradient that backward is handed has the output's shape.",
    sources=[
        TEMPLATE["Defining new autograd functions"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["apply-records-its-forward", "backward-is-recorded", "apply-puts-a-node-behind-its-own",
           "backward-is-handed-a-row"],
)


@RUNS_OUTSIDE_GRAPH
@needs(FLOAT64)
@reaches(leaf=lambda leaf: leaf, result=lambda leaf: not leaf, strided=lambda x: not x.contiguous)
@given(x=matrices(dtype="float64", min_side=1, max_side=5, integral=True, layouts=LAYOUTS), leaf=st.booleans())
def test_nothing_inside_the_two_functions_is_recorded(device, x, leaf):
    """
    >>> f = staticmethod(lambda ctx, x: print(torch.is_grad_enabled(), (x * 2).grad_fn) or x.sum(0))
    >>> b = staticmethod(lambda ctx, g: print(torch.is_grad_enabled(), g.shape) or g.expand(x.shape))
    >>> type("F", (torch.autograd.Function,), {"forward": f, "backward": b}).apply(x.requires_grad_()).sum().backward()
    """
    notes = []

    def watch(where, tensor):
        doubled = tensor * 2
        notes.append((where, type(tensor), tuple(tensor.shape), torch.is_grad_enabled(), tensor.requires_grad,
                      doubled.requires_grad, doubled.grad_fn))

    start = x.on(device, requires_grad=True)
    h = start if leaf else start.neg()
    out = Columns.apply(h, watch)
    assert torch.is_grad_enabled()
    assert type(out.grad_fn).__name__ == "ColumnsBackward"
    following = [node for node, _ in out.grad_fn.next_functions if node is not None]
    assert len(following) == 1
    assert following[0].variable is start if leaf else following[0] is h.grad_fn
    out.sum().backward()
    assert torch.is_grad_enabled()
    assert notes == [
        ("forward", torch.Tensor, x.size, False, True, False, None),
        ("backward", torch.Tensor, x.size[1:], False, False, False, None),
    ]
    agrees(start.grad, np.full(x.size, 1.0 if leaf else -1.0))


@RUNS_OUTSIDE_GRAPH
def test_only_on_demand_is_backward_itself_recorded(device):
    modes = []
    x = torch.ones(2, 3, device=device, requires_grad=True)
    for demand in (False, True):
        out = Columns.apply(x, lambda where, tensor: modes.append((where, torch.is_grad_enabled())))
        gradient, = torch.autograd.grad(out.pow(2).sum(), x, create_graph=demand)
        assert gradient.requires_grad is demand
    assert modes == [("forward", False), ("backward", False), ("forward", False), ("backward", True)]


@RUNS_OUTSIDE_GRAPH
def test_an_input_handed_back_as_it_is_becomes_the_result_of_the_operator(device):
    class Identity(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad_output):
            return grad_output * 7

    x = torch.ones(2, device=device, requires_grad=True)
    for h in (x, x * 1):
        x.grad = None
        out = Identity.apply(h)
        assert out is not h and type(out.grad_fn).__name__ == "IdentityBackward"
        out.sum().backward()
        agrees(x.grad, [7, 7])


SKIPPED_WHEN_NOTHING_REQUIRES_GRAD = Claim(
    "custom-functions.skipped-when-nothing-requires-grad",
    "A custom operator enters the graph only if one of its inputs requires a gradient; otherwise its backward function "
    "is never called.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Defining new autograd functions"]],
    kills=["apply-always-requires-grad", "apply-ignores-no-grad", "apply-looks-at-its-first-input-only",
           "apply-says-that-every-input-needs-a-gradient"],
)

Flags = NamedTuple("Flags", [("requires_grad", Tuple[bool, ...]), ("enabled", bool)])
Flags.__doc__ = "For one to three inputs whether they require a gradient, and whether recording is switched on."

FLAGS = st.builds(Flags, st.lists(st.booleans(), min_size=1, max_size=3).map(tuple), st.booleans())


class Sum(torch.autograd.Function):
    """The sum of any number of tensors; notes which of them need a gradient, in forward and in backward."""

    @staticmethod
    def forward(ctx, notes, *inputs):
        ctx.notes = notes
        notes.append(("forward", ctx.needs_input_grad))
        return sum(inputs)

    @staticmethod
    def backward(ctx, grad_output):
        ctx.notes.append(("backward", ctx.needs_input_grad))
        return (None,) + tuple(grad_output * 2 if needed else None for needed in ctx.needs_input_grad[1:])


@SKIPPED_WHEN_NOTHING_REQUIRES_GRAD
@reaches(none=lambda flags: not any(flags.requires_grad), some=lambda flags: len(set(flags.requires_grad)) == 2,
         later=lambda flags: any(flags.requires_grad) and not flags.requires_grad[0],
         off=lambda flags: any(flags.requires_grad) and not flags.enabled)
@given(flags=FLAGS)
@example(flags=Flags((False, True), True))
@example(flags=Flags((True,), False))
def test_backward_is_called_exactly_if_an_input_requires_a_gradient_and_recording_is_on(device, flags):
    """
    >>> torch.set_grad_enabled(enabled); f = staticmethod(lambda ctx, *x: print(ctx.needs_input_grad) or sum(x))
    >>> F = type("F", (torch.autograd.Function,), {"forward": f})
    >>> F.apply(*[torch.ones(2, requires_grad=flag) for flag in requires_grad]).grad_fn
    """
    inputs = [torch.ones(2, device=device, requires_grad=flag) for flag in flags.requires_grad]
    other = torch.ones(2, device=device, requires_grad=True)
    notes = []
    with torch.set_grad_enabled(flags.enabled):
        out = Sum.apply(notes, *inputs)
    recorded = flags.enabled and any(flags.requires_grad)
    assert out.requires_grad is recorded
    assert (out.grad_fn is not None) is recorded
    (out + other).sum().backward()
    needed = (False,) + flags.requires_grad
    assert notes == [("forward", needed), ("backward", needed)][:2 if recorded else 1]
    for tensor, flag in zip(inputs, flags.requires_grad):
        if recorded and flag:
            agrees(tensor.grad, [2, 2])
        else:
            assert tensor.grad is None


@SKIPPED_WHEN_NOTHING_REQUIRES_GRAD
def test_an_operator_on_detached_tensors_leaves_no_node(device):
    x = torch.ones(2, device=device, requires_grad=True)
    out = Square.apply(x.detach())
    assert out.grad_fn is None and out.is_leaf
    with pytest.raises(RuntimeError, match="does not require grad"):
        out.sum().backward()


@SKIPPED_WHEN_NOTHING_REQUIRES_GRAD
def test_an_output_that_is_marked_as_not_differentiable_stays_outside(device):
    class Split(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            sign = (x > 0).to(x.dtype)
            ctx.mark_non_differentiable(sign)
            return x * sign, sign

        @staticmethod
        def backward(ctx, grad_product, grad_sign):
            return grad_product * 5

    x = torch.tensor([-1.0, 2.0], device=device, requires_grad=True)
    product, sign = Split.apply(x)
    assert product.requires_grad and not sign.requires_grad and sign.grad_fn is None
    (product + sign).sum().backward()
    agrees(x.grad, [5, 5])
