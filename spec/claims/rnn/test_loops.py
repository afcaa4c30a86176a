"""Loops.

A recurrent network written by hand: a Python loop over the steps of a sequence, whose states are joined at the end.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.rnn._helpers import (
    Elman,
    Net,
    agrees_with,
    built,
    expected,
    has_slope,
    nets,
    slope_of,
    states_for,
    weights_of,
    yields,
)
from spec.oracles import recurrences
from spec.oracles.agreement import agrees, array_of, bitwise, unchanged
from spec.oracles.exact_ad import Exact, floats
from spec.oracles.recurrences import Weights
from spec.sources import EXAMPLES, FLOYDHUB, TEMPLATE
from spec.strategies import Blueprint, same_shape

PYTHON_LOOP_EQUALS_BUILTIN = Claim(
    "rnn.python-loop-equals-builtin",
    "A recurrence written as a loop, h = act(W_ih x + b_ih + W_hh h + b_hh), has the states and gradients of nn.RNN "
    "with the same weights.",
    sources=[TEMPLATE["RNNs"], FLOYDHUB["Static vs Dynamic Computational Graph"]],
    kills=["rnn-counts-one-bias", "rnn-forgets-its-initial-state", "stack-joins-the-other-way-round",
           "rnn-cuts-the-gradient-of-its-state"],
)

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}


def loop_and_builtin(net, nonlinearity, device):
    """Return an Elman and an nn.RNN of the same weights, an input, and a state of size (1, batch, hidden)."""
    builtin, x = built(net, device, nonlinearity=nonlinearity)
    loop = Elman(net.inputs, net.hidden, ACTIVATIONS[nonlinearity]).to(device, torch.float64)
    pairs = zip([loop.from_input.weight, loop.from_state.weight, loop.from_input.bias, loop.from_state.bias],
                builtin.parameters())
    for own, theirs in pairs:
        own.data.copy_(theirs.data)
    return loop, builtin, x, states_for(net, device)


def gradients(model, x, state, upstream):
    """Return the gradients of a model's outputs, weighted by upstream: by x, by the state, and by its parameters.

    They come in the order of nn.RNN: W_ih, W_hh, b_ih, b_hh. The weight of Elman's input is the first, and its bias the
    second.
    """
    x, state = [tensor.clone().requires_grad_() for tensor in (x, state)]
    (model(x, state)[0] * upstream).sum().backward()
    of_weights = [parameter.grad for parameter in model.parameters()]
    if isinstance(model, Elman):
        of_weights[1], of_weights[2] = of_weights[2], of_weights[1]
    return [x.grad, state.grad[0] if state.dim() == 3 else state.grad] + of_weights


@PYTHON_LOOP_EQUALS_BUILTIN
@needs(FLOAT64)
@reaches(several=lambda net: net.seq > 2, one=lambda net: net.seq == 1, saturated=lambda net: net.scale > 1)
@given(net=nets(("RNN",), bias=True), nonlinearity=st.sampled_from(["tanh", "relu"]))
def test_the_loop_and_nn_rnn_yield_the_states_of_the_recurrence(device, net, nonlinearity):
    """
    >>> torch.manual_seed(seed); module = torch.nn.RNN(inputs, hidden, nonlinearity=nonlinearity)
    >>> x, h = torch.randn(seq, batch, inputs) * scale, torch.zeros(batch, hidden); w, v, a, b = module.parameters()
    >>> for i in x: h = getattr(torch, nonlinearity)(i @ w.t() + a + h @ v.t() + b)
    >>> h, module(x)[1]
    """
    loop, builtin, x, state = loop_and_builtin(net, nonlinearity, device)
    recurrence = expected(builtin, x, state)
    yields(builtin(x, state), recurrence)
    outputs, last = loop(x, state[0])
    agrees_with(outputs, recurrence.outputs)
    agrees_with(last[None], recurrence.finals[0])


@PYTHON_LOOP_EQUALS_BUILTIN
@needs(FLOAT64)
@reaches(several=lambda net: net.seq > 2, dead=lambda net: net.scale == 0)
@given(net=nets(("RNN",), bias=True))
def test_on_whole_numbers_the_loop_and_nn_rnn_with_relu_have_exactly_the_gradients_of_the_recurrence(device, net):
    """
    >>> module = torch.nn.RNN(inputs, hidden, nonlinearity="relu"); torch.manual_seed(seed)
    >>> for p in module.parameters(): p.data = torch.randn_like(p).round()
    >>> module((torch.randn(seq, batch, inputs) * scale).round())[0].sum().backward()
    >>> [p.grad for p in module.parameters()]
    """
    loop, builtin, x, state = loop_and_builtin(net, "relu", device)
    random = np.random.RandomState(net.seed)
    for tensor in [state, x, *builtin.parameters()]:
        tensor.data.copy_(torch.tensor(random.randint(-2, 3, tuple(tensor.shape)).astype("float64")))
    loop.from_input.weight.data, loop.from_state.weight.data = builtin.weight_ih_l0.data, builtin.weight_hh_l0.data
    loop.from_input.bias.data, loop.from_state.bias.data = builtin.bias_ih_l0.data, builtin.bias_hh_l0.data
    upstream = random.randint(-2, 3, (net.seq, net.batch, net.hidden)).astype("float64")

    exact = weights_of(builtin, "_l0", lift=Exact.leaf)
    exact_x, exact_state = Exact.leaf(array_of(x)), Exact.leaf(array_of(state[0]))
    xs = [exact_x[step] for step in range(net.seq)]
    steps = recurrences.unrolled(recurrences.relu_rnn, xs, (exact_state,), exact)
    total = sum((h * weight).sum() for (h,), weight in zip(steps, upstream))
    wanted = [floats(gradient) for gradient in total.gradient([exact_x, exact_state, *exact])]
    wanted[2], wanted[3] = wanted[2].T, wanted[3].T
    for model, start in ((loop, state[0]), (builtin, state)):
        for gradient, right in zip(gradients(model, x, start, torch.tensor(upstream, device=device)), wanted):
            agrees(gradient, right)


@PYTHON_LOOP_EQUALS_BUILTIN
@needs(FLOAT64)
@pytest.mark.parametrize("seq", [1, 2, 40])
def test_gradients_run_back_through_all_steps_of_the_loop_and_of_nn_rnn(device, seq):
    net = Net("RNN", 3, 4, 1, False, True, seq, 2, 1.0, seq)
    loop, builtin, x, state = loop_and_builtin(net, "tanh", device)
    upstream = torch.randn(seq, 2, 4).to(device, torch.float64)

    def total(xs, start, *weights):
        states = recurrences.unrolled(recurrences.rnn, xs, (start,), Weights(*weights))
        return (np.stack([h for h, in states]) * array_of(upstream)).sum()

    directions, slope = slope_of(total, [array_of(x), array_of(state[0]), *weights_of(builtin, "_l0")], seed=seq)
    directions[2], directions[3] = directions[2].T, directions[3].T
    has_slope(gradients(loop, x, state[0], upstream), directions, slope)
    has_slope(gradients(builtin, x, state, upstream), directions, slope)


@PYTHON_LOOP_EQUALS_BUILTIN
def test_a_sequence_without_steps_is_refused_by_both(device):
    x, state = torch.zeros(0, 2, 3, device=device), torch.zeros(1, 2, 4, device=device)
    for model, start in ((Elman(3, 4).to(device), state[0]), (torch.nn.RNN(3, 4).to(device), state)):
        with pytest.raises(RuntimeError):
            model(x, start)


STACK_JOINS = Claim(
    "rnn.stack-joins",
    "torch.stack joins a list of tensors of two dimensions into one of three, with the new dimension in front.",
    sources=[TEMPLATE["RNNs"], EXAMPLES["PyTorch: LSTM"]],
    kills=["stack-joins-the-other-way-round", "a-stack-of-one-is-a-view", "stack-broadcasts"],
)


@STACK_JOINS
@reaches(strided=lambda pair: not pair[0].contiguous, empty=lambda pair: pair[0].numel == 0,
         matrices=lambda pair: pair[0].ndim == 2, last=lambda pair, dim: dim == 1 and pair[0].ndim > 0,
         one=lambda order: len(order) == 1)
@example(pair=(Blueprint.of([[1.0, 2.0]]), Blueprint.of([[3.0, 4.0]])), order=[0, 1, 0], dim=0)
@given(pair=same_shape(2, dtypes.BOOL + dtypes.REAL), order=st.lists(st.sampled_from([0, 1]), min_size=1, max_size=4),
       dim=st.sampled_from([0, 0, 1, -1]))
def test_item_t_of_a_stack_is_the_tensor_t_bit_for_bit_as_numpy_has_it(device, pair, order, dim):
    """
    >>> torch.stack([pair[i] for i in order], dim if pair[0].dim() else 0)
    """
    dim = dim if pair[0].ndim else 0
    tensors = [pair[number].on(device) for number in order]
    stacked = torch.stack(tensors, dim)
    bitwise(array_of(stacked), np.stack([pair[number].array for number in order], dim))
    for place, tensor in enumerate(tensors):
        bitwise(array_of(stacked.select(dim, place)), array_of(tensor))
    if dim == 0:
        bitwise(array_of(torch.stack(tensors)), array_of(stacked))


@STACK_JOINS
@pytest.mark.parametrize("count", [1, 3])
def test_a_stack_is_a_copy(device, count):
    parts = [torch.full((2, 3), float(number), device=device) for number in range(count)]
    stacked = torch.stack(parts)
    stacked.fill_(9)
    parts[0].fill_(7)
    agrees(stacked, np.full((count, 2, 3), 9, dtype="float32"))
    for number, part in enumerate(parts):
        agrees(part, np.full((2, 3), number or 7, dtype="float32"))


@STACK_JOINS
@pytest.mark.parametrize("dim", [0, 1, 2, -1])
def test_the_gradient_of_each_tensor_of_a_stack_is_its_slice(device, dim):
    parts = [torch.ones(2, 3, device=device, requires_grad=True) for _ in range(2)]
    stacked = torch.stack(parts + parts[:1], dim)
    upstream = np.arange(18, dtype="float32").reshape(tuple(stacked.shape))
    stacked.backward(torch.tensor(upstream, device=device))
    slices = np.moveaxis(upstream, dim, 0)
    agrees(parts[0].grad, slices[0] + slices[2])
    agrees(parts[1].grad, slices[1])


@STACK_JOINS
@pytest.mark.parametrize("sizes", [[], [(2, 3), (2, 4)], [(2, 3), (1, 3)], [(2, 3), (3,)], [(2, 0), (2, 1)]], ids=str)
def test_a_list_that_is_empty_or_of_tensors_of_several_sizes_cannot_be_stacked(device, sizes):
    with pytest.raises(RuntimeError):
        torch.stack([torch.zeros(size, device=device) for size in sizes])


RETURNS_LAST_HIDDEN = Claim(
    "rnn.returns-last-hidden",
    "The network written by hand returns all its states and the final one, which is the last of them.",
    sources=[TEMPLATE["RNNs"]],
    kills=["stack-joins-the-other-way-round", "a-stack-of-one-is-a-view"],
)


@RETURNS_LAST_HIDDEN
@needs(FLOAT64)
@pytest.mark.parametrize("seq", [1, 2, 5])
def test_the_last_output_is_the_final_state_from_which_a_second_call_goes_on(device, seq):
    loop, builtin, x, state = loop_and_builtin(Net("RNN", 2, 3, 1, False, True, seq, 4, 1.0, seq), "tanh", device)
    outputs, last = loop(x, state[0])
    assert tuple(outputs.shape) == (seq, 4, 3) and tuple(last.shape) == (4, 3)
    bitwise(array_of(outputs[-1]), array_of(last))
    recurrence = expected(builtin, x, state)
    for split in range(1, seq):
        middle = loop(x[:split], state[0])[1]
        rest, end = loop(x[split:], middle)
        agrees_with(rest, recurrence.outputs[split:])
        agrees_with(end[None], recurrence.finals[0])


@RETURNS_LAST_HIDDEN
@pytest.mark.parametrize("seq", [1, 3])
def test_writing_to_the_outputs_leaves_the_final_state_alone(device, seq):
    outputs, last = Elman(2, 3).to(device)(torch.ones(seq, 4, 2, device=device), torch.zeros(4, 3, device=device))
    before = array_of(last)
    outputs.data.fill_(7)
    unchanged(last, before)
