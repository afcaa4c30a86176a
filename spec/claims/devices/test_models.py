"""Moving a model.

A model is moved as it stands: each parameter gets its values on the GPU and remains the object that the optimizer was
given. A tensor cannot be moved as it stands, so that its copy must be assigned.
"""
import numpy as np
import pytest
import torch
from torch import nn

from spec.capabilities import FLOAT64, VALUES, needs
from spec.claim import Claim
from spec.claims.devices._helpers import META, PARAMETERS, SEPARATE, lies_on, sent
from spec.oracles.agreement import agrees, array_of, bitwise, unchanged
from spec.sources import FLOYDHUB, INTRODUCTION


class Nested(nn.Module):
    """A model with all that a model can hold: layers in layers, buffers, a shared weight, and tensors of no kind."""

    def __init__(self):
        super(Nested, self).__init__()
        self.first = nn.Sequential(nn.Linear(3, 3, bias=False), nn.BatchNorm1d(3))
        self.shared = nn.Linear(3, 3, bias=False)
        self.shared.weight = self.first[0].weight
        self.last = nn.Parameter(torch.tensor([1.0, -2.0, 4.0]))
        self.register_buffer("count", torch.tensor([3, 4]))
        self.plain, self.listed = torch.ones(2), [torch.ones(2)]

    def forward(self, x):
        return (self.shared(self.first(x)) * self.last).sum()


def held(model):
    """Return the parameters and the buffers of a model by name; a shared one has several names."""
    return model.state_dict(keep_vars=True)


MODULE_CUDA_MOVES_EVERYTHING = Claim(
    "devices.module-cuda-moves-everything",
    "model.cuda() moves the whole model to the GPU, with all of its parameters and buffers, and returns the model.",
    sources=[
        INTRODUCTION["Optimization"],
        INTRODUCTION["PyTorch DataLoader"],
        FLOYDHUB["Models Definition"],
        FLOYDHUB["Train model with CUDA"],
    ],
    kills=["a-model-is-copied-to-the-cpu", "models-leave-buffers-behind", "a-model-is-moved-to-the-cpu-in-halves",
           "moving-a-model-replaces-its-parameters", "gradients-are-lost-when-a-model-is-moved"],
)


@MODULE_CUDA_MOVES_EVERYTHING
@pytest.mark.parametrize("way", [sent, lambda model, device: model.to(device)], ids=["method", "to"])
def test_a_model_returns_itself_with_every_parameter_and_every_buffer_on_the_device(device, way):
    model = Nested()
    before = {name: (tensor.dtype, tensor.shape) for name, tensor in held(model).items()}
    assert len(before) == 9
    assert way(model, device) is model
    assert all(lies_on(tensor, device) for tensor in held(model).values())
    assert {name: (tensor.dtype, tensor.shape) for name, tensor in held(model).items()} == before


@MODULE_CUDA_MOVES_EVERYTHING
@needs(META)
def test_a_model_moved_where_there_is_no_memory_takes_its_parameters_and_buffers_along_and_no_other_tensor():
    model = Nested()
    assert model.to("meta") is model
    assert len(held(model)) == 9 and all(lies_on(tensor, "meta") for tensor in held(model).values())
    assert model.plain.device.type == model.listed[0].device.type == "cpu"


@MODULE_CUDA_MOVES_EVERYTHING
@needs(SEPARATE)
def test_tensors_that_are_neither_parameters_nor_buffers_stay_where_they_are(device):
    model = sent(Nested(), device)
    assert model.plain.device.type == model.listed[0].device.type == "cpu"


@MODULE_CUDA_MOVES_EVERYTHING
@needs(VALUES, PARAMETERS)
def test_a_model_keeps_its_parameters_and_every_value(device):
    model = Nested()
    parameters = list(model.parameters())
    before = {name: array_of(tensor) for name, tensor in model.state_dict().items()}
    sent(model, device)
    assert len(parameters) == 4
    assert all(now is parameter for now, parameter in zip(model.parameters(), parameters))
    assert model.shared.weight is model.first[0].weight
    for name, tensor in model.state_dict().items():
        bitwise(array_of(tensor), before[name])


@MODULE_CUDA_MOVES_EVERYTHING
@needs(VALUES)
def test_the_gradients_that_parameters_have_move_with_them(device):
    model = Nested()
    model(torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 2.0]])).backward()
    before = {name: array_of(parameter.grad) for name, parameter in model.named_parameters()}
    sent(model, device)
    assert len(before) == 4
    for name, values in before.items():
        assert lies_on(held(model)[name].grad, device)
        bitwise(array_of(held(model)[name].grad), values)


MODULE_IN_PLACE_TENSOR_COPIED = Claim(
    "devices.module-in-place-tensor-copied",
    "Moving or converting a model changes the model itself, so model.cuda() as a statement is enough; moving or "
    "converting a tensor makes a new one, which must be assigned.",
    sources=[
        INTRODUCTION["Optimization"],
        INTRODUCTION["PyTorch DataLoader"],
        FLOYDHUB["Models Definition"],
        FLOYDHUB["Train model with CUDA"],
    ],
    kills=["moving-a-model-replaces-its-parameters", "converting-a-model-returns-a-copy",
           "converting-a-tensor-changes-it", "float-copies-floats"],
)

CONVERSIONS = {
    "double": (lambda thing: thing.double(), "float64"),
    "half": (lambda thing: thing.half(), "float16"),
    "float": (lambda thing: thing.float(), "float32"),
    "to": (lambda thing: thing.to(torch.float64), "float64"),
}
EACH_CONVERSION = pytest.mark.parametrize("convert, dtype", list(CONVERSIONS.values()), ids=list(CONVERSIONS))


@MODULE_IN_PLACE_TENSOR_COPIED
@needs(FLOAT64)
@EACH_CONVERSION
def test_a_model_that_is_converted_stays_itself_and_so_do_its_parameters(device, convert, dtype):
    model = nn.Linear(3, 2).to(device)
    parameters = list(model.parameters())
    model(torch.ones(1, 3, device=device)).sum().backward()
    assert convert(model) is model
    assert len(parameters) == 2 and all(now is old for now, old in zip(model.parameters(), parameters))
    for parameter in parameters:
        assert parameter.dtype == parameter.grad.dtype == getattr(torch, dtype) and parameter.is_leaf


@MODULE_IN_PLACE_TENSOR_COPIED
@needs(FLOAT64)
@EACH_CONVERSION
def test_a_tensor_that_is_converted_stays_as_it_is_and_the_result_is_new_unless_it_has_the_type_already(
        device, convert, dtype):
    x = torch.tensor([1.0, -2.0, 4.0], device=device)
    result = convert(x)
    assert x.dtype == torch.float32 and result.dtype == getattr(torch, dtype)
    assert (result is x) is (dtype == "float32")


@MODULE_IN_PLACE_TENSOR_COPIED
@needs(VALUES)
def test_a_converted_tensor_does_not_write_into_its_original(device):
    x = torch.tensor([1.0, -2.0, 4.0], device=device)
    before = array_of(x)
    for convert in (lambda: x.long(), lambda: x.to(torch.int32)):
        convert().fill_(7)
        unchanged(x, before)


@MODULE_IN_PLACE_TENSOR_COPIED
@needs(FLOAT64, VALUES, PARAMETERS)
@pytest.mark.parametrize("move", [lambda model, device: sent(model.double(), device),
                                  lambda model, device: sent(model, device).double()], ids=["last", "first"])
def test_an_optimizer_made_before_the_model_was_moved_and_converted_updates_it_all_the_same(device, move):
    model = nn.Linear(3, 2, bias=False)
    with torch.no_grad():
        model.weight.fill_(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    move(model, device)
    model(torch.tensor([[1.0, -2.0, 4.0]], device=device).double()).sum().backward()
    optimizer.step()
    agrees(model.weight, np.array([[0.5, 2.0, -1.0]] * 2))
