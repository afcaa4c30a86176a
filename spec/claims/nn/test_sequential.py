"""A sequence of layers.

The network of the documents in its shortest form: layers in a row, each fed with what the one before it returns.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE

SEQUENTIAL_APPLIES_IN_ORDER = Claim(
    "nn.sequential-applies-in-order",
    "nn.Sequential is a module that holds other modules and feeds the output of each to the next, in the order given.",
    sources=[
        EXAMPLES["PyTorch: nn"],
        INTRODUCTION["PyTorch nn Module"],
        FLOYDHUB["Models Definition"],
        FLOYDHUB["Train model with CUDA"],
        NOTEBOOK["What is a nn module"],
    ],
    kills=["sequential-runs-backwards", "sequential-applies-a-layer-once", "sequential-leaves-out-the-last-layer",
           "an-empty-sequential-copies", "sequential-counts-a-layer-once"],
)

LAYERS = {
    "ReLU()": lambda x: np.maximum(x, 0),
    "Hardtanh(-2, 1)": lambda x: np.clip(x, -2, 1),
    "Threshold(1, -5)": lambda x: np.where(x > 1, x, -5),
    "LeakyReLU(-3)": lambda x: np.where(x >= 0, x, -3 * x),
    "Hardtanh(-7, -4)": lambda x: np.clip(x, -7, -4),
}


@SEQUENTIAL_APPLIES_IN_ORDER
@needs(FLOAT64)
@reaches(empty=lambda order: not order, one=lambda order: len(order) == 1, long=lambda order: len(order) > 4,
         repeated=lambda order: len(set(order)) < len(order))
@given(order=st.lists(st.sampled_from(list(LAYERS)), max_size=8),
       x=st.lists(st.integers(-9, 9), min_size=1, max_size=9))
@example(order=["Threshold(1, -5)", "LeakyReLU(-3)"], x=[0, 3])
@example(order=["LeakyReLU(-3)", "Threshold(1, -5)"], x=[0, 3])
def test_a_sequence_feeds_the_output_of_each_layer_to_the_next(device, order, x):
    """
    >>> made = {name: eval("torch.nn." + name) for name in order}
    >>> torch.nn.Sequential(*[made[name] for name in order])(torch.tensor(x, dtype=torch.float64))
    """
    made = {name: eval(name, vars(torch.nn)) for name in order}
    expected = np.array(x, "float64")
    for name in order:
        expected = LAYERS[name](expected)
    agrees(torch.nn.Sequential(*[made[name] for name in order])(torch.tensor(x, device=device).double()), expected)


@SEQUENTIAL_APPLIES_IN_ORDER
def test_a_sequence_gives_its_layers_in_order_by_index_and_in_a_loop():
    first, second = torch.nn.Linear(2, 3), torch.nn.ReLU()
    model = torch.nn.Sequential(first, second, first)
    assert isinstance(model, torch.nn.Module) and len(model) == 3
    assert model[0] is first and model[1] is second and model[2] is first and model[-2] is second
    assert [id(layer) for layer in model] == [id(first), id(second), id(first)]
    with pytest.raises(IndexError):
        model[3]


@SEQUENTIAL_APPLIES_IN_ORDER
def test_a_sequence_without_layers_returns_its_input_itself(device):
    x = torch.ones(2, device=device)
    model = torch.nn.Sequential()
    assert model(x) is x and len(model) == 0 and list(model.parameters()) == []


@SEQUENTIAL_APPLIES_IN_ORDER
def test_layers_whose_sizes_do_not_fit_fail_when_they_are_called_and_not_before(device):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(4, 1)).to(device)
    with pytest.raises(RuntimeError):
        model(torch.ones(1, 2, device=device))


SOME_MODULES_HAVE_PARAMETERS = Claim(
    "nn.some-modules-have-parameters",
    "Linear has learnable parameters and ReLU has none, so that the Sequential of the example has four: 0.weight, "
    "0.bias, 2.weight and 2.bias.",
    sources=[
        TEMPLATE["nn: The neural network Library"],
        EXAMPLES["PyTorch: nn"],
        INTRODUCTION["PyTorch nn Module"],
        FLOYDHUB["Models Definition"],
        NOTEBOOK["What is a nn module"],
    ],
    kills=["relu-has-a-parameter", "linear-without-bias-has-one", "linear-registers-its-bias-first"],
)


@SOME_MODULES_HAVE_PARAMETERS
@pytest.mark.parametrize("d_in, h, d_out", [(1000, 100, 10), (10, 10, 1), (1, 1, 1), (3, 2, 5)])
def test_the_example_has_two_weights_and_two_biases(d_in, h, d_out):
    model = torch.nn.Sequential(torch.nn.Linear(d_in, h), torch.nn.ReLU(), torch.nn.Linear(h, d_out))
    assert [(name, tuple(parameter.shape)) for name, parameter in model.named_parameters()] == [
        ("0.weight", (h, d_in)), ("0.bias", (h,)), ("2.weight", (d_out, h)), ("2.bias", (d_out,))]
    assert [id(parameter) for parameter in model.parameters()] == [
        id(parameter) for layer in (model[0], model[2]) for parameter in (layer.weight, layer.bias)]
    assert list(model[1].parameters()) == []


@SOME_MODULES_HAVE_PARAMETERS
def test_without_biases_it_has_two_parameters():
    layers = torch.nn.Linear(4, 3, bias=False), torch.nn.ReLU(), torch.nn.Linear(3, 2, bias=False)
    assert [name for name, _ in torch.nn.Sequential(*layers).named_parameters()] == ["0.weight", "2.weight"]
    assert layers[0].bias is None


CALL_RUNS_FORWARD = Claim(
    "nn.call-runs-forward",
    "A module is called like a function: model(x) runs forward and returns what forward returns.",
    sources=[
        EXAMPLES["PyTorch: nn"],
        INTRODUCTION["PyTorch nn Module"],
        FLOYDHUB["Models Definition"],
        NOTEBOOK["What is a nn module"],
    ],
    kills=["a-call-runs-forward-twice", "a-call-drops-keyword-arguments", "a-call-runs-no-hooks"],
)


class Recorder(torch.nn.Module):
    """A module that keeps the arguments of its calls, and returns an object of its own."""

    def __init__(self):
        super().__init__()
        self.calls, self.answer = [], object()

    def forward(self, *args, **kwargs):
        self.calls.append((args, kwargs))
        return self.answer


@CALL_RUNS_FORWARD
@pytest.mark.parametrize("args, kwargs", [
    ((), {}), ((1,), {}), ((None, [2], "three"), {}), ((), {"x": 1}), ((1, 2), {"x": 3, "forward": 4})],
    ids=["nothing", "one", "three", "keyword", "both"])
def test_a_call_hands_its_arguments_to_forward_once_and_returns_its_very_result(args, kwargs):
    module = Recorder()
    assert module(*args, **kwargs) is module.answer
    assert module.calls == [(args, kwargs)]
    assert all(got is given for got, given in zip(module.calls[0][0], args))


@CALL_RUNS_FORWARD
@pytest.mark.parametrize("layer, size", [
    (torch.nn.Linear(3, 2), (4, 3)), (torch.nn.ReLU(), (4, 3)), (torch.nn.Conv2d(3, 2, 2), (1, 3, 4, 5)),
    (torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1)), (4, 3))],
    ids=["Linear", "ReLU", "Conv2d", "Sequential"])
def test_calling_a_layer_computes_what_its_forward_computes(device, layer, size):
    layer, x = layer.to(device), torch.randn(*size, device=device)
    bitwise(layer(x), layer.forward(x))


@CALL_RUNS_FORWARD
def test_a_call_runs_the_hooks_of_every_module_once_and_forward_by_name_runs_only_those_inside():
    model = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Sequential(torch.nn.ReLU()))
    seen, x = [], torch.ones(2)
    hooks = [module.register_forward_hook(lambda module, inputs, output: seen.append((module, inputs, output)))
             for module in model.modules()]
    output = model(x)
    assert [entry[0] for entry in seen] == [model[0], model[1][0], model[1], model]
    assert seen[0][1][0] is x and seen[-1][1][0] is x and seen[-1][2] is output
    del seen[:]
    model.forward(x)
    assert [entry[0] for entry in seen] == [model[0], model[1][0], model[1]]
    for hook in hooks:
        hook.remove()
    del seen[:]
    model(x)
    assert seen == []
