"""The pieces together.

The documents end with a template for a script: data, model, optimizer, scheduler, loss, and a loop over epochs. Beside
it stand an activation from the functional library, and a look at what TensorFlow has in the place of nn.
"""
import importlib
import warnings
from typing import NamedTuple

import numpy as np
import torch
import torch.utils.data
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, TENSORFLOW, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.training._schedules import SCHEDULER_FIRST
from spec.networks.layers import linear, weights_of
from spec.oracles.agreement import agrees, bitwise, unchanged
from spec.oracles.rounding import elementwise
from spec.oracles.running_error import Rounded
from spec.sources import FLOYDHUB
from spec.strategies import LAYOUTS, Blueprint, fills, shapes, tensors
from spec.tensorflow_beside import InTensorFlow, tensorflow

FUNCTIONAL_SIGMOID = Claim(
    "training.functional-sigmoid",
    "torch.nn.functional.sigmoid is the logistic function, 1 / (1 + exp(-x)).",
    sources=[FLOYDHUB["Variables and AutoGrad"]],
    deviations=[
        Deviation(
            "In a float32 tensor of 16 elements or more NaN becomes a number near 0.",
            witness={"x": Blueprint.of([float("nan")] * 16, "float32")},
            until="1.0",
            where=lambda x: x.dtype == "float32" and x.numel > 15 and np.isnan(x.array).any(),
        )
    ],
    kills=["sigmoid-saturates-at-four", "sigmoid-is-a-tanh", "sigmoid-turns-nan-into-one-half"],
)


def sigmoid(x):
    """Call torch.nn.functional.sigmoid without the warning that it is deprecated, which it gave until torch 1.13."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "nn.functional.sigmoid is deprecated. Use torch.sigmoid instead.")
        return torch.nn.functional.sigmoid(x)


@FUNCTIONAL_SIGMOID
@reaches(nan=lambda x: np.isnan(x.array).any(), infinite=lambda x: np.isinf(x.array).any(),
         strided=lambda x: not x.contiguous, long=lambda x: x.numel > 16, large=lambda x: (abs(x.array) > 1000).any())
@example(x=Blueprint.of([0.0, -0.0, 4.5, -4.5, 88.8, -88.8, 104.0, -104.0, 710.0, -710.0]))
@given(x=tensors(dtypes.FLOATS, shape=shapes(max_elements=66), layouts=LAYOUTS))
def test_the_functional_sigmoid_is_the_logistic_function_and_torch_sigmoid(device, x):
    """
    >>> torch.nn.functional.sigmoid(x), 1 / (1 + torch.exp(-x.double()))
    """
    result = sigmoid(x.on(device))
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-x.array.astype("float64")))
    agrees(result, expected, bound=elementwise(expected, x.dtype, roundings=8, flushes=True), dtype=x.dtype)
    bitwise(result, torch.sigmoid(x.on(device)))


@FUNCTIONAL_SIGMOID.instead
def test_nan_comes_through_alone_and_becomes_nearly_0_among_16():
    agrees(sigmoid(torch.tensor([float("nan")] * 3)), np.full(3, np.nan, dtype="float32"))
    agrees(sigmoid(torch.tensor([float("nan"), 0.0] * 8)), np.array([0, 0.5] * 8), bound=1e-37, dtype="float32")


@FUNCTIONAL_SIGMOID.regardless
def test_its_derivative_is_that_of_the_logistic_function_and_vanishes_far_from_0(device):
    x = torch.tensor([0.0, 2.0, -2.0, 50.0, -800.0], device=device, requires_grad=True)
    sigmoid(x).sum().backward()
    value = 1 / (1 + np.exp(-2.0))
    agrees(x.grad, np.array([0.25, value * (1 - value), value * (1 - value), 0, 0]), bound=1e-7, dtype="float32")


SCRIPT_TEMPLATE = Claim(
    "training.script-template",
    "The final template (model, optimizer, scheduler, criterion, data set, loader, and a loop over epochs with "
    "zero_grad, backward and step) is a way to put the pieces together that works.",
    sources=[FLOYDHUB["Final architecture overview"]],
    kills=["sgd-climbs", "zero-grad-does-nothing", "steplr-ignores-gamma", "loader-drops-the-last-batch",
           "squared-error-is-summed"],
)

Script = NamedTuple("Script", [("x", np.ndarray), ("w", np.ndarray), ("batch_size", int), ("epochs", int)])
Script.__doc__ = "A linear function x w to be learned: x (4, d), w (d, 1), whole numbers."

RATE = 2.0**-8


@st.composite
def scripts(draw):
    """Draw a Script whose batches have a size that is a power of 2."""
    d = draw(st.integers(1, 3))
    x, w = [np.array(draw(fills("float64", n * d, integral=True, bounded=3))).reshape(shape)
            for n, shape in ((4, (4, d)), (1, (d, 1)))]
    return Script(x, w, draw(st.sampled_from([1, 2, 4, 8])), draw(st.integers(1, 3)))


class Rows(torch.utils.data.Dataset):
    """The rows of x with their targets x w."""

    def __init__(self, case):
        self.x, self.y = torch.tensor(case.x), torch.tensor(case.x.dot(case.w))

    def __getitem__(self, index):
        return self.x[index], self.y[index]

    def __len__(self):
        return len(self.x)


class Net(torch.nn.Module):
    """A linear layer that starts at 0."""

    def __init__(self, case):
        super().__init__()
        self.layer = linear(0 * case.w)

    def forward(self, x):
        return self.layer(x)


def by_template(case, train, device):
    """Run the template, completed, and return its model and the loss of each batch."""
    model = Net(case).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    criterion = torch.nn.MSELoss()
    loader = torch.utils.data.DataLoader(Rows(case), batch_size=case.batch_size)
    losses = []
    for _ in range(case.epochs):
        if train and SCHEDULER_FIRST:
            scheduler.step()
        for inputs, labels in loader:
            inputs, labels = inputs.to(device), labels.to(device)
            loss = criterion(model(inputs), labels)
            losses.append(loss.item())
            if train:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        if train and not SCHEDULER_FIRST:
            scheduler.step()
    return model, losses


def by_hand(case):
    """Do what the template does with Rounded values; return the weights and the loss of each batch."""
    x, y = [Rounded(values, "float64") for values in (case.x, case.x.dot(case.w))]
    w, losses = Rounded(0 * case.w, "float64"), []
    for epoch in range(case.epochs):
        for start in range(0, 4, case.batch_size):
            batch = slice(start, start + case.batch_size)
            rows, targets = Rounded(x.value[batch], "float64"), Rounded(y.value[batch], "float64")
            error = rows @ w - targets
            losses.append((error * error).sum() * (1.0 / len(rows.value)))
            w = w - (rows.T @ error) * (2 * RATE * 0.5 ** epoch / len(rows.value))
    return w, losses


@SCRIPT_TEMPLATE
@needs(FLOAT64)
@reaches(batches=lambda case: case.batch_size < 4, epochs=lambda case: case.epochs > 1,
         learns=lambda case: case.w.any())
@given(case=scripts())
def test_the_template_trains_as_the_same_loop_by_hand_and_comes_closer_to_the_solution(device, case):
    """
    >>> x, w, step = torch.tensor(x), torch.tensor(w), 2.0**-7 / min(batch_size, 4); v = 0 * w
    >>> for rows in x.split(batch_size): v -= step * rows.t().mm(rows.mm(v) - rows.mm(w))
    >>> v
    """
    model, losses = by_template(case, True, device)
    expected, of_batches = by_hand(case)
    agrees(weights_of(model.layer), expected.value, bound=expected.bound)
    assert len(losses) == len(of_batches)
    for loss, reference in zip(losses, of_batches):
        agrees(loss, reference.value, bound=reference.bound)
    before, after = [np.square(w - case.w).sum() for w in (0 * case.w, expected.value)]
    assert after < before if case.x.dot(case.w).any() else after == before


@SCRIPT_TEMPLATE
@needs(FLOAT64)
def test_without_training_the_loop_measures_and_moves_nothing(device):
    case = Script(np.array([[1.0], [2.0], [3.0], [0.0]]), np.array([[2.0]]), 2, 2)
    model, losses = by_template(case, False, device)
    assert losses == [10.0, 18.0] * 2
    unchanged(weights_of(model.layer), np.zeros((1, 1)))


TENSORFLOW_LAYER_PACKAGES = Claim(
    "training.tensorflow-layer-packages",
    "TensorFlow has packages of layers such as Keras and TensorFlow-Slim (TFLearn is a project of its own).",
    sources=[FLOYDHUB["Models Definition"]],
    deviations=[
        InTensorFlow(
            2,
            "Keras is what is left: tensorflow.contrib, and Slim with it, was removed.",
            witness={},
            raises=ImportError,
        )
    ],
    kills=["dense-layers-forget-their-bias"],
)


@TENSORFLOW_LAYER_PACKAGES
@needs(TENSORFLOW)
def test_slim_can_be_imported_and_has_layers():
    tensorflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        slim = importlib.import_module("tensorflow.contrib.slim")
    assert callable(slim.fully_connected) and callable(slim.conv2d)


@TENSORFLOW_LAYER_PACKAGES.instead
@needs(TENSORFLOW)
def test_there_is_no_contrib_any_more():
    assert not hasattr(tensorflow(), "contrib")


@TENSORFLOW_LAYER_PACKAGES.regardless
@needs(TENSORFLOW)
def test_a_dense_layer_of_keras_computes_x_w_plus_b():
    keras = tensorflow().keras
    x, w, b = [np.array(rows, dtype="float32") for rows in ([[1, 2], [3, -1]], [[1, 0, 2], [-1, 4, 3]], [5, 6, 7])]
    model = keras.Sequential([keras.layers.Dense(3, input_shape=(2,))])
    model.set_weights([w, b])
    agrees(model.predict(x), x.dot(w) + b)
