"""Reading and logging the loss.

A run should say how it goes. For that the loss has to become a number, and the number a line of text or a point of a
curve.
"""
import importlib
import importlib.util
import io
import logging
import warnings
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import Capability, needs
from spec.claim import Claim, Deviation, at_least, reaches
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION
from spec.strategies import LAYOUTS, Blueprint, scalars, tensors

TENSORBOARD_THERE = importlib.util.find_spec("tensorboard") is not None
TENSORBOARD = Capability("tensorboard is not installed", False, lambda device: TENSORBOARD_THERE)

ITEM_READS_LOSS = Claim(
    "training.item-reads-loss",
    "The loss, a tensor of one element, can be read as a Python number: item() returns it.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Variables and AutoGrad"]],
    kills=["item-rounds-to-single-precision", "item-returns-a-float-always", "item-of-several-is-the-first",
           "item-forgets-the-storage-offset"],
)

ONE_ELEMENT = tensors(dtypes.ALL, shape=st.sampled_from([(), (1,), (1, 1), (1, 1, 1)]), layouts=LAYOUTS)


def python_type(dtype):
    """Return the type of the Python number that holds an element of a dtype, by name."""
    if dtype == "bool":
        return bool
    return complex if dtypes.is_complex(dtype) else int if dtypes.is_integer(dtype) else float


@ITEM_READS_LOSS
@reaches(whole=lambda x: dtypes.is_integer(x.dtype), half=lambda x: x.dtype == "float16", offset=lambda x: x.offset,
         special=at_least(0.01, lambda x: dtypes.is_float(x.dtype) and not np.isfinite(x.array).all()),
         dimensions=lambda x: x.ndim > 1)
@example(x=Blueprint.of(2.0**24 + 1, "float64"))
@example(x=Blueprint.of(2**53 + 1, "int64"))
@given(x=ONE_ELEMENT)
def test_item_returns_the_element_as_the_python_number_of_its_kind(device, x):
    """
    >>> x.item(), type(x.item())
    """
    number = x.on(device).item()
    assert type(number) is python_type(x.dtype)
    agrees(number, x.array.reshape(()), sign_of_zero=True, any_dtype=True)


@ITEM_READS_LOSS
@pytest.mark.parametrize("size", [(0,), (2,), (1, 2), (3, 0)])
def test_a_tensor_of_any_other_number_of_elements_has_no_item(device, size):
    with pytest.raises((ValueError, RuntimeError), match="element"):  # ValueError up to torch 1.13
        torch.ones(size, device=device).item()


@ITEM_READS_LOSS
def test_a_loss_with_a_history_can_be_read_and_goes_on_to_backward(device):
    w = torch.tensor([1.5, -2.0], device=device, requires_grad=True)
    loss = (w * w).sum()
    assert loss.item() == 6.25 and type(loss.item()) is float
    loss.backward()
    agrees(w.grad, np.array([3, -4], dtype="float32"))


TEXT_LOGS = Claim(
    "training.text-logs",
    "Training can be logged as text with Python's logging module: a loss without dimensions is formatted as a number.",
    sources=[FLOYDHUB["Variables and AutoGrad"], FLOYDHUB["Logging"]],
    kills=["format-shows-the-tensor", "format-rounds-to-two-digits"],
)

Line = NamedTuple("Line", [("x", Blueprint), ("spec", str)])
Line.__doc__ = "A tensor without dimensions, and a format for its number."


@st.composite
def lines(draw):
    """Draw a Line."""
    x = draw(scalars())
    specs = ["d", "5d", ""] if dtypes.is_integer(x.dtype) else [".3f", "8.2e", "g", ""]
    return Line(x, draw(st.sampled_from(specs)))


@TEXT_LOGS
@reaches(whole=lambda line: dtypes.is_integer(line.x.dtype), plain=lambda line: line.spec == "",
         special=at_least(0.01, lambda line: not np.isfinite(line.x.array).all()),
         digits=lambda line: line.spec == ".3f")
@given(line=lines())
def test_a_tensor_without_dimensions_is_formatted_and_logged_as_its_number(device, line):
    """
    >>> format(x, spec), format(x.item(), spec), "%.3f" % x
    """
    x, number = line.x.on(device), line.x.array.item()
    assert format(x, line.spec) == ("{:" + line.spec + "}").format(x) == format(number, line.spec)
    stream = io.StringIO()
    logger = logging.Logger("training")
    logger.addHandler(logging.StreamHandler(stream))
    logger.info("loss %.3f of {:{}}".format(x, line.spec), x)
    assert stream.getvalue() == "loss %.3f of %s\n" % (number, format(number, line.spec))


@TEXT_LOGS
def test_a_loss_in_an_array_of_one_element_does_not_take_a_format(device):
    with pytest.raises(TypeError, match="unsupported format string"):
        format(torch.ones(1, device=device), ".3f")
    assert "tensor" in format(torch.ones(1, device=device))


@TEXT_LOGS
def test_as_a_text_of_its_own_a_loss_is_shown_as_a_tensor(device):
    assert "tensor(2." in "%s" % torch.tensor(2.0, device=device)
    assert repr(torch.tensor(2.0)) == "tensor(2.)"


NO_TENSORBOARD = Claim(
    "training.no-tensorboard",
    "PyTorch has no tool for TensorBoard: writing its logs takes a package of somebody else.",
    sources=[EXAMPLES["Logging and viewing results in Tensorboard"], FLOYDHUB["Logging"], FLOYDHUB["Summary"]],
    deviations=[
        Deviation(
            "torch.utils.tensorboard comes with torch. Importing it needs the package tensorboard beside torch.",
            witness={},
            since="1.1",
            issue="torch 1.1 release notes",
        )
    ],
    kills=["tensorboard-cannot-be-found"],
)


@NO_TENSORBOARD
def test_torch_has_no_module_for_tensorboard():
    assert importlib.util.find_spec("torch.utils.tensorboard") is None


@NO_TENSORBOARD.instead
def test_torch_has_a_module_for_tensorboard_that_fails_without_the_package_tensorboard_and_for_no_other_reason():
    assert importlib.util.find_spec("torch.utils.tensorboard") is not None
    if TENSORBOARD_THERE:
        assert writer_class().__name__ == "SummaryWriter"
        return
    with pytest.raises(ImportError) as caught:
        writer_class()
    assert getattr(caught.value, "name", None) == "tensorboard" or "requires TensorBoard" in str(caught.value)


@NO_TENSORBOARD.instead
@needs(TENSORBOARD)
def test_scalars_written_to_the_log_can_be_read_from_its_file(tmp_path):
    writer, losses = writer_class()(str(tmp_path)), [2.5, 0.125, 1e-6]
    for step, loss in enumerate(losses):
        writer.add_scalar("loss", torch.tensor(loss), step)
    writer.close()
    loader = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    events = loader.EventAccumulator(str(tmp_path)).Reload()
    read = [event for tag in events.Tags()["scalars"] for event in events.Scalars(tag)] or [
        event for event in events.Tensors("loss")]
    assert [event.step for event in read] == [0, 1, 2]
    values = [event.value if hasattr(event, "value") else event.tensor_proto.float_val[0] for event in read]
    agrees(np.array(values, dtype="float32"), np.array(losses, dtype="float32"))


def writer_class():
    """Return torch.utils.tensorboard.SummaryWriter; ImportError where it cannot be had."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("torch.utils.tensorboard").SummaryWriter
