"""An LSTM over a sequence in three ways: built in, as a loop of LSTMCell, and as a loop of a cell written by hand."""
from collections import OrderedDict

import torch

INPUTS, HIDDEN = 3, 128

SIZES = {"cpu": (8, 256)}
"""How many sequences, and how long: on the CPU, and on any other device."""
ELSEWHERE = (32, 2048)


def sequences(device):
    """Return the random sequences of a device, (number, length, INPUTS)."""
    number, length = SIZES.get(device, ELSEWHERE)
    return torch.randn(number, length, INPUTS, device=device)


def flop(sequence):
    """Return the floating-point operations of the matrix products of a forward and a backward pass.

    Each product of the forward pass has two in the backward one, but for the gradient of the inputs, which nobody asks
    for.
    """
    number, length, inputs = sequence.shape
    return 2 * number * length * 4 * HIDDEN * (3 * HIDDEN + 2 * inputs)


def built_in(device):
    """Return torch.nn.LSTM, of one layer, that takes sequences (number, length, INPUTS)."""
    return torch.nn.LSTM(INPUTS, HIDDEN, batch_first=True).to(device)


def loop_of_cells(lstm):
    """Return a function as `lstm`, and its parameters: torch.nn.LSTMCell called once for each element of a sequence."""
    cell = torch.nn.LSTMCell(INPUTS, HIDDEN).to(lstm.weight_ih_l0.device)
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            parameter.copy_(getattr(lstm, name + "_l0"))
    return _over(cell), list(cell.parameters())


def hand_written(lstm):
    """Return a function as `lstm`, and its parameters: the formulas of the cell for each element of a sequence."""
    parameters = [parameter.detach().clone().requires_grad_() for parameter in lstm.parameters()]
    weight_ih, weight_hh, bias_ih, bias_hh = parameters

    def cell(x, state):
        hidden, memory = state
        gates = x.mm(weight_ih.t()) + bias_ih + hidden.mm(weight_hh.t()) + bias_hh
        take, forget, candidate, give = gates.chunk(4, 1)
        memory = torch.sigmoid(forget) * memory + torch.sigmoid(take) * torch.tanh(candidate)
        return torch.sigmoid(give) * torch.tanh(memory), memory
    return _over(cell), parameters


def _over(cell):
    def over(sequence):
        state = (sequence.new_zeros(len(sequence), HIDDEN), sequence.new_zeros(len(sequence), HIDDEN))
        outputs = []
        for x in sequence.unbind(1):
            state = cell(x, state)
            outputs.append(state[0])
        return torch.stack(outputs, 1)
    return over


def ways(device):
    """Return {name: (function of sequences that gives the hidden states, parameters)}, all with the same weights."""
    lstm = built_in(device)
    return OrderedDict([
        ("built-in", (lambda sequence: lstm(sequence)[0], list(lstm.parameters()))),
        ("loop of cells", loop_of_cells(lstm)),
        ("hand-written cell", hand_written(lstm)),
    ])


def pass_over(way, parameters, sequence):
    """Return a function that runs one way forwards and backwards."""
    def run():
        for parameter in parameters:
            parameter.grad = None
        way(sequence).sum().backward()
    return run
