"""Instances.

The documents write forward and backward as ordinary methods, make an instance and call it. That was the only way before
torch 0.2; it worked until torch 1.4, with the peculiarity that an instance serves one call.
"""
import subprocess
import sys
from typing import NamedTuple

import pytest
import torch
from hypothesis import example, given

from spec.capabilities import FLOAT64, FUNCTION_INSTANCES, needs
from spec.claim import Claim, Deviation, reaches
from spec.networks.with_custom_function import HandWrittenReLU
from spec.oracles.agreement import agrees
from spec.oracles.backprop import relu, relu_slope
from spec.sources import EXAMPLES, FLOYDHUB, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, same_shape

pytestmark = [
    pytest.mark.filterwarnings("ignore:Legacy autograd function"),  # up to 1.4, when an instance is called
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
]


class Rectifier(torch.autograd.Function):
    """The documents' rectifier, written with ordinary methods."""

    def forward(self, input):
        self.save_for_backward(input)
        return input.clamp(min=0)

    def backward(self, grad_output):
        input, = self.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input < 0] = 0
        return grad_input


Case = NamedTuple("Case", [("x", Blueprint), ("v", Blueprint)])
Case.__doc__ = "The input of an operator, and the gradient that enters it from behind."

CASES = same_shape(2, dtype="float64", integral=True, layouts=LAYOUTS, max_elements=16).map(lambda pair: Case(*pair))
INSTANCE_CALL = Claim(
    "custom-functions.instance-call",
    "With forward and backward written as ordinary methods, a custom operator is used by calling an instance of its "
    "class like a function.",
    sources=[
        TEMPLATE["Defining new autograd functions"],
        EXAMPLES["PyTorch: Defining new autograd functions"],
        FLOYDHUB["Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    deviations=[
        Deviation(
            "An instance cannot be called: forward and backward are static methods, and the operator is used through "
            "apply.",
            witness={"case": Case(Blueprint.of([-1.0, 2.0]), Blueprint.of([3.0, 4.0]))},
            since="1.5",
            raises=RuntimeError,
            issue="torch 1.5.0",
        )
    ],
    kills=["a-called-instance-does-not-record", "calling-an-instance-is-apply"],
)


@INSTANCE_CALL
@needs(FLOAT64)
@reaches(negative=lambda case: (case.x.array < 0).any(), zero=lambda case: (case.x.array == 0).any(),
         strided=lambda case: not case.x.contiguous)
@given(case=CASES)
@example(case=Case(Blueprint.of([-3.0, -0.0, 0.0, 0.5, float("inf")]), Blueprint.of([1.0, 2.0, -3.0, 4.0, 5.0])))
def test_a_called_instance_rectifies_and_differentiates(device, case):
    """
    >>> f = lambda self, x: self.save_for_backward(x) or x.clamp(min=0); x.requires_grad_()
    >>> g = lambda self, v: v.masked_fill(self.saved_tensors[0] < 0, 0)
    >>> type("R", (torch.autograd.Function,), {"forward": f, "backward": g})()(x).backward(v); print(x.grad)
    """
    x = case.x.on(device, requires_grad=True)
    out = Rectifier()(x)
    agrees(out, relu(case.x.array))
    out.backward(case.v.on(device))
    agrees(x.grad, case.v.array * relu_slope(case.x.array, at_zero=1))


@INSTANCE_CALL.instead
@pytest.mark.parametrize("operator", [Rectifier, HandWrittenReLU], ids=["ordinary-methods", "static-methods"])
def test_calling_an_instance_is_refused_and_making_one_is_not(device, operator):
    made = operator()
    assert isinstance(made, torch.autograd.Function)
    with pytest.raises(RuntimeError, match="static forward method"):
        made(torch.ones(2, device=device, requires_grad=True))
    with pytest.raises(RuntimeError, match="static forward method"):
        made(torch.ones(2, device=device))


@INSTANCE_CALL.instead
@needs(FLOAT64)
@reaches(negative=lambda case: (case.x.array < 0).any())
@given(case=CASES)
def test_with_static_methods_the_operator_is_used_through_apply(device, case):
    """
    >>> f = staticmethod(lambda ctx, x: ctx.save_for_backward(x) or x.clamp(min=0)); x.requires_grad_()
    >>> g = staticmethod(lambda ctx, v: v.masked_fill(ctx.saved_tensors[0] < 0, 0))
    >>> type("R", (torch.autograd.Function,), {"forward": f, "backward": g}).apply(x).backward(v); print(x.grad)
    """
    x = case.x.on(device, requires_grad=True)
    out = HandWrittenReLU.apply(x)
    agrees(out, relu(case.x.array))
    out.backward(case.v.on(device))
    agrees(x.grad, case.v.array * relu_slope(case.x.array, at_zero=1))


@INSTANCE_CALL.instead
def test_apply_with_ordinary_methods_gives_the_right_gradient_or_none_at_all(device):
    x = torch.tensor([-1.0, 0.0, 2.0], device=device, requires_grad=True)
    out = Rectifier.apply(x)
    agrees(out, [0, 0, 2])
    try:
        out.sum().backward()
    except RuntimeError as error:
        assert "must implement the backward function" in str(error)
        assert x.grad is None
    else:
        agrees(x.grad, [0, 1, 1])


INSTANCE_NOT_REUSABLE = Claim(
    "custom-functions.instance-not-reusable",
    "Each iteration needs a new instance of the custom operator: one instance cannot serve twice.",
    sources=[
        EXAMPLES["PyTorch: Defining new autograd functions"],
        NOTEBOOK["PyTorch: Defining new autograd functions"],
    ],
    kills=["a-called-instance-is-replaced-by-a-new-one"],
)


@INSTANCE_NOT_REUSABLE
@needs(FUNCTION_INSTANCES)
def test_a_new_instance_in_each_iteration_gives_the_right_gradients(device):
    x = torch.tensor([-1.0, 0.0, 2.0], device=device, requires_grad=True)
    for iteration in range(1, 4):
        Rectifier()(x).sum().backward()
        agrees(x.grad, [0, iteration, iteration])
    first, second = Rectifier()(x), Rectifier()(3 * x)
    x.grad.zero_()
    first.sum().backward()
    agrees(x.grad, [0, 1, 1])
    second.sum().backward()
    agrees(x.grad, [0, 4, 4])


@INSTANCE_NOT_REUSABLE
@needs(FUNCTION_INSTANCES)
def test_an_instance_that_served_one_iteration_raises_in_the_next(device):
    x = torch.tensor([-1.0, 2.0], device=device, requires_grad=True)
    rectify = Rectifier()
    rectify(x).sum().backward()
    agrees(x.grad, [0, 1])
    again = rectify(x)
    with pytest.raises(RuntimeError, match="second time"):
        again.sum().backward()
    agrees(x.grad, [0, 1])


@INSTANCE_NOT_REUSABLE
@needs(FUNCTION_INSTANCES)
def test_an_instance_cannot_be_applied_to_its_own_result(device):
    x = torch.tensor([-1.0, 2.0], device=device, requires_grad=True)
    rectify = Rectifier()
    with pytest.raises(RuntimeError, match="could not compute gradients"):
        rectify(rectify(x)).sum().backward()
    assert x.grad is None


PROGRAM = """
import torch

class Rectifier(torch.autograd.Function):
    def forward(self, input):
        self.save_for_backward(input)
        return input.clamp(min=0)

    def backward(self, grad_output):
        input, = self.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input < 0] = 0
        return grad_input

x = torch.tensor([-1.0, 2.0], requires_grad=True)
rectify = Rectifier()
first, second = rectify(x), rectify({second})
first.sum().backward()
print(x.grad.tolist())
"""


def run_program(second, folder):
    """Run the program, with an expression for the tensor of the second call, in an interpreter of its own."""
    return subprocess.run([sys.executable, "-c", PROGRAM.format(second=second)], cwd=str(folder), timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@INSTANCE_NOT_REUSABLE
@needs(FUNCTION_INSTANCES)
def test_a_second_call_before_backward_silently_changes_the_gradient_of_the_first(tmp_path):
    run = run_program("3 * x", tmp_path)
    assert run.returncode == 0
    assert run.stdout.split() == [b"[0.0,", b"3.0]"]  # instead of 1: the factor of the second call


@INSTANCE_NOT_REUSABLE
@needs(FUNCTION_INSTANCES)
def test_a_second_call_on_a_tensor_without_a_gradient_ends_the_interpreter_in_backward(tmp_path):
    run = run_program("torch.ones(2)", tmp_path)
    assert run.returncode < 0  # by a signal
    assert not run.stdout
