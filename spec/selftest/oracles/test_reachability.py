"""Reachability in small graphs, counted by hand, and against paths found one by one in random graphs."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.oracles.reachability import (
    detach,
    integral,
    is_leaf,
    leaf,
    leaves_with_gradient,
    no_grad,
    op,
    operations_run,
    requires_grad,
)


def test_one_input_that_requires_a_gradient_is_enough():
    x, w = leaf(), leaf(requires_grad=True)
    y = op(op(x, x), w, 2.0)
    assert requires_grad(y) and not is_leaf(y)
    assert leaves_with_gradient(y) == {w}
    assert operations_run(y) == 1


def test_a_result_without_history_is_a_leaf():
    w = leaf(requires_grad=True)
    for node in (op(leaf(), 1), detach(op(w)), no_grad(w, w), integral(w), leaf(), w):
        assert is_leaf(node)
    assert not is_leaf(op(w))


def test_a_shared_operation_runs_once():
    w = leaf(requires_grad=True)
    shared = op(w)
    assert operations_run(op(op(shared), op(shared), shared)) == 4


@pytest.mark.parametrize("cut", [detach, no_grad, integral], ids=lambda cut: cut.__name__)
def test_no_gradient_passes_a_cut(cut):
    w, v = leaf(requires_grad=True), leaf(requires_grad=True)
    y = op(cut(op(w)), v)
    assert requires_grad(y)
    assert leaves_with_gradient(y) == {v}
    assert operations_run(y) == 1
    assert leaves_with_gradient(op(y, w)) == {v, w}


def test_integers_carry_no_gradient():
    w = leaf(requires_grad=True)
    counts = op(integral(w), leaf(integral=True))
    assert not requires_grad(counts)
    assert requires_grad(op(counts, w))
    with pytest.raises(ValueError):
        leaf(requires_grad=True, integral=True)


def test_a_leaf_is_its_own_root_and_a_frozen_one_is_none():
    w = leaf(requires_grad=True)
    assert leaves_with_gradient(w) == {w}
    assert operations_run(w) == 0
    for root in (leaf(), detach(w), op(leaf())):
        with pytest.raises(ValueError, match="does not require"):
            leaves_with_gradient(root)


@st.composite
def graphs(draw):
    """Draw a list of nodes, each made of earlier ones."""
    nodes = [leaf(requires_grad=draw(st.booleans())) for _ in range(draw(st.integers(1, 3)))]
    for _ in range(draw(st.integers(0, 8))):
        make = draw(st.sampled_from([op, op, op, detach, no_grad, integral]))
        count = 1 if make is detach else draw(st.integers(1, 2))
        nodes.append(make(*[draw(st.sampled_from(nodes)) for _ in range(count)]))
    return nodes


def paths(node, through=()):
    """Yield every path from a node down to a leaf that runs through operations only; exponential, but plain."""
    if node.kind == "leaf":
        yield through + (node,)
    elif node.kind == "op":
        for source in node.inputs:
            yield from paths(source, through + (node,))


@given(graphs())
def test_reachability_is_the_existence_of_a_path_to_a_leaf_that_requires_a_gradient(nodes):
    for node in nodes:
        alive = [path for path in paths(node) if path[-1].flag]
        assert requires_grad(node) == bool(alive)
        if alive:
            assert leaves_with_gradient(node) == {path[-1] for path in alive}
            assert operations_run(node) == len({step for path in alive for step in path[:-1]})
