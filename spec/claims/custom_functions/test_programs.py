"""The programs.

Two programs of the documents train with the custom rectifier: the running example, and a smaller one with an optimizer.
"""
import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.networks import STEPS, random_problem, trainer
from spec.networks.with_custom_function import HandWrittenReLU
from spec.oracles.agreement import agrees
from spec.oracles.backprop import descend, relu, relu_slope
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES, FLOYDHUB, NOTEBOOK, TEMPLATE
from spec.strategies import two_layer_networks

PROGRAM_FITS = Claim(
    "custom-functions.program-fits",
    "The two-layer program with the custom rectifier trains like the program that leaves the rectifier to autograd.",
    sources=[
        TEMPLATE["Defining new autograd functions"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["backward-is-handed-half-the-gradient", "apply-remembers-its-first-gradient", "clamp-lets-minus-one-through",
           "clone-is-negated"],
)


@PROGRAM_FITS
def test_the_program_with_the_custom_rectifier_fits_random_data_in_500_steps(device):
    losses = np.array(trainer("custom-function")(*random_problem(0), device=device).losses)
    assert losses.shape == (STEPS,) == (500,)
    assert np.isfinite(losses).all() and (losses >= 0).all()
    assert losses[-1] < 1e-2 and losses[-1] < 1e-8 * losses[0]


@PROGRAM_FITS
@needs(FLOAT64)
@reaches(silent=lambda net: (net.x.dot(net.w1) < 0).any(), active=lambda net: (net.x.dot(net.w1) > 0).any())
@given(net=two_layer_networks(kinks=False))
def test_one_step_from_whole_numbers_is_that_of_the_program_with_autograd(device, net):
    """
    >>> w1, w2 = [torch.tensor(w, requires_grad=True) for w in (w1, w2)]
    >>> (torch.tensor(x).mm(w1).clamp(min=0).mm(w2) - torch.tensor(y)).pow(2).sum().backward()
    >>> [w - 2**-8 * w.grad for w in (w1, w2)]
    """
    custom, builtin = [trainer(form)(*net, 2.0**-8, 1, device=device) for form in ("custom-function", "autograd")]
    assert custom.losses == builtin.losses
    agrees(custom.w1, builtin.w1)
    agrees(custom.w2, builtin.w2)


@PROGRAM_FITS
@needs(FLOAT64)
@reaches(double=lambda dtype: dtype == "float64", silent=lambda net: (net.x.dot(net.w1) < 0).any())
@given(net=two_layer_networks(exact=False, kinks=False), dtype=st.sampled_from(["float64", "float32"]))
def test_several_steps_are_those_of_the_program_with_autograd_up_to_rounding(device, net, dtype):
    """
    >>> w1, w2 = [torch.tensor(w, requires_grad=True) for w in (w1, w2)]
    >>> (torch.tensor(x).mm(w1).clamp(min=0).mm(w2) - torch.tensor(y)).pow(2).sum().backward()
    >>> [w - 2**-8 * w.grad for w in (w1, w2)]
    """
    problem = [array.astype(dtype) for array in net]
    exact = descend(*[Rounded(array, dtype) for array in problem], learning_rate=2.0**-8, steps=3)
    for form in ("custom-function", "autograd"):
        losses, w1, w2 = trainer(form)(*problem, 2.0**-8, 3, device=device)
        for loss, expected in zip(losses, exact.losses):
            agrees(loss, expected.value, expected.bound)
        agrees(w1, exact.w1.value, exact.w1.bound, dtype=dtype)
        agrees(w2, exact.w2.value, exact.w2.bound, dtype=dtype)


SGD_PROGRAM_TRAINS = Claim(
    "custom-functions.sgd-program-trains",
    "The small network with the custom rectifier trains with SGD: with the seed 1 the loss falls at each of its five "
    "steps.",
    sources=[FLOYDHUB["Defining new autograd functions"]],
    kills=["backward-is-handed-half-the-gradient", "clamp-lets-minus-one-through", "sgd-steps-uphill",
           "seeds-are-shifted-by-one"],
)

LOSSES = [20.6584, 17.0200, 1.4715, 1.3084, 1.2344]
"""The losses of the five steps, to four places, as every release from 1.0 on computes them."""


def by_hand(x, y, w1, w2):
    """Return the losses of the five steps, each with its rounding bound, from Rounded values."""
    losses = []
    for _ in range(5):
        hidden = x @ w1
        error = relu(hidden) @ w2 - y
        losses.append((error * error).sum() * 0.1)
        grad_output = error * 0.2  # the mean over ten examples has a tenth of the sum's gradient, 2 * error
        grad_w2 = relu(hidden).T @ grad_output
        grad_w1 = x.T @ (grad_output @ w2.T * relu_slope(hidden, at_zero=1))
        w1, w2 = w1 - 0.1 * grad_w1, w2 - 0.1 * grad_w2
    return losses


def train(rectify, problem, device):
    """Run the documents' five steps of gradient descent on the mean squared error; return the losses."""
    x, y, w1, w2 = [torch.tensor(array, device=device) for array in problem]
    optimizer = torch.optim.SGD([w1.requires_grad_(), w2.requires_grad_()], lr=0.1)
    losses = []
    for _ in range(5):
        loss = torch.nn.MSELoss()(rectify(x @ w1) @ w2, y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


@SGD_PROGRAM_TRAINS
def test_with_the_seed_1_the_loss_falls_at_each_of_five_steps(device):
    torch.manual_seed(1)
    problem = [torch.randn(*size).numpy() for size in ((10, 10), (10, 1), (10, 5), (5, 1))]
    expected = by_hand(*[Rounded(array, "float32") for array in problem])
    for rectify in (HandWrittenReLU.apply, torch.relu):
        losses = train(rectify, problem, device)
        assert all(later < earlier for earlier, later in zip(losses, losses[1:]))
        for loss, step, four_places in zip(losses, expected, LOSSES):
            agrees(loss, step.value, step.bound)
            agrees(loss, four_places, step.bound + 0.5e-4)
