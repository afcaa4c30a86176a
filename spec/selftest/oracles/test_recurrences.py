"""The recurrences against loops over single numbers, and a slip in a formula leaves the bound carried along."""
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.oracles import recurrences
from spec.oracles.exact_ad import Exact, floats
from spec.oracles.recurrences import Weights
from spec.oracles.running_error import Rounded

SEEDS = st.integers(0, 2**32 - 1)
STATES = {"RNN": 1, "GRU": 1, "LSTM": 2}


def problem(kind, seed, n=2, d=3, h=4, steps=3, directions=1, layers=1):
    """Draw a sequence, the weights of a network and its states to start from, as arrays of float64."""
    random, wide = np.random.RandomState(seed), h * recurrences.GATES[kind]
    widths = [d] + [directions * h] * (layers - 1)
    weights = [tuple(Weights(*[random.randn(*size) for size in ((width, wide), (h, wide), (wide,), (wide,))])
                     for _ in range(directions)) for width in widths]
    starts = [[tuple(random.randn(n, h) for _ in range(STATES[kind])) for _ in range(directions)] for _ in widths]
    return random.randn(steps, n, d), weights, starts


def sigmoid(a):
    return 1 / (1 + math.exp(-a))


def by_hand(kind, x, state, w, unit):
    """Compute the next state of one hidden unit of one sample from numbers; state is a tuple of vectors."""
    h, hidden = state[0], len(state[0])

    def products(gate):
        column = gate * hidden + unit
        of_x = sum(x[k] * w.ih[k, column] for k in range(len(x))) + w.b_ih[column]
        return of_x, sum(h[k] * w.hh[k, column] for k in range(hidden)) + w.b_hh[column]

    if kind == "RNN":
        return math.tanh(sum(products(0))),
    if kind == "GRU":
        r, z = sigmoid(sum(products(0))), sigmoid(sum(products(1)))
        n = math.tanh(products(2)[0] + r * products(2)[1])
        return (1 - z) * n + z * h[unit],
    i, f, g, o = [sum(products(gate)) for gate in range(4)]
    c = sigmoid(f) * state[1][unit] + sigmoid(i) * math.tanh(g)
    return sigmoid(o) * math.tanh(c), c


@pytest.mark.parametrize("kind", sorted(STATES))
@given(seed=SEEDS)
def test_one_step_is_the_formula_for_each_unit(kind, seed):
    (x, *_), (((w,)),), ((state,),) = problem(kind, seed)
    after = recurrences.CELLS[kind](x, state, w)
    assert len(after) == STATES[kind]
    for sample in range(2):
        for unit in range(4):
            right = by_hand(kind, x[sample], [one[sample] for one in state], w, unit)
            got = [one[sample, unit] for one in after]
            assert np.allclose(got, right, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dtype, computed_in", [("float32", "float32"), ("float64", "longdouble")])
@pytest.mark.parametrize("kind", sorted(STATES))
@given(seed=SEEDS)
def test_a_network_in_few_bits_or_many_stays_within_the_bound(kind, dtype, computed_in, seed):
    xs, layers, starts = problem(kind, seed, directions=2, layers=2)

    def run(lift):
        return recurrences.network(
            recurrences.CELLS[kind], [lift(x) for x in xs], [tuple(Weights(*map(lift, w)) for w in pair)
                                                             for pair in layers],
            [[tuple(map(lift, state)) for state in pair] for pair in starts])

    carried = run(lambda array: Rounded(array.astype("float32"), dtype))
    got = run(lambda array: array.astype("float32").astype(computed_in))
    for one, right in zip(got.outputs, carried.outputs):
        assert (abs(one - right.value) <= right.bound).all()
    for states, rights in zip(got.finals, carried.finals):
        for one, right in zip(states, rights):
            assert (abs(one - right.value) <= right.bound).all()


@pytest.mark.parametrize("kind", sorted(STATES))
def test_a_network_has_an_output_for_each_step_and_a_state_for_each_layer_and_direction(kind):
    xs, layers, starts = problem(kind, 0, directions=2, layers=2)
    result = recurrences.network(recurrences.CELLS[kind], xs, layers, starts)
    assert [output.shape for output in result.outputs] == [(2, 8)] * 3
    assert [len(final) for final in result.finals] == [STATES[kind]] * 4
    assert (result.outputs[-1][:, :4] == result.finals[2][0]).all()  # forward: the last step
    assert (result.outputs[0][:, 4:] == result.finals[3][0]).all()  # backward: the first


@pytest.mark.parametrize("kind", sorted(STATES))
def test_gates_in_another_order_or_one_bias_left_out_leave_the_bound(kind):
    xs, layers, starts = problem(kind, 0)
    carried = recurrences.network(recurrences.CELLS[kind], [Rounded(x, "float32") for x in xs], layers, starts)
    (w,), = layers
    slips = [w._replace(b_hh=0 * w.b_hh)]
    if kind != "RNN":
        slips.append(Weights(*[np.roll(array, 4, axis=-1) for array in w]))
    for slip in slips:
        wrong = recurrences.network(recurrences.CELLS[kind], xs, [(slip,)], starts).outputs[-1]
        assert (abs(wrong - carried.outputs[-1].value) > carried.outputs[-1].bound).any()


def test_a_plain_cell_with_relu_runs_on_exact_numbers():
    one = Exact.leaf([[1]])
    w = Weights(Exact.leaf([[2]]), Exact.leaf([[3]]), Exact.leaf([1]), Exact.leaf([-2]))
    steps = recurrences.unrolled(recurrences.relu_rnn, [one, one], (Exact.leaf([[0]]),), w)
    assert [floats(state.value).tolist() for state, in steps] == [[[1.0]], [[4.0]]]
    (last,), = steps[-1:]
    assert floats(last.gradient([w.hh])[0]).tolist() == [[1.0]]
    assert recurrences.relu(np.array([-1.0, 2.0 + 1j])).tolist() == [0, 2 + 1j]
