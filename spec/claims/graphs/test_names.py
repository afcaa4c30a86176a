"""What TensorFlow has.

The documents write for TensorFlow 1. Part of what they use has gone from TensorFlow 2, or has moved.
"""
import numpy as np
import pytest

from spec.capabilities import TENSORFLOW, needs
from spec.claim import Claim
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, NOTEBOOK, TEMPLATE
from spec.tensorflow_beside import InTensorFlow, new_graph, tensorflow

KEPT = ("Variable", "gradients", "matmul", "maximum", "reduce_sum", "scan", "while_loop")
"""Names of the documents' programs that every TensorFlow has."""

REMOVED = ("Session", "global_variables_initializer", "placeholder", "random_normal")
"""Names of the documents' programs that TensorFlow 2 has under tf.compat.v1 only."""

TF_V1_NAMES_AVAILABLE = Claim(
    "graphs.tf-v1-names-available",
    "TensorFlow has the names of which the programs are made, such as placeholder, Session, gradients and while_loop.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"],
             FLOYDHUB["Static vs Dynamic Computational Graph"]],
    deviations=[
        InTensorFlow(
            2,
            "TensorFlow 2 has placeholder, Session, random_normal and global_variables_initializer under tf.compat.v1 "
            "only.",
            witness=[{"name": name} for name in REMOVED],
            where=lambda name: name in REMOVED,
        )
    ],
    kills=["gradients-are-twice-as-large", "tf-maximum-is-the-absolute-value", "the-initializer-does-nothing"],
)


@TF_V1_NAMES_AVAILABLE
@needs(TENSORFLOW)
@pytest.mark.parametrize("name", KEPT + REMOVED)
def test_tensorflow_has_each_name_that_the_programs_use(name):
    assert hasattr(tensorflow(), name)


@TF_V1_NAMES_AVAILABLE.regardless
@needs(TENSORFLOW)
def test_under_compat_v1_all_the_names_exist_and_a_network_can_be_described_and_run_with_them():
    with new_graph() as tf:
        assert [name for name in KEPT + REMOVED if not hasattr(tf, name)] == []
        x, w = tf.placeholder("float32", (1, 2)), tf.Variable(tf.random_normal((2, 1), stddev=0.0) - 1.0)
        loss = tf.reduce_sum(tf.maximum(tf.matmul(x, w), 1.0) ** 2.0)
        slope, = tf.gradients(loss, [w])
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for value, expected in ((-3.0, (49.0, [[-42.0], [-56.0]])), (3.0, (1.0, [[0.0], [0.0]]))):
                found = session.run([loss, slope], {x: [[value, value - 1]]})
                agrees(found[0], expected[0])
                agrees(found[1], np.array(expected[1], dtype="float32"))


@TF_V1_NAMES_AVAILABLE.instead
@needs(TENSORFLOW)
@pytest.mark.parametrize("name", REMOVED)
def test_a_program_that_uses_the_name_in_tensorflow_2_stops_with_an_attribute_error(name):
    with pytest.raises(AttributeError):
        getattr(tensorflow(), name)


TF_HIGHER_LEVEL_PACKAGES = Claim(
    "graphs.tf-higher-level-packages",
    "On top of TensorFlow's graphs there are libraries of layers, such as Keras and Slim.",
    sources=[EXAMPLES["PyTorch: nn"], FLOYDHUB["Models Definition"], NOTEBOOK["What is a nn module"]],
    deviations=[
        InTensorFlow(
            2,
            "TensorFlow 2 brings Keras; tf.contrib, of which Slim was a part, is gone.",
            witness={"package": "Slim"},
            where=lambda package: package == "Slim",
            raises=AttributeError,
        )
    ],
    kills=["a-dense-layer-forgets-its-bias"],
)

INPUT = np.array([[1.0, -2.0], [3.0, 4.0], [0.0, -0.5]], dtype="float32")
WEIGHT = np.array([[1.0, 2.0, -1.0], [0.5, -4.0, 0.0]], dtype="float32")
BIAS = np.array([10.0, 20.0, 30.0], dtype="float32")


def keras(tf):
    """Apply a layer of Keras, with a bias and without an activation, to INPUT."""
    layer = tf.keras.layers.Dense(3, kernel_initializer=tf.constant_initializer(WEIGHT),
                                  bias_initializer=tf.constant_initializer(BIAS))
    return layer(tf.constant(INPUT))


def slim(tf):
    """Apply such a layer of Slim to INPUT."""
    return tf.contrib.slim.fully_connected(
        tf.constant(INPUT), 3, activation_fn=None, weights_initializer=tf.constant_initializer(WEIGHT),
        biases_initializer=tf.constant_initializer(BIAS))


def value_of(layer):
    """Return what a function of the names of TensorFlow computes: at once where it can, otherwise in a session."""
    tf = tensorflow()
    if tf.executing_eagerly():
        return layer(tf).numpy()
    with new_graph() as names, names.Session() as session:
        result = layer(tf)
        session.run(names.global_variables_initializer())
        return session.run(result)


@TF_HIGHER_LEVEL_PACKAGES
@needs(TENSORFLOW)
@pytest.mark.parametrize("package", ["Keras", "Slim"])
def test_a_layer_multiplies_by_its_weights_and_adds_its_bias(package):
    agrees(value_of({"Keras": keras, "Slim": slim}[package]), INPUT @ WEIGHT + BIAS)


@TF_HIGHER_LEVEL_PACKAGES.instead
@needs(TENSORFLOW)
def test_tensorflow_2_has_keras_and_no_contrib():
    tf = tensorflow()
    assert tf.keras.layers.Dense(1)(tf.ones((2, 3))).shape == (2, 1)
    assert not hasattr(tf, "contrib") and not hasattr(tf.compat.v1, "contrib")
