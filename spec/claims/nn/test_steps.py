"""Steps of training a model.

Backward adds to the gradients, so that they are cleared before each step; then each parameter moves against its own.
"""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.nn._helpers import gradients, linear, nets, sequential, summed_error
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.sources import EXAMPLES, NOTEBOOK

ZERO_GRAD_LEAVES_ZEROS = Claim(
    "nn.zero-grad-leaves-zeros",
    "model.zero_grad() sets the gradients of all parameters of the model to zero.",
    sources=[EXAMPLES["PyTorch: nn"], NOTEBOOK["What is a nn module"]],
    deviations=[
        Deviation(
            "They are None; zero_grad(set_to_none=False) fills them with zeros.",
            witness={},
            since="2.0",
            issue="torch 2.0 release notes",
        )
    ],
    kills=["zero-grad-clears-the-first-parameter", "zero-grad-multiplies-by-zero", "zero-grad-leaves-none-or-zeros",
           "zero-grad-makes-zeros-of-none"],
)


def nested(device):
    """Build a model of four parameters, two of them in an inner module, whose gradients are filled."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Sequential(torch.nn.Linear(2, 1))).to(device)
    model(torch.ones(3, 2, device=device)).sum().backward()
    return model


@ZERO_GRAD_LEAVES_ZEROS
def test_zero_grad_fills_the_gradient_of_every_parameter_with_zeros_in_place(device):
    model = nested(device)
    before = [parameter.grad for parameter in model.parameters()]
    model.zero_grad()
    for parameter, gradient in zip(model.parameters(), before):
        assert parameter.grad is gradient
        agrees(gradient, np.zeros(parameter.shape, "float32"))


@ZERO_GRAD_LEAVES_ZEROS.regardless
@needs(FLOAT64)
@reaches(deep=lambda net: len(net.weights) > 1)
@given(net=nets())
def test_without_zero_grad_gradients_add_up_and_after_it_the_next_backward_gives_one_alone(device, net):
    """
    >>> model = torch.nn.Linear(x.shape[1], 1).double(); x = torch.tensor(x); model(x).sum().backward()
    >>> model.zero_grad(); model(x).sum().backward()
    >>> model.weight.grad, x.sum(0)
    """
    model = sequential(net, device)
    for factor in (1, 2):
        summed_error(model, net, device).backward()
        for parameter, expected in zip(model.parameters(), gradients(net)):
            agrees(parameter.grad, factor * expected)
    model.zero_grad()
    summed_error(model, net, device).backward()
    for parameter, expected in zip(model.parameters(), gradients(net)):
        agrees(parameter.grad, expected)


@ZERO_GRAD_LEAVES_ZEROS.regardless
def test_before_the_first_backward_zero_grad_leaves_gradients_none_and_later_it_removes_even_nan(device):
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Sequential(torch.nn.Linear(2, 1))).to(device)
    model.zero_grad()
    assert [parameter.grad for parameter in model.parameters()] == [None] * 4
    model(torch.full((1, 2), float("nan"), device=device)).sum().backward()
    assert torch.isnan(model[0].weight.grad).all() and torch.isnan(model[1][0].weight.grad).all()
    model.zero_grad()
    assert all(parameter.grad is None or (parameter.grad == 0).all() for parameter in model.parameters())


@ZERO_GRAD_LEAVES_ZEROS.instead
@pytest.mark.parametrize("arguments", [{}, {"set_to_none": True}, {"set_to_none": False}],
                         ids=["default", "set_to_none=True", "set_to_none=False"])
def test_zero_grad_leaves_none_unless_it_is_told_to_leave_zeros(device, arguments):
    model = nested(device)
    before = [parameter.grad for parameter in model.parameters()]
    model.zero_grad(**arguments)
    for parameter, gradient in zip(model.parameters(), before):
        if arguments == {"set_to_none": False}:
            assert parameter.grad is gradient
            agrees(gradient, np.zeros(parameter.shape, "float32"))
        else:
            assert parameter.grad is None


MANUAL_PARAMETER_UPDATE = Claim(
    "nn.manual-parameter-update",
    "A loop over model.parameters() with param.data -= learning_rate * param.grad.data takes one step of gradient "
    "descent.",
    sources=[EXAMPLES["PyTorch: nn"], NOTEBOOK["What is a nn module"]],
    kills=["parameters-skips-the-last", "parameters-yields-copies", "parameters-repeats-what-is-shared",
           "minus-equals-adds"],
)


@MANUAL_PARAMETER_UPDATE
@needs(FLOAT64)
@reaches(deep=lambda net: len(net.weights) > 1, rate_zero=lambda rate: rate == 0)
@given(net=nets(), rate=st.sampled_from([2.0 ** -8, 1.0, 0.0, 2.0 ** -20]))
def test_each_parameter_moves_by_the_rate_times_its_gradient_and_stays_the_leaf_it_was(device, net, rate):
    """
    >>> w = torch.tensor(weights[0], requires_grad=True); ((torch.tensor(x) @ w.t()) ** 2).sum().backward()
    >>> w.data -= rate * w.grad.data; w, w.grad
    """
    model = sequential(net, device)
    before = list(model.parameters())
    summed_error(model, net, device).backward()
    for param in model.parameters():
        param.data -= rate * param.grad.data
    values = [value for pair in zip(net.weights, net.biases) for value in pair]
    after = list(model.parameters())
    assert [id(param) for param in after] == [id(param) for param in before]
    for param, value, gradient in zip(after, values, gradients(net)):
        agrees(param, value - rate * gradient)
        agrees(param.grad, gradient)
        assert param.requires_grad and param.is_leaf and param.grad_fn is None


@MANUAL_PARAMETER_UPDATE
def test_a_parameter_that_two_layers_share_is_moved_once(device):
    shared = linear(np.array([[3.0]], "float32"), None, device)
    model = torch.nn.Sequential(shared, shared)
    model(torch.ones(1, 1, device=device)).sum().backward()
    for param in model.parameters():
        param.data -= 0.5 * param.grad.data
    agrees(shared.weight, np.array([[0.0]], "float32"))


@MANUAL_PARAMETER_UPDATE
def test_parameters_can_be_gone_through_once_for_each_call_of_parameters():
    model = torch.nn.Linear(2, 1)
    kept = model.parameters()
    assert len(list(kept)) == 2 and list(kept) == [] and len(list(model.parameters())) == 2
    assert array_of(model.weight).shape == (1, 2)


@MANUAL_PARAMETER_UPDATE
def test_a_parameter_without_a_gradient_stops_the_loop_with_an_attribute_error(device):
    model = torch.nn.Linear(2, 1).to(device)
    before = array_of(model.weight)
    with pytest.raises(AttributeError):
        for param in model.parameters():
            param.data -= 0.5 * param.grad.data
    unchanged(model.weight, before)
