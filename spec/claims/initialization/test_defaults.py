"""The values that layers start with.

A layer fills its weights and biases when it is made. Which values these are is part of what a layer is; for one kind of
layer they have changed once.
"""
import math
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import SEEDED, TENSORFLOW, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.initialization._helpers import is_normal, is_scaled_uniform, is_uniform, raw
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies import seeds
from spec.tensorflow_beside import new_graph

DECLARE_THEN_SET = Claim(
    "initialization.declare-then-set",
    "In PyTorch weights are declared first, without values of their own, and receive their values in a second step.",
    sources=[FLOYDHUB["Weight initialization"]],
    deviations=[
        Deviation(
            "Only plain tensors such as torch.Tensor(3, 5) are declared without values. A layer draws its weights when "
            "it is made, and the seed determines them.",
            witness={},
        )
    ],
    kills=["layers-start-with-zeros", "layers-draw-without-the-seed", "tensor-takes-values-by-name"],
)

MAKERS = {
    "Linear": lambda: torch.nn.Linear(3, 4),
    "Conv2d": lambda: torch.nn.Conv2d(2, 3, 3),
    "Embedding": lambda: torch.nn.Embedding(4, 3),
    "LSTM": lambda: torch.nn.LSTM(2, 3),
}


@DECLARE_THEN_SET
@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_declaring_a_layer_draws_no_random_numbers(kind):
    before = array_of(torch.get_rng_state())
    MAKERS[kind]()
    bitwise(torch.get_rng_state(), before)


@DECLARE_THEN_SET.instead
@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_a_new_layer_has_values_that_the_seed_determines(kind):
    twins = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        twins.append(MAKERS[kind]())
    for p, same, other in zip(*[layer.parameters() for layer in twins]):
        bitwise(p, same)
        assert np.isfinite(array_of(p)).all() and (array_of(p) != array_of(other)).all()


@DECLARE_THEN_SET.regardless
def test_a_plain_tensor_is_declared_by_its_size_alone_and_draws_nothing_until_it_is_set():
    before = array_of(torch.get_rng_state())
    w = torch.Tensor(3, 5)
    bitwise(torch.get_rng_state(), before)
    assert w.shape == (3, 5)
    with pytest.raises(TypeError):
        torch.Tensor(3, 5, values=0.5)
    w.fill_(0.5)
    agrees(w, np.full((3, 5), 0.5, "float32"))


DEFAULT_RANGE = Claim(
    "initialization.default-range",
    "Linear and Conv layers can be used without being initialized: weights and biases start uniformly distributed "
    "between -1/sqrt(fan_in) and 1/sqrt(fan_in).",
    sources=[INTRODUCTION["PyTorch nn Module"], FLOYDHUB["Models Definition"], FLOYDHUB["Training process"]],
    kills=["layers-start-with-zeros", "linear-starts-with-a-bias-of-zero", "the-gain-of-leaky-relu-is-that-of-relu",
           "layers-draw-without-the-seed"],
)

Layer = NamedTuple("Layer", [("source", str), ("fan_in", int)])
Layer.__doc__ = "The source text of a layer of torch.nn, and the number of inputs that each of its outputs sums."


@st.composite
def layers(draw):
    """Draw a Layer: linear, or a convolution of one to three dimensions, perhaps in groups."""
    inputs, outputs, dimensions = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(0, 3))
    if not dimensions:
        return Layer("Linear({}, {})".format(inputs, outputs), inputs)
    kernel = tuple(draw(st.lists(st.integers(1, 3), min_size=dimensions, max_size=dimensions)))
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    source = "Conv{}d({}, {}, {}, groups={})".format(dimensions, inputs * groups, outputs * groups, kernel, groups)
    return Layer(source, inputs * int(np.prod(kernel)))


@DEFAULT_RANGE
@needs(SEEDED)
@reaches(linear=lambda layer: "Linear" in layer.source, grouped=lambda layer: "groups=2" in layer.source,
         volume=lambda layer: "Conv3d" in layer.source, one=lambda layer: layer.fan_in == 1)
@example(layer=Layer("Linear(3, 2)", 3), seed=0)
@given(layer=layers(), seed=seeds())
def test_weights_and_biases_are_uniform_numbers_scaled_by_the_root_of_the_number_of_inputs(layer, seed):
    """
    >>> torch.manual_seed(seed); made = eval(source, vars(torch.nn))
    >>> made.weight.abs().max(), made.bias.abs().max(), fan_in ** -0.5
    """
    torch.manual_seed(seed)
    made = eval(layer.source, vars(torch.nn))
    torch.manual_seed(seed)
    for p, u in zip((made.weight, made.bias), raw("uniform", [made.weight.shape, made.bias.shape])):
        is_scaled_uniform(p, u, 1 / math.sqrt(layer.fan_in))


@DEFAULT_RANGE
@pytest.mark.parametrize("layer, fan_in", [
    (lambda: torch.nn.Linear(100, 200), 100),
    (lambda: torch.nn.Conv2d(8, 200, 3), 72),
    (lambda: torch.nn.ConvTranspose2d(200, 8, 3), 72),
], ids=["Linear", "Conv2d", "ConvTranspose2d, which counts its outputs"])
def test_the_weights_of_a_wide_layer_are_uniformly_distributed(layer, fan_in):
    is_uniform(layer().weight, -(1 + 1e-6) / math.sqrt(fan_in), (1 + 1e-6) / math.sqrt(fan_in))


@DEFAULT_RANGE
def test_the_biases_of_a_wide_layer_are_uniformly_distributed():
    is_uniform(torch.nn.Linear(100, 5000).bias, -0.1 * (1 + 1e-6), 0.1 * (1 + 1e-6))


@DEFAULT_RANGE
def test_layers_made_one_after_the_other_differ_and_a_sample_goes_through_them_at_once():
    first, second = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
    assert (array_of(first.weight) != array_of(second.weight)).all()
    assert np.isfinite(array_of(second(first(torch.ones(1, 3))))).all()


@DEFAULT_RANGE
@needs(SEEDED)
def test_from_seed_0_a_small_linear_layer_has_the_weights_that_it_has_had_in_every_release():
    torch.manual_seed(0)
    recorded = [[-0.00432252, 0.30971584, -0.47518533], [-0.42489460, -0.22236897, 0.15482072]]
    agrees(torch.nn.Linear(3, 2).weight, np.array(recorded), bound=1e-7, dtype="float32")


BATCHNORM_DEFAULT = Claim(
    "initialization.batchnorm-default",
    "A fresh BatchNorm layer has the weight 1 and the bias 0, the values that the example sets explicitly.",
    sources=[FLOYDHUB["Weight initialization"]],
    deviations=[
        Deviation(
            "The weight is drawn uniformly from 0 to 1; the bias is 0.",
            witness={"features": 3},
            until="1.1",
            issue="torch 1.2 release notes",
        )
    ],
    kills=["normalization-starts-with-another-weight", "normalization-starts-with-a-bias"],
)

NORMALIZATIONS = [torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.BatchNorm3d]


@BATCHNORM_DEFAULT
@reaches(several=lambda features: features > 16)
@given(features=st.integers(1, 33))
@pytest.mark.parametrize("kind", NORMALIZATIONS, ids=lambda kind: kind.__name__)
def test_the_weight_of_a_new_normalization_is_1(device, kind, features):
    """
    >>> torch.nn.BatchNorm2d(features).weight
    """
    agrees(kind(features).to(device).weight, np.ones(features, "float32"))


@BATCHNORM_DEFAULT.instead
@pytest.mark.parametrize("kind", NORMALIZATIONS, ids=lambda kind: kind.__name__)
def test_the_weight_of_a_new_normalization_is_uniformly_distributed_from_0_to_1(device, kind):
    is_uniform(kind(5000).to(device).weight, 0.0, 1.0)


@BATCHNORM_DEFAULT.regardless
@pytest.mark.parametrize("kind", NORMALIZATIONS, ids=lambda kind: kind.__name__)
def test_the_bias_and_the_running_mean_are_0_the_running_variance_is_1_and_without_affine_there_is_no_weight(
        device, kind):
    for features in (1, 8, 17):
        layer = kind(features).to(device)
        for value in (layer.bias, layer.running_mean):
            agrees(value, np.zeros(features, "float32"))
        agrees(layer.running_var, np.ones(features, "float32"))
    plain = kind(3, affine=False)
    assert plain.weight is None and plain.bias is None


TENSORFLOW_AT_DECLARATION = Claim(
    "initialization.tensorflow-at-declaration",
    "In TensorFlow the initialization of a weight is given when the variable is declared.",
    sources=[FLOYDHUB["Weight initialization"]],
    kills=["tensor-takes-values-by-name", "tensorflow-ignores-the-initializer"],
)


@TENSORFLOW_AT_DECLARATION
@needs(TENSORFLOW)
def test_a_tensorflow_variable_has_its_law_from_its_declaration_and_its_values_from_running_the_initializer():
    with new_graph() as tf:
        w = tf.get_variable("w", [100, 200], initializer=tf.random_normal_initializer(1.0, 0.02, seed=1))
        ones = tf.get_variable("ones", [3, 5], initializer=tf.ones_initializer())
        given_value = tf.Variable([[1.0, 2.0]])
        start = tf.global_variables_initializer()
        with tf.Session() as session:
            with pytest.raises(tf.errors.FailedPreconditionError):
                session.run(w)
            session.run(start)
            first = session.run(w)
            is_normal(first, 1.0, 0.02)
            agrees(session.run(ones), np.ones((3, 5), "float32"))
            agrees(session.run(given_value), np.array([[1, 2]], "float32"))
            session.run(start)
            assert (session.run(w) != first).any()


@TENSORFLOW_AT_DECLARATION
@needs(TENSORFLOW)
def test_a_tensorflow_variable_without_a_first_value_is_refused():
    with new_graph() as tf:
        with pytest.raises((ValueError, TypeError)):
            tf.Variable()


@TENSORFLOW_AT_DECLARATION
def test_a_torch_tensor_that_is_declared_takes_no_initializer():
    with pytest.raises(TypeError):
        torch.Tensor(3, 5, values=torch.nn.init.normal_)
