"""Lengths.

A loop runs for as long as its sequence. Sequences of several lengths in one batch need more: the documents fill them
up with zeros.
"""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from spec.capabilities import FLOAT64, Capability, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.rnn._helpers import KINDS, Net, agrees_with, as_tuple, built, expected, nets, yields
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE

ANY_SEQUENCE_LENGTH = Claim(
    "rnn.any-sequence-length",
    "A recurrent network takes a different number of steps for each input: any number but 0.",
    sources=[
        TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"],
        EXAMPLES["TensorFlow: Static Graphs"],
        INTRODUCTION["Opening"],
        FLOYDHUB["Static vs Dynamic Computational Graph"],
    ],
    deviations=[
        Deviation(
            "On the CPU an LSTM in single precision takes a sequence without steps, and its final states are whatever "
            "the memory held before.",
            witness={"kind": "LSTM", "dtype": "float32"},
            where=lambda kind, dtype: (kind, dtype) == ("LSTM", "float32"),
            since="2.0",
            until="2.0",
        )
    ],
    kills=["networks-stop-after-four-steps", "networks-remember-the-last-call"],
)


@ANY_SEQUENCE_LENGTH.regardless
@needs(FLOAT64)
@pytest.mark.parametrize("lengths", [[1], [5, 2], [3, 1, 9, 3]], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_one_network_takes_sequences_of_several_lengths_and_none_has_a_part_in_another(device, kind, lengths):
    net = Net(kind, 2, 3, 1, False, True, 1, 4, 1.0, 0)
    module, _ = built(net, device)
    xs = [torch.randn(length, net.batch, net.inputs).to(device, torch.float64) for length in lengths]
    results = [module(x) for x in xs]
    for x, result in zip(xs, results):
        assert tuple(result[0].shape) == (len(x), net.batch, net.hidden)
        yields(result, expected(module, x))
    bitwise(array_of(module(xs[0])[0]), array_of(results[0][0]))


NO_STEPS = {False: (0, 4, 2), True: (4, 0, 2)}
"""The size of a sequence without steps, by whether the batch comes first."""


@ANY_SEQUENCE_LENGTH
@pytest.mark.parametrize("batch_first", [False, True], ids=["steps first", "batch first"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_without_steps_is_refused(kind, dtype, batch_first):
    module = getattr(torch.nn, kind)(2, 3, batch_first=batch_first).to(getattr(torch, dtype))
    with pytest.raises(RuntimeError):
        module(torch.zeros(NO_STEPS[batch_first]).to(getattr(torch, dtype)))


@ANY_SEQUENCE_LENGTH.instead
@pytest.mark.parametrize("batch_first", [False, True], ids=["steps first", "batch first"])
def test_an_lstm_returns_an_empty_output_and_states_for_a_sequence_without_steps(batch_first):
    output, states = torch.nn.LSTM(2, 3, batch_first=batch_first)(torch.zeros(NO_STEPS[batch_first]))
    assert tuple(output.shape) == NO_STEPS[batch_first][:2] + (3,)
    assert [tuple(state.shape) for state in states] == [(1, 4, 3)] * 2


ZERO_PADDING_IS_NEUTRAL = Claim(
    "rnn.zero-padding-is-neutral",
    "Sequences shorter than the longest can be filled up with zeros.",
    sources=[INTRODUCTION["Opening"]],
    deviations=[
        Deviation(
            "A step whose input is 0 still changes the state. In a packed sequence the padding is left out.",
            witness=[{"net": Net(kind, 2, 3, 1, False, True, 2, 1, 1.0, 0), "padding": 1} for kind in KINDS],
        )
    ],
    kills=["packing-keeps-the-padding", "networks-stop-after-four-steps"],
)


def padded(x, steps):
    """Return a sequence with steps of zeros after it."""
    return torch.cat([x, x.new_zeros((steps,) + tuple(x.shape[1:]))])


@ZERO_PADDING_IS_NEUTRAL
@needs(FLOAT64)
@reaches(lstm=lambda net: net.kind == "LSTM", biased=lambda net: net.bias, still=lambda net: net.scale == 0,
         batch=lambda net: net.batch > 1)
@given(net=nets(), padding=st.integers(1, 3))
def test_zeros_after_a_sequence_leave_its_final_state_as_it_was(device, net, padding):
    """
    >>> torch.manual_seed(seed); module = getattr(torch.nn, kind)(inputs, hidden)
    >>> x = torch.randn(seq, batch, inputs) * scale
    >>> module(x)[1], module(torch.cat([x, torch.zeros(padding, batch, inputs)]))[1]
    """
    module, x = built(net, device)
    _, state = module(padded(x, padding))
    agrees_with(as_tuple(state)[0], [finals[0] for finals in expected(module, x).finals])


@ZERO_PADDING_IS_NEUTRAL.instead
@needs(FLOAT64)
@pytest.mark.parametrize("padding", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_zeros_after_a_sequence_are_steps_like_others_and_change_its_final_state(device, kind, padding):
    net = Net(kind, 2, 3, 1, False, True, 3, 2, 1.0, padding)
    module, x = built(net, device)
    longer = padded(x, padding)
    yields(module(longer), expected(module, longer))
    before, after = [array_of(as_tuple(module(one)[1])[0]) for one in (x, longer)]
    assert (before != after).any()


@ZERO_PADDING_IS_NEUTRAL.instead
@needs(FLOAT64)
@pytest.mark.parametrize("lengths", [[1], [3, 3], [4, 2, 1]], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_packed_sequences_end_in_the_states_that_each_of_them_ends_in_alone(device, kind, lengths):
    net = Net(kind, 2, 3, 1, False, True, 1, 1, 1.0, 0)
    module, _ = built(net, device)
    sequences = [torch.randn(length, 1, net.inputs).to(device, torch.float64) for length in lengths]
    x = torch.cat([padded(sequence, lengths[0] - len(sequence)) for sequence in sequences], 1)
    packed, states = module(pack_padded_sequence(x, lengths))
    output, seen = pad_packed_sequence(packed)
    assert [int(length) for length in seen] == lengths
    for place, sequence in enumerate(sequences):
        alone = expected(module, sequence)
        own = slice(place, place + 1)
        own_states = tuple(state[:, own] for state in as_tuple(states))
        yields((output[:len(sequence), own], own_states), alone)
        agrees(output[len(sequence):, own], np.zeros((lengths[0] - len(sequence), 1, net.hidden)))


ANY_ORDER = Capability("this torch packs sequences only in the order of their lengths", True,
                       lambda device: pack_padded_sequence(torch.zeros(2, 2, 1), [1, 2], enforce_sorted=False))


@ZERO_PADDING_IS_NEUTRAL.instead
@needs(ANY_ORDER, FLOAT64)
def test_sequences_may_be_packed_in_any_order_of_their_lengths_on_request(device):
    module, x = built(Net("LSTM", 2, 3, 1, False, True, 3, 3, 1.0, 0), device)
    lengths = [1, 3, 2]
    with pytest.raises(RuntimeError):
        pack_padded_sequence(x, lengths)
    _, (h, _) = module(pack_padded_sequence(x, lengths, enforce_sorted=False))
    for place, length in enumerate(lengths):
        agrees_with(h[:, place:place + 1], [expected(module, x[:length, place:place + 1]).outputs[-1]])


@ZERO_PADDING_IS_NEUTRAL.regardless
def test_a_sequence_of_no_steps_cannot_be_packed(device):
    with pytest.raises(RuntimeError):
        pack_padded_sequence(torch.zeros(3, 2, 1, device=device), [2, 0])


@ZERO_PADDING_IS_NEUTRAL.regardless
@needs(FLOAT64)
@pytest.mark.parametrize("padding", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_without_biases_zeros_in_front_of_a_sequence_make_no_difference(device, kind, padding):
    net = Net(kind, 2, 3, 1, False, False, 3, 2, 1.0, padding)
    module, x = built(net, device)
    output, states = module(padded(x.flip(0), padding).flip(0))
    agrees(output[:padding], np.zeros((padding, net.batch, net.hidden)))
    yields((output[padding:], states), expected(module, x))
