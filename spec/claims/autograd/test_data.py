"""The tensor inside: .data.

The documents reach for the tensor inside a Variable by its attribute data: to print a loss, and to change a weight
without being followed.
"""
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
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, matrices, tensors

OTHER_OBJECT = Deviation(
    "v.data is another object at each access, but what it stands for is the tensor that v was made from: even its "
    "shape, changed in place, changes there.",
    witness={},
    until="1.0",
)
FIXED_ALIAS = Deviation(
    "v.data is a new tensor at each access, over the memory that v was made from; its shape cannot be changed in "
    "place.",
    witness={},
    since="1.1",
    until="1.12",
)
FREE_ALIAS = Deviation(
    "v.data is a new tensor at each access, over the memory that v was made from; its shape is its own.",
    witness={},
    since="1.13",
)

DATA_IS_INITIAL_TENSOR = Claim(
    "autograd.data-is-initial-tensor",
    "v.data is the very tensor that v was made from.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Variables and AutoGrad"]],
    deviations=[OTHER_OBJECT, FIXED_ALIAS, FREE_ALIAS],
    kills=["data-is-remembered", "data-is-a-copy", "reshaping-a-variable-in-place-makes-another"],
)


@DATA_IS_INITIAL_TENSOR
def test_data_gives_back_the_tensor_that_a_variable_was_made_from(device):
    tensor = torch.ones(2, device=device)
    assert Variable(tensor).data is tensor


@DATA_IS_INITIAL_TENSOR.instead
@pytest.mark.parametrize("layout", LAYOUTS)
def test_data_is_a_new_object_over_the_memory_of_the_first_tensor(device, layout):
    tensor = EXAMPLE_OF[layout].on(device)
    variable = Variable(tensor)
    first, second = variable.data, variable.data
    assert first is not tensor and first is not variable and first is not second
    bitwise(first, array_of(tensor))
    tensor[0, 1] = 77
    bitwise(first, array_of(tensor))
    bitwise(second, array_of(tensor))


@OTHER_OBJECT.instead
def test_a_shape_changed_through_data_changes_the_variable_and_its_tensor(device):
    tensor = torch.ones(2, 3, device=device)
    variable = Variable(tensor)
    variable.data.unsqueeze_(0)
    assert tuple(variable.shape) == tuple(tensor.shape) == (1, 2, 3)


@FIXED_ALIAS.instead
def test_a_shape_cannot_be_changed_through_data(device):
    tensor = torch.ones(2, 3, device=device)
    variable = Variable(tensor)
    with pytest.raises(RuntimeError, match="not allowed on a? ?Tensor created from .data or .detach"):
        variable.data.unsqueeze_(0)
    assert tuple(variable.shape) == tuple(tensor.shape) == (2, 3)


@FREE_ALIAS.instead
def test_a_shape_changed_in_data_stays_there(device):
    tensor = torch.ones(2, 3, device=device)
    variable = Variable(tensor)
    inside = variable.data
    inside.unsqueeze_(0)
    variable.t_()
    assert [tuple(one.shape) for one in (inside, variable, tensor)] == [(1, 2, 3), (3, 2), (2, 3)]
    inside.zero_()
    agrees(tensor, np.zeros((2, 3), "float32"))


DATA_IS_PLAIN_TENSOR = Claim(
    "autograd.data-is-plain-tensor",
    "x.data is a tensor with the value of x: it shares the memory of x, and has no gradient and no history.",
    sources=[
        TEMPLATE["Variables and autograd"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["Autograd"],
    ],
    kills=["data-is-a-copy", "data-is-compact", "data-keeps-the-flag", "data-keeps-the-gradient",
           "data-keeps-the-type-of-a-parameter"],
)


@DATA_IS_PLAIN_TENSOR
@reaches(strided=lambda t: not t.contiguous, empty=lambda t: not t.numel, result=lambda leaf: not leaf,
         integer=lambda t: dtypes.is_integer(t.dtype), leaf=lambda t, leaf: leaf and dtypes.is_float(t.dtype))
@given(t=tensors(dtype=dtypes.ALL, layouts=LAYOUTS), leaf=st.booleans())
@example(t=Blueprint.of(float("nan")), leaf=True)
def test_data_has_the_value_of_a_variable_and_nothing_else_of_it(device, t, leaf):
    """
    >>> x = torch.autograd.Variable(t, requires_grad=t.is_floating_point())
    >>> (x if leaf else x.unsqueeze(0)).data
    """
    x = Variable(t.on(device), requires_grad=dtypes.is_float(t.dtype))
    if not leaf:
        x = x.unsqueeze(0)
    history, before = x.grad_fn, array_of(x)
    inside = x.data
    assert type(inside) is torch.Tensor
    assert inside.requires_grad is False and inside.grad_fn is None and inside.is_leaf
    assert inside.device == x.device and tuple(inside.stride()) == tuple(x.stride())
    bitwise(array_of(inside), before)
    assert inside.dtype == x.dtype
    assert x.requires_grad is dtypes.is_float(t.dtype) and x.grad_fn is history


@DATA_IS_PLAIN_TENSOR
@needs(STORAGE)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_data_begins_at_the_address_of_its_variable(device, layout):
    x = EXAMPLE_OF[layout].on(device, requires_grad=True)
    for one in (x, x[1], x.t()):
        assert one.data.data_ptr() == one.data_ptr()
        assert one.data.storage_offset() == one.storage_offset()


@DATA_IS_PLAIN_TENSOR
@reaches(strided=lambda t: not t.contiguous)
@given(t=matrices(dtype=dtypes.FLOATS))
def test_what_is_written_to_data_stands_in_the_variable(device, t):
    """
    >>> t.requires_grad_().data.fill_(7)
    >>> t
    """
    x = t.on(device, requires_grad=True)
    x.data.fill_(7)
    agrees(x, np.full(t.size, 7, t.dtype))
    assert x.is_leaf and x.requires_grad


@DATA_IS_PLAIN_TENSOR
def test_data_has_no_gradient_where_its_variable_has_one(device):
    for make in (lambda t: Variable(t, requires_grad=True), torch.nn.Parameter):
        x = make(torch.ones(2, device=device))
        x.sum().backward()
        agrees(x.grad, [1, 1])
        assert x.data.grad is None and type(x.data) is torch.Tensor
