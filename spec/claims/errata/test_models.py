"""Models.

An LSTM that is fed by hand, one element of the sequence after the other.
"""
import numpy as np
import pytest
import torch

from spec.capabilities import FLOAT64, SEEDED, needs
from spec.claims.errata._erratum import WITHOUT_CUDA, Correction, Erratum
from spec.claims.errata._helpers import SIZES, lstm_of, lstm_weights, whole_numbers
from spec.oracles.agreement import agrees, bitwise
from spec.oracles.recurrences import lstm, unrolled
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES

HARD_CODED = Erratum(
    "errata.sample2-hard-coded-cuda",
    "Sample2 processes a batch wherever the model is.",
    [EXAMPLES["PyTorch: LSTM"]],
    Correction("The first states of Sample2 are always moved to a GPU, which fails where there is none.",
               (AssertionError, RuntimeError)),
    kills=["randn-makes-doubles"],
)


@HARD_CODED.printed
@needs(WITHOUT_CUDA)
def test_a_model_on_the_cpu_gets_its_first_state():
    """
    >>> rnn, x = torch.nn.LSTM(3, 4, batch_first=True), torch.ones(2, 5, 3)
    >>> hx, cx = torch.randn(1, 2, 4).cuda(), torch.randn(1, 2, 4).cuda()
    """


@HARD_CODED.instead
def test_states_that_are_made_where_the_input_is_are_taken(device):
    rnn, x = torch.nn.LSTM(3, 4, batch_first=True).to(device), torch.ones(2, 5, 3, device=device)
    output, _ = rnn(x, tuple(torch.randn(1, 2, 4, device=x.device) for _ in range(2)))
    assert output.shape == (2, 5, 4) and output.device == x.device


TWO_DIMENSIONS = Erratum(
    "errata.sample2-two-dim-input",
    "Sample2 puts the sequence into the LSTM one element at a time.",
    [EXAMPLES["PyTorch: LSTM"]],
    Correction("x[:, i] has lost the dimension of time and does not fit the states; x[:, i:i+1] has it.",
               RuntimeError),
    kills=["columns-keep-their-dimension"],
)


@TWO_DIMENSIONS.printed
def test_one_element_is_put_in():
    """
    >>> rnn, x = torch.nn.LSTM(3, 4, batch_first=True), torch.ones(2, 5, 3)
    >>> state = torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)
    >>> rnn(x[:, 0], state)
    """


CELL = Erratum(
    "errata.sample2-cell-state",
    "Sample2 carries the hidden state and the cell state from step to step.",
    [EXAMPLES["PyTorch: LSTM"]],
    Correction("The new cell state is called hc, and cx is put in again: the cell state stays what it was at first."),
    kills=["slices-forget-all-but-their-start"],
)


@CELL.printed
def test_step_by_step_the_last_state_is_that_of_the_whole_sequence():
    """
    >>> rnn, x = torch.nn.LSTM(2, 3, batch_first=True), torch.ones(1, 4, 2)
    >>> hx, cx = torch.zeros(1, 1, 3), torch.zeros(1, 1, 3)
    >>> for i in range(4): r_out, (hx, hc) = rnn(x[:, i:i+1], (hx, cx))
    >>> assert torch.allclose(hx, rnn(x)[1][0])
    """


def step_by_step(rnn, x, state, carries_cell):
    """Feed an LSTM by hand; return the hidden states after each step, each (1, batch, hidden)."""
    hx, cx = state
    states = []
    for i in range(x.size(1)):
        _, (hx, new) = rnn(x[:, i:i + 1], (hx, cx))
        cx = new if carries_cell else cx
        states.append(hx)
    return states


def case_of(length, n, d, h, device):
    """Return the LSTM of these sizes, its weights, its input, (batch, length, d), and zeros to start from."""
    w = lstm_weights(length, d, h)
    x, = whole_numbers(length, (n, length, d))
    return lstm_of(w, device), w, x, [torch.zeros(1, n, h, dtype=torch.float64, device=device) for _ in range(2)]


def recurrence(x, w, keeps_cell):
    """Return the last hidden state by the formula, Rounded; keeps_cell: every step starts from a cell state of 0."""
    state = tuple(Rounded(np.zeros((len(x), w.hh.shape[0])), "float64") for _ in range(2))
    w = type(w)(*[Rounded(array, "float64") for array in w])
    cell = (lambda step, state, w: (lstm(step, state, w)[0], start)) if keeps_cell else lstm
    start = state[1]
    return unrolled(cell, [Rounded(step, "float64") for step in x.swapaxes(0, 1)], state, w)[-1][0]


@TWO_DIMENSIONS.instead
@needs(FLOAT64)
@pytest.mark.parametrize("length, n, d, h", SIZES)
def test_put_in_as_slices_the_elements_lead_to_the_state_of_the_recurrence(device, length, n, d, h):
    rnn, w, x, start = case_of(length, n, d, h, device)
    expected = recurrence(x, w, keeps_cell=False)
    last = step_by_step(rnn, torch.tensor(x, device=device), start, carries_cell=True)[-1]
    agrees(last[0], expected.value, bound=expected.bound)


@CELL.instead
@needs(FLOAT64)
@pytest.mark.parametrize("length, n, d, h", SIZES)
def test_without_its_cell_state_the_network_starts_each_step_from_the_first_one(device, length, n, d, h):
    rnn, w, x, start = case_of(length, n, d, h, device)
    expected = recurrence(x, w, keeps_cell=True)
    last = step_by_step(rnn, torch.tensor(x, device=device), start, carries_cell=False)[-1]
    agrees(last[0], expected.value, bound=expected.bound)


SHAPE = Erratum(
    "errata.sample2-output-shape",
    "Sample2 returns an output of shape (batch_size, 40).",
    [EXAMPLES["PyTorch: LSTM"]],
    Correction("Sample2 returns (1, batch_size, 40): the states that it stacks have a first dimension of 1, which "
               "stays."),
    kills=["stack-ignores-its-dimension"],
)


@SHAPE.printed
def test_four_sequences_give_four_rows():
    """
    >>> states = [torch.ones(1, 4, 3) for step in range(5)]
    >>> output = torch.stack(states, 1).squeeze(2)
    >>> assert torch.nn.Linear(3, 40)(output[:, -1, :]).shape == (4, 40)
    """


@SHAPE.instead
@pytest.mark.parametrize("batch, shape", [(1, (1, 40)), (2, (1, 2, 40)), (4, (1, 4, 40))])
def test_the_shape_is_as_documented_for_a_single_sequence_only(device, batch, shape):
    rnn, out = torch.nn.LSTM(2, 3, batch_first=True).to(device), torch.nn.Linear(3, 40).to(device)
    start = [torch.zeros(1, batch, 3, device=device) for _ in range(2)]
    states = step_by_step(rnn, torch.ones(batch, 5, 2, device=device), start, carries_cell=True)
    assert out(torch.stack(states, 1).squeeze(2)[:, -1, :]).shape == shape
    assert out(torch.cat(states)[-1]).shape == (batch, 40)


RANDOM = Erratum(
    "errata.sample2-random-state",
    "Sample2 does the same as Sample1, one element at a time.",
    [EXAMPLES["PyTorch: LSTM"]],
    Correction("Sample2 starts from random states, drawn anew at each call, and Sample1 from zeros."),
    kills=["lstm-always-starts-from-zeros"],
)


@RANDOM.printed
def test_random_states_lead_to_the_same_output_as_none():
    """
    >>> rnn, x = torch.nn.LSTM(2, 3, batch_first=True), torch.ones(1, 4, 2)
    >>> state = torch.randn(1, 1, 3), torch.randn(1, 1, 3)
    >>> assert torch.allclose(rnn(x, state)[0], rnn(x, None)[0])
    """


@RANDOM.instead
@needs(SEEDED)
def test_calls_with_random_states_agree_only_if_the_seed_is_set_again(device):
    rnn, x = torch.nn.LSTM(2, 3, batch_first=True).to(device), torch.ones(2, 4, 2, device=device)

    def sample2():
        return rnn(x, tuple(torch.randn(1, 2, 3, device=device) for _ in range(2)))[0]

    torch.manual_seed(1)
    first, second = sample2(), sample2()
    torch.manual_seed(1)
    bitwise(sample2(), first)
    assert not torch.equal(first, second)
    bitwise(rnn(x, None)[0], rnn(x, None)[0])
