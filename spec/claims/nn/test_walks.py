"""Visiting the parts of a model.

Modules contain modules. From the outermost one, all parameters are found, all modules can be gone through in order, and
a function can be applied to each.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from torch.autograd import Variable

from spec.claim import Claim, reaches
from spec.claims.nn._helpers import LEAVES, built, distinct, paths, plans
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE

SHARED = ("Linear(1, 2)", "ReLU()", (0, 1, 0), (2, 0))
DEEP = ("PReLU()", (0,), (1,), (2,), (3,), (4,))


def shared(plan):
    """Say whether some part of a plan occurs at several places of the model."""
    numbers = [number for _, number in paths(plan)]
    return len(set(numbers)) < len(numbers)


def parameters_of(plan, made):
    """Return (dotted path, parameter) for each parameter of the model, in order, each one once."""
    return [((path + "." if path else "") + name, getattr(made[number], name))
            for path, number in distinct(plan) if isinstance(plan[number], str) for name in LEAVES[plan[number]]]


NESTED_MODULES_ARE_ONE_MODEL = Claim(
    "nn.nested-modules-are-one-model",
    "Modules are assembled into larger modules, and the parameters of every submodule belong to the outer one.",
    sources=[TEMPLATE["nn: The neural network Library"], EXAMPLES["PyTorch: nn"]],
    kills=["parameters-of-inner-modules-are-not-found", "parameters-repeats-what-is-shared",
           "named-parameters-lists-the-last-first"],
)


@NESTED_MODULES_ARE_ONE_MODEL
@reaches(shared=lambda plan: shared(plan), deep=lambda plan: any(path.count(".") > 1 for path, _ in paths(plan)),
         single=lambda plan: isinstance(plan[-1], str), buffers=lambda plan: "BatchNorm1d(2)" in plan)
@given(plan=plans())
@example(plan=SHARED)
@example(plan=DEEP)
def test_every_parameter_is_listed_once_under_the_path_of_its_first_place(plan):
    """
    >>> made, row = [], torch.nn.Sequential
    >>> for p in plan: made.append(eval("torch.nn." + p) if type(p) is str else row(*[made[k] for k in p]))
    >>> [name for name, _ in made[-1].named_parameters()]
    """
    made = built(plan)
    expected = parameters_of(plan, made)
    found = list(made[-1].named_parameters())
    assert [name for name, _ in found] == [name for name, _ in expected]
    assert all(one is other for (_, one), (_, other) in zip(found, expected))
    assert [id(parameter) for parameter in made[-1].parameters()] == [id(parameter) for _, parameter in expected]


@NESTED_MODULES_ARE_ONE_MODEL
def test_the_state_of_one_model_loaded_into_another_makes_them_the_same_function(device):
    one, other = (built(("Linear(1, 2)", "PReLU()", (0, 1), "Linear(2, 1, bias=False)", (2, 3)))[-1].to(device)
                  for _ in range(2))
    x = torch.linspace(-3, 3, 7, device=device)[:, None]
    for parameter in one.parameters():
        parameter.data.add_(1)
    assert not torch.equal(one(x), other(x))
    other.load_state_dict(one.state_dict())
    agrees(other(x), one(x))


@NESTED_MODULES_ARE_ONE_MODEL
def test_modules_in_a_module_list_are_found_and_those_in_a_plain_list_or_dictionary_are_not():
    net = torch.nn.Module()
    net.kept = torch.nn.ModuleList([torch.nn.Linear(1, 1), torch.nn.PReLU()])
    net.plain, net.table = [torch.nn.Linear(1, 1)], {"a": torch.nn.Linear(1, 1)}
    net.tensor = torch.ones(1, requires_grad=True)
    assert [name for name, _ in net.named_parameters()] == ["kept.0.weight", "kept.0.bias", "kept.1.weight"]


PARAMETERS_REQUIRE_GRAD = Claim(
    "nn.parameters-require-grad",
    "Every learnable parameter that a module holds is a Variable with requires_grad=True.",
    sources=[
        EXAMPLES["PyTorch: nn"],
        INTRODUCTION["PyTorch nn Module"],
        FLOYDHUB["Models Definition"],
        NOTEBOOK["What is a nn module"],
    ],
    kills=["linear-freezes-its-bias", "parameters-are-born-frozen"],
)

LAYERS = {
    "Linear(3, 2)": (2, 3), "Bilinear(3, 3, 2)": (2, 3), "Conv1d(3, 2, 2)": (1, 3, 4), "Conv2d(3, 2, 2)": (1, 3, 4, 4),
    "Conv3d(3, 2, 2)": (1, 3, 4, 4, 4), "ConvTranspose2d(3, 2, 2)": (1, 3, 4, 4), "BatchNorm1d(3)": (2, 3),
    "BatchNorm2d(3)": (2, 3, 4, 4), "GroupNorm(1, 3)": (2, 3), "LayerNorm(3)": (2, 3), "PReLU()": (2, 3),
    "RNN(3, 2)": (4, 1, 3), "LSTM(3, 2)": (4, 1, 3), "GRU(3, 2)": (4, 1, 3),
}


@PARAMETERS_REQUIRE_GRAD
@pytest.mark.parametrize("code", sorted(LAYERS))
def test_the_parameters_of_each_kind_of_layer_are_leaves_and_get_finite_gradients(device, code):
    layer = eval(code, vars(torch.nn)).to(device)
    x = torch.randn(*LAYERS[code], device=device)
    output = layer(x, x) if code.startswith("Bilinear") else layer(x)
    output = output[0] if isinstance(output, tuple) else output
    (output * torch.randn(*output.shape, device=device)).sum().backward()
    parameters = list(layer.parameters())
    assert parameters
    for parameter in parameters:
        assert isinstance(parameter, Variable) and isinstance(parameter, torch.nn.Parameter)
        assert parameter.requires_grad and parameter.is_leaf
        assert parameter.grad.shape == parameter.shape and torch.isfinite(parameter.grad).all()


@PARAMETERS_REQUIRE_GRAD
@pytest.mark.parametrize("plan", [SHARED, DEEP, ("BatchNorm1d(2)", (0,), "Linear(1, 2)", (2, 1, 0))],
                         ids=["shared", "deep", "buffers"])
def test_what_a_model_lists_requires_a_gradient_and_buffers_are_not_listed(plan):
    model = built(plan)[-1]
    listed = list(model.parameters())
    assert listed and all(parameter.requires_grad and parameter.is_leaf for parameter in listed)
    for module in model.modules():
        assert all(not buffer.requires_grad for buffer in module._buffers.values())
        assert not {id(buffer) for buffer in module._buffers.values()} & {id(parameter) for parameter in listed}


MODULES_ITERATES_ALL = Claim(
    "nn.modules-iterates-all",
    "modules() goes through all modules that the model contains, so that layers can be picked by isinstance.",
    sources=[FLOYDHUB["Weight initialization"]],
    kills=["modules-goes-one-level-deep", "modules-repeats-what-is-shared", "modules-leaves-out-the-model"],
)


@MODULES_ITERATES_ALL
@reaches(shared=lambda plan: shared(plan), deep=lambda plan: any(path.count(".") > 1 for path, _ in paths(plan)),
         single=lambda plan: isinstance(plan[-1], str))
@given(plan=plans())
@example(plan=SHARED)
@example(plan=DEEP)
def test_modules_yields_each_module_once_the_model_first_and_then_depth_first(plan):
    """
    >>> made, row = [], torch.nn.Sequential
    >>> for p in plan: made.append(eval("torch.nn." + p) if type(p) is str else row(*[made[k] for k in p]))
    >>> [name for name, _ in made[-1].named_modules()]
    """
    made = built(plan)
    model, expected = made[-1], [made[number] for _, number in distinct(plan)]
    assert [id(module) for module in model.modules()] == [id(module) for module in expected]
    assert [name for name, _ in model.named_modules()] == [path for path, _ in distinct(plan)]
    picked = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
    assert [id(module) for module in picked] == [
        id(made[number]) for _, number in distinct(plan) if str(plan[number]).startswith("Linear")]


@MODULES_ITERATES_ALL
def test_the_loop_of_the_constructor_sees_what_has_been_assigned_before_it():
    class Looping(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.seen = [list(self.modules())]
            self.conv, self.norm = torch.nn.Conv2d(1, 1, 1), torch.nn.BatchNorm2d(1)
            for module in self.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.weight.data.fill_(3)
            self.seen.append(list(self.modules()))

    model = Looping()
    assert model.seen == [[model], [model, model.conv, model.norm]]
    agrees(model.norm.weight, np.full(1, 3, "float32"))


@MODULES_ITERATES_ALL
def test_registering_modules_inside_the_loop_raises_a_runtime_error():
    model = torch.nn.Sequential(torch.nn.ReLU())
    with pytest.raises(RuntimeError):
        for number, _ in enumerate(model.modules()):
            model.add_module("more{}".format(number), torch.nn.ReLU())


APPLY_VISITS_EVERY_MODULE = Claim(
    "nn.apply-visits-every-module",
    "model.apply(function) calls the function on every submodule and on the model itself, and returns the model.",
    sources=[FLOYDHUB["Weight initialization"]],
    kills=["apply-leaves-out-the-model", "apply-goes-one-level-deep", "apply-returns-nothing"],
)


def visits(plan, number):
    """Return the numbers of the parts in the order of apply: for each parent its children, each once, then itself."""
    children = () if isinstance(plan[number], str) else dict.fromkeys(plan[number])
    return [visit for child in children for visit in visits(plan, child)] + [number]


@APPLY_VISITS_EVERY_MODULE
@reaches(shared=lambda plan: shared(plan), deep=lambda plan: any(path.count(".") > 1 for path, _ in paths(plan)),
         single=lambda plan: isinstance(plan[-1], str))
@given(plan=plans())
@example(plan=SHARED)
@example(plan=DEEP)
def test_apply_calls_the_function_on_the_children_of_each_module_before_the_module(plan):
    """
    >>> made, row = [], torch.nn.Sequential
    >>> for p in plan: made.append(eval("torch.nn." + p) if type(p) is str else row(*[made[k] for k in p]))
    >>> made[-1].apply(print)
    """
    made, seen = built(plan), []
    model = made[-1]
    assert model.apply(seen.append) is model
    assert [id(module) for module in seen] == [id(made[number]) for number in visits(plan, len(plan) - 1)]
    assert {id(module) for module in seen} == {id(module) for module in model.modules()}
