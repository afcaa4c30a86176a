"""What wrapping does.

A Variable is made around a tensor. Two questions decide whether that is safe: whether the numbers are copied, and what
becomes of the history that a tensor already has.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.autograd import Variable

from spec import dtypes
from spec.capabilities import STORAGE, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.autograd._layouts import EXAMPLE_OF
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, matrices, shapes, tensors
from spec.strategies.choices import draw_choices

WRAPPING_SHARES_MEMORY = Claim(
    "autograd.wrapping-shares-memory",
    "Wrapping copies nothing: Variable(t) and t share their memory, and a flag set on the Variable leaves t as it was.",
    sources=[
        TEMPLATE["Variables and autograd"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Weight initialization"],
    ],
    kills=["variable-copies", "variable-copies-strided-tensors", "variable-flags-its-argument"],
)


Write = NamedTuple("Write", [("t", Blueprint), ("position", int)])
Write.__doc__ = "A tensor and the place of one of its elements, counted in row-major order."


@st.composite
def writes(draw):
    """Draw a Write for a tensor of any layout that has elements."""
    t = draw(tensors(dtype=dtypes.REAL, shape=shapes(min_side=1, max_elements=64), layouts=LAYOUTS))
    return Write(t, draw_choices(draw, 2).below(t.numel))


@WRAPPING_SHARES_MEMORY
@reaches(strided=lambda write: not write.t.contiguous, scalar=lambda write: not write.t.size,
         shared_cell=lambda write: write.t.layout() in ("expanded", "overlapping"))
@given(write=writes())
@example(write=Write(Blueprint.of([[1.0, 2.0], [3.0, 4.0]]), 3))
def test_a_number_written_on_one_side_is_read_on_the_other(device, write):
    """
    >>> variable = torch.autograd.Variable(t)
    >>> t[np.unravel_index(position, t.shape)] = 77
    >>> variable
    """
    blueprint, index = write.t, np.unravel_index(write.position, write.t.size)
    expected = blueprint.array
    expected[blueprint.indices == blueprint.indices[index]] = 77
    for written_to in ("tensor", "variable"):
        tensor = blueprint.on(device)
        variable = Variable(tensor)
        (tensor if written_to == "tensor" else variable)[index] = 77
        bitwise(tensor, expected)
        bitwise(variable, expected)


@WRAPPING_SHARES_MEMORY
@needs(STORAGE)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_variable_begins_at_the_address_of_its_tensor(device, layout):
    tensor = EXAMPLE_OF[layout].on(device)
    for flag in (True, False):
        variable = Variable(tensor, requires_grad=flag)
        assert variable.data_ptr() == tensor.data_ptr()
        assert variable.storage_offset() == tensor.storage_offset()
        assert tuple(variable.stride()) == tuple(tensor.stride())


@WRAPPING_SHARES_MEMORY
@pytest.mark.parametrize("flag", [True, False], ids=["required", "not required"])
def test_the_flag_of_a_variable_is_its_own(device, flag):
    tensor = torch.ones(2, device=device)
    variable = Variable(tensor, requires_grad=True)
    assert tensor.requires_grad is False
    variable.requires_grad = flag
    assert tensor.requires_grad is False
    tensor.requires_grad = not flag
    assert variable.requires_grad is flag


@WRAPPING_SHARES_MEMORY
def test_the_gradient_of_a_variable_is_its_own(device):
    tensor = torch.ones(2, device=device)
    variable = Variable(tensor, requires_grad=True)
    variable.sum().backward()
    agrees(variable.grad, [1, 1])
    assert tensor.grad is None


REWRAPPING_KEEPS_GRAPH = Claim(
    "autograd.rewrapping-keeps-graph",
    "The result of an operation stays connected to the graph when it is wrapped in a Variable once more.",
    sources=[
        INTRODUCTION["PyTorch DataLoader"],
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Weight initialization"],
        FLOYDHUB["Final architecture overview"],
    ],
    deviations=[
        Deviation(
            "Wrapping cuts the graph: Variable(h) has the memory of h and no history, and the flag of a wrapped "
            "parameter is lost as well, without a word.",
            witness=[{"t": Blueprint.of([[2.0, 3.0]]), "method": method} for method in ("neg", "t", "clone")],
        )
    ],
    kills=["variable-keeps-the-graph", "variable-keeps-the-flag-of-a-leaf"],
)

METHODS = ("neg", "exp", "t", "clone", "sum", "relu")


OPERANDS = matrices(dtype=dtypes.FLOATS, max_side=9, bounded=9)


@REWRAPPING_KEEPS_GRAPH
@reaches(view=lambda method: method == "t", empty=lambda t: t.numel == 0, strided=lambda t: not t.contiguous)
@given(t=OPERANDS, method=st.sampled_from(METHODS))
def test_a_wrapped_result_still_requires_a_gradient(device, t, method):
    """
    >>> h = getattr(t.requires_grad_(), method)()
    >>> torch.autograd.Variable(h).requires_grad
    """
    h = getattr(t.on(device, requires_grad=True), method)()
    assert Variable(h).requires_grad


@REWRAPPING_KEEPS_GRAPH.instead
@reaches(view=lambda method: method == "t", scalar=lambda method: method == "sum")
@given(t=OPERANDS, method=st.sampled_from(METHODS), flag=st.booleans())
def test_a_wrapped_result_is_a_leaf_with_the_same_values(device, t, method, flag):
    """
    >>> h = getattr(t.requires_grad_(), method)()
    >>> torch.autograd.Variable(h, requires_grad=flag).grad_fn
    """
    leaf = t.on(device, requires_grad=True)
    h = getattr(leaf, method)()
    wrapped = Variable(h, requires_grad=flag)
    assert wrapped.requires_grad is flag and wrapped.is_leaf and wrapped.grad_fn is None
    bitwise(wrapped, array_of(h))
    assert h.requires_grad and h.grad_fn is not None


@REWRAPPING_KEEPS_GRAPH.instead
def test_a_gradient_goes_no_further_back_than_the_wrapped_result(device):
    leaf = torch.tensor([2.0, 3.0], device=device, requires_grad=True)
    wrapped = Variable(leaf * 2, requires_grad=True)
    (wrapped * leaf).sum().backward()
    agrees(wrapped.grad, [2, 3])
    agrees(leaf.grad, [4, 6])  # and not [8, 12]: what went through the wrapped result is missing


@REWRAPPING_KEEPS_GRAPH.instead
@pytest.mark.parametrize("make", [torch.nn.Parameter, lambda t: t.requires_grad_()], ids=["parameter", "leaf"])
def test_a_wrapped_leaf_loses_its_flag(device, make):
    leaf = make(torch.ones(2, device=device))
    assert Variable(leaf).requires_grad is False
    assert leaf.requires_grad
    wrapped = Variable(leaf, requires_grad=True)
    wrapped.sum().backward()
    assert leaf.grad is None and wrapped.grad is not None


@REWRAPPING_KEEPS_GRAPH.regardless
def test_wrapping_a_batch_without_history_changes_no_gradient(device):
    batch = torch.tensor([[1.0, 2.0], [3.0, 5.0]], device=device)
    w = torch.ones(2, 1, device=device, requires_grad=True)
    Variable(batch).mm(w).sum().backward()
    agrees(w.grad, [[4], [7]])
