"""Recurrent networks.

torch has the LSTM as a whole and, for networks of one's own, as a single cell that a loop of Python applies. A cell can
be written by hand, too.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import CUDA, FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.performance._helpers import ON_GPU
from spec.measurements import measured, ratio
from spec.oracles import recurrences
from spec.oracles.agreement import agrees, array_of
from spec.oracles.running_error import Rounded
from spec.recorded_graph import functions
from spec.sources import EXAMPLES
from spec.strategies import seeds

LSTM_BEATS_CUSTOM_CELLS = Claim(
    "performance.lstm-beats-custom-cells",
    "The built-in LSTM, which uses cuDNN on a GPU, is efficient; a cell in a loop, torch's or one's own, is "
    "significantly slower.",
    sources=[EXAMPLES["PyTorch: LSTM"]],
    kills=["lstm-swaps-its-first-two-gates", "lstm-cell-returns-its-states-in-the-other-order",
           "networks-stop-after-four-steps"],
)


class HandWritten(torch.nn.LSTMCell):
    """A cell of the LSTM, written with the operations of tensors."""

    def forward(self, x, state):
        """Return the next hidden and cell state, each (batch, hidden)."""
        h, c = state
        enter, forget, new, out = (x.mm(self.weight_ih.t()) + self.bias_ih
                                   + h.mm(self.weight_hh.t()) + self.bias_hh).chunk(4, 1)
        c = forget.sigmoid() * c + enter.sigmoid() * new.tanh()
        return out.sigmoid() * c.tanh(), c


def built_in(lstm, x):
    """Run an LSTM over x, (seq, batch, inputs), from a state of zeros; return its outputs."""
    return lstm(x)[0]


def looped(kind):
    """Return a function like built_in that applies a cell of a kind, with the weights of the LSTM, step by step."""
    def run(lstm, x):
        cell = kind(lstm.input_size, lstm.hidden_size).to(x.device, x.dtype)
        for name, _ in list(cell.named_parameters()):
            setattr(cell, name, getattr(lstm, name + "_l0"))
        state = (x.new_zeros(x.shape[1], lstm.hidden_size),) * 2
        outputs = []
        for step in x:
            state = cell(step, state)
            outputs.append(state[0])
        return torch.stack(outputs)
    return run


WAYS = {"built in": built_in, "loop of torch's cells": looped(torch.nn.LSTMCell),
        "loop of hand-written cells": looped(HandWritten)}

Sizes = NamedTuple("Sizes", [("inputs", int), ("hidden", int), ("seq", int), ("batch", int)])
Sizes.__doc__ = "An LSTM from inputs to hidden units, and the sizes of what it is given."


@LSTM_BEATS_CUSTOM_CELLS
@needs(FLOAT64)
@reaches(long=lambda sizes: sizes.seq > 4, wide=lambda sizes: sizes.hidden > 1)
@given(sizes=st.builds(Sizes, *[st.integers(1, 3)] * 2, seq=st.integers(1, 7), batch=st.integers(1, 3)), seed=seeds())
@example(sizes=Sizes(3, 3, 7, 2), seed=0)
def test_each_way_to_compute_an_lstm_yields_the_states_of_the_recurrence(device, sizes, seed):
    """
    >>> torch.manual_seed(seed); lstm = torch.nn.LSTM(*sizes[:2]); cell = torch.nn.LSTMCell(*sizes[:2]); state = None
    >>> cell.load_state_dict({name[:-3]: value for name, value in lstm.state_dict().items()})
    >>> x = torch.randn(sizes[2], sizes[3], sizes[0]); print(lstm(x)[0])
    >>> for step in x: state = cell(step, state) if state else cell(step); print(state[0])
    """
    lstm, x = lstm_and_input(sizes, seed, device)
    w = recurrences.Weights(*[Rounded(array_of(parameter).T, "float64") for parameter in lstm.parameters()])
    zeros = Rounded(np.zeros((sizes.batch, sizes.hidden)), "float64")
    steps = [Rounded(step, "float64") for step in array_of(x)]
    expected = [h for h, _ in recurrences.unrolled(recurrences.lstm, steps, (zeros, zeros), w)]
    for run in WAYS.values():
        agrees(run(lstm, x), np.stack([h.value for h in expected]), np.stack([h.bound for h in expected]))


def lstm_and_input(sizes, seed, device):
    """Return an LSTM in float64 with random weights, and a random input (seq, batch, inputs)."""
    torch.manual_seed(seed)
    lstm = torch.nn.LSTM(sizes.inputs, sizes.hidden).to(device, torch.float64)
    return lstm, torch.randn(sizes.seq, sizes.batch, sizes.inputs).to(device, torch.float64)


@LSTM_BEATS_CUSTOM_CELLS
@needs(FLOAT64)
@pytest.mark.parametrize("way", sorted(set(WAYS) - {"built in"}))
def test_the_gradients_of_a_loop_of_cells_are_those_of_the_built_in_lstm(device, way):
    lstm, x = lstm_and_input(Sizes(2, 3, 6, 2), 0, device)
    x.requires_grad_()
    leaves = [x] + list(lstm.parameters())
    expected, gradients = [torch.autograd.grad((run(lstm, x) * x.sum()).sum(), leaves) for run in (built_in, WAYS[way])]
    for one, other in zip(gradients, expected):
        # Some thousand roundings of 2**-53 stay far below this bound; a step that is left out is far above.
        agrees(one, array_of(other), 2.0 ** -36 * abs(array_of(other)).max())


@LSTM_BEATS_CUSTOM_CELLS
@needs(FLOAT64)
@pytest.mark.parametrize("way", sorted(set(WAYS) - {"built in"}))
def test_each_step_of_a_loop_records_the_same_number_of_operations_again(device, way):
    recorded = [operations(WAYS[way], steps, device) for steps in (1, 2, 3, 4, 5)]
    growth = {longer - shorter for shorter, longer in zip(recorded[1:], recorded[2:])}
    assert len(growth) == 1 and growth.pop() > 0


@LSTM_BEATS_CUSTOM_CELLS
@needs(CUDA, ON_GPU)
def test_for_cudnn_a_whole_sequence_is_one_operation_however_long_it_is(device):
    recorded = [operations(built_in, steps, device) for steps in (1, 2, 20)]
    assert recorded == recorded[:1] * 3 and recorded[0] < operations(looped(torch.nn.LSTMCell), 20, device)


def operations(run, steps, device):
    """Return how many functions autograd records for an LSTM of some steps."""
    lstm, x = lstm_and_input(Sizes(2, 3, steps, 2), 0, device)
    return len(functions(run(lstm, x)))


@LSTM_BEATS_CUSTOM_CELLS
@needs(measured("LSTM: loop of cells over the built-in"))
def test_a_loop_over_the_cell_of_torch_takes_more_than_three_times_as_long(device):
    """Three times, forward and backward, is where a reader would call it significant; the lowest ratio is above."""
    assert ratio("LSTM: loop of cells over the built-in", device).low > 3


@LSTM_BEATS_CUSTOM_CELLS
@needs(measured("LSTM: hand-written cell over the built-in"))
def test_a_loop_over_a_hand_written_cell_takes_more_than_three_times_as_long(device):
    """As for torch's own cells."""
    assert ratio("LSTM: hand-written cell over the built-in", device).low > 3
