"""Changes behind the back of the graph.

The values that the graph keeps are the ones that the program computed with. A change in place is counted, so that
backward can refuse a value that is no longer what it was; a change made through data is not.
"""
from collections import OrderedDict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.oracles.agreement import agrees, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import tensors

OLD_VALUE = Deviation(
    "Assigning another tensor to data, unlike writing into it, has no effect on a backward that was recorded before: "
    "the gradient is that of the old value.",
    witness={"change": "assigned"},
    until="1.9",
    where=lambda change: change == "assigned",
)

DATA_WRITES_UNDETECTED = Claim(
    "autograd.data-writes-undetected",
    "Autograd neither records nor notices a change made through data: where backward needs the value, it goes on with "
    "the changed one, and the same change made through detach() is an error.",
    sources=[
        TEMPLATE["optim: The optimization library"],
        EXAMPLES["PyTorch: Variables and autograd"],
        EXAMPLES["PyTorch: optim"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Weight initialization"],
    ],
    deviations=[OLD_VALUE],
    kills=["data-is-detach", "detach-is-data", "exp-keeps-a-copy", "what-detach-gives-is-a-copy"],
)

CHANGES = OrderedDict([
    ("written in place", lambda x, value: x.data.copy_(value)),
    ("assigned", lambda x, value: setattr(x, "data", value)),
])
"""Ways to change the value of a tensor through data."""


@DATA_WRITES_UNDETECTED
@pytest.mark.parametrize("change", list(CHANGES))
def test_backward_uses_the_operand_that_was_put_in_place_of_another_through_data(device, change):
    x = torch.tensor([1.0, 2.0], device=device, requires_grad=True)
    loss = (x * x).sum()
    CHANGES[change](x, torch.tensor([5.0, 7.0], device=device))
    assert x._version == 0 and x.is_leaf
    loss.backward()
    agrees(x.grad, [10, 14])


@OLD_VALUE.instead
def test_backward_uses_the_operand_that_it_was_recorded_with_whatever_is_assigned_to_data(device):
    x = torch.tensor([1.0, 2.0], device=device, requires_grad=True)
    loss = (x * x).sum()
    x.data = torch.tensor([5.0, 7.0], device=device)
    loss.backward()
    agrees(x.grad, [2, 4])
    agrees(x, [5, 7])


KEEPS_RESULT = OrderedDict([
    ("exp", lambda y: y),
    ("sigmoid", lambda y: y * (1 - y)),
    ("tanh", lambda y: 1 - y * y),
    ("reciprocal", lambda y: -y * y),
])
"""Operations that keep their result for backward, and the derivative as a function of the result."""

KEEPS_OPERAND = OrderedDict([
    ("pow", lambda x: 3 * x * x),
    ("mul", lambda x: 2 * x),
])
"""Operations (a third power, a product of the operand with itself) that keep their operand, and the derivative."""


def forward(method, start):
    """Return (operand, result) of an operation of the tables; both are results, so that they may be written to."""
    operand = start * 1
    arguments = {"pow": (3,), "mul": (operand,)}.get(method, ())
    return operand, getattr(operand, method)(*arguments)


@DATA_WRITES_UNDETECTED.regardless
@needs(FLOAT64)
@reaches(result=lambda method: method in KEEPS_RESULT, operand=lambda method: method in KEEPS_OPERAND,
         changed=lambda values: (values.array != 1).any())
@given(values=tensors(dtype="float64", shape=(3,), integral=True),
       method=st.sampled_from(list(KEEPS_RESULT) + list(KEEPS_OPERAND)))
def test_backward_uses_a_value_that_was_changed_through_data(device, values, method):
    """
    >>> x = torch.ones(3, dtype=torch.float64, requires_grad=True); h = x * 1
    >>> y = getattr(h, method)(*{"pow": (3,), "mul": (h,)}.get(method, ()))
    >>> h.data.copy_(values); y.data.copy_(values); y.sum().backward(); x.grad
    """
    x = torch.ones(3, dtype=torch.float64, device=device, requires_grad=True)
    operand, result = forward(method, x)
    kept = result if method in KEEPS_RESULT else operand
    history = kept.grad_fn
    kept.data.copy_(values.on(device))
    bitwise(kept, values.array)
    assert kept._version == 0 and kept.grad_fn is history
    result.sum().backward()
    derivative = KEEPS_RESULT.get(method) or KEEPS_OPERAND[method]
    agrees(x.grad, derivative(values.array))


@DATA_WRITES_UNDETECTED.regardless
@pytest.mark.parametrize("method", list(KEEPS_RESULT) + list(KEEPS_OPERAND))
def test_backward_refuses_a_value_that_was_changed_through_detach(device, method):
    x = torch.ones(3, device=device, requires_grad=True)
    operand, result = forward(method, x)
    kept = result if method in KEEPS_RESULT else operand
    kept.detach().fill_(7)
    agrees(kept, [7, 7, 7])
    assert kept._version == 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        result.sum().backward()
    assert x.grad is None


@DATA_WRITES_UNDETECTED.regardless
@pytest.mark.parametrize("inside", [lambda h: h.data, lambda h: h.detach()], ids=["data", "detach"])
def test_a_change_of_what_backward_does_not_need_is_harmless_either_way(device, inside):
    x = torch.ones(2, device=device, requires_grad=True)
    h = x * 1
    y = h + 5
    inside(h).fill_(7)
    y.sum().backward()
    agrees(x.grad, [1, 1])


@DATA_WRITES_UNDETECTED.regardless
def test_a_change_of_a_leaf_under_no_grad_is_noticed_where_one_through_data_is_not(device):
    for through_data in (True, False):
        w = torch.ones(2, device=device, requires_grad=True)
        loss = (w * w).sum()
        if through_data:
            w.data.mul_(3)
            loss.backward()
            agrees(w.grad, [6, 6])
        else:
            with torch.no_grad():
                w.mul_(3)
            with pytest.raises(RuntimeError, match="modified by an inplace operation"):
                loss.backward()
