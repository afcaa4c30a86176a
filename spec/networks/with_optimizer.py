"""The running example with torch.optim: an optimizer updates the weights of the model.

The optimizer is given the parameters once; its ``step`` then turns their gradients into an update.  Plain stochastic
gradient descent, ``torch.optim.SGD``, makes this the program of the other forms; the documents put
``torch.optim.Adam`` in its place here, with which the trajectory is another one.

At a hidden unit of exactly 0 the derivative is that of ``torch.nn.ReLU``: 0 on every release of torch, where the numpy
program has 1.

Source: "Learning PyTorch with Examples", section "PyTorch: optim".
"""

import torch

from spec.networks import LEARNING_RATE, STEPS, Trajectory
from spec.networks.layers import weights_of
from spec.networks.with_sequential import build_model


def train(x, y, w1, w2, learning_rate=LEARNING_RATE, steps=STEPS, device="cpu", make_optimizer=torch.optim.SGD):
    """Fit the network to (x, y) on ``device`` and return its `Trajectory`.

    x, y, w1, w2: numpy arrays of shapes (n, d_in), (n, d_out), (d_in, h), (h, d_out) and one dtype; none is modified.
    make_optimizer: called with the parameters and ``lr=learning_rate``, returns the optimizer.
    Raises RuntimeError when matrices that are to be multiplied do not fit together.
    """
    x, y = [torch.tensor(array, device=device) for array in (x, y)]
    model = build_model(w1, w2, device)
    squared_error = torch.nn.MSELoss(reduction="sum")
    optimizer = make_optimizer(model.parameters(), lr=learning_rate)
    losses = []
    for _ in range(steps):
        loss = squared_error(model(x), y)
        losses.append(loss.item())

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return Trajectory(losses, weights_of(model[0]), weights_of(model[2]))
