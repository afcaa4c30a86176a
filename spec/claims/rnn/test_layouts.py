"""Layouts.

In which dimensions of the input the steps, the samples and the features lie, and how states are laid out for several
layers and directions.
"""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.rnn._helpers import (
    KINDS,
    Net,
    agrees_with,
    as_tuple,
    built,
    expected,
    nets,
    states_for,
    yields,
)
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import EXAMPLES, TEMPLATE

BATCH_FIRST = Claim(
    "rnn.batch-first",
    "With batch_first=True, input and output are (batch, seq, feature), and the states are (layers, batch, hidden) as "
    "they are without it.",
    sources=[TEMPLATE["RNNs"], EXAMPLES["PyTorch: LSTM"]],
    kills=["batch-first-is-ignored", "rnn-forgets-its-initial-state"],
)


@BATCH_FIRST
@needs(FLOAT64)
@pytest.mark.parametrize("layers, bidirectional", [(1, False), (2, True)], ids=["one layer", "two layers, both ways"])
@pytest.mark.parametrize("batch, seq", [(1, 1), (3, 3), (2, 5), (4, 1)])
@pytest.mark.parametrize("kind", KINDS)
def test_batch_first_exchanges_two_dimensions_of_input_and_output_and_none_of_the_states(
        device, kind, batch, seq, layers, bidirectional):
    net = Net(kind, 2, 3, layers, bidirectional, True, seq, batch, 1.0, seq)
    module, x = built(net, device, batch_first=True)
    states = states_for(net, device)
    for given_x in (x.transpose(0, 1), x.transpose(0, 1).contiguous()):
        output, finals = module(given_x, states)
        directions = 2 if net.bidirectional else 1
        assert tuple(output.shape) == (net.batch, net.seq, directions * net.hidden)
        for state in as_tuple(finals):
            assert tuple(state.shape) == (net.layers * directions, net.batch, net.hidden)
        yields((output.transpose(0, 1), finals), expected(module, x, states))


@BATCH_FIRST
@pytest.mark.parametrize("kind", KINDS)
def test_a_state_with_the_batch_first_is_refused(device, kind):
    module = getattr(torch.nn, kind)(2, 3, batch_first=True).to(device)
    state = torch.zeros(4, 1, 3, device=device)
    with pytest.raises(RuntimeError, match="hidden"):
        module(torch.zeros(4, 5, 2, device=device), (state, state) if kind == "LSTM" else state)


@BATCH_FIRST
@pytest.mark.parametrize("kind", KINDS)
def test_the_steps_come_first_unless_it_is_asked_otherwise(device, kind):
    module = getattr(torch.nn, kind)(2, 3).to(device)
    assert module.batch_first is False
    output, states = module(torch.zeros(5, 4, 2, device=device))
    assert tuple(output.shape) == (5, 4, 3) and tuple(as_tuple(states)[0].shape) == (1, 4, 3)


NUM_LAYERS_DEFAULT = Claim(
    "rnn.num-layers-default",
    "nn.LSTM has one layer unless it is told otherwise, and its states are (layers * directions, batch, hidden).",
    sources=[EXAMPLES["PyTorch: LSTM"]],
    kills=["lstm-has-two-layers-by-default", "lstm-forgets-its-initial-cell-state"],
)


@NUM_LAYERS_DEFAULT
def test_an_lstm_has_one_layer_by_default_and_more_under_the_keyword_num_layers(device):
    for module in (torch.nn.LSTM(2, 3), torch.nn.LSTM(input_size=2, hidden_size=3, batch_first=True)):
        assert module.num_layers == 1 and len(list(module.parameters())) == 4
    module = torch.nn.LSTM(2, 3, num_layers=2).to(device)
    assert module.num_layers == 2 and tuple(module.weight_ih_l1.shape) == (12, 3)
    with pytest.raises(TypeError):
        torch.nn.LSTM(2, 3, num_layer=1)


@NUM_LAYERS_DEFAULT
@needs(FLOAT64)
@reaches(several=lambda net: net.layers > 1, both_ways=lambda net: net.bidirectional,
         both=lambda net: net.layers > 1 and net.bidirectional)
@given(net=nets(("LSTM",), max_layers=3, bidirectional=None, scales=(1.0,)))
def test_each_layer_and_direction_has_a_state_of_its_own(device, net):
    """
    >>> torch.manual_seed(seed); module = torch.nn.LSTM(inputs, hidden, layers, bidirectional=bidirectional)
    >>> output, (h, c) = module(torch.randn(seq, batch, inputs))
    >>> h.shape, c.shape
    """
    module, x = built(net, device)
    states = states_for(net, device)
    results = module(x, states)
    for state in results[1]:
        assert tuple(state.shape) == (net.layers * (1 + net.bidirectional), net.batch, net.hidden)
    yields(results, expected(module, x, states))


@NUM_LAYERS_DEFAULT
@needs(FLOAT64)
@pytest.mark.parametrize("kind", ["RNN", "GRU"])
def test_the_states_of_the_other_kinds_are_laid_out_in_the_same_way(device, kind):
    net = Net(kind, 2, 3, 2, True, True, 3, 2, 1.0, 0)
    module, x = built(net, device)
    states = states_for(net, device)
    results = module(x, states)
    assert tuple(results[1].shape) == (4, 2, 3)
    yields(results, expected(module, x, states))


BATCHED_EQUALS_PER_SAMPLE = Claim(
    "rnn.batched-equals-per-sample",
    "An LSTM takes several sequences at once, as a batch, and each gets the result that it would get alone.",
    sources=[EXAMPLES["PyTorch: LSTM"]],
    kills=["lstm-leaks-between-samples"],
)


@BATCHED_EQUALS_PER_SAMPLE
@needs(FLOAT64)
@reaches(several=lambda net: net.batch > 1, single=lambda net: net.batch == 1)
@given(net=nets(("LSTM",)), order=st.permutations(range(4)))
def test_a_sequence_has_the_same_result_alone_in_a_batch_and_at_another_place_of_the_batch(device, net, order):
    """
    >>> torch.manual_seed(seed); module = torch.nn.LSTM(inputs, hidden)
    >>> x = torch.randn(seq, batch, inputs) * scale
    >>> module(x)[0], torch.cat([module(x[:, n:n + 1])[0] for n in range(batch)], 1)
    """
    module, x = built(net, device)
    h, c = states_for(net, device)
    together = expected(module, x, (h, c))
    order = [place for place in order if place < net.batch]
    output, (last_h, last_c) = module(x[:, order], (h[:, order], c[:, order]))
    back = np.argsort(order)
    yields((output[:, back], (last_h[:, back], last_c[:, back])), together)
    alone = [module(x[:, n:n + 1], (h[:, n:n + 1], c[:, n:n + 1]))[0] for n in range(net.batch)]
    agrees_with(torch.cat(alone, 1), together.outputs)


@BATCHED_EQUALS_PER_SAMPLE
@pytest.mark.parametrize("batch_first", [False, True], ids=["steps first", "batch first"])
def test_a_sequence_of_nan_spoils_no_other_sequence_of_its_batch(device, batch_first):
    module, x = built(Net("LSTM", 2, 3, 2, True, True, 4, 3, 1.0, 0), device, torch.float32, batch_first=batch_first)
    x = x.transpose(0, 1).contiguous() if batch_first else x
    spoilt = x.clone()
    spoilt.select(0 if batch_first else 1, 1).fill_(float("nan"))
    (output, states), (with_nan, states_with_nan) = module(x), module(spoilt)
    pairs = [(0 if batch_first else 1, output, with_nan)] + [(1,) + pair for pair in zip(states, states_with_nan)]
    for axis, before, after in pairs:
        before, after = array_of(before), array_of(after)
        bitwise(np.take(after, [0, 2], axis), np.take(before, [0, 2], axis))
        assert np.isnan(np.take(after, 1, axis)).all()


@BATCHED_EQUALS_PER_SAMPLE
def test_a_batch_may_be_empty(device):
    output, (h, c) = torch.nn.LSTM(2, 3).to(device)(torch.zeros(4, 0, 2, device=device))
    agrees(output, np.zeros((4, 0, 3), dtype="float32"))
    assert tuple(h.shape) == tuple(c.shape) == (1, 0, 3)
