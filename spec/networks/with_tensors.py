"""The running example with torch tensors used as arrays: the numpy program, able to run on another device.

Nothing is recorded and nothing is derived: the chain rule is still written out by hand.  At a hidden unit of exactly 0
this form takes the derivative of the rectifier to be 1, as the numpy program does, on every release of torch.

Source: "Learning PyTorch with Examples", section "PyTorch: Tensors".
"""

import torch

from spec.networks import LEARNING_RATE, STEPS, Trajectory


def train(x, y, w1, w2, learning_rate=LEARNING_RATE, steps=STEPS, device="cpu"):
    """Fit the network to (x, y) on ``device`` and return its `Trajectory`.

    x, y, w1, w2: numpy arrays of shapes (n, d_in), (n, d_out), (d_in, h), (h, d_out) and one dtype; none is modified.
    Raises RuntimeError when matrices that are to be multiplied do not fit together.
    """
    x, y, w1, w2 = [torch.tensor(array, device=device) for array in (x, y, w1, w2)]
    losses = []
    for _ in range(steps):
        hidden = x.mm(w1)
        active = hidden.clamp(min=0)
        error = active.mm(w2) - y
        losses.append(error.pow(2).sum().item())

        grad_output = 2 * error
        grad_w2 = active.t().mm(grad_output)
        grad_hidden = grad_output.mm(w2.t())
        grad_hidden[hidden < 0] = 0
        grad_w1 = x.t().mm(grad_hidden)

        w1 -= learning_rate * grad_w1
        w2 -= learning_rate * grad_w2
    return Trajectory(losses, w1.cpu().numpy(), w2.cpu().numpy())
