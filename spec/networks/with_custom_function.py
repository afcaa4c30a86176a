"""The running example with a rectifier of our own: an operation whose derivative autograd is told.

`HandWrittenReLU` pairs a forward function with its backward function.  Autograd treats it as it treats the operations
that torch brings along.

At a hidden unit of exactly 0 this form takes the derivative to be 1, on every release of torch: the backward function
silences the gradient where the input is negative, and 0 is not negative.

Source: "Learning PyTorch with Examples", section "PyTorch: Defining new autograd functions".
"""

import torch

from spec.networks import LEARNING_RATE, STEPS, Trajectory


class HandWrittenReLU(torch.autograd.Function):
    """The rectifier max(input, 0) of a tensor of any shape; use it as ``HandWrittenReLU.apply(input)``.

    Its derivative is 0 where the input is negative and 1 elsewhere, at 0 too.
    """

    @staticmethod
    def forward(ctx, input):
        """The rectified input; the input is kept in ``ctx`` for the backward pass."""
        ctx.save_for_backward(input)
        return input.clamp(min=0)

    @staticmethod
    def backward(ctx, grad_output):
        """The gradient of the loss with respect to the input, from that with respect to the output."""
        input, = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input < 0] = 0
        return grad_input


def train(x, y, w1, w2, learning_rate=LEARNING_RATE, steps=STEPS, device="cpu"):
    """Fit the network to (x, y) on ``device`` and return its `Trajectory`.

    x, y, w1, w2: numpy arrays of shapes (n, d_in), (n, d_out), (d_in, h), (h, d_out) and one dtype; none is modified.
    Raises RuntimeError when matrices that are to be multiplied do not fit together.
    """
    relu = HandWrittenReLU.apply
    x, y = [torch.tensor(array, device=device) for array in (x, y)]
    w1, w2 = [torch.tensor(array, device=device, requires_grad=True) for array in (w1, w2)]
    losses = []
    for _ in range(steps):
        loss = (relu(x.mm(w1)).mm(w2) - y).pow(2).sum()
        losses.append(loss.item())

        loss.backward()
        with torch.no_grad():
            w1 -= learning_rate * w1.grad
            w2 -= learning_rate * w2.grad
            w1.grad.zero_()
            w2.grad.zero_()
    return Trajectory(losses, w1.detach().cpu().numpy(), w2.detach().cpu().numpy())
