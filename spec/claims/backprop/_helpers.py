"""The running example under a magnifying glass: its exact gradient, and the gradient that a program computes."""
from spec.networks import trainer
from spec.oracles.exact_ad import Exact, floats


def exact_loss_and_gradients(net, at_zero=1):
    """Return the loss of a TwoLayer of whole numbers, and its gradients by w1 and w2 as float64 arrays, unrounded.

    at_zero  the derivative of the rectifier at 0
    Raises ValueError where one of the results is no float64.
    """
    w1, w2 = Exact.leaf(net.w1), Exact.leaf(net.w2)
    error = (Exact.leaf(net.x) @ w1).relu(at_zero) @ w2 - net.y
    loss = (error ** 2).sum()
    return float(floats(loss.value)), [floats(gradient) for gradient in loss.gradient([w1, w2])]


def gradients_that(form, net, **device):
    """Return the gradients by w1 and w2 by which a form of the program changes the weights.

    One step with the learning rate 1 subtracts the gradient; on whole numbers the difference has no rounding error.
    """
    after = trainer(form)(net.x, net.y, net.w1, net.w2, 1.0, 1, **device)
    return [net.w1 - after.w1, net.w2 - after.w2]


def has_a_kink(net):
    """Say whether some hidden unit of a TwoLayer is exactly 0."""
    return bool((net.x.dot(net.w1) == 0).any())
