"""What the chapter on recurrent networks draws and builds: networks by seed, and what the formulas yield for them."""
from typing import NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st

from spec.oracles import recurrences
from spec.oracles.agreement import agrees, array_of
from spec.oracles.derivatives import complex_step
from spec.oracles.recurrences import Weights
from spec.oracles.running_error import Rounded
from spec.strategies import seeds

Net = NamedTuple("Net", [
    ("kind", str), ("inputs", int), ("hidden", int), ("layers", int), ("bidirectional", bool), ("bias", bool),
    ("seq", int), ("batch", int), ("scale", float), ("seed", int)])
Net.__doc__ = """A recurrent network of torch.nn and the sizes of its input, (seq, batch, inputs).

Its weights are those that torch draws for the seed; the input, drawn after them, is normal, times the scale. A scale of
0 is an input of zeros, and one of 30 drives the gates to their limits."""

KINDS = ("RNN", "GRU", "LSTM")
_SIDES = st.sampled_from([1, 2, 3, 4])


@st.composite
def nets(draw, kinds=KINDS, max_layers=1, bidirectional=False, bias=None, scales=(1.0, 0.0, 30.0), min_seq=1):
    """Draw a Net; bidirectional and bias may be None for either."""
    return Net(
        draw(st.sampled_from(kinds)), draw(_SIDES), draw(_SIDES), draw(st.integers(1, max_layers)),
        draw(st.booleans()) if bidirectional is None else bidirectional, draw(st.booleans()) if bias is None else bias,
        draw(st.integers(min_seq, 5)), draw(_SIDES), draw(st.sampled_from(scales)), draw(seeds()))


def built(net, device, dtype=torch.float64, **options):
    """Return the module of a Net, and its input as a tensor."""
    torch.manual_seed(net.seed)
    module = getattr(torch.nn, net.kind)(
        net.inputs, net.hidden, net.layers, bias=net.bias, bidirectional=net.bidirectional, **options)
    return module.to(device, dtype), (torch.randn(net.seq, net.batch, net.inputs) * net.scale).to(device, dtype)


def states_for(net, device, dtype=torch.float64):
    """Return states that a Net may start from, as its module takes them: normal numbers."""
    size = (net.layers * (2 if net.bidirectional else 1), net.batch, net.hidden)
    states = tuple(torch.randn(size).to(device, dtype) for _ in range(2 if net.kind == "LSTM" else 1))
    return states if net.kind == "LSTM" else states[0]


def as_tuple(states):
    """Return the states that a module takes or returns as a tuple: (h, c) of an LSTM, (h,) of the others."""
    return states if isinstance(states, tuple) else (states,)


def weights_of(module, suffix="", lift=np.array):
    """Return the Weights of a cell, or of one layer and direction of a module, made by ``lift`` of float64 arrays."""
    ih, hh, b_ih, b_hh = [getattr(module, name + suffix, None) for name in
                          ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    biases = [np.zeros(len(ih)) if bias is None else array_of(bias).astype("float64") for bias in (b_ih, b_hh)]
    return Weights(*[lift(array) for array in [array_of(w).astype("float64").T for w in (ih, hh)] + biases])


def layers_of(module, lift=np.array):
    """Return the Weights of all layers of a module, nested as the oracle takes them."""
    ends = ("", "_reverse") if module.bidirectional else ("",)
    return [tuple(weights_of(module, "_l{}{}".format(layer, end), lift) for end in ends)
            for layer in range(module.num_layers)]


def expected(module, x, states=None):
    """Return what the formulas yield for a module and its input, (seq, batch, inputs): an Unrolled of Rounded values.

    states  as the module takes them; None for zeros
    """
    dtype = str(x.dtype).split(".")[-1]

    def lift(array):
        return Rounded(array.astype("float64"), dtype)

    directions = 2 if module.bidirectional else 1
    number = 2 if module.mode == "LSTM" else 1
    if states is None:
        states = (torch.zeros(module.num_layers * directions, x.shape[1], module.hidden_size),) * number
    starts = list(zip(*[[lift(array) for array in array_of(state)] for state in as_tuple(states)]))
    nested = [starts[at:at + directions] for at in range(0, len(starts), directions)]
    cell = recurrences.relu_rnn if module.mode == "RNN_RELU" else recurrences.CELLS[module.mode.split("_")[0]]
    return recurrences.network(cell, [lift(array) for array in array_of(x)], layers_of(module, lift), nested)


def agrees_with(result, rounded):
    """Assert that a tensor has the values of a list of Rounded values, stacked, within their bounds."""
    __tracebackhide__ = True
    values, bounds = np.stack([one.value for one in rounded]), np.stack([one.bound for one in rounded])
    agrees(result, values, bounds, dtype=rounded[0].dtype)


def yields(results, unrolled):
    """Assert that what a module returned, output and states, is as the formulas have it."""
    __tracebackhide__ = True
    output, states = results
    agrees_with(output, unrolled.outputs)
    for state, finals in zip(as_tuple(states), zip(*unrolled.finals)):
        agrees_with(state, finals)


def slope_of(total, points, seed):
    """Return directions of 1 and -1 for some arrays, and the derivative of total(*arrays) along all of them at once."""
    random = np.random.RandomState(seed)
    directions = [random.choice([-1.0, 1.0], point.shape) for point in points]

    def along(moved):
        return total(*[point + moved * direction for point, direction in zip(points, directions)])

    return directions, complex_step(along, 0.0, 1.0)


def has_slope(gradients, directions, slope):
    """Assert that gradients, one for each direction, amount to a derivative."""
    __tracebackhide__ = True
    parts = np.concatenate([(array_of(gradient) * direction).ravel()
                            for gradient, direction in zip(gradients, directions)])
    # Some thousand roundings of 2**-53 stay far below this bound; a step or a gate that is left out is far above.
    agrees(parts.sum(), slope, 2.0 ** -36 * abs(parts).sum())


class Elman(torch.nn.Module):
    """The recurrent network that the documents write themselves: a loop over the steps of (seq, batch, inputs)."""

    def __init__(self, inputs, hidden, activation=torch.relu):
        super().__init__()
        self.from_input, self.from_state = torch.nn.Linear(inputs, hidden), torch.nn.Linear(hidden, hidden)
        self.activation = activation

    def forward(self, x, state):
        """Return all states, stacked, and the last one; state is (batch, hidden)."""
        states = []
        for step in x:
            state = self.activation(self.from_input(step) + self.from_state(state))
            states.append(state)
        return torch.stack(states), state
