"""Subgraphs.

Backward is not run where no gradient is required, and what leads only there is not even recorded.
"""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.freezing._helpers import Frozen, frozen_networks, loss_of, module_of
from spec.claims.freezing._runs import Counted, nodes_of, recorded_leaves, run_counted
from spec.oracles import reachability
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies import programs

EXCLUDED_SUBGRAPH_NEVER_RUN = Claim(
    "freezing.excluded-subgraph-never-run",
    "Backward is never computed in a subgraph in which no Variable requires a gradient.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    kills=["no-grad-does-nothing", "detaching-keeps-the-history", "every-input-is-said-to-need-a-gradient"],
)


def excluded(program):
    """Say whether some operation of a program is left out of the backward pass from its last node."""
    nodes = nodes_of(program)
    ran = reachability.operations_run(nodes[-1]) if reachability.requires_grad(nodes[-1]) else 0
    return 0 < ran < sum(node.kind == "op" for node in nodes)


@EXCLUDED_SUBGRAPH_NEVER_RUN
@needs(FLOAT64)
@reaches(partly=excluded, unrecorded=lambda program: not all(step.recorded for step in program.steps),
         not_at_all=lambda program: not reachability.requires_grad(nodes_of(program)[-1]),
         leaf_left_out=lambda program: not all(leaf.requires_grad for leaf in program.leaves))
@given(program=programs(ops=("neg", "add", "sub", "mul", "detach")))
def test_backward_visits_each_operation_that_depends_on_a_leaf_that_requires_a_gradient_once_and_no_other(
        device, program):
    """
    >>> t = [leaf.clone().requires_grad_(flag) for leaf, flag in leaves]
    >>> for op, at, on in steps: torch.set_grad_enabled(on); t.append(getattr(torch, op)(*[t[place] for place in at]))
    >>> t[-1].sum().backward(); print([leaf.grad for leaf in t[:len(leaves)]])
    """
    nodes = nodes_of(program)
    leaves = [leaf.blueprint.on(device, requires_grad=leaf.requires_grad) for leaf in program.leaves]
    results, visited = run_counted(program, leaves)
    for node, result in zip(nodes, results):
        assert result.requires_grad is reachability.requires_grad(node)
        assert result.is_leaf is reachability.is_leaf(node)
    if not reachability.requires_grad(nodes[-1]):
        with pytest.raises(RuntimeError):
            results[-1].sum().backward()
        assert visited == []
        return
    results[-1].sum().backward()
    assert len(visited) == len(set(visited)) == reachability.operations_run(nodes[-1])
    receiving = reachability.leaves_with_gradient(nodes[-1])
    assert [leaf.grad is not None for leaf in leaves] == [node in receiving for node in nodes[:len(leaves)]]


@EXCLUDED_SUBGRAPH_NEVER_RUN
@pytest.mark.parametrize("left", [True, False], ids=["left required", "left not required"])
@pytest.mark.parametrize("right", [True, False], ids=["right required", "right not required"])
def test_a_function_is_told_for_each_input_whether_it_needs_a_gradient(device, left, right):
    told = []
    a = torch.tensor([2.0], device=device, requires_grad=left)
    b = torch.tensor([3.0], device=device, requires_grad=right)
    result = Counted.apply("mul", lambda needed: told.append(needed), a, b)
    assert result.requires_grad is (left or right)
    if left or right:
        result.sum().backward()
    assert told == ([(left, right)] if left or right else [])
    for tensor, flag, gradient in ((a, left, 3), (b, right, 2)):
        assert (tensor.grad is not None) is flag
        if flag:
            agrees(tensor.grad, np.array([gradient], dtype="float32"))


LEADING_FROZEN_LAYERS_UNRECORDED = Claim(
    "freezing.leading-frozen-layers-unrecorded",
    "If the first layers are frozen and the input needs no gradient, their part of the graph is not recorded at all.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    kills=["frozen-layers-are-recorded", "gradients-cannot-be-switched-off"],
)


@LEADING_FROZEN_LAYERS_UNRECORDED
@needs(FLOAT64)
@reaches(several=lambda case: sum(case.frozen) > 1, one=lambda case: sum(case.frozen) == 1,
         in_place=lambda inplace: inplace)
@given(case=frozen_networks(leading=True), inplace=st.booleans())
def test_the_outputs_of_leading_frozen_layers_have_no_history_and_those_after_them_have_one(device, case, inplace):
    """
    >>> h = torch.tensor(x)
    >>> for w, f in zip(weights, frozen): h = h.mm(torch.tensor(w, requires_grad=not f)); print(f, h.grad_fn)
    """
    model, linears = module_of(case, device, inplace)
    free = [linear.weight for linear, frozen in zip(linears, case.frozen) if not frozen]
    h = torch.tensor(case.x, device=device)
    past = False
    for part in model:
        h = part(h)
        past = past or any(parameter is weight for parameter in part.parameters() for weight in free)
        assert h.requires_grad is past and (h.grad_fn is not None) is past
    assert recorded_leaves(h) == {id(weight) for weight in free}


@LEADING_FROZEN_LAYERS_UNRECORDED
@needs(FLOAT64)
def test_frozen_layers_are_recorded_where_the_input_requires_a_gradient(device):
    case = Frozen(np.array([[1.0, -2.0]]), np.zeros((1, 1)), (np.eye(2), np.ones((2, 1))), (True, False))
    model, linears = module_of(case, device)
    loss, x = loss_of(model, case, device, requires_grad=True)
    assert recorded_leaves(loss) == {id(x), id(linears[-1].weight)}
    h = x
    for part in model:
        h = part(h)
        assert h.grad_fn is not None
