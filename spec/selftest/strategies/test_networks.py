"""Networks are exact where they say so, and touch or avoid kinks as asked."""

import numpy as np
import pytest
from hypothesis import given

from spec.selftest.strategies.reaching import for_examples, minimal, reaches, share
from spec.strategies import regressions, relu_stacks, two_layer_networks
from spec.strategies.networks import MARGIN


def hidden_layers(x, weights):
    """Return the pre-activations of every hidden layer."""
    found = []
    for weight in weights[:-1]:
        found.append(x @ weight)
        x = np.maximum(found[-1], 0)
    return found


def hidden(net):
    return net.x @ net.w1


@for_examples()
@given(two_layer_networks(distinct=True))
def test_a_two_layer_network_fits_together_with_four_distinct_sizes(net):
    sizes = (net.x.shape[0],) + net.w1.shape + (net.w2.shape[1],)
    assert len(set(sizes)) == 4
    assert (hidden(net) @ net.w2).shape == net.y.shape
    assert all(matrix.dtype == np.float64 for matrix in net)


def test_the_sizes_may_be_given():
    net = minimal(two_layer_networks(sizes=(5, 3, 2, 1)))
    assert [matrix.shape for matrix in net] == [(5, 3), (5, 1), (3, 2), (2, 1)]


@for_examples()
@given(relu_stacks(exact=True))
def test_an_exact_stack_has_small_whole_numbers(stack):
    for matrix in (stack.x, stack.y) + stack.weights:
        assert (matrix == np.round(matrix)).all() and abs(matrix).max() <= 2


@pytest.mark.parametrize("kinks", [False, True])
def test_no_intermediate_of_an_exact_stack_leaves_the_exact_range(kinks):
    @for_examples()
    @given(relu_stacks(exact=True, kinks=kinks, min_depth=3))
    def check(stack):
        forward = abs(stack.x)
        for weight in stack.weights:
            forward = forward @ abs(weight)
        error = 2 * (forward + abs(stack.y))
        backward = error
        for weight in reversed(stack.weights):
            backward = backward @ abs(weight).T
        assert forward.sum() ** 2 < 2.0**53 and (error**2).sum() < 2.0**53
        assert backward.sum() * max(1.0, forward.max()) < 2.0**53

    check()


@pytest.mark.parametrize("exact", [False, True])
def test_without_kinks_no_pre_activation_is_near_0(exact):
    @for_examples()
    @given(relu_stacks(exact=exact, kinks=False))
    def check(stack):
        for layer in hidden_layers(stack.x, stack.weights):
            assert abs(layer).min() > MARGIN

    check()
    assert not reaches(two_layer_networks(exact=exact, kinks=False), lambda net: abs(hidden(net)).min() <= MARGIN)


@pytest.mark.parametrize("exact", [False, True])
def test_with_kinks_a_pre_activation_is_0_most_of_the_time(exact):
    networks = two_layer_networks(exact=exact, kinks=True)
    assert share(networks, lambda net: (hidden(net) == 0).any()) >= (0.5 if exact else 1)


@pytest.mark.parametrize("exact, kinks", [(False, False), (False, True), (True, False), (True, True)])
def test_hidden_units_are_on_and_off(exact, kinks):
    networks = two_layer_networks(exact=exact, kinks=kinks)
    assert reaches(networks, lambda net: (hidden(net) > 0).any() and (hidden(net) < 0).any())
    assert reaches(networks, lambda net: (hidden(net) <= 0).all())
    assert reaches(networks, lambda net: (net.x < 0).any() and (net.w2 < 0).any())


def test_a_kink_in_a_unit_that_matters_is_reached():
    def matters(net):
        on_kink = (hidden(net) == 0) & ((2 * (np.maximum(hidden(net), 0) @ net.w2 - net.y)) @ net.w2.T != 0)
        return (on_kink.any(axis=1) & (net.x != 0).any(axis=1)).any()

    assert share(two_layer_networks(), matters) > 0.1


@pytest.mark.parametrize("depth", range(5))
def test_stacks_reach_each_depth(depth):
    assert reaches(relu_stacks(), lambda stack: len(stack.weights) == depth + 1)


@for_examples(50)
@given(relu_stacks())
def test_a_stack_fits_together(stack):
    last = (hidden_layers(stack.x, stack.weights) or [stack.x])[-1]
    assert (last @ stack.weights[-1]).shape == stack.y.shape


@for_examples()
@given(regressions())
def test_a_regression_has_one_solution(problem):
    assert np.linalg.svd(problem.x, compute_uv=False).min() >= 1 - 1e-12
    assert (problem.x @ problem.w == problem.y).all()
    assert np.allclose(np.linalg.lstsq(problem.x, problem.y, rcond=None)[0], problem.w, rtol=0, atol=1e-12)


def test_regressions_have_more_samples_than_unknowns_and_noise_where_asked_for():
    assert reaches(regressions(), lambda problem: problem.x.shape[0] > problem.x.shape[1])
    assert reaches(regressions(noise=True), lambda problem: (problem.x @ problem.w != problem.y).any())


def test_the_simplest_network_is_one_zero_everywhere():
    assert [matrix.tolist() for matrix in minimal(two_layer_networks())] == [[[0.0]]] * 4
