"""The order of the updates.

The documents' program says that both weights are updated, and not which comes first. With the variables of TensorFlow 1
that matters: the gradient of one weight may be computed from the other when this has been overwritten.
"""
import numpy as np
import pytest
from hypothesis import given

from spec.capabilities import TENSORFLOW, needs
from spec.claim import Claim, reaches
from spec.claims.graphs._static import descend_with_the_second_weight_first, describe, train
from spec.networks import LEARNING_RATE, STEPS, Problem, random_problem, trainer
from spec.oracles.agreement import agrees
from spec.oracles.backprop import descend
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES, TEMPLATE
from spec.strategies import TwoLayer, two_layer_networks
from spec.tensorflow_beside import InTensorFlow, new_graph, tensorflow

SIZES = (3, 2, 4, 2)
"""Of the drawn networks: n, d_in, h and d_out."""
RATE = 2.0**-8

TF_PROGRAM_EQUALS_OTHERS = Claim(
    "graphs.tf-program-equals-others",
    "From the same first weights the TensorFlow program computes the losses of the numpy and the PyTorch programs.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"]],
    deviations=[
        InTensorFlow(
            1,
            "The variables of TensorFlow 1 hand out their memory: where a session overwrites w2 before it computes the "
            "gradient of w1, as it may, that gradient is computed from the new w2. With resource variables, the "
            "default of TensorFlow 2, it is not.",
            witness={"first": "w2", "net": TwoLayer(
                np.array([[1.0, 2.0]] * 3), np.zeros((3, 2)), np.ones((2, 4)), np.ones((4, 2)))},
            where=lambda first: first == "w2",
        )
    ],
    kills=["gradients-are-twice-as-large", "tf-maximum-is-the-absolute-value"],
)


@pytest.fixture(scope="module")
def program():
    """Return a function that trains in the documents' order, or in one forced on it, and returns a Descent."""
    described = {}

    def trained(net, steps, first=None, **kind):
        key = first, tuple(kind)
        if key not in described:
            with new_graph() as tf:
                description = describe(tf, SIZES[1:], RATE, first, **kind)
                described[key] = tf.Session(graph=description.graph), description
        return train(*described[key], net, steps)
    yield trained
    for session, _ in described.values():
        session.close()


def agree_with(net, runs):
    """Assert that losses and weights of several runs are those of gradient descent from a net, up to rounding."""
    exact = descend(*[Rounded(array, "float64") for array in net], learning_rate=RATE, steps=len(runs[0].losses))
    for run in runs:
        for loss, expected in zip(run.losses, exact.losses):
            agrees(loss, expected.value, expected.bound)
        agrees(run.w1, exact.w1.value, exact.w1.bound)
        agrees(run.w2, exact.w2.value, exact.w2.bound)


@TF_PROGRAM_EQUALS_OTHERS
@needs(TENSORFLOW)
@pytest.mark.parametrize("first", ["w1", "w2"])
@reaches(cut_off=lambda net: (net.x.dot(net.w1) < 0).any(), dead_unit=lambda net: (net.x.dot(net.w1) < 0).all(0).any())
@given(net=two_layer_networks(exact=False, kinks=False, sizes=SIZES))
def test_whichever_weight_is_updated_first_all_programs_compute_the_same_losses_and_weights(program, first, net):
    """
    >>> x, y, w1, w2 = map(torch.tensor, (x, y, w1, w2)); h = x.mm(w1); error = h.clamp(min=0).mm(w2) - y
    >>> grad_h = 2 * error.mm(w2.t()); grad_h[h < 0] = 0
    >>> w1 - 2**-8 * x.t().mm(grad_h), w2 - 2**-7 * h.clamp(min=0).t().mm(error)
    """
    agree_with(net, [program(net, 3, first)] + [trainer(form)(*net, RATE, 3) for form in ("numpy", "autograd")])


@TF_PROGRAM_EQUALS_OTHERS.regardless
@needs(TENSORFLOW)
@pytest.mark.parametrize("first", ["w1", "w2", None], ids=["w1 first", "w2 first", "the session chooses"])
@reaches(cut_off=lambda net: (net.x.dot(net.w1) < 0).any(), dead_unit=lambda net: (net.x.dot(net.w1) < 0).all(0).any())
@given(net=two_layer_networks(exact=False, kinks=False, sizes=SIZES))
def test_with_resource_variables_the_order_of_the_updates_does_not_matter(program, first, net):
    """
    >>> x, y, w1, w2 = map(torch.tensor, (x, y, w1, w2)); h = x.mm(w1); error = h.clamp(min=0).mm(w2) - y
    >>> grad_h = 2 * error.mm(w2.t()); grad_h[h < 0] = 0
    >>> w1 - 2**-8 * x.t().mm(grad_h), w2 - 2**-7 * h.clamp(min=0).t().mm(error)
    """
    agree_with(net, [program(net, 3, first, use_resource=True)])


@TF_PROGRAM_EQUALS_OTHERS.instead
@needs(TENSORFLOW)
@given(net=two_layer_networks(sizes=SIZES))
def test_with_the_second_weight_updated_first_the_first_one_follows_the_gradient_at_the_new_weight(program, net):
    """
    >>> h = np.maximum(x @ w1, 0); error = h @ w2 - y
    >>> w2 = w2 - 2**-7 * h.T @ error
    >>> w1 - 2**-7 * x.T @ (error @ w2.T * (x @ w1 >= 0)), w2
    """
    found, expected = program(net, 1, "w2"), descend_with_the_second_weight_first(net, RATE, 1)
    agrees(found.losses[0], expected.losses[0])
    agrees(found.w1, expected.w1)
    agrees(found.w2, expected.w2)


def origins(operation, found):
    """Add to a set all operations that have to be over before one can start, itself included."""
    if operation not in found:
        found.add(operation)
        for before in [one.op for one in operation.inputs] + list(operation.control_inputs):
            origins(before, found)
    return found


@TF_PROGRAM_EQUALS_OTHERS.regardless
@needs(TENSORFLOW)
def test_the_program_does_not_say_which_weight_is_updated_first():
    with new_graph() as tf:
        parts = describe(tf, SIZES[1:], RATE)
    assert parts.new2.op not in origins(parts.new1.op, set())
    assert parts.new1.op not in origins(parts.new2.op, set())


OVERWRITTEN_WEIGHT = InTensorFlow(
    1,
    "Where the session happens to update w2 first, the loss is no number after some 20 steps; the program fits the "
    "data once it has resource variables.",
    witness={"first": "w2"},
    where=lambda first: first == "w2",
)

TF_PROGRAM_LOSS_FALLS = Claim(
    "graphs.tf-program-loss-falls",
    "The TensorFlow program, as printed, fits the network to random data in 500 steps.",
    sources=[TEMPLATE["PyTorch vs TensorFlow: Static vs Dynamic Graphs"], EXAMPLES["TensorFlow: Static Graphs"]],
    deviations=[
        OVERWRITTEN_WEIGHT,
        InTensorFlow(
            2,
            "TensorFlow 2 has no tf.placeholder, with which the program begins; under the names of tf.compat.v1 it "
            "fits the data.",
            witness={},
            raises=AttributeError,
        ),
    ],
    kills=["gradients-are-twice-as-large"],
)


def fits(losses):
    """Assert that 500 losses fall from the order of 1e7 to almost nothing."""
    losses = np.array(losses)
    assert losses.shape == (STEPS,) == (500,)
    assert np.isfinite(losses).all() and (losses >= 0).all()
    assert 1e6 < losses[0] < 1e9
    assert losses[-1] < 1e-2


@pytest.fixture(scope="module")
def problem():
    return random_problem(0)


@TF_PROGRAM_LOSS_FALLS
@needs(TENSORFLOW)
@pytest.mark.parametrize("first", ["w1", "w2"])
def test_whichever_weight_is_updated_first_the_loss_of_the_printed_program_falls_to_almost_nothing(problem, first):
    names = tensorflow()
    description = describe(names, (1000, 100, 10), LEARNING_RATE, first, "float32")
    with names.Session(graph=description.graph) as session:
        fits(train(session, description, problem, STEPS).losses)


@OVERWRITTEN_WEIGHT.instead
@needs(TENSORFLOW)
def test_with_the_second_weight_updated_first_the_loss_is_no_number_after_some_steps(problem):
    with new_graph() as tf:
        description = describe(tf, (1000, 100, 10), LEARNING_RATE, "w2", "float32")
        with tf.Session(graph=description.graph) as session:
            losses = train(session, description, problem, 40).losses
    assert np.isfinite(losses[:10]).all() and not np.isfinite(losses[-1])
    with np.errstate(over="ignore", invalid="ignore"):
        expected = descend_with_the_second_weight_first(Problem(*[one.astype("float64") for one in problem]), 1e-6, 40)
    assert not np.isfinite(expected.losses[-1])


@TF_PROGRAM_LOSS_FALLS.instead
@needs(TENSORFLOW)
def test_with_resource_variables_the_program_fits_random_data_in_500_steps(problem):
    tensorflow()
    fits(trainer("tensorflow")(*problem).losses)
