"""Each form is a function of its arguments alone: it changes nothing else, and it says the same thing twice."""

import functools
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

import spec
from spec.networks import FORMS, LEARNING_RATE, STEPS, TORCH_FORMS, random_problem, trainer, with_optimizer
from spec.selftest.networks.forms import every_form, every_torch_form
from spec.selftest.networks.problems import small_problem


@every_form
@pytest.mark.parametrize("steps", [0, 3])
def test_training_modifies_none_of_its_arrays_and_returns_memory_of_its_own(form, steps):
    problem, untouched = small_problem(), small_problem()
    trajectory = trainer(form)(*problem, 1e-3, steps)
    for array, copy in zip(problem, untouched):
        assert np.array_equal(array, copy)
        assert not np.shares_memory(array, trajectory.w1)
        assert not np.shares_memory(array, trajectory.w2)
    assert np.array_equal(trajectory.w1, untouched.w1) == (steps == 0)
    assert np.array_equal(trajectory.w2, untouched.w2) == (steps == 0)


@every_form
def test_the_same_call_gives_the_same_trajectory_twice(form):
    first, second = [trainer(form)(*small_problem(), 1e-3, 30) for _ in range(2)]
    assert first.losses == second.losses
    assert np.array_equal(first.w1, second.w1)
    assert np.array_equal(first.w2, second.w2)


@every_torch_form
def test_training_leaves_the_random_generator_of_torch_alone(form):
    before = torch.random.get_rng_state()
    trainer(form)(*small_problem(), 1e-3, 2)
    assert torch.equal(torch.random.get_rng_state(), before)


@every_form
def test_at_the_sizes_of_the_documents_the_loss_falls_to_almost_nothing(form):
    losses, w1, w2 = trainer(form)(*random_problem(0))
    assert len(losses) == STEPS == 500
    assert 0 <= losses[-1] < 1e-8 * losses[0]
    assert w1.dtype == w2.dtype == "float32"


def test_the_first_step_of_adam_moves_each_weight_by_the_learning_rate():
    problem, rate = small_problem(), 1e-3
    adam = functools.partial(torch.optim.Adam, eps=1e-12)
    moved = with_optimizer.train(*problem, rate, 1, make_optimizer=adam).w2 - problem.w2
    gradient = problem.w2 - trainer("numpy")(*problem, 1.0, 1).w2
    assert (np.abs(gradient) > 0.01).all()
    assert np.allclose(moved, -rate * np.sign(gradient), rtol=1e-8, atol=0)


def test_a_random_problem_has_the_sizes_of_the_documents_and_depends_on_its_seed_alone():
    problem, again, other = random_problem(0), random_problem(0), random_problem(1)
    assert [array.shape for array in problem] == [(64, 1000), (64, 10), (1000, 100), (100, 10)]
    assert LEARNING_RATE == 1e-6
    for array, same, different in zip(problem, again, other):
        assert array.dtype == "float32"
        assert np.array_equal(array, same)
        assert not np.array_equal(array, different)
        assert abs(array.mean()) < 5 / array.size ** 0.5
        assert abs(array.std() - 1) < 5 / (2 * array.size) ** 0.5


def test_a_float32_problem_is_the_rounded_float64_problem():
    for single, double in zip(random_problem(3), random_problem(3, dtype="float64")):
        assert np.array_equal(single, double.astype("float32"))


@every_form
@pytest.mark.parametrize("weight", ["w1", "w2"])
def test_matrices_that_cannot_be_multiplied_are_an_error(form, weight):
    problem = small_problem()
    misfit = problem._replace(**{weight: getattr(problem, weight)[1:]})
    with pytest.raises(RuntimeError if form in TORCH_FORMS else ValueError):
        trainer(form)(*misfit, 1e-3, 1)


def test_an_unknown_form_is_a_key_error():
    with pytest.raises(KeyError):
        trainer("abacus")


def test_the_torch_forms_are_forms_in_the_same_order():
    assert list(TORCH_FORMS) == [form for form in FORMS if form not in ("numpy", "tensorflow")]


def test_importing_the_package_imports_neither_torch_nor_tensorflow():
    root = os.path.dirname(os.path.dirname(os.path.abspath(spec.__file__)))
    program = "import sys, spec.networks; print(sorted({'torch', 'tensorflow'} & set(sys.modules)))"
    printed = subprocess.check_output([sys.executable, "-c", program], cwd=root)
    assert printed.split() == [b"[]"]
