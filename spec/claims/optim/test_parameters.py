"""What an optimizer is given.

The first argument of an optimizer says which weights it changes: as a rule model.parameters(), all that the model has.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.claim import Claim, reaches
from spec.claims.optim._helpers import COMMON, cleared, make, moved
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK

UPDATES_ONLY_GIVEN_VARIABLES = Claim(
    "optim.updates-only-given-variables",
    "The first argument of an optimizer names the Variables that it updates: step() changes exactly those and leaves "
    "all others alone.",
    sources=[
        EXAMPLES["PyTorch: optim"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        INTRODUCTION["Optimization"],
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch - optim"],
    ],
    kills=["optimizers-forget-the-last-parameter", "optimizers-share-their-parameters", "step-clears-the-gradients",
           "an-empty-list-is-optimized"],
)

ROLES = ["given", "given, no part in the loss", "not given"]


@UPDATES_ONLY_GIVEN_VARIABLES
@reaches(outside=lambda roles: {"given", "not given"} <= set(roles), unused=lambda roles: ROLES[1] in roles,
         several=lambda roles: roles.count("given") > 1)
@given(roles=st.lists(st.sampled_from(ROLES), min_size=1, max_size=5).filter(lambda roles: set(roles) != {ROLES[2]}),
       name=st.sampled_from(COMMON))
def test_a_step_changes_the_given_weights_that_have_a_gradient_and_nothing_else(device, roles, name):
    """
    >>> weights = [torch.ones(2, requires_grad=True) for _ in roles]
    >>> sum(w.sum() for w, role in zip(weights, roles) if "part" not in role).backward() if "given" in roles else None
    >>> o = getattr(torch.optim, name)([w for w, role in zip(weights, roles) if role != "not given"], lr=0.01)
    >>> o.step(); print(weights)
    """
    weights = [torch.full((2,), float(place + 1), device=device).requires_grad_() for place in range(len(roles))]
    used = [w for w, role in zip(weights, roles) if role != ROLES[1]]
    before = [array_of(w) for w in weights]
    optimizer = make(name, [w for w, role in zip(weights, roles) if role != "not given"])
    if used:
        sum(float(place + 1) * w.sum() for place, w in enumerate(used)).backward()
    optimizer.step()
    for w, role, value in zip(weights, roles, before):
        if role == "given":
            assert moved(w, value)
        else:
            unchanged(w, value)
    for place, w in enumerate(used):
        agrees(w.grad, np.full(2, place + 1, "float32"))


@UPDATES_ONLY_GIVEN_VARIABLES
def test_two_optimizers_each_change_their_own_part(device):
    first, second = [torch.ones(2, device=device, requires_grad=True) for _ in range(2)]
    optimizers = [torch.optim.SGD([first], lr=0.5), torch.optim.SGD([second], lr=0.25)]
    (first + second).sum().backward()
    optimizers[0].step()
    agrees(first, np.full(2, 0.5, "float32"))
    agrees(second, np.ones(2, "float32"))
    optimizers[1].step()
    agrees(first, np.full(2, 0.5, "float32"))
    agrees(second, np.full(2, 0.75, "float32"))


@UPDATES_ONLY_GIVEN_VARIABLES
def test_a_tensor_that_shares_the_memory_of_a_given_weight_shows_the_update(device):
    w = torch.ones(2, 2, device=device, requires_grad=True)
    row = w.detach()[0]
    w.sum().backward()
    torch.optim.SGD([w], lr=0.5).step()
    agrees(row, np.full(2, 0.5, "float32"))


@UPDATES_ONLY_GIVEN_VARIABLES
@pytest.mark.parametrize("given, error, complaint", [
    (lambda w: [], ValueError, "empty parameter list"),
    (lambda w: iter([]), ValueError, "empty parameter list"),
    (lambda w: w, TypeError, "iterable"),
    (lambda w: [w * 2], ValueError, "non-leaf"),
    (lambda w: [1.0], TypeError, "Tensors"),
], ids=["an empty list", "a generator that is used up", "a single tensor", "the result of an operation", "a number"])
def test_an_optimizer_refuses_what_is_no_collection_of_leaves(device, given, error, complaint):
    with pytest.raises(error, match=complaint):
        torch.optim.SGD(given(torch.ones(2, device=device, requires_grad=True)), lr=0.5)


RECEIVES_ALL_LEARNABLE_PARAMETERS = Claim(
    "optim.receives-all-learnable-parameters",
    "model.parameters(), passed to the optimizer, contains all learnable parameters of the model.",
    sources=[
        EXAMPLES["PyTorch: optim"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        INTRODUCTION["Optimization"],
        FLOYDHUB["Models Definition"],
        FLOYDHUB["Training process"],
        FLOYDHUB["Final architecture overview"],
    ],
    kills=["parameters-leaves-out-the-biases", "parameters-stops-at-the-second-level",
           "optimizers-forget-the-last-parameter"],
)

LAYERS = ["Linear(2, 3)", "Linear(2, 3, bias=False)", "Conv2d(1, 2, 1)", "BatchNorm1d(2)", "PReLU()", "ReLU()"]
"""Layers of torch.nn; those that learn have a weight, and perhaps a bias, and nothing else."""


def plans():
    """Draw a model: tuples, nested, of layers and of the word "first" for a layer that may be used several times."""
    part = st.recursive(st.sampled_from(LAYERS + ["first"]), lambda parts: st.lists(parts, max_size=3).map(tuple),
                        max_leaves=6)
    return st.lists(part, max_size=3).map(lambda parts: ("first",) + tuple(parts))


def depth(plan):
    """Return how deep the tuples of a plan are nested."""
    return 1 + max((depth(part) for part in plan), default=0) if isinstance(plan, tuple) else 0


def built(plan, layers):
    """Build a planned model; layers holds the first layer, and the others are added to it in order."""
    if isinstance(plan, tuple):
        return torch.nn.Sequential(*[built(part, layers) for part in plan])
    if plan == "first":
        return layers[0]
    layers.append(eval(plan, vars(torch.nn)))
    return layers[-1]


@RECEIVES_ALL_LEARNABLE_PARAMETERS
@reaches(deep=lambda plan: depth(plan) > 2, shared=lambda plan: str(plan).count("first") > 1,
         buffers=lambda plan: "BatchNorm1d" in str(plan))
@example(plan=("first", ("ReLU()", ("Conv2d(1, 2, 1)", "first"))))
@given(plan=plans())
def test_the_optimizer_of_a_model_holds_each_parameter_once_and_a_step_changes_them_all(device, plan):
    """
    >>> nn = dict(vars(torch.nn), first=torch.nn.Linear(2, 3))
    >>> make = lambda part: nn["Sequential"](*map(make, part)) if isinstance(part, tuple) else eval(part, nn)
    >>> o = torch.optim.SGD(make(plan).parameters(), lr=0.5)
    >>> [p.shape for p in o.param_groups[0]["params"]]
    """
    layers = [torch.nn.Linear(2, 3)]
    model = built(plan, layers).to(device)
    learnable = [p for layer in layers for p in (getattr(layer, "weight", None), getattr(layer, "bias", None))
                 if p is not None]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    held = [p for group in optimizer.param_groups for p in group["params"]]
    assert [id(p) for p in held] == [id(p) for p in learnable]
    before = [array_of(p) for p in learnable]
    sum(p.sum() for p in learnable).backward()
    optimizer.step()
    for p, value in zip(learnable, before):
        agrees(p, value - np.float32(0.5))


@RECEIVES_ALL_LEARNABLE_PARAMETERS
def test_a_frozen_parameter_is_held_too_and_stays(device):
    model = torch.nn.Linear(2, 1).to(device)
    model.weight.requires_grad = False
    before = array_of(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    assert optimizer.param_groups[0]["params"][0] is model.weight
    model(torch.ones(1, 2, device=device)).sum().backward()
    optimizer.step()
    unchanged(model.weight, before)


@RECEIVES_ALL_LEARNABLE_PARAMETERS
def test_layers_in_a_plain_list_and_layers_added_later_are_missed(device):
    model = torch.nn.Sequential(torch.nn.Linear(2, 2)).to(device)
    model.hidden_layers = [torch.nn.Linear(2, 2).to(device)]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    model.add_module("later", torch.nn.Linear(2, 2).to(device))
    assert len(list(model.parameters())) == 4 and len(optimizer.param_groups[0]["params"]) == 2
    for layer in (model.hidden_layers[0], model.later):
        before = array_of(layer.weight)
        layer.weight.sum().backward()
        optimizer.zero_grad()
        assert not cleared(layer.weight)
        optimizer.step()
        unchanged(layer.weight, before)
    optimizer.add_param_group({"params": model.later.parameters()})
    optimizer.step()
    agrees(model.later.weight, before - np.float32(0.5))
