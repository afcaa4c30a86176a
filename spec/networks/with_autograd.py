"""The running example with autograd: only the forward pass is written, torch derives the backward pass.

The weights ask for a gradient, so torch records what is done with them and ``loss.backward()`` adds the gradient of the
loss to ``w1.grad`` and ``w2.grad``.  The update must not be recorded, hence ``torch.no_grad()``, and because gradients
are added up, each step ends by setting them back to zero.

At a hidden unit of exactly 0 the derivative is that of ``clamp`` at its bound: 1 up to torch 2.13, as in the numpy
program, and 0 from torch 2.14 on.

Source: "Learning PyTorch with Examples", section "PyTorch: Variables and autograd".
"""

import torch

from spec.networks import LEARNING_RATE, STEPS, Trajectory


def train(x, y, w1, w2, learning_rate=LEARNING_RATE, steps=STEPS, device="cpu"):
    """Fit the network to (x, y) on ``device`` and return its `Trajectory`.

    x, y, w1, w2: numpy arrays of shapes (n, d_in), (n, d_out), (d_in, h), (h, d_out) and one dtype; none is modified.
    Raises RuntimeError when matrices that are to be multiplied do not fit together.
    """
    x, y = [torch.tensor(array, device=device) for array in (x, y)]
    w1, w2 = [torch.tensor(array, device=device, requires_grad=True) for array in (w1, w2)]
    losses = []
    for _ in range(steps):
        output = x.mm(w1).clamp(min=0).mm(w2)
        loss = (output - y).pow(2).sum()
        losses.append(loss.item())

        loss.backward()
        with torch.no_grad():
            w1 -= learning_rate * w1.grad
            w2 -= learning_rate * w2.grad
            w1.grad.zero_()
            w2.grad.zero_()
    return Trajectory(losses, w1.detach().cpu().numpy(), w2.detach().cpu().numpy())
