"""Building blocks.

What the library has: networks of three kinds, each with a cell that makes one step, and on NVIDIA's GPUs a second
implementation of each by cuDNN.
"""
import importlib

import numpy as np
import pytest
import torch
from hypothesis import given

from spec.capabilities import FLOAT64, Capability, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.rnn._helpers import (
    KINDS,
    Net,
    as_tuple,
    built,
    expected,
    layers_of,
    nets,
    states_for,
    weights_of,
    yields,
)
from spec.oracles import recurrences
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.oracles.running_error import Rounded
from spec.sources import TEMPLATE

BUILDING_BLOCKS = Claim(
    "rnn.building-blocks",
    "PyTorch has building blocks for recurrent networks of three kinds: plain ones, GRUs and LSTMs.",
    sources=[TEMPLATE["RNNs"]],
    kills=["rnn-counts-one-bias", "gru-has-no-reset-gate", "lstm-swaps-its-first-two-gates",
           "cells-forget-their-state", "lstm-cell-returns-its-states-in-the-other-order"],
)


@BUILDING_BLOCKS
@needs(FLOAT64)
@reaches(plain=lambda net: net.kind == "RNN", gru=lambda net: net.kind == "GRU", lstm=lambda net: net.kind == "LSTM",
         no_bias=lambda net: not net.bias, saturated=lambda net: net.scale > 1)
@given(net=nets(bias=None))
def test_each_network_yields_the_states_of_its_formulas(device, net):
    """
    >>> torch.manual_seed(seed); module = getattr(torch.nn, kind)(inputs, hidden, bias=bias)
    >>> module(torch.randn(seq, batch, inputs) * scale)
    """
    module, x = built(net, device)
    states = states_for(net, device)
    yields(module(x, states), expected(module, x, states))


@BUILDING_BLOCKS
@pytest.mark.parametrize("hidden", [1, 7, 8, 9, 16, 17, 33])
@pytest.mark.parametrize("kind", KINDS)
def test_single_precision_yields_them_too_for_sizes_around_the_widths_of_vectors(device, kind, hidden):
    net = Net(kind, 3, hidden, 1, False, True, 2, 3, 1.0, hidden)
    module, x = built(net, device, torch.float32)
    states = states_for(net, device, torch.float32)
    yields(module(x, states), expected(module, x, states))


@BUILDING_BLOCKS
@needs(FLOAT64)
@pytest.mark.parametrize("bias", [True, False], ids=["biases", "no biases"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_makes_one_step(device, kind, bias):
    torch.manual_seed(0)
    cell = getattr(torch.nn, kind + "Cell")(3, 4, bias=bias).to(device, torch.float64)
    x = torch.randn(2, 3).to(device, torch.float64)
    states = tuple(torch.randn(2, 4).to(device, torch.float64) for _ in range(2 if kind == "LSTM" else 1))
    weights = weights_of(cell, lift=lambda array: Rounded(array, "float64"))
    step = recurrences.CELLS[kind](
        Rounded(array_of(x), "float64"), [Rounded(array_of(state), "float64") for state in states], weights)
    results = as_tuple(cell(x, states if kind == "LSTM" else states[0]))
    for result, right in zip(results, step):
        agrees(result, right.value, right.bound)
    assert len(results) == len(step)


@BUILDING_BLOCKS
@pytest.mark.parametrize("kind", KINDS)
def test_the_weights_of_all_gates_lie_in_one_matrix_and_there_are_two_biases(device, kind):
    module = getattr(torch.nn, kind)(3, 4).to(device)
    rows = recurrences.GATES[kind] * 4
    assert [(name, tuple(parameter.shape)) for name, parameter in module.named_parameters()] == [
        ("weight_ih_l0", (rows, 3)), ("weight_hh_l0", (rows, 4)), ("bias_ih_l0", (rows,)), ("bias_hh_l0", (rows,))]


@BUILDING_BLOCKS
@needs(FLOAT64)
def test_the_reset_gate_of_a_gru_acts_after_the_product_with_the_state(device):
    net = Net("GRU", 2, 3, 1, False, False, 1, 2, 1.0, 0)
    module, x = built(net, device)
    h = states_for(net, device)
    (weights,), = layers_of(module)
    after, = recurrences.gru(array_of(x[0]), (array_of(h[0]),), weights)
    reset, update, _ = np.split(recurrences.sigmoid(array_of(x[0]) @ weights.ih + array_of(h[0]) @ weights.hh), 3, 1)
    new = np.tanh(array_of(x[0]) @ weights.ih[:, 6:] + (reset * array_of(h[0])) @ weights.hh[:, 6:])
    before = (1 - update) * new + update * array_of(h[0])
    result = array_of(module(x, h)[1][0])
    assert abs(result - after).max() < 2.0 ** -48 < 2.0 ** -10 < abs(result - before).max()


TORCH_NN_RNN_PACKAGE = Claim(
    "rnn.torch-nn-rnn-package",
    "The recurrent building blocks live in a package torch.nn.rnn.",
    sources=[TEMPLATE["RNNs"]],
    deviations=[
        Deviation(
            "There is no torch.nn.rnn. The classes are in torch.nn itself, and their module is torch.nn.modules.rnn; "
            "torch.nn.utils.rnn holds functions that pack and pad sequences.",
            witness={},
            raises=ImportError,
        )
    ],
    kills=["lstm-lives-elsewhere"],
)


@TORCH_NN_RNN_PACKAGE
def test_the_package_torch_nn_rnn_has_the_three_kinds_of_networks():
    package = importlib.import_module("torch.nn.rnn")
    assert all(hasattr(package, kind) for kind in KINDS)


@TORCH_NN_RNN_PACKAGE.instead
@pytest.mark.parametrize("name", [kind + end for kind in KINDS for end in ("", "Cell")])
def test_the_classes_of_torch_nn_are_those_of_torch_nn_modules_rnn(name):
    assert not hasattr(torch.nn, "rnn")
    assert getattr(torch.nn, name) is getattr(importlib.import_module("torch.nn.modules.rnn"), name)
    assert getattr(torch.nn, name).__module__ == "torch.nn.modules.rnn"
    assert not hasattr(torch.nn.utils.rnn, name) and hasattr(torch.nn.utils.rnn, "pack_padded_sequence")


CUDNN = Capability("cuDNN does not compute on this device", False,
                   lambda device: torch.backends.cudnn.is_acceptable(torch.ones(1, device=device)))

CUDNN_INTERCHANGEABLE = Claim(
    "rnn.cudnn-interchangeable",
    "The recurrent modules use cuDNN on a GPU, and yield the same without it, as on the CPU.",
    sources=[TEMPLATE["RNNs"]],
    kills=["lstm-without-cudnn-is-less-exact"],
)


@CUDNN_INTERCHANGEABLE
@needs(CUDNN, FLOAT64)
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one direction", "both directions"])
@pytest.mark.parametrize("kind", KINDS)
def test_states_and_gradients_are_the_same_with_cudnn_without_it_and_on_the_cpu(device, kind, bidirectional):
    net = Net(kind, 3, 4, 2, bidirectional, True, 5, 2, 1.0, 0)
    gradients = []
    for place, enabled in ((device, True), (device, False), ("cpu", True)):
        with torch.backends.cudnn.flags(enabled=enabled):
            module, x = built(net, place)
            x.requires_grad_()
            results = module(x)
            results[0].sum().backward()
        yields(results, expected(module, x))
        gradients.append([array_of(tensor.grad) for tensor in [x, *module.parameters()]])
    for others in gradients[1:]:
        for one, other in zip(gradients[0], others):
            agrees(one, other, 2.0 ** -36 * abs(other).max())


@CUDNN_INTERCHANGEABLE
@pytest.mark.parametrize("kind", KINDS)
def test_switching_cudnn_off_changes_nothing_on_the_cpu(kind):
    results = []
    for enabled in (True, False):
        with torch.backends.cudnn.flags(enabled=enabled):
            module, x = built(Net(kind, 3, 4, 2, True, True, 5, 2, 1.0, 0), "cpu", torch.float32)
            output, states = module(x)
            results.append([array_of(one) for one in (output, *as_tuple(states))])
    for one, other in zip(*results):
        bitwise(one, other)
