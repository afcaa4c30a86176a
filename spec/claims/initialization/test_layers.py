"""Setting all layers of a kind.

A function given to model.apply() is called with every module of the model and may look at the name of its class. A loop
over self.modules() does the same inside the constructor.
"""
import math

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import SEEDED, needs
from spec.claim import Claim, reaches
from spec.claims.initialization._helpers import is_normal, is_scaled_normal, raw
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import FLOYDHUB
from spec.strategies import seeds

LAYERS = ["Conv1d(2, 3, 2)", "Conv2d(2, 4, (3, 2), groups=2)", "Conv2d(3, 2, 1, bias=False)",
          "ConvTranspose2d(2, 3, 2)", "BatchNorm1d(3)", "BatchNorm2d(17)", "Linear(4, 5)", "ReLU()"]
"""Layers of torch.nn, convolutions and normalizations and others."""


def plans():
    """Draw a model: a tuple, nested, of LAYERS."""
    part = st.recursive(st.sampled_from(LAYERS), lambda parts: st.lists(parts, max_size=3).map(tuple), max_leaves=5)
    return st.lists(part, min_size=1, max_size=3).map(tuple)


def built(plan, layers):
    """Build a planned model; add its layers to a list in order."""
    if isinstance(plan, tuple):
        return torch.nn.Sequential(*[built(part, layers) for part in plan])
    layers.append(eval(plan, vars(torch.nn)))
    return layers[-1]


def snapshot(layers):
    """Return the values of all weights and biases, by layer."""
    return [{name: array_of(p) for name, p in layer.named_parameters()} for layer in layers]


APPLY_BY_CLASS_NAME = Claim(
    "initialization.apply-by-class-name",
    "model.apply(weights_init) gives every layer with Conv in the name of its class weights from N(0, 0.02) and every "
    "BatchNorm layer weights from N(1, 0.02) and a bias of 0, and leaves the others alone.",
    sources=[FLOYDHUB["Weight initialization"]],
    kills=["apply-misses-the-second-level", "apply-starts-with-the-model", "normal-underscore-halves-its-spread",
           "normal-underscore-forgets-its-mean"],
)


def weights_init(module):
    """Initialize a module by the name of its class, as the documents do."""
    name = module.__class__.__name__
    if name.find("Conv") != -1:
        module.weight.data.normal_(0.0, 0.02)
    elif name.find("BatchNorm") != -1:
        module.weight.data.normal_(1.0, 0.02)
        module.bias.data.fill_(0)


@APPLY_BY_CLASS_NAME
@needs(SEEDED)
@reaches(nested=lambda plan: any(isinstance(part, tuple) and part for part in plan),
         both=lambda plan: "Conv" in str(plan) and "BatchNorm" in str(plan), other=lambda plan: "Linear" in str(plan))
@example(plan=("Conv2d(3, 2, 1, bias=False)", ("BatchNorm2d(17)", ("Conv1d(2, 3, 2)", "Linear(4, 5)"))), seed=0)
@given(plan=plans(), seed=seeds())
def test_apply_sets_the_convolutions_and_normalizations_at_any_depth_and_nothing_else(device, plan, seed):
    """
    >>> nn = vars(torch.nn); torch.manual_seed(seed)
    >>> make = lambda part: nn["Sequential"](*map(make, part)) if isinstance(part, tuple) else eval(part, nn)
    >>> set_ = lambda m: m.weight.data.normal_(0, 0.02) if "Conv" in type(m).__name__ else None
    >>> make(plan).apply(set_).state_dict()
    """
    layers = []
    model = built(plan, layers).to(device)
    before = snapshot(layers)
    torch.manual_seed(seed)
    assert model.apply(weights_init) is model
    torch.manual_seed(seed)
    for layer, values in zip(layers, before):
        kind = type(layer).__name__
        if "Conv" in kind or "BatchNorm" in kind:
            z, = raw("normal", [layer.weight.shape], device=device)
            is_scaled_normal(layer.weight, z, 1.0 if "BatchNorm" in kind else 0.0, 0.02)
            if "BatchNorm" in kind:
                values["bias"] = np.zeros_like(values["bias"])
            del values["weight"]
        for name, value in values.items():
            bitwise(getattr(layer, name), value)
        assert all(p.is_leaf and p.requires_grad for p in layer.parameters())


@APPLY_BY_CLASS_NAME
def test_the_weights_of_wide_layers_are_normally_distributed(device):
    model = torch.nn.Sequential(torch.nn.Conv2d(32, 64, 3), torch.nn.BatchNorm2d(5000)).to(device).apply(weights_init)
    is_normal(model[0].weight, 0.0, 0.02)
    is_normal(model[1].weight, 1.0, 0.02)


@APPLY_BY_CLASS_NAME
def test_apply_visits_the_parts_of_a_module_before_the_module_itself_and_a_shared_part_twice(device):
    shared = torch.nn.ReLU()
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1), torch.nn.Sequential(shared, torch.nn.Linear(1, 1)), shared)
    visited = []
    model.to(device).apply(lambda module: visited.append(module.__class__.__name__))
    assert visited == ["Conv2d", "ReLU", "Linear", "Sequential", "ReLU", "Sequential"]


@APPLY_BY_CLASS_NAME
@pytest.mark.parametrize("name, found", [("Conv2d", True), ("ConvTranspose2d", True), ("SeparableConv", True),
                                         ("Deconv2d", False), ("CONV", False), ("InstanceNorm2d", False)])
def test_the_name_is_searched_for_a_part_of_it_and_capital_letters_count(device, name, found):
    layer = type(name, (torch.nn.Linear,), {})(3, 2).to(device)
    before = array_of(layer.weight)
    weights_init(layer)
    assert (array_of(layer.weight) != before).any() == found


@APPLY_BY_CLASS_NAME
def test_a_container_named_like_a_convolution_and_a_normalization_without_weights_make_it_fail(device):
    block = type("ConvBlock", (torch.nn.Sequential,), {})(torch.nn.Linear(1, 1))
    for module in (block, torch.nn.BatchNorm1d(2, affine=False)):
        with pytest.raises(AttributeError):
            module.to(device).apply(weights_init)


LOOP_OVER_MODULES_HE = Claim(
    "initialization.loop-over-modules-he",
    "The loop over self.modules() gives the weights of a Conv2d N(0, sqrt(2/n)) with n = height * width of the kernel "
    "* out_channels, those of a BatchNorm2d 1 and its bias 0, and the bias of a Linear layer 0.",
    sources=[FLOYDHUB["Weight initialization"]],
    kills=["modules-misses-the-second-level", "normal-underscore-halves-its-spread", "zero-underscore-clears-a-copy",
           "kaiming-takes-the-other-fan"],
)


def initialize(model):
    """Initialize the layers of a model in a loop, as the documents do."""
    for m in model.modules():
        if isinstance(m, torch.nn.Conv2d):
            n = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
            m.weight.data.normal_(0, math.sqrt(2.0 / n))
        elif isinstance(m, torch.nn.BatchNorm2d):
            m.weight.data.fill_(1)
            m.bias.data.zero_()
        elif isinstance(m, torch.nn.Linear):
            m.bias.data.zero_()


@LOOP_OVER_MODULES_HE
@needs(SEEDED)
@reaches(nested=lambda plan: any(isinstance(part, tuple) and "Conv2d" in str(part) for part in plan),
         other=lambda plan: "Conv1d" in str(plan) or "BatchNorm1d" in str(plan),
         linear=lambda plan: "Linear" in str(plan))
@example(plan=(("Conv2d(2, 4, (3, 2), groups=2)", ("Conv2d(3, 2, 1, bias=False)",)), "BatchNorm2d(17)"), seed=0)
@given(plan=plans(), seed=seeds())
def test_the_loop_sets_layers_of_the_three_kinds_at_any_depth_and_nothing_else(device, plan, seed):
    """
    >>> nn = vars(torch.nn); torch.manual_seed(seed)
    >>> make = lambda part: nn["Sequential"](*map(make, part)) if isinstance(part, tuple) else eval(part, nn)
    >>> set_ = lambda m: m.weight.data.normal_(0, (2 / m.weight[:, 0].numel()) ** 0.5)
    >>> [set_(m).std() for m in make(plan).modules() if type(m) is torch.nn.Conv2d]
    """
    layers = []
    model = built(plan, layers).to(device)
    with torch.no_grad():
        for layer in layers:
            for p in layer.parameters():
                p.add_(1)
    expected = snapshot(layers)
    torch.manual_seed(seed)
    initialize(model)
    torch.manual_seed(seed)
    for layer, values in zip(layers, expected):
        if type(layer) is torch.nn.Conv2d:
            z, = raw("normal", [layer.weight.shape], device=device)
            height, width = layer.weight.shape[2:]
            is_scaled_normal(layer.weight, z, 0.0, math.sqrt(2 / (height * width * layer.weight.shape[0])))
            del values["weight"]
        elif type(layer) is torch.nn.BatchNorm2d:
            values.update(weight=np.ones_like(values["weight"]), bias=np.zeros_like(values["bias"]))
        elif type(layer) is torch.nn.Linear:
            values.update(bias=np.zeros_like(values["bias"]))
        for name, value in values.items():
            agrees(getattr(layer, name), value)


@LOOP_OVER_MODULES_HE
@needs(SEEDED)
@pytest.mark.parametrize("options", [{}, {"groups": 2}], ids=["all inputs", "inputs in two groups"])
def test_for_a_convolution_the_loop_is_the_function_of_he_for_the_number_of_outputs(device, options):
    layers = [torch.nn.Conv2d(4, 6, (3, 2), **options).to(device) for _ in range(2)]
    torch.manual_seed(3)
    initialize(layers[0])
    torch.manual_seed(3)
    torch.nn.init.kaiming_normal_(layers[1].weight, mode="fan_out", nonlinearity="relu")
    agrees(layers[0].weight, layers[1].weight, bound=2.0 ** -22)


@LOOP_OVER_MODULES_HE
def test_the_weights_of_a_wide_convolution_are_normally_distributed_after_the_loop(device):
    model = torch.nn.Sequential(torch.nn.Conv2d(64, 32, (3, 5))).to(device)
    initialize(model)
    is_normal(model[0].weight, 0.0, math.sqrt(2 / (3 * 5 * 32)))


LOOP_IN_CONSTRUCTOR = Claim(
    "initialization.loop-in-constructor",
    "Placed in the constructor, the initialization loop takes effect when the model is created.",
    sources=[FLOYDHUB["Weight initialization"]],
    kills=["modules-skips-its-last-part", "zero-underscore-clears-a-copy", "linear-starts-with-a-bias-of-zero"],
)


class Split(torch.nn.Module):
    """Linear layers, some of which are made before and some after the loop in the constructor."""

    def __init__(self, earlier, later):
        super().__init__()
        for place in range(earlier):
            setattr(self, "layer{}".format(place), torch.nn.Linear(2, 3))
        initialize(self)
        for place in range(earlier, earlier + later):
            setattr(self, "layer{}".format(place), torch.nn.Linear(2, 3))


@LOOP_IN_CONSTRUCTOR
@pytest.mark.parametrize("earlier, later", [(1, 0), (2, 1), (0, 2), (3, 3)])
def test_the_layers_that_exist_when_the_loop_runs_are_initialized_and_later_ones_are_not(device, earlier, later):
    model = Split(earlier, later).to(device)
    for place in range(earlier + later):
        bias = array_of(getattr(model, "layer{}".format(place)).bias)
        assert bias.any() == (place >= earlier)
        assert bias.shape == (3,)


@LOOP_IN_CONSTRUCTOR
def test_a_layer_that_is_replaced_after_the_loop_has_its_own_first_values(device):
    model = Split(1, 0).to(device)
    model.layer0 = torch.nn.Linear(2, 3).to(device)
    assert array_of(model.layer0.bias).all()
    initialize(model)
    assert not array_of(model.layer0.bias).any()
