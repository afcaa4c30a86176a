"""The documented recurrences of four optimizers, a step at a time.

    rule, w = SGD(lr=0.1, momentum=0.9), measured([1.0, 2.0], "float32")
    for gradient in gradients:
        w = rule.step(w, gradient)
    agrees(tensor, w.value, bound=w.bound, dtype="float32")

A rule holds the state of one parameter and computes elementwise, as the algorithms do. Weights and gradients are
float64 arrays (the answer is then float64), or values made by ``measured``, which carry the bound on their rounding
with them.

Sources: the pages of torch.optim.SGD, Adam, RMSprop and Adagrad in torch's documentation, where each algorithm is
written out; D. Kingma, J. Ba, Adam: A Method for Stochastic Optimization, ICLR 2015; T. Tieleman, G. Hinton, RMSProp,
lecture 6.5 of Neural Networks for Machine Learning, 2012; A. Graves, Generating Sequences with Recurrent Neural
Networks, 2013 (the centered form); J. Duchi, E. Hazan, Y. Singer, Adaptive Subgradient Methods, JMLR 12, 2011;
I. Sutskever et al., On the Importance of Initialization and Momentum in Deep Learning, ICML 2013.
"""
import numpy as np

from spec.oracles import rounding
from spec.oracles.running_error import Rounded

_ROUNDINGS = 3
"""Roundings to allow for each operation written here. Releases arrange the same formula differently, m + (1 - b)(g - m)
for b m + (1 - b) g or lr (m / d) for (lr m) / d, and none of them takes more than three for one of ours."""


class Measured(Rounded):
    """Rounded values that can also be divided and have roots, with some roundings to spare for each operation."""

    def __truediv__(self, other):
        other = self._lift(other)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = self.value / other.value
            least = np.abs(other.value) - other.error
            inherited = (self.error + np.abs(value) * other.error) / np.where(least > 0, least, 0.0)
        return self._once(value, inherited)

    def sqrt(self):
        """Return the square root: the root of a value that is off by e is off by at most e / root, and sqrt(e)."""
        root = np.sqrt(self.value)
        with np.errstate(divide="ignore", invalid="ignore"):
            inherited = np.where(root > 0, np.fmin(self.error / root, np.sqrt(self.error)), np.sqrt(self.error))
        return self._once(root, inherited)

    def _with(self, value, error):
        return Measured(value, self.dtype, error)

    def _once(self, value, inherited):
        fresh = (np.abs(value) + inherited) * rounding.both(_ROUNDINGS, self.dtype)
        return self._with(value, inherited + fresh + _ROUNDINGS * rounding.underflow(self.dtype, flushes=True))


def measured(values, dtype):
    """Return numbers that the dtype holds exactly as values that carry their rounding bound."""
    return Measured(values, dtype)


def _sqrt(x):
    return x.sqrt() if hasattr(x, "sqrt") else np.sqrt(x)


class SGD:
    """Gradient descent: w <- w - lr g, where momentum puts a velocity in place of the gradient g.

    The velocity is g at the first step, then momentum * velocity + (1 - dampening) g; nesterov takes
    g + momentum * velocity. weight_decay adds weight_decay * w to each gradient.
    """

    def __init__(self, lr, momentum=0, dampening=0, weight_decay=0, nesterov=False):
        self.lr, self.momentum, self.dampening = lr, momentum, dampening
        self.weight_decay, self.nesterov = weight_decay, nesterov
        self.velocity = None

    def step(self, w, gradient):
        """Return the weights after one step."""
        gradient = gradient + self.weight_decay * w
        if self.velocity is None:
            self.velocity = gradient
        else:
            self.velocity = self.momentum * self.velocity + (1 - self.dampening) * gradient
        if not self.momentum:
            return w - self.lr * gradient
        return w - self.lr * (gradient + self.momentum * self.velocity if self.nesterov else self.velocity)


class Adam:
    """Adam: w <- w - lr m' / (sqrt(v') + eps), with running means m of g and v of g**2, corrected for their start at 0.

    early_eps takes the other order of the paper's section 2, which torch followed up to 1.2:
    lr sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + eps).
    """

    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, early_eps=False):
        self.lr, self.betas, self.eps, self.weight_decay, self.early_eps = lr, betas, eps, weight_decay, early_eps
        self.mean = self.square = 0.0
        self.steps = 0

    def step(self, w, gradient):
        """Return the weights after one step."""
        gradient = gradient + self.weight_decay * w
        self.steps += 1
        (beta1, beta2), t = self.betas, self.steps
        self.mean = beta1 * self.mean + (1 - beta1) * gradient
        self.square = beta2 * self.square + (1 - beta2) * (gradient * gradient)
        correction1, correction2 = 1 - beta1 ** t, 1 - beta2 ** t
        if self.early_eps:
            return w - self.lr * correction2 ** 0.5 / correction1 * (self.mean / (_sqrt(self.square) + self.eps))
        return w - self.lr * (self.mean / correction1 / (_sqrt(self.square / correction2) + self.eps))


class RMSprop:
    """RMSprop: w <- w - lr g / (sqrt(v) + eps), with v <- alpha v + (1 - alpha) g**2 from 0.

    centered subtracts the square of the running mean of g from v; momentum gathers the quotients in a velocity.
    """

    def __init__(self, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False):
        self.lr, self.alpha, self.eps, self.weight_decay = lr, alpha, eps, weight_decay
        self.momentum, self.centered = momentum, centered
        self.square = self.mean = self.velocity = 0.0

    def step(self, w, gradient):
        """Return the weights after one step."""
        gradient = gradient + self.weight_decay * w
        self.square = self.alpha * self.square + (1 - self.alpha) * (gradient * gradient)
        spread = self.square
        if self.centered:
            self.mean = self.alpha * self.mean + (1 - self.alpha) * gradient
            spread = spread - self.mean * self.mean
        self.velocity = self.momentum * self.velocity + gradient / (_sqrt(spread) + self.eps)
        return w - self.lr * self.velocity


class Adagrad:
    """Adagrad: w <- w - lr' g / (sqrt(sum of all g**2 so far) + eps), with lr' = lr / (1 + (t - 1) lr_decay)."""

    def __init__(self, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0.0, eps=1e-10):
        self.lr, self.lr_decay, self.weight_decay, self.eps = lr, lr_decay, weight_decay, eps
        self.total = initial_accumulator_value
        self.steps = 0

    def step(self, w, gradient):
        """Return the weights after one step."""
        gradient = gradient + self.weight_decay * w
        self.total = self.total + gradient * gradient
        rate = self.lr / (1 + self.steps * self.lr_decay)
        self.steps += 1
        return w - rate * (gradient / (_sqrt(self.total) + self.eps))
