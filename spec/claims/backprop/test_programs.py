"""The programs.

The same program twice, with arrays and with tensors: 64 examples of 1000 random numbers each, 100 hidden units, 500
steps with the learning rate 1e-6.
"""
import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.backprop._helpers import has_a_kink
from spec.networks import STEPS, random_problem, trainer
from spec.oracles.agreement import agrees
from spec.oracles.backprop import descend
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES, NOTEBOOK, TEMPLATE
from spec.strategies import TwoLayer, two_layer_networks

SIZES = [(64, 1000), (64, 10), (1000, 100), (100, 10)]


def fits(trajectory):
    """Assert that 500 losses fall from the order of 1e7 to almost nothing; on the way they may rise."""
    losses = np.array(trajectory.losses)
    assert losses.shape == (STEPS,) == (500,)
    assert np.isfinite(losses).all() and (losses >= 0).all()
    assert 1e6 < losses[0] < 1e9
    assert losses[-1] < 1e-2 and losses[-1] < 1e-8 * losses[0]


NUMPY_PROGRAM_FITS = Claim(
    "backprop.numpy-program-fits",
    "The numpy program runs as printed: over its 500 steps with the learning rate 1e-6 the loss falls from about 1e7 "
    "to below 1e-2.",
    sources=[EXAMPLES["Warm-up: numpy"], NOTEBOOK["What are Tensors?"]],
    kills=["square-is-the-absolute-value", "maximum-takes-absolute-values"],
)


@NUMPY_PROGRAM_FITS
def test_the_numpy_program_fits_random_data_in_500_steps():
    problem = random_problem(0)
    assert [array.shape for array in problem] == SIZES
    fits(trainer("numpy")(*problem))


TENSOR_PROGRAM_FITS = Claim(
    "backprop.tensor-program-fits",
    "The tensor program with its backward pass by hand runs as printed and fits the data: after 500 steps the loss is "
    "below 1e-2.",
    sources=[TEMPLATE["Tensors"], EXAMPLES["PyTorch: Tensors"], NOTEBOOK["PyTorch Tensors"]],
    kills=["minus-equals-has-no-effect", "minus-equals-adds", "clamp-is-the-absolute-value"],
)


@TENSOR_PROGRAM_FITS
def test_the_tensor_program_fits_random_data_in_500_steps(device):
    problem = random_problem(0)
    assert [array.shape for array in problem] == SIZES
    fits(trainer("tensors")(*problem, device=device))


TENSOR_PROGRAM_EQUALS_NUMPY = Claim(
    "backprop.tensor-program-equals-numpy",
    "From the same data and the same first weights the tensor program computes the losses and the weights of the numpy "
    "program.",
    sources=[TEMPLATE["Tensors"], EXAMPLES["PyTorch: Tensors"], NOTEBOOK["PyTorch Tensors"]],
    kills=["mm-of-doubles-is-rounded-to-float32", "mask-of-negative-units-includes-zero",
           "clamp-lets-minus-one-through", "minus-equals-misses-the-last-row"],
)

RATE = 2.0**-8
ONE = np.ones((1, 1))


@TENSOR_PROGRAM_EQUALS_NUMPY
@needs(FLOAT64)
@reaches(kink=lambda net: has_a_kink(net), silent=lambda net: (net.x.dot(net.w1) < 0).any())
@given(net=two_layer_networks())
@example(net=TwoLayer(ONE, ONE, 0 * ONE, ONE))
def test_one_step_from_whole_numbers_is_the_same_to_the_last_bit(device, net):
    """
    >>> x, y, w1, w2 = map(torch.tensor, (x, y, w1, w2)); h = x.mm(w1); error = h.clamp(min=0).mm(w2) - y
    >>> grad_h = 2 * error.mm(w2.t()); grad_h[h < 0] = 0
    >>> w1 - 2**-8 * x.t().mm(grad_h), w2 - 2**-7 * h.clamp(min=0).t().mm(error)
    """
    with_arrays = trainer("numpy")(*net, RATE, 1)
    with_tensors = trainer("tensors")(*net, RATE, 1, device=device)
    assert with_tensors.losses == with_arrays.losses
    agrees(with_tensors.w1, with_arrays.w1)
    agrees(with_tensors.w2, with_arrays.w2)


@TENSOR_PROGRAM_EQUALS_NUMPY
@needs(FLOAT64)
@reaches(silent=lambda net: (net.x.dot(net.w1) < 0).any(), double=lambda dtype: dtype == "float64")
@given(net=two_layer_networks(exact=False, kinks=False), dtype=st.sampled_from(["float64", "float32"]))
def test_several_steps_are_the_same_up_to_rounding(device, net, dtype):
    """
    >>> x, y, w1, w2 = map(torch.tensor, (x, y, w1, w2)); h = x.mm(w1); error = h.clamp(min=0).mm(w2) - y
    >>> grad_h = 2 * error.mm(w2.t()); grad_h[h < 0] = 0
    >>> w1 - 2**-8 * x.t().mm(grad_h), w2 - 2**-7 * h.clamp(min=0).t().mm(error)
    """
    problem = [array.astype(dtype) for array in net]
    exact = descend(*[Rounded(array, dtype) for array in problem], learning_rate=RATE, steps=4)
    with_arrays = trainer("numpy")(*problem, RATE, 4)
    with_tensors = trainer("tensors")(*problem, RATE, 4, device=device)
    for losses, w1, w2 in (with_arrays, with_tensors):
        assert len(losses) == 4
        for loss, expected in zip(losses, exact.losses):
            agrees(loss, expected.value, expected.bound)
        agrees(w1, exact.w1.value, exact.w1.bound, dtype=dtype)
        agrees(w2, exact.w2.value, exact.w2.bound, dtype=dtype)
