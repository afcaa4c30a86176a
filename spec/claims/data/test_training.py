"""Training from a loader.

An epoch is one pass over the loader, with one step of training for each batch.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
import torch.utils.data
from hypothesis import example, given
from hypothesis import strategies as st
from torch.autograd import Variable
from torch.utils.data import DataLoader, TensorDataset

from spec import dtypes
from spec.capabilities import FLOAT64, VALUES, needs
from spec.claim import Claim, reaches
from spec.claims.data._helpers import Batching, groups
from spec.networks import random_problem
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies import LAYOUTS, Blueprint, shapes, tensors
from spec.strategies.arrays import ArrayBlueprint, arrays

NUMPY_BATCHES_KEEP_DTYPE = Claim(
    "data.numpy-batches-keep-dtype",
    "Batches of arrays that went through from_numpy keep the dtype of the arrays, so that numpy's float64 does not fit "
    "a model, which is float32.",
    sources=[INTRODUCTION["PyTorch DataLoader"]],
    kills=["loader-rounds-to-float32", "linear-converts-its-input"],
)


@NUMPY_BATCHES_KEEP_DTYPE
@reaches(double=lambda a: a.dtype == "float64", whole=lambda a: a.dtype == "int64")
@given(a=arrays([name for name in dtypes.REAL if name != "int8"],
                shape=shapes(min_dims=1, max_dims=3, min_side=1, max_elements=33)))
@example(a=ArrayBlueprint("float64", [1.0, 2.0, 3.0, 0.1], (2, 2)))
def test_a_batch_has_the_dtype_and_the_values_of_the_array(a):
    """
    >>> from torch.utils.data import DataLoader, TensorDataset
    >>> for batch in DataLoader(TensorDataset(torch.from_numpy(a)), batch_size=2): print(batch[0])
    """
    array = a.make()
    batches = DataLoader(TensorDataset(torch.from_numpy(array)), batch_size=2)
    rows = np.concatenate([array_of(batch) for batch, in batches])
    bitwise(rows, a.array)


@NUMPY_BATCHES_KEEP_DTYPE
def test_a_model_refuses_a_float64_batch_until_one_of_the_two_is_converted():
    x = np.array([[1.0, 2.0], [3.0, -4.0]])
    batch, = next(iter(DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=2)))
    assert x.dtype == np.random.randn(2, 2).dtype == np.float64
    model = torch.nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.fill_(2)
        model.bias.fill_(1)
    with pytest.raises(RuntimeError):
        model(batch)
    agrees(model(batch.float()), np.array([[7.0], [-1.0]], dtype="float32"))
    agrees(model.double()(batch), np.array([[7.0], [-1.0]]))


VARIABLE_WRAP_KEEPS_BATCH = Claim(
    "data.variable-wrap-keeps-batch",
    "Wrapping a batch in Variable does not change it.",
    sources=[INTRODUCTION["PyTorch DataLoader"], FLOYDHUB["Final architecture overview"]],
    kills=["variable-copies", "variable-requires-grad-by-default", "variable-keeps-the-graph"],
)


@VARIABLE_WRAP_KEEPS_BATCH
@needs(VALUES)
@reaches(short_last=lambda x: x.size[0] % 2, several=lambda x: x.size[0] > 2, strided=lambda x: not x.contiguous,
         nan=lambda x: x.dtype.startswith("float") and np.isnan(x.array).any(),
         integer=lambda x: dtypes.is_integer(x.dtype))
@given(x=tensors(dtypes.BOOL + dtypes.REAL, layouts=LAYOUTS,
                 shape=shapes(min_dims=1, max_dims=3, min_side=1, max_elements=33)))
@example(x=Blueprint.of([1.0, float("nan"), -0.0]))
def test_a_wrapped_batch_is_the_batch(device, x):
    """
    >>> from torch.utils.data import DataLoader, TensorDataset
    >>> for batch, in DataLoader(TensorDataset(x), batch_size=2): print(batch, torch.autograd.Variable(batch))
    """
    for number, (batch,) in enumerate(DataLoader(TensorDataset(x.on(device)), batch_size=2)):
        wrapped = Variable(batch)
        agrees(wrapped, x.array[2 * number:2 * number + 2], dtype=x.dtype, sign_of_zero=True)
        assert wrapped.data_ptr() == batch.data_ptr() and wrapped.stride() == batch.stride()
        assert wrapped.is_leaf and not wrapped.requires_grad


@VARIABLE_WRAP_KEEPS_BATCH
def test_wrapping_a_batch_that_has_a_history_leaves_it_out(device):
    dataset = TensorDataset(torch.ones(2, 3, device=device, requires_grad=True))
    batch, = next(iter(DataLoader(dataset, batch_size=2)))
    assert batch.grad_fn is not None
    assert Variable(batch).grad_fn is None and not Variable(batch).requires_grad


TRAINING_LOOP = Claim(
    "data.training-loop",
    "The loop over epochs and batches, with forward, loss, zero_grad, backward and step in it, trains the model.",
    sources=[INTRODUCTION["PyTorch DataLoader"], FLOYDHUB["Final architecture overview"]],
    kills=["loader-drops-the-last-batch", "zero-grad-does-nothing", "later-epochs-are-shuffled"],
)

Fit = NamedTuple("Fit", [("x", np.ndarray), ("y", np.ndarray), ("w", np.ndarray), ("size", int)])
Fit.__doc__ = "Inputs (n, d), targets (n, k), first weights (d, k), small whole numbers, and the size of a batch."

RATE = 2.0**-6
EPOCHS = 2


@st.composite
def fits(draw):
    """Draw a Fit of at most three batches: two epochs of steps of 2**-6 are exact in float64."""
    size, d, k = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    n = draw(st.integers(1, 3 * size))

    def whole(*shape):
        numbers = draw(st.lists(st.integers(-2, 2), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
        return np.array(numbers, dtype="float64").reshape(shape)

    return Fit(whole(n, d), whole(n, k), whole(d, k), size)


def fit(model, criterion, optimizer, batches, epochs):
    """Train with the loop of the documents."""
    for _ in range(epochs):
        for inputs, labels in batches:
            loss = criterion(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


@TRAINING_LOOP
@needs(FLOAT64)
@reaches(several=lambda case: len(case.x) > 2 * case.size, short=lambda case: len(case.x) % case.size)
@given(case=fits())
def test_the_loop_takes_a_step_of_gradient_descent_for_each_batch(device, case):
    """
    >>> import torch.utils.data; w = torch.tensor(w, requires_grad=True)
    >>> loader = torch.utils.data.DataLoader(list(zip(x, y)), batch_size=size)
    >>> for a, b in loader: w.data -= torch.autograd.grad(((a.mm(w) - b) ** 2).sum(), w)[0] / 64
    >>> w
    """
    model = torch.nn.Linear(*case.w.shape, bias=False).to(device).double()
    with torch.no_grad():
        model.weight.copy_(torch.tensor(case.w.T.copy()))
    dataset = TensorDataset(torch.tensor(case.x, device=device), torch.tensor(case.y, device=device))
    fit(model, lambda prediction, labels: ((prediction - labels) ** 2).sum(),
        torch.optim.SGD(model.parameters(), lr=RATE), DataLoader(dataset, batch_size=case.size), EPOCHS)
    w = case.w
    for rows in groups(Batching(len(case.x), case.size)) * EPOCHS:
        x, y = case.x[rows], case.y[rows]
        w = w - RATE * 2 * x.T.dot(x.dot(w) - y)
    agrees(model.weight, w.T)


@TRAINING_LOOP
@needs(VALUES)
def test_the_documents_network_fits_a_hundredth_of_their_rows_better_after_two_epochs(device):
    problem = random_problem(0, n=640)
    x, y = torch.tensor(problem.x, device=device), torch.tensor(problem.y, device=device)
    model = torch.nn.Sequential(torch.nn.Linear(1000, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10)).to(device)
    criterion = torch.nn.MSELoss()
    before = criterion(model(x), y).item()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    fit(model, criterion, optimizer, DataLoader(TensorDataset(x, y), batch_size=64), epochs=2)
    assert criterion(model(x), y).item() < 0.9 * before
