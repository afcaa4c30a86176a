"""Arrays know nothing of gradients.

A tensor that belongs to a graph has to be detached before numpy gets it. The array that it then gives still shares the
tensor's memory, and autograd sees nothing of what is written there.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given

from spec import dtypes
from spec.capabilities import needs
from spec.claim import Claim, at_least, reaches
from spec.claims.numpy_bridge._helpers import FORCED_NUMPY, ON_THE_CPU, refusal, silently, writes
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, TEMPLATE
from spec.strategies import SEPARATE, Blueprint, scalars
from spec.strategies.groups import same_shape

REQUIRES_GRAD_REFUSED = Claim(
    "numpy-bridge.requires-grad-refused",
    "While operations are recorded, a tensor that requires a gradient does not convert by itself: numpy() raises, and "
    "detach().numpy() or .data.numpy() gives an array that shares its memory.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["numpy-detaches-by-itself", "detach-gives-memory-of-its-own", "data-gives-memory-of-its-own"],
)


@REQUIRES_GRAD_REFUSED
@needs(ON_THE_CPU)
@reaches(strided=lambda write: not write.x.contiguous, inner=lambda write: any(write.index),
         no_dimension=lambda write: write.x.ndim == 0)
@given(write=writes(dtypes.FLOATS, SEPARATE))
def test_a_tensor_that_requires_a_gradient_is_refused_and_shares_its_memory_once_detached(device, write):
    """
    >>> x.requires_grad_()
    >>> x.detach().numpy()[index] = value
    >>> x
    """
    leaf = write.x.on(device, requires_grad=True)
    for tensor in (leaf, leaf * 1):
        assert refusal(tensor.numpy) is RuntimeError
        assert refusal(np.asarray, tensor) is RuntimeError
        expected = write.x.array
        for array in (tensor.detach().numpy(), tensor.data.numpy()):
            agrees(array, expected, sign_of_zero=True)
            array[write.index] = expected[write.index] = write.value
            agrees(tensor, expected, sign_of_zero=True)
            expected[write.index] = array[write.index] = 5
        agrees(tensor, expected, sign_of_zero=True)
        assert tensor.requires_grad


@REQUIRES_GRAD_REFUSED
@needs(ON_THE_CPU)
@pytest.mark.parametrize("of", ["leaf", "result"])
def test_where_nothing_is_recorded_numpy_raises_or_shares_but_never_copies(device, of):
    """In a block without recording, releases up to 1.5 refuse as they do elsewhere, and later ones give the array."""
    tensor = torch.ones(3, device=device, requires_grad=True)
    tensor = tensor if of == "leaf" else tensor * 1
    with torch.no_grad():
        refused = refusal(tensor.numpy)
        if refused is None:
            tensor.numpy()[1] = 5
    assert refused in (None, RuntimeError)
    agrees(tensor, [1.0, 1.0 if refused else 5.0, 1.0])


@REQUIRES_GRAD_REFUSED
@needs(ON_THE_CPU, FORCED_NUMPY)
def test_numpy_with_force_detaches_and_shares(device):
    tensor = torch.ones(3, device=device, requires_grad=True)
    tensor.numpy(force=True)[1] = 5
    agrees(tensor, [1.0, 5.0, 1.0])
    assert tensor.requires_grad


LOSS_DATA_NUMPY = Claim(
    "numpy-bridge.loss-data-numpy",
    "loss.data.numpy() turns the single number at the end of a graph into an array from which it can be read.",
    sources=[
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Defining new autograd functions"],
        FLOYDHUB["Models Definition"],
    ],
    kills=["numpy-gives-scalars-a-dimension", "item-rounds-to-float32", "numpy-detaches-by-itself"],
)


@LOSS_DATA_NUMPY
@needs(ON_THE_CPU)
@reaches(
    nan=lambda x: np.isnan(x.array).any(),
    negative_zero=at_least(0.01, lambda x: repr(x.array.item()) == "-0.0"),
    double=lambda x: x.dtype == "float64" and dtypes.nearest("float32", x.storage) != list(x.storage),
)
@given(x=scalars(dtypes.FLOATS))
@example(x=Blueprint.of(0.1, "float64"))
@example(x=Blueprint.of(-0.0, "float32"))
@example(x=Blueprint.of(float("nan"), "float32"))
def test_the_array_of_a_loss_has_no_dimension_and_holds_the_number_that_item_and_float_give(device, x):
    """
    >>> loss = x.requires_grad_() * 1
    >>> loss.data.numpy(), loss.item(), float(loss)
    """
    loss = x.on(device, requires_grad=True) * 1
    array = loss.data.numpy()
    assert type(array) is np.ndarray
    agrees(array, x.array, sign_of_zero=True)
    assert repr(array.item()) == repr(loss.item()) == repr(silently(float, loss)) == repr(x.array.item())
    assert refusal(loss.numpy) is RuntimeError


@LOSS_DATA_NUMPY
@needs(ON_THE_CPU)
@reaches(empty=lambda pair: pair[0].numel == 0, strided=lambda pair: not pair[0].contiguous,
         long=lambda pair: pair[0].numel > 16)
@given(pair=same_shape(2, dtypes.FLOATS, integral=True))
def test_a_sum_of_squared_differences_reads_the_same_from_its_array_as_worked_out_by_numpy(device, pair):
    """
    >>> y_pred, y = pair
    >>> loss = (y_pred.requires_grad_() - y).pow(2).sum()
    >>> loss.data.numpy()
    """
    y_pred, y = pair
    loss = (y_pred.on(device, requires_grad=True) - y.on(device)).pow(2).sum()
    agrees(loss.data.numpy(), np.square(y_pred.array - y.array).sum())
    if y.numel > 1:
        assert refusal(y.on(device).item) in (ValueError, RuntimeError)


WRITES_HIDDEN_FROM_AUTOGRAD = Claim(
    "numpy-bridge.writes-hidden-from-autograd",
    "Autograd does not see a write through the shared array: where a saved tensor was changed from numpy, backward "
    "raises no error and silently gives the gradient at the written values.",
    sources=[TEMPLATE["PyTorch for Torch Users"], EXAMPLES["PyTorch: Variables and autograd"]],
    kills=["numpy-counts-as-a-write", "numpy-gives-a-copy", "detach-hides-writes"],
)


@WRITES_HIDDEN_FROM_AUTOGRAD
@needs(ON_THE_CPU)
@reaches(changed=lambda write: write.x.array[write.index] != write.value)
@given(write=writes(dtypes.FLOATS, SEPARATE, integral=True))
def test_after_a_write_from_numpy_the_gradient_is_that_of_the_written_value(device, write):
    """
    >>> x.requires_grad_(); y = x * 1; z = (y * y).sum()
    >>> y.detach().numpy()[index] = value
    >>> z.backward(); x.grad
    """
    x = write.x.on(device, requires_grad=True)
    y = x * 1
    z = (y * y).sum()
    version = y._version
    y.detach().numpy()[write.index] = write.value
    assert y._version == version
    z.backward()
    written = write.x.array
    written[write.index] = write.value
    agrees(x.grad, written * written.dtype.type(2))


@WRITES_HIDDEN_FROM_AUTOGRAD
@needs(ON_THE_CPU)
@reaches(strided=lambda write: not write.x.contiguous, no_dimension=lambda write: write.x.ndim == 0,
         same=lambda write: write.x.array[write.index] == write.value)
@given(write=writes(dtypes.FLOATS, SEPARATE, integral=True))
def test_the_same_write_through_the_detached_tensor_makes_backward_raise(device, write):
    """
    >>> x.requires_grad_(); y = x * 1; z = (y * y).sum()
    >>> y.detach()[index] = value
    >>> z.backward()
    """
    x = write.x.on(device, requires_grad=True)
    y = x * 1
    z = (y * y).sum()
    y.detach()[write.index] = write.value
    assert refusal(z.backward) is RuntimeError
    assert x.grad is None


@WRITES_HIDDEN_FROM_AUTOGRAD
@needs(ON_THE_CPU)
def test_a_write_from_numpy_does_no_harm_where_the_operation_saved_nothing(device):
    x = torch.ones(3, device=device, requires_grad=True)
    y = x * 1
    z = (y + y).sum()
    y.detach().numpy()[1] = 5
    z.backward()
    agrees(x.grad, [2.0, 2.0, 2.0])
