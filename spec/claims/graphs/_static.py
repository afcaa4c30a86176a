"""What the sections with TensorFlow share: the documents' network as a graph, and a recurrence."""
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from spec.oracles.backprop import Descent, relu, relu_slope

Description = NamedTuple("Description", [(name, object) for name in (
    "graph", "x", "y", "start1", "start2", "w1", "w2", "loss", "grad1", "grad2", "new1", "new2", "start")])
Description.__doc__ = """The documents' network as a graph: its placeholders, variables and results, and its start.

start sets the variables to what is fed for start1 and start2; new1 and new2 update them."""


def describe(names, sizes, learning_rate, first=None, dtype="float64", **kind):
    """Describe the network for x (n, d_in), y (n, d_out) and h hidden units as the documents do; return a Description.

    names  where placeholder and the like are looked up
    sizes  (d_in, h, d_out)
    first  the weight, "w1" or "w2", whose update has to be over before the gradient of the other is computed; without
           it the session is free to choose, as it is in the documents
    kind   use_resource, for the kind of the variables, if it is not to be the default
    """
    d_in, h, d_out = sizes
    with names.Graph().as_default() as graph:
        x, y = names.placeholder(dtype, (None, d_in)), names.placeholder(dtype, (None, d_out))
        starts = names.placeholder(dtype, (d_in, h)), names.placeholder(dtype, (h, d_out))
        weights = [names.Variable(start, **kind) for start in starts]
        active = names.maximum(names.matmul(x, weights[0]), names.zeros(1, dtype))
        loss = names.reduce_sum(names.square(y - names.matmul(active, weights[1])))
        gradients, updates = [None, None], [None, None]

        def update(place):
            gradients[place], = names.gradients(loss, [weights[place]])
            updates[place] = weights[place].assign(weights[place] - learning_rate * gradients[place])

        order = [1, 0] if first == "w2" else [0, 1]
        update(order[0])
        with names.control_dependencies([updates[order[0]]] if first else []):
            update(order[1])
        start = names.global_variables_initializer()
    return Description(graph, x, y, starts[0], starts[1], weights[0], weights[1], loss, gradients[0], gradients[1],
                       updates[0], updates[1], start)


def train(session, description, net, steps):
    """Run a Description from the first weights of a net for some steps; return the losses, w1 and w2 as a Descent."""
    session.run(description.start, {description.start1: net.w1, description.start2: net.w2})
    losses = []
    for _ in range(steps):
        loss, w1, w2 = session.run([description.loss, description.new1, description.new2],
                                   {description.x: net.x, description.y: net.y})
        losses.append(loss)
    return Descent(losses, w1, w2)


def descend_with_the_second_weight_first(net, learning_rate, steps):
    """Train in numpy as the documents' program does where it overwrites w2 before the gradient of w1 is computed."""
    w1, w2, losses = net.w1, net.w2, []
    for _ in range(steps):
        hidden = net.x @ w1
        difference = relu(hidden) @ w2 - net.y
        losses.append((difference * difference).sum())
        w2 = w2 - learning_rate * (relu(hidden).T @ (2 * difference))
        w1 = w1 - learning_rate * (net.x.T @ ((2 * difference @ w2.T) * relu_slope(hidden, 1)))
    return Descent(losses, w1, w2)


def has_a_kink(net):
    """Say whether some hidden unit of a net is exactly 0."""
    return bool((net.x @ net.w1 == 0).any())


Recurrence = NamedTuple("Recurrence", [("w", np.ndarray), ("start", np.ndarray), ("inputs", np.ndarray)])
Recurrence.__doc__ = "state = w state + input: w (2, 2), the first state (2,) and inputs (length, 2), whole numbers."


@st.composite
def recurrences(draw, min_length=0, max_length=6):
    """Draw a Recurrence whose states, and their derivatives, are whole numbers that float64 holds."""
    length = draw(st.integers(min_length, max_length))
    numbers = draw(st.lists(st.integers(-2, 2), min_size=6 + 2 * length, max_size=6 + 2 * length))
    flat = np.array(numbers, dtype="float64")
    return Recurrence(flat[:4].reshape(2, 2), flat[4:6], flat[6:].reshape(length, 2))


def states(case):
    """Return the states of a Recurrence after each input, (length, 2), by a Python loop over numpy arrays."""
    state, found = case.start, []
    for value in case.inputs:
        state = case.w @ state + value
        found.append(state)
    return np.array(found).reshape(len(found), 2)
