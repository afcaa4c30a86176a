"""The LSTM.

A network with two states, of which one, the cell state, is kept, dropped or added to as its gates decide.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.rnn._helpers import (
    Net,
    agrees_with,
    built,
    expected,
    has_slope,
    layers_of,
    nets,
    slope_of,
    states_for,
    yields,
)
from spec.oracles import recurrences
from spec.oracles.agreement import agrees, array_of
from spec.oracles.recurrences import Weights
from spec.sources import EXAMPLES, TEMPLATE

LSTM_RECURRENCE = Claim(
    "rnn.lstm-recurrence",
    "nn.LSTM computes the recurrence of the LSTM with the gates in, forget, new and out, as a loop over nn.LSTMCell "
    "does.",
    sources=[TEMPLATE["RNNs"], EXAMPLES["PyTorch: LSTM"]],
    kills=["lstm-swaps-its-first-two-gates", "lstm-cell-returns-its-states-in-the-other-order",
           "lstm-forgets-its-initial-cell-state", "networks-stop-after-four-steps"],
)


@LSTM_RECURRENCE
@needs(FLOAT64)
@reaches(long=lambda net: net.seq > 3, single=lambda net: net.hidden == 1, zero=lambda net: net.scale == 0)
@example(net=Net("LSTM", 2, 2, 1, False, True, 5, 2, 1.0, 0))
@given(net=nets(("LSTM",), bias=None))
def test_an_lstm_and_a_loop_over_its_cell_yield_the_states_of_the_recurrence(device, net):
    """
    >>> torch.manual_seed(seed); module, cell = [m(inputs, hidden) for m in (torch.nn.LSTM, torch.nn.LSTMCell)]
    >>> cell.load_state_dict({key[:-3]: value for key, value in module.state_dict().items()}); state = None
    >>> x = torch.randn(seq, batch, inputs) * scale
    >>> for step in x: state = cell(step, state) if state else cell(step); print(module(x)[1], state)
    """
    module, x = built(net, device)
    cell = torch.nn.LSTMCell(net.inputs, net.hidden, bias=net.bias).to(device, torch.float64)
    for own, theirs in zip(cell.parameters(), module.parameters()):
        own.data.copy_(theirs.data)
    h, c = states_for(net, device)
    recurrence = expected(module, x, (h, c))
    yields(module(x, (h, c)), recurrence)
    outputs, h, c = [], h[0], c[0]
    for step in x:
        h, c = cell(step, (h, c))
        outputs.append(h)
    agrees_with(torch.stack(outputs), recurrence.outputs)
    agrees_with(torch.stack([h, c]), recurrence.finals[0])


GATE_BIASES = {
    "in and new open": ((1000, -1000, 1000, 1000), lambda c: 1 + 0 * c),
    "in shut": ((-1000, -1000, 1000, 1000), lambda c: 0 * c),
    "in shut, forget open": ((-1000, 1000, 1000, 1000), lambda c: c),
    "new the other way": ((1000, -1000, -1000, 1000), lambda c: -1 + 0 * c),
    "all open": ((1000, 1000, 1000, 1000), lambda c: c + 1),
}
"""Biases that drive each gate to its limit, and what the cell state then becomes."""


@LSTM_RECURRENCE
@needs(FLOAT64)
@pytest.mark.parametrize("out", [1000, -1000], ids=["out open", "out shut"])
@pytest.mark.parametrize("gates", sorted(GATE_BIASES))
def test_gates_at_their_limits_keep_drop_or_take_in_the_cell_state(device, gates, out):
    biases, rule = GATE_BIASES[gates]
    module = torch.nn.LSTM(1, 2).to(device, torch.float64)
    for parameter in module.parameters():
        parameter.data.zero_()
    module.bias_ih_l0.data.copy_(torch.tensor(biases[:3] + (out,), dtype=torch.float64).repeat(2, 1).t().reshape(-1))
    cell = torch.tensor([[[2.0, -3.0]]], dtype=torch.float64, device=device)
    h, c = module(torch.ones(1, 1, 1, dtype=torch.float64, device=device), (cell, cell))[1]
    right = rule(array_of(cell))
    agrees(c, right)
    agrees(h, np.tanh(right) if out > 0 else 0 * right, 2.0 ** -50)


@LSTM_RECURRENCE
@needs(FLOAT64)
@pytest.mark.parametrize("seq", [1, 5])
def test_the_gradients_of_an_lstm_are_those_of_the_recurrence(device, seq):
    module, x = built(Net("LSTM", 2, 3, 1, False, True, seq, 2, 1.0, seq), device)

    def total(xs, *weights):
        start = np.zeros((2, 3)), np.zeros((2, 3))
        states = recurrences.unrolled(recurrences.lstm, xs, start, Weights(*weights))
        return sum(h.sum() for h, _ in states) + 3 * states[-1][1].sum()

    directions, slope = slope_of(total, [array_of(x), *layers_of(module)[0][0]], seed=seq)
    directions[1], directions[2] = directions[1].T, directions[2].T
    x.requires_grad_()
    outputs, (_, c) = module(x)
    (outputs.sum() + 3 * c.sum()).backward()
    has_slope([x.grad] + [parameter.grad for parameter in module.parameters()], directions, slope)
