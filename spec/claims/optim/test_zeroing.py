"""Clearing gradients.

zero_grad() clears the gradients of the weights that the optimizer was given, so that the next backward pass starts
anew.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, HERE, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.optim._helpers import cleared, make
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK
from spec.strategies import SEPARATE, Blueprint, same_shape, tensors

CAN_BE_TOLD = HERE >= (1, 7)
"""Whether zero_grad() takes set_to_none."""

ZERO_GRAD_SCOPE = Claim(
    "optim.zero-grad-scope",
    "optimizer.zero_grad() clears the gradients of exactly the Variables that the optimizer updates.",
    sources=[
        EXAMPLES["PyTorch: optim"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        EXAMPLES["PyTorch: Control Flow + Weight Sharing"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["PyTorch - optim"],
        NOTEBOOK["Custom nn module"],
    ],
    kills=["zero-grad-does-nothing", "zero-grad-clears-the-first-group-only", "zero-grad-skips-frozen-weights",
           "optimizers-share-their-parameters"],
)

ROLES = ["in the first group", "in the second group", "given, no gradient yet", "not given"]


@ZERO_GRAD_SCOPE
@reaches(groups=lambda roles: set(ROLES[:2]) <= set(roles), outside=lambda roles: ROLES[3] in roles,
         fresh=lambda roles: ROLES[2] in roles)
@given(roles=st.lists(st.sampled_from(ROLES), max_size=5).map(lambda roles: ROLES[:1] + roles))
def test_the_gradients_of_the_given_weights_are_cleared_in_every_group_and_the_others_stay(device, roles):
    """
    >>> weights = {role: torch.ones(2, requires_grad=True) for role in roles}
    >>> sum(w.sum() for role, w in weights.items() if "no" not in role or role == "not given").backward()
    >>> groups = [{"params": [w]} for role, w in weights.items() if role != "not given"]
    >>> torch.optim.SGD(groups, lr=0.5).zero_grad(); print({role: w.grad for role, w in weights.items()})
    """
    weights = [torch.ones(2, device=device, requires_grad=True) for _ in roles]
    groups = [[w for w, role in zip(weights, roles) if role in group] for group in (ROLES[:1] + ROLES[2:3], ROLES[1:2])]
    optimizer = torch.optim.SGD([{"params": group} for group in groups if group], lr=0.5)
    losses = [float(place + 1) * w.sum() for place, w in enumerate(weights)]
    sum(loss for loss, role in zip(losses, roles) if role != ROLES[2]).backward()
    before = [w.grad for w in weights]
    optimizer.zero_grad()
    for place, (w, role) in enumerate(zip(weights, roles)):
        if role == ROLES[3]:
            assert w.grad is before[place]
            agrees(w.grad, np.full(2, place + 1, "float32"))
        else:
            assert cleared(w)
        agrees(w, np.ones(2, "float32"))


@ZERO_GRAD_SCOPE
def test_a_frozen_weight_that_the_optimizer_holds_is_cleared_too(device):
    w = torch.ones(2, device=device, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.5)
    w.sum().backward()
    w.requires_grad = False
    optimizer.zero_grad()
    assert cleared(w)


@ZERO_GRAD_SCOPE
def test_of_a_weight_that_two_optimizers_hold_either_clears_the_gradient(device):
    w, other = [torch.ones(2, device=device, requires_grad=True) for _ in range(2)]
    first, second = torch.optim.SGD([w], lr=0.5), torch.optim.Adam([w, other], lr=0.5)
    for optimizer in (first, second):
        (w + other).sum().backward()
        optimizer.zero_grad()
        assert cleared(w)
        assert cleared(other) == (optimizer is second)


ZERO_GRAD_LEAVES_ZEROS = Claim(
    "optim.zero-grad-leaves-zeros",
    "After optimizer.zero_grad() the gradients are tensors of zeros, so that w.grad.data can be used right away.",
    sources=[EXAMPLES["PyTorch: optim"], INTRODUCTION["Variables and Autograd"], FLOYDHUB["Variables and AutoGrad"]],
    deviations=[
        Deviation(
            "zero_grad() sets the gradients to None; it leaves zeros where it is called with set_to_none=False.",
            witness={"g": Blueprint.of([1.0, -2.0], "float32")},
            raises=(AssertionError, AttributeError),
            since="2.0",
            issue="torch 2.0 release notes",
        )
    ],
    kills=["zero-grad-the-other-way", "zero-grad-makes-new-zeros", "zero-underscore-multiplies-by-zero",
           "set-to-none-is-ignored"],
)


def with_gradient(g, device):
    """Return a leaf that has the gradient g, and an optimizer for it."""
    w = torch.zeros(g.size, dtype=getattr(torch, g.dtype), device=device, requires_grad=True)
    w.backward(g.on(device))
    return w, torch.optim.SGD([w], lr=0.5)


GRADIENTS = tensors(dtypes.FLOATS, max_elements=33)


@ZERO_GRAD_LEAVES_ZEROS
@needs(FLOAT64)
@reaches(nan=lambda g: np.isnan(g.array).any(), infinite=lambda g: np.isinf(g.array).any(),
         empty=lambda g: not g.numel, number=lambda g: not g.size)
@given(g=GRADIENTS)
def test_zero_grad_fills_the_gradient_with_zeros_in_place(device, g):
    """
    >>> w = torch.zeros_like(g).requires_grad_(); w.backward(g)
    >>> torch.optim.SGD([w], lr=0.5).zero_grad()
    >>> w.grad.data
    """
    w, optimizer = with_gradient(g, device)
    before = w.grad
    optimizer.zero_grad()
    bitwise(w.grad.data, np.zeros(g.size, g.dtype))
    assert w.grad is before
    bitwise(before, np.zeros(g.size, g.dtype))


@ZERO_GRAD_LEAVES_ZEROS.instead
@needs(FLOAT64)
@reaches(nan=lambda g: np.isnan(g.array).any(), empty=lambda g: not g.numel)
@given(g=GRADIENTS)
def test_zero_grad_sets_the_gradient_to_none_or_where_it_is_asked_to_fills_it_with_zeros(device, g):
    """
    >>> w = torch.zeros_like(g).requires_grad_(); w.backward(g); o = torch.optim.SGD([w], lr=0.5)
    >>> o.zero_grad(set_to_none=False); print(w.grad)
    >>> o.zero_grad(); print(w.grad)
    """
    w, optimizer = with_gradient(g, device)
    before = w.grad
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is before
    bitwise(w.grad, np.zeros(g.size, g.dtype))
    w.grad.add_(1)
    kept = array_of(w.grad)
    optimizer.zero_grad()
    assert w.grad is None
    agrees(before, kept)


@ZERO_GRAD_LEAVES_ZEROS.regardless
@pytest.mark.parametrize("set_to_none", [False, True])
def test_set_to_none_decides_since_1_7_and_is_unknown_before(device, set_to_none):
    w, optimizer = with_gradient(Blueprint.of([1.0, 2.0]), device)
    if CAN_BE_TOLD:
        optimizer.zero_grad(set_to_none=set_to_none)
        assert w.grad is None if set_to_none else (w.grad is not None and cleared(w))
    else:
        with pytest.raises(TypeError, match="set_to_none"):
            optimizer.zero_grad(set_to_none=set_to_none)


@ZERO_GRAD_LEAVES_ZEROS.regardless
def test_a_gradient_that_was_none_stays_none(device):
    w = torch.ones(2, device=device, requires_grad=True)
    make("SGD", [w]).zero_grad()
    assert w.grad is None


@ZERO_GRAD_LEAVES_ZEROS.regardless
@pytest.mark.parametrize("gradient", ["None", "zeros"])
def test_zeros_let_momentum_move_a_weight_and_none_does_not(device, gradient):
    w = torch.ones(1, device=device, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.5, momentum=0.5)
    w.sum().backward()
    optimizer.step()
    w.grad = None if gradient == "None" else torch.zeros(1, device=device)
    optimizer.step()
    agrees(w, np.array([0.5 if gradient == "None" else 0.25], "float32"))


ZERO_GRAD_FORGETS_PREVIOUS = Claim(
    "optim.zero-grad-forgets-previous",
    "zero_grad() removes all previous gradients, so that the next backward pass leaves only the new ones.",
    sources=[
        EXAMPLES["PyTorch: optim"],
        INTRODUCTION["Optimization"],
        INTRODUCTION["PyTorch DataLoader"],
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Defining new autograd functions"],
        FLOYDHUB["Models Definition"],
        FLOYDHUB["Final architecture overview"],
    ],
    kills=["zero-grad-does-nothing", "backward-replaces-gradients", "zero-grad-keeps-what-is-not-finite"],
)


@ZERO_GRAD_FORGETS_PREVIOUS
@needs(FLOAT64)
@reaches(nan=lambda pair: np.isnan(pair[0].array).any() and not np.isnan(pair[1].array).any(),
         infinite=lambda pair: np.isinf(pair[0].array).any(), strided=lambda pair: not pair[0].contiguous)
@example(pair=(Blueprint.of([float("nan"), float("inf"), 1.0]), Blueprint.of([1.0, 2.0, 3.0])))
@given(pair=same_shape(2, dtype=dtypes.FLOATS, layouts=SEPARATE, max_elements=33))
def test_after_zero_grad_backward_leaves_the_new_gradient_and_without_it_the_sum(device, pair):
    """
    >>> w, v = [torch.zeros(pair[0].shape, dtype=pair[0].dtype, requires_grad=True) for _ in range(2)]
    >>> w.backward(pair[0]); v.backward(pair[0]); torch.optim.SGD([w], lr=0.5).zero_grad()
    >>> w.backward(pair[1]); v.backward(pair[1]); print(w.grad, v.grad)
    """
    first, second = pair
    w, optimizer = with_gradient(first, device)
    w.backward(second.on(device))
    with np.errstate(all="ignore"):
        agrees(w.grad, first.array + second.array)
    optimizer.zero_grad()
    w.backward(second.on(device))
    agrees(w.grad, second.array)


@ZERO_GRAD_FORGETS_PREVIOUS
def test_a_gradient_that_was_itself_recorded_is_forgotten_with_its_history(device):
    w = torch.full((2,), 3.0, device=device).requires_grad_()
    w.grad, = torch.autograd.grad((w * w).sum(), w, create_graph=True)
    optimizer = torch.optim.SGD([w], lr=0.5)
    assert w.grad.requires_grad
    optimizer.zero_grad()
    (w * 2).sum().backward()
    agrees(w.grad, np.full(2, 2, "float32"))
    assert not w.grad.requires_grad


@ZERO_GRAD_FORGETS_PREVIOUS
def test_a_weight_that_takes_no_part_in_the_second_loss_has_no_gradient_left(device):
    w, other = [torch.ones(2, device=device, requires_grad=True) for _ in range(2)]
    optimizer = torch.optim.SGD([w, other], lr=0.5)
    (w + other).sum().backward()
    optimizer.zero_grad()
    other.sum().backward()
    assert cleared(w) and not cleared(other)
