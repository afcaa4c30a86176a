"""Who gets a gradient.

A flag, requires_grad, says which tensors the user wants a gradient for. It travels forwards: what is computed from a
tensor that requires a gradient requires one too. Backwards, the gradient reaches exactly the leaves with the flag.
"""
import warnings
from collections import OrderedDict

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, HERE, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.autograd._graphs import OPERATIONS, leaves_of, model
from spec.oracles import backprop, reachability
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK
from spec.strategies import Blueprint, Leaf, Program, Step, programs, run, tensors, two_layer_networks

BETWEEN_TWO = OrderedDict([
    ("addition", lambda a, b: a + b),
    ("subtraction", lambda a, b: a - b),
    ("multiplication", lambda a, b: a * b),
    ("division", lambda a, b: a / b),
    ("power", lambda a, b: a ** b),
    ("maximum", torch.max),
    ("matrix product", torch.mm),
    ("linear layer", torch.nn.functional.linear),
    ("concatenation", lambda a, b: torch.cat([a, b])),
    ("stacking", lambda a, b: torch.stack([a, b])),
    ("choice by a condition", lambda a, b: torch.where(a > b, a, b)),
    ("squared error", torch.nn.functional.mse_loss),
    ("product with zero", lambda a, b: (a + b) * 0),
    ("rounding of a sum", lambda a, b: (a + b).round()),
])

PRODUCT = Program((Leaf(Blueprint.of(2.0), True), Leaf(Blueprint.of(3.0), False)), (Step("mul", (0, 1), True),))

REQUIRES_GRAD_PROPAGATES = Claim(
    "autograd.requires-grad-propagates",
    "The output of a differentiable operation requires a gradient if one of its inputs does, and only then.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    kills=["mul-forgets-its-second-operand", "add-records-plain-tensors", "no-grad-records", "detach-keeps-the-history",
           "cat-detaches-all-but-the-first"],
)


@REQUIRES_GRAD_PROPAGATES
@pytest.mark.parametrize("operation", BETWEEN_TWO)
def test_an_output_requires_a_gradient_exactly_if_one_of_the_two_inputs_does(device, operation):
    for flags in ((False, False), (True, False), (False, True), (True, True)):
        a, b = (torch.full((2, 2), 1.5 + flag, device=device).requires_grad_(flag) for flag in flags)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = BETWEEN_TWO[operation](a, b)
        assert result.requires_grad is any(flags)
        assert (result.grad_fn is not None) is any(flags)
        assert (a.requires_grad, b.requires_grad) == flags


@REQUIRES_GRAD_PROPAGATES
@needs(FLOAT64)
@reaches(shared=lambda program: any(len(set(step.operands)) < len(step.operands) for step in program.steps),
         cut=lambda program: any(step.op == "detach" or not step.recorded for step in program.steps),
         plain=lambda program: not reachability.requires_grad(model(program)[-1]),
         requiring=lambda program: reachability.requires_grad(model(program)[-1]))
@given(program=programs(ops=OPERATIONS))
@example(program=PRODUCT)
def test_in_any_program_a_value_requires_a_gradient_exactly_if_a_flagged_leaf_reaches_it(device, program):
    """
    >>> values = [tensor.requires_grad_(flag) for tensor, flag in leaves]
    >>> for op, at, on in steps: torch.set_grad_enabled(on); values.append(getattr(torch, op)(*[values[i] for i in at]))
    >>> [value.requires_grad for value in values]
    """
    values = run(program, leaves_of(program, device))
    assert [value.requires_grad for value in values] == [reachability.requires_grad(node) for node in model(program)]


WITHOUT_PROPAGATION = OrderedDict([
    ("comparison", lambda x: x > 0),
    ("equality", lambda x: x == 1),
    ("argmax", lambda x: x.argmax()),
    ("indices of topk", lambda x: x.topk(2)[1]),
    ("indices of sort", lambda x: x.sort()[1]),
    ("indices of max", lambda x: x.max(0)[1]),
    ("isnan", torch.isnan),
    ("conversion to integers", lambda x: x.long()),
    ("detach", lambda x: x.detach()),
    ("data", lambda x: x.data),
    ("zeros_like", torch.zeros_like),
    ("new_ones", lambda x: x.new_ones(3)),
    ("doubling under no_grad", lambda x: torch.no_grad()(lambda: x * 2)()),
])

WITH_PROPAGATION = OrderedDict([
    ("doubling", lambda x: x * 2),
    ("values of topk", lambda x: x.topk(2)[0]),
    ("values of sort", lambda x: x.sort()[0]),
    ("values of max", lambda x: x.max(0)[0]),
    ("conversion to another float", lambda x: x.half()),
    ("sign", torch.sign),
    ("floor", torch.floor),
    ("round", torch.round),
    ("clone", lambda x: x.clone()),
    ("an element", lambda x: x[0]),
    ("an empty slice", lambda x: x[3:]),
])

# torch 1.2 alone records nonzero, with a derivative that raises: it is not implemented.
(WITH_PROPAGATION if HERE == (1, 2) else WITHOUT_PROPAGATION)["nonzero"] = torch.Tensor.nonzero

PROPAGATION_WITHOUT_EXCEPTION = Claim(
    "autograd.propagation-without-exception",
    "An output requires a gradient whenever one of its inputs does, for every operation without exception.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    deviations=[Deviation(
        "Results that are not floating point (comparisons, indices, conversions to integers), detach, .data, new "
        "tensors such as zeros_like, and everything under no_grad do not require a gradient.",
        witness={},
        where=lambda operation: operation in WITHOUT_PROPAGATION,
    )],
    kills=["detach-keeps-the-history", "no-grad-records", "sort-forgets-the-graph"],
)


@PROPAGATION_WITHOUT_EXCEPTION
@pytest.mark.parametrize("operation", list(WITH_PROPAGATION) + list(WITHOUT_PROPAGATION))
def test_the_output_of_an_operation_requires_a_gradient_if_its_input_does(device, operation):
    x = torch.tensor([1.0, -2.0, 0.5], device=device, requires_grad=True)
    result = dict(WITH_PROPAGATION, **WITHOUT_PROPAGATION)[operation](x)
    assert result.requires_grad


@PROPAGATION_WITHOUT_EXCEPTION.instead
@pytest.mark.parametrize("operation", WITHOUT_PROPAGATION)
def test_the_exceptions_give_a_leaf_without_a_history(device, operation):
    x = torch.tensor([1.0, -2.0, 0.5], device=device, requires_grad=True)
    result = WITHOUT_PROPAGATION[operation](x)
    assert result.requires_grad is False and result.grad_fn is None and result.is_leaf
    assert x.requires_grad and x.grad is None


SELECTS_GRADIENTS = Claim(
    "autograd.requires-grad-selects-gradients",
    "requires_grad decides who gets a gradient: backward computes one for each Variable created with True and none for "
    "those created with False.",
    sources=[
        EXAMPLES["PyTorch: Variables and autograd"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        EXAMPLES["PyTorch: nn"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["Autograd"],
    ],
    kills=["backward-also-fills-a-plain-factor", "backward-forgets-the-last-element", "mm-forgets-a-nameless-operand"],
)


@SELECTS_GRADIENTS
@needs(FLOAT64)
@reaches(none=lambda flags: not any(flags), all=lambda flags: all(flags),
         only_weights=lambda flags: flags == (False, True, True))
@given(net=two_layer_networks(kinks=False), flags=st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_the_gradients_of_a_network_go_to_the_flagged_tensors_only_and_do_not_depend_on_other_flags(device, net, flags):
    """
    >>> x, w1, w2 = (torch.tensor(a).requires_grad_(flag) for a, flag in zip((x, w1, w2), flags))
    >>> (x.mm(w1).clamp(min=0).mm(w2) - torch.tensor(y)).pow(2).sum().backward()
    >>> x.grad, w1.grad, w2.grad
    """
    x, w1, w2 = (Blueprint.of(array).on(device, flag) for array, flag in zip((net.x, net.w1, net.w2), flags))
    loss = (x.mm(w1).clamp(min=0).mm(w2) - Blueprint.of(net.y).on(device)).pow(2).sum()
    if not any(flags):
        with pytest.raises(RuntimeError):
            loss.backward()
        assert (x.grad, w1.grad, w2.grad) == (None, None, None)
        return
    loss.backward()
    expected = backprop.two_layers(*net)
    for tensor, flag, gradient in zip((x, w1, w2), flags, (expected.grad_x, expected.grad_w1, expected.grad_w2)):
        assert (tensor.grad is not None) is flag
        if flag:
            agrees(tensor.grad, gradient)


NEEDS_A_REQUIRING_INPUT = Claim(
    "autograd.backward-needs-a-requiring-input",
    "If nothing requires a gradient, backward raises instead of doing nothing in silence.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    kills=["backward-ignores-what-has-no-graph"],
)


@NEEDS_A_REQUIRING_INPUT
@reaches(integer=lambda x: dtypes.is_integer(x.dtype), strided=lambda x: not x.contiguous)
@given(x=tensors(dtypes.REAL, max_elements=16))
def test_backward_from_a_plain_tensor_raises_and_leaves_no_gradient(device, x):
    """
    >>> (x * x).sum().backward()
    """
    tensor = x.on(device)
    for result in (tensor, (tensor * tensor).sum()):
        with pytest.raises(RuntimeError):
            result.backward()
    assert tensor.grad is None and tensor.requires_grad is False


@NEEDS_A_REQUIRING_INPUT
@pytest.mark.parametrize("cut", ["no_grad", "detach", "integers"])
def test_backward_raises_where_the_history_was_cut(device, cut):
    x = torch.tensor([1.0, 2.0], device=device, requires_grad=True)
    if cut == "no_grad":
        with torch.no_grad():
            result = (x * 3).sum()
    else:
        result = (x.detach() * 3).sum() if cut == "detach" else x.long().sum()
    with pytest.raises(RuntimeError):
        result.backward()
    assert x.grad is None


FILLS_ALL_REQUIRING = Claim(
    "autograd.backward-fills-all-requiring",
    "loss.backward() leaves a gradient on every Variable that requires one.",
    sources=[EXAMPLES["PyTorch: Variables and autograd"], NOTEBOOK["Autograd"]],
    deviations=[Deviation(
        "Only the leaves that the loss depends on get a gradient; an intermediate keeps one after retain_grad().",
        witness={},
        where=lambda variable: variable != "a leaf of the loss",
    )],
    kills=["products-retain-their-gradient", "backward-forgets-the-second-leaf"],
)


def _loss_and_variables(device):
    leaf = torch.tensor([2.0, 3.0], device=device, requires_grad=True)
    other = torch.tensor([5.0, 7.0], device=device, requires_grad=True)
    unused = torch.tensor([1.0], device=device, requires_grad=True)
    intermediate = leaf * other
    return (intermediate * intermediate).sum(), leaf, other, unused, intermediate


@FILLS_ALL_REQUIRING
@pytest.mark.parametrize("variable", ["a leaf of the loss", "a leaf that the loss does not use", "an intermediate"])
def test_backward_leaves_a_gradient_on_a_variable_that_requires_one(device, variable):
    loss, leaf, other, unused, intermediate = _loss_and_variables(device)
    loss.backward()
    looked_at = {"a leaf of the loss": [leaf, other], "an intermediate": [intermediate]}.get(variable, [unused])
    assert all(one.requires_grad for one in looked_at)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert all(one.grad is not None for one in looked_at)


@FILLS_ALL_REQUIRING.instead
def test_an_intermediate_keeps_its_gradient_after_retain_grad_and_a_leaf_outside_the_loss_has_none(device):
    loss, leaf, other, unused, intermediate = _loss_and_variables(device)
    intermediate.retain_grad()
    loss.backward()
    agrees(intermediate.grad, [20.0, 42.0])
    agrees(leaf.grad, [100.0, 294.0])
    agrees(other.grad, [40.0, 126.0])
    assert unused.grad is None
