"""Weight sharing.

One module, used several times in a forward pass: its weights are in the graph at several places, and learn from each.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.networks.layers import linear
from spec.oracles.agreement import agrees, array_of, bitwise, unchanged
from spec.oracles.exact_ad import Exact, floats
from spec.sources import EXAMPLES, TEMPLATE
from spec.strategies import fills

Shared = NamedTuple("Shared", [
    ("x", np.ndarray), ("w1", np.ndarray), ("w", np.ndarray), ("w2", np.ndarray), ("uses", int)])
Shared.__doc__ = """A ReLU network whose middle layer, w (h, h), is used several times between w1 (d, h) and w2 (h, k).

All numbers are whole; x is (n, d)."""


@st.composite
def shared(draw):
    """Draw a Shared with 0 to 3 uses of its middle layer."""
    n, d, h, k = (draw(st.sampled_from([1, 2, 3])) for _ in range(4))

    def matrix(rows, columns):
        return np.array(draw(fills("float64", rows * columns, integral=True, bounded=2))).reshape(rows, columns)

    return Shared(matrix(n, d), matrix(d, h), matrix(h, h), matrix(h, k), draw(st.integers(0, 3)))


def exact_gradients(case):
    """Return the gradients of the sum of the outputs by w1, by each use of w on its own, and by w2."""
    w1, w2, uses = Exact.leaf(case.w1), Exact.leaf(case.w2), [Exact.leaf(case.w) for _ in range(case.uses)]
    hidden = (Exact.leaf(case.x) @ w1).relu()
    for w in uses:
        hidden = (hidden @ w).relu()
    gradients = [floats(gradient) for gradient in (hidden @ w2).sum().gradient([w1, w2] + uses)]
    return gradients[0], gradients[2:], gradients[1]


def passed(case, first, middles, last, device):
    """Run the network with these layers, the middle ones in turn, on the case's input."""
    hidden = torch.relu(first(torch.tensor(case.x, device=device)))
    for middle in middles:
        hidden = torch.relu(middle(hidden))
    return last(hidden)


SHARING_SUMS_GRADIENTS = Claim(
    "graphs.sharing-sums-gradients",
    "Weights are shared by using one module several times in a forward pass: its gradient is the sum of the gradients "
    "of its uses.",
    sources=[TEMPLATE["Control Flow and Weight Sharing"], EXAMPLES["PyTorch: Control Flow + Weight Sharing"]],
    kills=["a-layer-is-used-once-in-a-graph", "linear-detaches-its-weight"],
)


@SHARING_SUMS_GRADIENTS
@needs(FLOAT64)
@reaches(unused=lambda case: case.uses == 0, several=lambda case: case.uses > 1)
@given(case=shared())
def test_the_gradient_of_a_shared_layer_is_the_sum_of_those_of_separate_layers_with_its_weight(device, case):
    """
    >>> h, w = torch.tensor(x).mm(torch.tensor(w1)).relu(), torch.tensor(w, requires_grad=True)
    >>> for _ in range(uses): h = h.mm(w).relu()
    >>> uses and h.mm(torch.tensor(w2)).sum().backward(); print(w.grad)
    """
    first, middle, last = [linear(weight, device) for weight in (case.w1, case.w, case.w2)]
    copies = [linear(case.w, device) for _ in range(case.uses)]
    together = passed(case, first, [middle] * case.uses, last, device)
    apart = passed(case, linear(case.w1, device), copies, linear(case.w2, device), device)
    bitwise(array_of(together), array_of(apart))
    together.sum().backward()
    apart.sum().backward()
    of_first, of_uses, of_last = exact_gradients(case)
    agrees(first.weight.grad, of_first.T)
    agrees(last.weight.grad, of_last.T)
    for copy, right in zip(copies, of_uses):
        agrees(copy.weight.grad, right.T)
    if case.uses:
        agrees(middle.weight.grad, sum(of_uses).T)
    else:
        assert middle.weight.grad is None


@SHARING_SUMS_GRADIENTS
@needs(FLOAT64)
def test_a_layer_that_belongs_to_two_models_is_one_layer_and_sums_their_gradients(device):
    layer = linear(np.array([[2.0]]), device)
    one, other = torch.nn.Sequential(layer), torch.nn.Sequential(layer, layer)
    x = torch.tensor([[3.0]], dtype=torch.float64, device=device)
    (one(x) + other(x)).sum().backward()
    agrees(layer.weight.grad, np.array([[3.0 + 2 * 2 * 3]]))
    assert list(one.parameters())[0] is list(other.parameters())[0]
    assert len(list(other.parameters())) == 1


REUSE_IS_SAFE = Claim(
    "graphs.reuse-is-safe",
    "One module can be used many times in one graph.",
    sources=[TEMPLATE["Control Flow and Weight Sharing"], EXAMPLES["PyTorch: Control Flow + Weight Sharing"]],
    kills=["a-layer-is-used-once-in-a-graph", "modules-remember-their-first-result"],
)

MODULES = {
    "Linear": lambda: torch.nn.Linear(3, 3),
    "ReLU": lambda: torch.nn.ReLU(),
    "Tanh": lambda: torch.nn.Tanh(),
    "Softmax": lambda: torch.nn.Softmax(dim=1),
    "LayerNorm": lambda: torch.nn.LayerNorm(3),
    "GRUCell": lambda: torch.nn.GRUCell(3, 3),
    "Sequential": lambda: torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Sigmoid()),
}


@REUSE_IS_SAFE
@needs(FLOAT64)
@pytest.mark.parametrize("kind", sorted(MODULES))
def test_a_later_use_changes_neither_an_earlier_result_nor_its_gradient(device, kind):
    torch.manual_seed(0)
    module = MODULES[kind]().to(device, torch.float64)
    inputs = [torch.randn(2, 3).to(device, torch.float64).requires_grad_() for _ in range(3)]
    alone = []
    for x in inputs:
        result = module(x)
        (result * result).sum().backward()
        alone.append((array_of(result), array_of(x.grad)))
        x.grad = None
    results = [module(x) for x in inputs]
    for result, (value, _) in zip(results, alone):
        unchanged(result, value)
    sum((result * result).sum() for result in results).backward()
    for x, (_, gradient) in zip(inputs, alone):
        bitwise(array_of(x.grad), gradient)


@REUSE_IS_SAFE
@needs(FLOAT64)
@pytest.mark.parametrize("uses", [1, 2, 40])
def test_a_module_may_take_its_own_result_again_and_again(device, uses):
    layer, x = linear(np.array([[-1.0]]), device), torch.tensor([[2.0]], dtype=torch.float64, device=device)
    result = x
    for _ in range(uses):
        result = layer(result)
    result.sum().backward()
    agrees(result, np.array([[2.0 * (-1) ** uses]]))
    agrees(layer.weight.grad, np.array([[2.0 * uses * (-1) ** (uses - 1)]]))


@REUSE_IS_SAFE
def test_what_a_module_counts_it_counts_for_each_use(device):
    layer = torch.nn.BatchNorm1d(2, momentum=0.5).to(device)
    x = torch.tensor([[0.0, 4.0], [2.0, 4.0]], device=device)
    first = layer(x)
    second = layer(x)
    assert int(layer.num_batches_tracked) == 2
    agrees(layer.running_mean, np.array([0.75, 3.0], dtype="float32"))
    bitwise(array_of(first), array_of(second))


@REUSE_IS_SAFE
def test_a_use_that_writes_into_what_another_module_needs_is_noticed(device):
    rectify, x = torch.nn.ReLU(inplace=True), torch.tensor([-1.0, 2.0], device=device, requires_grad=True)
    hidden = torch.tanh(x)
    total = (rectify(hidden) + rectify(hidden)).sum()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        total.backward()
