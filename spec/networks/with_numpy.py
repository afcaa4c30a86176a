"""The running example with numpy: arrays only, the chain rule written out by hand.

At a hidden unit of exactly 0 this form takes the derivative of the rectifier to be 1: it silences the gradient where
the unit is negative, and 0 is not negative.

The program asks nothing of its arrays but arithmetic, so it also runs on arrays of `fractions.Fraction` (numpy dtype
object), where it makes no rounding error at all.

Source: "Learning PyTorch with Examples", section "Warm-up: numpy".
"""

import numpy as np

from spec.networks import LEARNING_RATE, STEPS, Trajectory


def train(x, y, w1, w2, learning_rate=LEARNING_RATE, steps=STEPS):
    """Fit the network to (x, y) and return its `Trajectory`.

    x, y, w1, w2: arrays of shapes (n, d_in), (n, d_out), (d_in, h), (h, d_out) and one dtype; none is modified.
    Raises ValueError when matrices that are to be multiplied do not fit together.
    """
    w1, w2 = w1.copy(), w2.copy()
    losses = []
    for _ in range(steps):
        hidden = x.dot(w1)
        active = np.maximum(hidden, 0)
        error = active.dot(w2) - y
        losses.append(float(np.square(error).sum()))

        grad_output = 2 * error
        grad_w2 = active.T.dot(grad_output)
        grad_hidden = grad_output.dot(w2.T)
        grad_hidden[hidden < 0] = 0
        grad_w1 = x.T.dot(grad_hidden)

        w1 -= learning_rate * grad_w1
        w2 -= learning_rate * grad_w2
    return Trajectory(losses, w1, w2)
