"""What a Variable is.

Variable is the name under which the documents ask torch to follow a tensor. Since torch 0.4 there is no such thing
beside tensors any more: the name is still there, and what it makes is a tensor.
"""
import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.autograd import Variable

from spec import dtypes
from spec.claim import Claim, Deviation, reaches
from spec.oracles.agreement import array_of, bitwise, unchanged
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, tensors

VARIABLE_CONSTRUCTOR = Claim(
    "autograd.variable-constructor",
    "Variable, imported from torch.autograd, takes a tensor and a flag requires_grad; without the flag nothing is "
    "asked for, so that data needs no requires_grad=False.",
    sources=[
        EXAMPLES["PyTorch: nn"],
        EXAMPLES["PyTorch: optim"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        EXAMPLES["PyTorch: Control Flow + Weight Sharing"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Pytorch introduction"],
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Excluding subgraphs from backward"],
        NOTEBOOK["What is a nn module"],
        NOTEBOOK["PyTorch - optim"],
        NOTEBOOK["Custom nn module"],
    ],
    kills=["variable-requires-grad-by-default", "variable-ignores-a-flag-given-by-position", "variable-is-no-leaf"],
)


@VARIABLE_CONSTRUCTOR
@reaches(asked=lambda flag: flag, declined=lambda flag: not flag, empty=lambda t: not t.numel,
         strided=lambda t: not t.contiguous, half=lambda t: t.dtype in dtypes.HALVES)
@given(t=tensors(dtype=dtypes.HALVES + dtypes.FLOATS, layouts=LAYOUTS), flag=st.booleans())
@example(t=Blueprint.of(1.0), flag=True)
def test_a_variable_has_the_flag_that_it_is_given(device, t, flag):
    """
    >>> torch.autograd.Variable(t, requires_grad=flag).requires_grad
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        by_name = Variable(t.on(device), requires_grad=flag)
        by_position = Variable(t.on(device), flag)
    for variable in (by_name, by_position):
        assert variable.requires_grad is flag
        assert variable.is_leaf and variable.grad is None and variable.grad_fn is None


@VARIABLE_CONSTRUCTOR
@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_without_the_flag_a_variable_does_not_require_a_gradient(device, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        variable = Variable(Blueprint.of([1, 0], dtype).on(device))
    assert variable.requires_grad is False and variable.is_leaf


@VARIABLE_CONSTRUCTOR
def test_data_in_variables_without_the_flag_receives_no_gradient(device):
    x, y = Variable(torch.ones(2, 3, device=device)), Variable(torch.ones(2, 1, device=device), requires_grad=False)
    w = Variable(torch.ones(3, 1, device=device), requires_grad=True)
    (x.mm(w) - y).pow(2).sum().backward()
    assert x.grad is None and y.grad is None
    assert w.grad is not None


@VARIABLE_CONSTRUCTOR
def test_a_variable_of_nothing_is_a_tensor_without_elements():
    for nothing in (Variable(), Variable(None)):
        assert type(nothing) is torch.Tensor and tuple(nothing.shape) == (0,) and nothing.requires_grad is False


@VARIABLE_CONSTRUCTOR
@pytest.mark.parametrize("something", [[1.0], 1.0, np.ones(2, "float32")], ids=["list", "number", "array"])
def test_a_variable_of_something_else_than_a_tensor_is_refused(something):
    with pytest.raises(TypeError, match="tensor"):
        Variable(something)


VARIABLE_IS_OWN_TYPE = Claim(
    "autograd.variable-is-own-type",
    "A Variable is an object of a type of its own that wraps a tensor, which is no Variable itself.",
    sources=[
        TEMPLATE["Variables and autograd"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
        NOTEBOOK["Autograd"],
    ],
    deviations=[
        Deviation(
            "Variable(t) is a new tensor over the memory of t, of type torch.Tensor, and every tensor passes for an "
            "instance of Variable.",
            witness={"t": Blueprint.of([1.0, 2.0])},
            issue="torch 0.4.0",
        )
    ],
    kills=["variable-returns-its-argument", "variable-makes-a-type-of-its-own", "variable-of-a-parameter-is-one"],
)


@VARIABLE_IS_OWN_TYPE
@reaches(integer=lambda t: dtypes.is_integer(t.dtype), empty=lambda t: t.numel == 0,
         no_dimension=lambda t: t.ndim == 0)
@given(t=tensors())
def test_a_variable_is_of_a_type_other_than_its_tensor(device, t):
    """
    >>> type(torch.autograd.Variable(t)), type(t)
    """
    tensor = t.on(device)
    assert type(Variable(tensor)) is not type(tensor)


@VARIABLE_IS_OWN_TYPE
@reaches(integer=lambda t: dtypes.is_integer(t.dtype), empty=lambda t: t.numel == 0,
         no_dimension=lambda t: t.ndim == 0)
@given(t=tensors())
def test_a_tensor_is_no_instance_of_variable(device, t):
    """
    >>> isinstance(t, torch.autograd.Variable)
    """
    assert not isinstance(t.on(device), Variable)


@VARIABLE_IS_OWN_TYPE.instead
@reaches(integer=lambda t: dtypes.is_integer(t.dtype), expanded=lambda t: t.layout() == "expanded",
         transposed=lambda t: t.layout() == "transposed")
@given(t=tensors(dtype=dtypes.ALL, layouts=LAYOUTS))
@example(t=Blueprint("float32", [1.0, 2.0, 3.0, 4.0], (2, 2), (1, 2)))
@example(t=Blueprint("int64", [1, 2], (3, 2), (0, 1)))
def test_a_variable_is_another_tensor_with_the_values_and_the_layout_of_its_argument(device, t):
    """
    >>> type(torch.autograd.Variable(t)), torch.autograd.Variable(t) is t
    """
    tensor = t.on(device)
    variable = Variable(tensor)
    assert type(variable) is torch.Tensor
    assert variable is not tensor
    assert variable.device == tensor.device
    assert tuple(variable.stride()) == tuple(tensor.stride())
    assert variable.dtype == tensor.dtype
    bitwise(array_of(variable), t.array)


@VARIABLE_IS_OWN_TYPE.instead
def test_every_tensor_passes_for_an_instance_of_variable_and_nothing_else_does(device):
    tensor = torch.ones(2, device=device)
    for one in (tensor, Variable(tensor), tensor + 1, torch.nn.Parameter(tensor)):
        assert isinstance(one, Variable)
    for other in (np.ones(2), [1.0], 1.0, None, torch.float32, torch.Tensor):
        assert not isinstance(other, Variable)
    assert not issubclass(torch.Tensor, Variable)


@VARIABLE_IS_OWN_TYPE.instead
def test_a_variable_of_a_parameter_is_a_plain_tensor(device):
    parameter = torch.nn.Parameter(torch.ones(2, device=device))
    assert type(Variable(parameter)) is torch.Tensor


ONLY_FLOATING_POINT = Claim(
    "autograd.only-floating-point",
    "Only Variables of floating point numbers, and of complex ones where torch has them, can require a gradient.",
    sources=[EXAMPLES["PyTorch: Variables and autograd"]],
    deviations=[
        Deviation(
            "Asking is refused for whole numbers, but a tensor of them that is assigned to data makes a leaf of whole "
            "numbers that requires a gradient.",
            witness={},
            until="1.12",
            issue="pytorch#76008",
        )
    ],
    kills=["variable-turns-integers-into-floats", "requires-grad-is-ignored-for-integers", "half-refuses-requires-grad",
           "factories-ignore-requires-grad-for-integers"],
)


@ONLY_FLOATING_POINT.regardless
@reaches(integer=lambda t: dtypes.is_integer(t.dtype), float=lambda t: dtypes.is_float(t.dtype))
@given(t=tensors(dtype=dtypes.ALL, layouts=LAYOUTS))
@example(t=Blueprint.of([], "int64"))
@example(t=Blueprint.of(1.5, "float16"))
def test_exactly_the_tensors_of_floating_point_or_complex_numbers_can_require_a_gradient(device, t):
    """
    >>> torch.autograd.Variable(t, requires_grad=True)
    >>> t.requires_grad_()
    """
    tensor = t.on(device)
    if dtypes.is_float(t.dtype) or dtypes.is_complex(t.dtype):
        assert Variable(tensor, requires_grad=True).requires_grad
        assert tensor.requires_grad_().requires_grad
    else:
        with pytest.raises(RuntimeError, match="floating point"):
            Variable(tensor, requires_grad=True)
        with pytest.raises(RuntimeError, match="floating point"):
            tensor.requires_grad_()
        assert tensor.requires_grad is False
    unchanged(tensor, array_of(t.on(device)))


WAYS = {
    "tensor": lambda **options: torch.tensor([1], requires_grad=True, **options),
    "empty": lambda **options: torch.empty(2, requires_grad=True, **options),
    "attribute": lambda **options: setattr(torch.tensor([1], **options), "requires_grad", True),
    "parameter": lambda **options: torch.nn.Parameter(torch.tensor([1], **options)),
}


@ONLY_FLOATING_POINT.regardless
@pytest.mark.parametrize("way", sorted(WAYS))
def test_no_way_of_asking_makes_a_whole_number_require_a_gradient(device, way):
    for name in dtypes.ALL:
        ask, options = WAYS[way], {"dtype": dtypes.torch_dtype(name), "device": device}
        if dtypes.is_float(name) or dtypes.is_complex(name):
            ask(**options)
        else:
            with pytest.raises(RuntimeError, match="floating point"):
                ask(**options)


@ONLY_FLOATING_POINT.regardless
def test_a_conversion_to_whole_numbers_leaves_the_graph(device):
    x = Variable(torch.ones(2, device=device), requires_grad=True)
    whole = x.long()
    assert whole.requires_grad is False and whole.grad_fn is None
    assert whole.to(torch.float32).requires_grad is False
    assert x.double().requires_grad


@ONLY_FLOATING_POINT
def test_no_assignment_to_data_makes_whole_numbers_require_a_gradient(device):
    x = Variable(torch.ones(2, device=device), requires_grad=True)
    try:
        x.data = torch.zeros(2, dtype=torch.int64, device=device)
    except RuntimeError as error:
        assert "floating point" in str(error)
    assert x.dtype == torch.float32 or not x.requires_grad


@ONLY_FLOATING_POINT.instead
def test_whole_numbers_assigned_to_data_require_a_gradient(device):
    x = Variable(torch.ones(2, device=device), requires_grad=True)
    x.data = torch.zeros(2, dtype=torch.int64, device=device)
    assert x.dtype == torch.int64 and x.requires_grad and x.is_leaf
