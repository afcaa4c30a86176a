"""Operators written for this chapter, in the form that every release of torch understands: static methods and apply."""
import torch


class Square(torch.autograd.Function):
    """The square of each element."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return 2 * x * grad_output


class Product(torch.autograd.Function):
    """The product of two tensors of one size, element by element."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx, grad_output):
        a, b = ctx.saved_tensors
        return grad_output * b, grad_output * a


class Scale(torch.autograd.Function):
    """A tensor times a Python number, which receives no gradient."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x * factor

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.factor, None


class Columns(torch.autograd.Function):
    """The sums of a matrix's columns: an output of another size than the input.

    ``watch`` is called as watch("forward", x) and watch("backward", grad_output), inside the two functions.
    """

    @staticmethod
    def forward(ctx, x, watch):
        ctx.rows, ctx.watch = x.shape[0], watch
        watch("forward", x)
        return x.sum(0)

    @staticmethod
    def backward(ctx, grad_output):
        ctx.watch("backward", grad_output)
        return grad_output.expand(ctx.rows, grad_output.shape[0]), None


class Watched(torch.autograd.Function):
    """The cube of each element; ``notes``, a list, receives every gradient that the backward function is handed."""

    @staticmethod
    def forward(ctx, x, notes):
        ctx.save_for_backward(x)
        ctx.notes = notes
        return x * x * x

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        ctx.notes.append(grad_output.clone())
        return 3 * x * x * grad_output, None
