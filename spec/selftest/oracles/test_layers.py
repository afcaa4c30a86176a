"""The oracle of layers and losses: against formulas written in another way, and with faults that must show."""
import numpy as np
import pytest

from spec.oracles import backprop, derivatives, layers
from spec.oracles.running_error import Rounded

RANDOM = np.random.RandomState(0)
X, WEIGHT, BIAS = RANDOM.randn(2, 4, 3), RANDOM.randn(5, 3), RANDOM.randn(5)
IMAGES, KERNELS = RANDOM.randint(-3, 4, (2, 3, 5, 4)), RANDOM.randint(-3, 4, (2, 3, 2, 3))


def test_linear_is_the_sum_over_inputs_for_each_output():
    expected = [[[sum(x[i] * w[i] for i in range(3)) + b for w, b in zip(WEIGHT, BIAS)] for x in row] for row in X]
    assert np.allclose(layers.linear(X, WEIGHT, BIAS), expected, rtol=1e-14)
    assert np.allclose(layers.linear(X, WEIGHT), np.array(expected) - BIAS, rtol=1e-13, atol=1e-14)


def test_the_bound_of_linear_covers_float32_and_does_not_cover_a_missing_bias():
    x, weight, bias = (array.astype("float32") for array in (X, WEIGHT, BIAS))
    error = np.abs((x @ weight.T + bias) - layers.linear(x, weight, bias))
    bound = layers.of_linear(x, weight, bias, "float32")
    assert (error <= bound).all() and (bound < 1e-5).all()
    assert (np.abs(layers.linear(x, weight) - layers.linear(x, weight, bias)) > bound).all()


def test_conv2d_is_the_sum_over_channels_and_kernel_for_each_place():
    out = layers.conv2d(IMAGES, KERNELS, [10, 20])
    assert out.shape == (2, 2, 4, 2)
    for n, f, y, x in np.ndindex(out.shape):
        window = IMAGES[n, :, y:y + 2, x:x + 3]
        assert out[n, f, y, x] == (window * KERNELS[f]).sum() + 10 * (f + 1)


def test_the_gradients_of_conv2d_are_what_each_element_adds_to_the_weighted_sum():
    random = np.random.RandomState(0)
    images, kernels, weights = [random.randint(-3, 4, size).astype("float64") for size in
                                ((2, 3, 4, 5), (2, 3, 3, 2), (2, 2, 2, 4))]
    of_images, of_kernels = layers.conv2d_gradients(images, kernels, weights)
    for array, gradient in ((images, of_images), (kernels, of_kernels)):
        assert gradient.shape == array.shape
        for place in np.ndindex(*array.shape):
            before = (layers.conv2d(images, kernels) * weights).sum()
            array[place] += 1
            assert (layers.conv2d(images, kernels) * weights).sum() - before == gradient[place]
            array[place] -= 1


def test_conv2d_does_not_flip_the_kernel():
    image, kernel = np.array([[[[1, 0]]]]), np.array([[[[3, 5]]]])
    assert layers.conv2d(image, kernel).tolist() == [[[[3]]]]


@pytest.mark.parametrize("name, p, y, expected", [
    ("MSELoss", [1.0, 4.0], [3.0, 4.0], [4, 0]),
    ("L1Loss", [1.0, 4.0], [3.0, 4.0], [2, 0]),
    ("SmoothL1Loss", [0.5, 1.0, 3.0], [0.0, 0.0, 0.0], [0.125, 0.5, 2.5]),
    ("NLLLoss", [[-1.0, -2.0], [-3.0, -4.0]], [1, 0], [2, 3]),
    ("CrossEntropyLoss", [[0.0, 0.0], [np.log(3), 0.0]], [0, 1], [np.log(2), np.log(4)]),
    ("BCELoss", [0.5, 0.25], [1.0, 0.0], [np.log(2), np.log(4 / 3)]),
    ("BCEWithLogitsLoss", [0.0, np.log(3)], [1.0, 0.0], [np.log(2), np.log(4)]),
    ("KLDivLoss", [np.log(0.5)], [0.25], [0.25 * np.log(0.5)]),
])
def test_each_loss_has_the_value_worked_out_on_paper(name, p, y, expected):
    values = layers.LOSSES[name](np.array(p), np.array(y))
    assert np.allclose(values, expected, rtol=1e-14)
    assert np.isclose(layers.reduced(values, "sum"), np.sum(expected))
    assert np.isclose(layers.reduced(values, "mean"), np.mean(expected))
    assert layers.reduced(values, "none") is values


def test_a_stack_without_biases_is_the_network_of_the_backprop_oracle():
    x, y, w1, w2 = (RANDOM.randint(-3, 4, size).astype(float) for size in ((4, 3), (4, 2), (3, 5), (5, 2)))
    plain = backprop.two_layers(x, y, w1, w2, at_zero=0)
    ours = layers.stack(x, y, [w1.T, w2.T], [np.zeros(5), np.zeros(2)])
    assert ours.loss == plain.loss
    assert (ours.grad_weights[0].T == plain.grad_w1).all() and (ours.grad_weights[1].T == plain.grad_w2).all()


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_the_gradient_by_the_biases_is_the_limit_of_difference_quotients(reduction):
    x, y, w1, w2, b1, b2 = (RANDOM.randn(*size) for size in ((4, 3), (4, 2), (5, 3), (2, 5), (5,), (2,)))

    def loss(biases):
        return layers.stack(x, y, [w1, w2], [biases[:5], biases[5:]], reduction).loss

    gradients = np.concatenate(layers.stack(x, y, [w1, w2], [b1, b2], reduction).grad_biases)
    differences = derivatives.gradient_by_differences(loss, np.concatenate([b1, b2]))
    assert np.allclose(gradients, differences, rtol=1e-6, atol=1e-6)
    assert not np.allclose(2 * gradients, differences, rtol=1e-2)


def test_a_descent_of_rounded_values_has_bounds_that_cover_float32():
    arrays = [RANDOM.randn(*size).astype("float32") for size in ((4, 3), (4, 2), (5, 3), (2, 5), (5,), (2,))]
    x, y, w1, w2, b1, b2 = arrays
    in_floats = layers.descend(x, y, [w1, w2], [b1, b2], np.float32(0.01), 3, "mean")
    x, y, w1, w2, b1, b2 = (Rounded(array, "float32") for array in arrays)
    exact = layers.descend(x, y, [w1, w2], [b1, b2], 0.01, 3, "mean")
    assert len(exact) == 3 and exact[0].value > exact[1].value > exact[2].value
    for loss, expected in zip(in_floats, exact):
        assert abs(loss - expected.value) <= expected.bound < 1e-3
