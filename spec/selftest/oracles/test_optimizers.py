"""The recurrences give the numbers that the formulas give by hand, and a constant that is slightly wrong shows."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec.oracles.optimizers import SGD, Adagrad, Adam, RMSprop, measured

SEEDS = st.integers(0, 2**32 - 1)

RULES = {
    "SGD": (SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.25, "weight_decay": 0.01}),
    "SGD with nesterov": (SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}),
    "Adam": (Adam, {"lr": 0.1, "betas": (0.9, 0.999), "eps": 0.01, "weight_decay": 0.01}),
    "Adam with an early eps": (Adam, {"lr": 0.1, "betas": (0.9, 0.999), "eps": 0.01, "early_eps": True}),
    "RMSprop": (RMSprop, {"lr": 0.1, "alpha": 0.9, "eps": 0.01, "weight_decay": 0.01, "momentum": 0.5}),
    "RMSprop, centered": (RMSprop, {"lr": 0.1, "alpha": 0.9, "eps": 0.01, "centered": True}),
    "Adagrad": (Adagrad, {"lr": 0.1, "lr_decay": 0.5, "eps": 0.01, "weight_decay": 0.01,
                          "initial_accumulator_value": 0.5}),
}

CONSTANTS = [(name, key) for name, (_, options) in sorted(RULES.items()) for key in sorted(options)
             if not isinstance(options[key], bool)]


def run(name, w, gradients, **changed):
    rule, options = RULES[name]
    rule = rule(**dict(options, **changed))
    for gradient in gradients:
        w = rule.step(w, gradient)
    return w


def problem(seed, dtype="float64", steps=4):
    random = np.random.RandomState(seed)
    return random.randn(3).astype(dtype), [random.randn(3).astype(dtype) for _ in range(steps)]


@pytest.mark.parametrize("rule, expected", [
    (SGD(lr=0.5), [1 - 0.5 * 2, 0 - 0.5 * 4]),
    (SGD(lr=0.5, momentum=0.5, dampening=0.25), [0, 0 - 0.5 * (0.5 * 2 + 0.75 * 4)]),
    (SGD(lr=0.5, momentum=0.5, nesterov=True), [1 - 0.5 * (2 + 0.5 * 2), -0.5 - 0.5 * (4 + 0.5 * (0.5 * 2 + 4))]),
    (SGD(lr=0.5, weight_decay=0.5), [1 - 0.5 * 2.5, -0.25 - 0.5 * (4 - 0.125)]),
    (Adam(lr=0.5, betas=(0.5, 0.75), eps=1.0), [1 - 0.5 * 2 / (2 + 1), None]),
    (Adam(lr=0.5, betas=(0.5, 0.75), eps=1.0, early_eps=True), [1 - 0.5 * 0.5 / 0.5 * 1 / (1 + 1), None]),
    (RMSprop(lr=0.5, alpha=0.75, eps=1.0), [1 - 0.5 * 2 / (1 + 1), 0.5 - 0.5 * 4 / (4.75 ** 0.5 + 1)]),
    (RMSprop(lr=0.5, alpha=0.5, eps=1.0, centered=True), [1 - 0.5 * 2 / (1 + 1), None]),
    (RMSprop(lr=0.5, alpha=0.75, eps=1.0, momentum=0.5), [0.5, 0.5 - 0.5 * (0.5 * 1 + 4 / (4.75 ** 0.5 + 1))]),
    (Adagrad(lr=0.5, eps=1.0), [1 - 0.5 * 2 / (2 + 1), 1 - 1 / 3 - 0.5 * 4 / (20 ** 0.5 + 1)]),
    (Adagrad(lr=0.5, lr_decay=1, eps=1.0, initial_accumulator_value=5), [1 - 0.5 * 2 / 4, 0.75 - 0.25 * 4 / 6]),
])
def test_the_first_two_steps_are_those_of_the_formula(rule, expected):
    w = np.array([1.0])
    for gradient, value in zip([2.0, 4.0], expected):
        w = rule.step(w, np.array([gradient]))
        assert value is None or abs(w[0] - value) < 1e-15


def test_the_two_places_of_eps_in_adam_agree_where_it_is_0():
    w, gradients = problem(0)
    late, early = (run("Adam", w, gradients, eps=0.0, early_eps=flag) for flag in (False, True))
    assert (abs(late - early) < 1e-15).all()


@pytest.mark.parametrize("name", sorted(RULES))
@given(seed=SEEDS)
def test_a_run_in_float32_stays_within_its_bound(name, seed):
    w, gradients = problem(seed, "float32")
    expected = run(name, measured(w, "float32"), gradients)
    assert np.isfinite(expected.bound).all() and (expected.bound < 1e-3).all()
    rule, options = RULES[name]
    single = {key: np.float32(value) if isinstance(value, float) else value for key, value in options.items()}
    rule = rule(**single)
    for gradient in gradients:
        w = rule.step(w, gradient)
    assert (abs(w - expected.value) <= expected.bound).all()


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_values_are_those_of_plain_arrays(name):
    w, gradients = problem(1)
    assert (run(name, measured(w, "float64"), gradients).value == run(name, w, gradients)).all()


@pytest.mark.parametrize("name, key", CONSTANTS)
@pytest.mark.parametrize("dtype, change", [("float64", 1e-10), ("float32", 0.05)])
def test_a_constant_that_is_slightly_wrong_shows(name, key, dtype, change):
    w, gradients = problem(2, dtype)
    expected = run(name, measured(w, dtype), gradients)
    value = RULES[name][1][key]
    wrongs = [value * (1 + change)] if key != "betas" else [
        (value[0] * (1 - change), value[1]), (value[0], value[1] * (1 - change))]
    for wrong in wrongs:
        assert (abs(run(name, w.astype(float), gradients, **{key: wrong}) - expected.value) > expected.bound).any()


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_step_too_few_shows(name):
    w, gradients = problem(3)
    expected = run(name, measured(w, "float64"), gradients)
    assert (abs(run(name, w, gradients[:-1]) - expected.value) > expected.bound).all()


def test_a_quotient_whose_divisor_may_be_zero_has_no_bound():
    unsure = measured([1.0], "float32") - measured([1.0], "float32")
    assert not np.isfinite((measured([1.0], "float32") / unsure).bound).any()


def test_the_root_of_zero_is_off_by_the_root_of_the_error():
    off = measured([0.0], "float64")
    off.error = np.array([1e-16])
    assert 1e-8 <= off.sqrt().bound[0] < 1.1e-8
