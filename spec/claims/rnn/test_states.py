"""States.

Where a sequence starts from, what it ends in, and how it can be interrupted and taken up again.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.rnn._helpers import KINDS, Net, agrees_with, as_tuple, built, expected, nets, states_for, yields
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import EXAMPLES

NONE_STATE_IS_ZEROS = Claim(
    "rnn.none-state-is-zeros",
    "None for the initial state starts an LSTM from zeros.",
    sources=[EXAMPLES["PyTorch: LSTM"]],
    kills=["no-state-is-a-state-of-ones", "networks-remember-the-last-call"],
)


@NONE_STATE_IS_ZEROS
@needs(FLOAT64)
@reaches(several=lambda net: net.layers > 1, both_ways=lambda net: net.bidirectional,
         other=lambda net: net.kind != "LSTM")
@given(net=nets(("LSTM", "LSTM", "GRU", "RNN"), max_layers=2, bidirectional=None))
def test_no_state_and_none_and_zeros_start_a_network_alike(device, net):
    """
    >>> torch.manual_seed(seed); module = getattr(torch.nn, kind)(inputs, hidden, layers, bidirectional=bidirectional)
    >>> x = torch.randn(seq, batch, inputs) * scale; state = torch.zeros(layers * (1 + bidirectional), batch, hidden)
    >>> module(x), module(x, None), module(x, (state, state) if kind == "LSTM" else state)
    """
    module, x = built(net, device)
    zeros = tuple(torch.zeros_like(state) for state in as_tuple(states_for(net, device)))
    first = module(x, None)
    yields(first, expected(module, x, zeros))
    for output, states in (module(x), module(x, zeros if net.kind == "LSTM" else zeros[0])):
        bitwise(array_of(output), array_of(first[0]))
        for state, right in zip(as_tuple(states), as_tuple(first[1])):
            bitwise(array_of(state), array_of(right))


@NONE_STATE_IS_ZEROS
@pytest.mark.parametrize("kind", KINDS)
def test_another_state_makes_a_difference_and_must_be_of_the_right_size(device, kind):
    module = getattr(torch.nn, kind)(2, 3).to(device)
    x = torch.ones(4, 2, 2, device=device)
    for size, fits in (((1, 2, 3), True), ((1, 3, 3), False), ((2, 2, 3), False), ((1, 2, 2), False)):
        state = torch.ones(size, device=device)
        state = (state, state) if kind == "LSTM" else state
        if fits:
            assert (array_of(module(x, state)[0]) != array_of(module(x)[0])).all()
        else:
            with pytest.raises(RuntimeError):
                module(x, state)


LAST_OUTPUT_IS_FINAL_HIDDEN = Claim(
    "rnn.last-output-is-final-hidden",
    "For a single layer in one direction the last step of the output is the final hidden state; beside it, an LSTM "
    "returns its cell state.",
    sources=[EXAMPLES["PyTorch: LSTM"]],
    kills=["lstm-returns-the-cell-state-twice", "lstm-swaps-its-first-two-gates"],
)


@LAST_OUTPUT_IS_FINAL_HIDDEN
@needs(FLOAT64)
@pytest.mark.parametrize("batch, seq", [(1, 1), (3, 2), (2, 7)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_last_step_of_the_output_is_the_final_hidden_state_bit_for_bit(device, kind, batch, seq):
    net = Net(kind, 2, 3, 1, False, True, seq, batch, 1.0, seq)
    module, x = built(net, device, batch_first=True)
    output, states = module(x.transpose(0, 1))
    states = as_tuple(states)
    bitwise(array_of(output[:, -1]), array_of(states[0][0]))
    recurrence = expected(module, x)
    assert len(states) == len(recurrence.finals[0])
    for state, right in zip(states, recurrence.finals[0]):
        agrees(state[0], right.value, right.bound)


@LAST_OUTPUT_IS_FINAL_HIDDEN
@needs(FLOAT64)
@pytest.mark.parametrize("kind", KINDS)
def test_the_backward_direction_ends_in_the_first_step(device, kind):
    module, x = built(Net(kind, 2, 3, 2, True, True, 4, 2, 1.0, 0), device)
    output, states = module(x)
    hidden = array_of(as_tuple(states)[0])
    bitwise(array_of(output[-1, :, :3]), hidden[2])
    bitwise(array_of(output[0, :, 3:]), hidden[3])
    assert (array_of(output[-1, :, 3:]) != hidden[3]).all()


ONE_STEP_AT_A_TIME = Claim(
    "rnn.one-step-at-a-time",
    "A sequence that is fed in parts, one step at a time for example, with the state carried on, has the result that "
    "it has at once.",
    sources=[EXAMPLES["PyTorch: LSTM"]],
    kills=["networks-stop-after-four-steps", "lstm-forgets-its-initial-cell-state", "rnn-forgets-its-initial-state"],
)


@ONE_STEP_AT_A_TIME
@needs(FLOAT64)
@reaches(steps=lambda net, cuts: len(set(cut for cut in cuts if 0 < cut < net.seq)) > 1,
         lstm=lambda net: net.kind == "LSTM", layers=lambda net: net.layers > 1)
@example(net=Net("LSTM", 2, 2, 1, False, True, 5, 2, 1.0, 0), cuts=[1, 2, 3, 4])
@given(net=nets(max_layers=2), cuts=st.lists(st.integers(1, 4), max_size=4))
def test_a_sequence_in_parts_has_the_states_of_the_whole(device, net, cuts):
    """
    >>> torch.manual_seed(seed); module = getattr(torch.nn, kind)(inputs, hidden, layers)
    >>> x = torch.randn(seq, batch, inputs) * scale; state = None
    >>> for part in x.split(1): output, state = module(part, state)
    >>> state, module(x)[1]
    """
    module, x = built(net, device)
    states = states_for(net, device)
    recurrence = expected(module, x, states)
    yields(module(x, states), recurrence)
    ends = sorted({cut for cut in cuts if cut < net.seq} | {net.seq})
    outputs, start = [], 0
    for end in ends:
        output, states = module(x[start:end], states)
        outputs.append(output)
        start = end
    yields((torch.cat(outputs), states), recurrence)


class StepByStep(torch.nn.Module):
    """The documents' second LSTM: steps of (batch, seq, inputs) one by one, from a random state, then a linear map."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.rnn = torch.nn.LSTM(inputs, hidden, batch_first=True)
        self.out = torch.nn.Linear(hidden, 40)

    def start(self, batch):
        """Return a random state."""
        return tuple(torch.randn(1, batch, self.hidden).to(self.out.weight) for _ in range(2))

    def forward(self, x, state):
        """Return the hidden states of all steps, (batch, seq, hidden), and what is made of the last."""
        hiddens = []
        for step in range(x.size(1)):
            _, state = self.rnn(x[:, step:step + 1], state)
            hiddens.append(state[0][0])
        hiddens = torch.stack(hiddens, 1)
        return hiddens, self.out(hiddens[:, -1])


@ONE_STEP_AT_A_TIME
@needs(FLOAT64)
@pytest.mark.parametrize("seq", [1, 6])
def test_the_program_of_the_documents_that_carries_the_state_has_the_result_of_one_call(device, seq):
    torch.manual_seed(0)
    model = StepByStep(3, 5).to(device, torch.float64)
    x = torch.randn(2, seq, 3).to(device, torch.float64)
    state = model.start(2)
    hiddens, out = model(x, state)
    recurrence = expected(model.rnn, x.transpose(0, 1), state)
    agrees_with(hiddens.transpose(0, 1), recurrence.outputs)
    assert tuple(out.shape) == (2, 40)
    agrees(out, model.out(model.rnn(x, state)[0][:, -1]), 2.0 ** -40)


@ONE_STEP_AT_A_TIME
@needs(FLOAT64)
def test_an_lstm_whose_cell_state_is_not_carried_on_has_another_result(device):
    module, x = built(Net("LSTM", 2, 3, 1, False, True, 3, 2, 1.0, 0), device)
    h, c = first = states_for(Net("LSTM", 2, 3, 1, False, True, 3, 2, 1.0, 0), device)
    for step in x:
        h = module(step[None], (h, c))[1][0]
    assert (abs(array_of(h) - array_of(module(x, first)[1][0])) > 2.0 ** -10).any()
    assert np.isfinite(array_of(h)).all()
