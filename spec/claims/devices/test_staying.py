"""Staying where one is.

To ask for the CPU on the CPU costs nothing: programs can call cpu() wherever they need the CPU.
"""
import torch
from hypothesis import example, given

from spec.claim import Claim, reaches
from spec.claims.devices._helpers import ways
from spec.claims.devices._tensors import BRANCHES, CORNERS, EVERYTHING
from spec.oracles.agreement import array_of, bitwise, unchanged
from spec.sources import FLOYDHUB, INTRODUCTION, TEMPLATE

CPU_ON_CPU_IS_IDENTITY = Claim(
    "devices.cpu-on-cpu-is-identity",
    "On a tensor that is on the CPU already, cpu() returns that very tensor; on such a model, the model.",
    sources=[
        TEMPLATE["PyTorch for Torch Users"],
        INTRODUCTION["PyTorch Tensors"],
        FLOYDHUB["Variables and AutoGrad"],
        FLOYDHUB["Defining new autograd functions"],
        FLOYDHUB["Train model with CUDA"],
    ],
    kills=["cpu-copies-what-is-there", "a-model-is-copied-to-the-cpu", "moving-to-the-cpu-cuts-the-history"],
)


@CPU_ON_CPU_IS_IDENTITY
@reaches(**BRANCHES)
@given(t=EVERYTHING)
@example(t=CORNERS)
def test_a_tensor_on_the_cpu_is_its_own_copy_there(t):
    """
    >>> t.cpu() is t, t.to("cpu") is t
    """
    x = t.on("cpu")
    before, stride = array_of(x), x.stride()
    assert all(there is x for there in ways(x, "cpu"))
    assert x.stride() == stride
    bitwise(array_of(x), before)


@CPU_ON_CPU_IS_IDENTITY
def test_the_result_of_an_operation_keeps_its_history_where_it_stays_on_the_cpu():
    y = torch.ones(3, requires_grad=True) * 2
    history = y.grad_fn
    assert all(there is y for there in ways(y, "cpu")) and y.grad_fn is history


@CPU_ON_CPU_IS_IDENTITY
def test_a_model_on_the_cpu_is_its_own_copy_there():
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    before = [(id(tensor), array_of(tensor)) for tensor in list(model.parameters())]
    assert model.cpu() is model and model.to("cpu") is model
    assert [id(parameter) for parameter in model.parameters()] == [number for number, _ in before]
    for parameter, (_, values) in zip(model.parameters(), before):
        unchanged(parameter, values)
