"""As we go.

Between two passes the network can be changed, and a pass can be stopped, looked into and traced like other Python.
"""
import io
import pdb
import sys
import traceback

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, VALUES, needs
from spec.claim import Claim, reaches
from spec.networks.layers import linear
from spec.oracles import backprop
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies import fills

CHANGE_NODES_AS_WE_GO = Claim(
    "graphs.change-nodes-as-we-go",
    "Nodes can be defined, changed and executed as we go: layers can be replaced, added and taken out between passes.",
    sources=[INTRODUCTION["Opening"]],
    kills=["a-layer-of-a-list-cannot-be-replaced", "a-list-of-layers-loses-its-last",
           "modules-remember-their-first-result"],
)


def edits():
    """Draw a change of a list of layers: what to do, a place modulo their number, and the weight of a new layer."""
    return st.tuples(st.sampled_from(["replace", "append", "delete"]), st.integers(0, 3),
                     fills("float64", 4, integral=True, bounded=2))


class Layers(torch.nn.Module):
    """A list of layers with a ReLU between each two."""

    def __init__(self, layers):
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)

    def forward(self, x):
        """Return the result of all layers in turn."""
        for place, layer in enumerate(self.layers):
            x = layer(torch.relu(x) if place else x)
        return x


X, Y = np.array([[1.0, -2.0], [3.0, 2.0]]), np.array([[1.0, 0.0], [-1.0, 2.0]])
SWAP = np.array([[0.0, 1.0], [1.0, 0.0]])


def squared_error(model, device):
    """Return the loss of a model on the data of this section."""
    difference = model(torch.tensor(X, device=device)) - torch.tensor(Y, device=device)
    return (difference * difference).sum()


@CHANGE_NODES_AS_WE_GO
@needs(FLOAT64)
@reaches(several=lambda changes: len(changes) > 2, replaced=lambda changes: any(c[0] == "replace" for c in changes),
         deleted=lambda changes: any(c[0] == "delete" for c in changes[1:]))
@given(changes=st.lists(edits(), min_size=1, max_size=5))
@example(changes=[("append", 0, (2.0, 0.0, 0.0, 1.0)), ("delete", 0, (0.0,) * 4),
                  ("replace", 0, (1.0, 2.0, -1.0, 1.0))])
def test_each_pass_goes_through_the_layers_there_are_and_earlier_graphs_stay_as_they_were(device, changes):
    """
    >>> x, net, kept, one = torch.ones(1, 2, requires_grad=True), [], [], lambda: [torch.nn.Linear(2, 2)]
    >>> for what, at, _ in changes: net[at:at + (what != "append")] = one() * (what != "delete"); kept += [[*net]]
    >>> for net in kept: torch.nn.Sequential(*net)(x).sum().backward()
    """
    weights, model = [SWAP - 1], Layers([linear(SWAP - 1, device)])
    passes = []
    for what, place, values in changes:
        place, weight = place % len(weights), np.array(values).reshape(2, 2)
        if what == "replace":
            model.layers[place], weights[place] = linear(weight, device), weight
        elif what == "append" or len(weights) == 1:
            model.layers.append(linear(weight, device))
            weights.append(weight)
        else:
            del model.layers[place], weights[place]
        passes.append((squared_error(model, device), list(model.layers), backprop.stack(X, Y, weights, at_zero=0)))
    for loss, layers, by_hand in passes:
        agrees(loss, by_hand.loss)
        gradients = torch.autograd.grad(loss, [layer.weight for layer in layers])
        for gradient, right in zip(gradients, by_hand.grad_weights):
            agrees(gradient, right.T)


@CHANGE_NODES_AS_WE_GO
@needs(FLOAT64)
def test_an_optimizer_does_not_train_a_layer_that_came_later_until_it_is_told_of_it(device):
    model = Layers([linear(SWAP, device)])
    optimizer = torch.optim.SGD(model.parameters(), lr=2.0 ** -4)
    model.layers.append(linear(SWAP, device))
    late = model.layers[1].weight
    before = array_of(late)
    squared_error(model, device).backward()
    optimizer.step()
    unchanged(late, before)
    optimizer.add_param_group({"params": [late]})
    optimizer.step()
    agrees(late, before - 2.0 ** -4 * array_of(late.grad))
    assert late.grad.abs().sum().item() > 0


DEBUGGER_WORKS = Claim(
    "graphs.debugger-works",
    "A debugger of Python works as it is: within forward the values are there, and an error comes from the line that "
    "made it.",
    sources=[
        INTRODUCTION["Opening"],
        INTRODUCTION["PyTorch DataLoader"],
        FLOYDHUB["Static vs Dynamic Computational Graph"],
        FLOYDHUB["Summary"],
    ],
    kills=["errors-lose-their-line", "relu-does-nothing"],
)


class ThreeSteps(torch.nn.Module):
    """Two layers with a ReLU between them, one line each; ``pause`` is called before the last."""

    def __init__(self, first, second, pause=lambda: None):
        super().__init__()
        self.first, self.second, self.pause = first, second, pause

    def forward(self, x):
        """Return the result of the second layer."""
        hidden = self.first(x)
        active = torch.relu(hidden)
        self.pause()
        result = self.second(active)
        return result


W1, W2 = np.array([[1.0, -1.0], [2.0, 3.0]]), np.array([[2.0], [-5.0]])
HIDDEN = X.dot(W1)
STEPS = {"hidden": HIDDEN, "active": np.maximum(HIDDEN, 0), "result": np.maximum(HIDDEN, 0).dot(W2)}


@DEBUGGER_WORKS
@needs(FLOAT64)
def test_a_trace_sees_the_value_of_each_line_as_soon_as_the_line_has_run(device):
    model, seen = ThreeSteps(linear(W1, device), linear(W2, device)), []

    def trace(frame, event, argument):
        if frame.f_code is ThreeSteps.forward.__code__:
            if event == "line":
                seen.append({name: array_of(frame.f_locals[name]) for name in STEPS if name in frame.f_locals})
            return trace
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        model(torch.tensor(X, device=device))
    finally:
        sys.settrace(before)
    assert [sorted(values) for values in seen] == [
        [], ["hidden"], ["active", "hidden"], ["active", "hidden"], ["active", "hidden", "result"]]
    for values in seen:
        for name, value in values.items():
            agrees(value, STEPS[name])


@DEBUGGER_WORKS
@needs(FLOAT64, VALUES)
def test_pdb_stops_in_the_middle_of_forward_shows_values_and_changes_them(device):
    commands = ["up", "p active.tolist()", "p tuple(self.second.weight.shape)", "!active.data.mul_(2)", "continue"]
    shown = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("\n".join(commands) + "\n"), stdout=shown, nosigint=True, readrc=False)
    before = sys.gettrace()

    def pause():
        debugger.set_trace(sys._getframe())

    model = ThreeSteps(linear(W1, device), linear(W2, device), pause)
    try:
        result = model(torch.tensor(X, device=device))
    finally:
        sys.settrace(before)
    assert str(STEPS["active"].tolist()) in shown.getvalue() and "(1, 2)" in shown.getvalue()
    agrees(result, 2 * STEPS["result"])
    result.sum().backward()
    agrees(model.second.weight.grad, 2 * STEPS["active"].sum(0, keepdims=True))


@DEBUGGER_WORKS
@needs(FLOAT64)
@pytest.mark.parametrize("faulty", ["first", "second"])
def test_an_error_comes_from_the_line_of_forward_whose_operation_failed(device, faulty):
    model = ThreeSteps(linear(W1, device), linear(W2, device))
    setattr(model, faulty, linear(np.ones((5, 2)), device))
    with pytest.raises(RuntimeError) as caught:
        model(torch.tensor(X, device=device))
    places = [frame for frame in traceback.extract_tb(caught.value.__traceback__)
              if frame.name == "forward" and frame.filename == ThreeSteps.forward.__code__.co_filename]
    assert [frame.line for frame in places] == [
        {"first": "hidden = self.first(x)", "second": "result = self.second(active)"}[faulty]]
