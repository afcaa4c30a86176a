"""Training and inference.

Dropout and batch norm do one thing while a network is trained and another while it is used. A flag says which; one call
sets it for a whole model.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import SEEDED, needs
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.oracles.rounding import elementwise
from spec.oracles.statistics import hoeffding_radius
from spec.sources import FLOYDHUB
from spec.strategies import LAYOUTS, Blueprint, seeds, shapes, tensors

TRAIN_FLAG = Claim(
    "training.train-flag",
    "One flag switches dropout and batch norm of a whole model: train(True) or train() for training, train(False) or "
    "eval() for inference.",
    sources=[FLOYDHUB["Training process"]],
    kills=["train-stops-at-the-children", "train-returns-nothing", "modules-are-born-in-inference-mode",
           "eval-leaves-dropout-on"],
)

LAYERS = {
    "dropout": lambda: torch.nn.Dropout(0.5),
    "batch norm": lambda: torch.nn.BatchNorm1d(2),
    "linear": lambda: torch.nn.Linear(2, 2),
}
TREES = st.recursive(st.sampled_from(sorted(LAYERS)), lambda parts: st.lists(parts, max_size=3), max_leaves=6)
CALLS = {
    "train()": (lambda model: model.train(), True),
    "train(True)": (lambda model: model.train(True), True),
    "train(False)": (lambda model: model.train(False), False),
    "eval()": (lambda model: model.eval(), False),
}
"""The ways to set the flag, and what it then is."""


def built(tree):
    """Build a model of nested lists of the names of LAYERS."""
    return LAYERS[tree]() if isinstance(tree, str) else torch.nn.Sequential(*[built(part) for part in tree])


@TRAIN_FLAG
@reaches(deep=lambda tree: any(isinstance(part, list) and part for part in tree), empty=lambda tree: tree == [],
         mixed=lambda before: True in before and False in before)
@example(tree=[["dropout"], "batch norm"], before=[True, False], call="eval()")
@given(tree=TREES, before=st.lists(st.booleans(), min_size=1, max_size=4), call=st.sampled_from(sorted(CALLS)))
def test_the_call_sets_the_flag_of_every_module_whatever_it_was_and_returns_the_model(tree, before, call):
    """
    >>> layers = {"dropout": torch.nn.Dropout, "batch norm": torch.nn.Identity, "linear": torch.nn.Identity}
    >>> f = lambda tree: layers[tree]() if isinstance(tree, str) else torch.nn.Sequential(*map(f, tree))
    >>> model = f(tree); eval("model." + call); print([part.training for part in model.modules()])
    """
    model = built(tree)
    parts = list(model.modules())
    assert all(part.training is True for part in parts)
    for number, part in enumerate(parts):
        part.training = before[number % len(before)]
    setting, expected = CALLS[call]
    assert setting(model) is model
    assert all(part.training is expected for part in parts)


@TRAIN_FLAG
@pytest.mark.parametrize("call", sorted(CALLS))
def test_the_flag_decides_what_the_layers_of_a_nested_model_compute(device, call):
    dropout, norm = torch.nn.Dropout(0.5), torch.nn.BatchNorm1d(64, affine=False)
    model = torch.nn.Sequential(torch.nn.Sequential(dropout), torch.nn.ModuleList([norm])[0]).to(device)
    setting, training = CALLS[call]
    setting(model)
    x = torch.tensor([[1.0], [3.0]], device=device).expand(2, 64)
    model(x)
    assert bool((dropout(x) == 0).any()) is training
    assert bool(norm.running_mean.ne(0).any()) or not training
    assert norm.num_batches_tracked.item() == training


@TRAIN_FLAG
def test_a_module_that_is_used_twice_has_one_flag(device):
    shared = torch.nn.Dropout()
    model = torch.nn.Sequential(shared, torch.nn.Sequential(shared)).to(device)
    model[1].eval()
    assert shared.training is model[0].training is False and model.training is True


@TRAIN_FLAG
def test_a_module_in_a_plain_list_and_a_functional_dropout_do_not_see_the_flag(device):
    class Forgetful(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [torch.nn.Dropout(1.0)]

        def forward(self, x):
            return torch.nn.functional.dropout(x, 1.0)

    model, x = Forgetful().to(device).eval(), torch.ones(3, device=device)
    assert model.layers[0].training is True
    agrees(model.layers[0](x), np.zeros(3, dtype="float32"))
    agrees(model(x), np.zeros(3, dtype="float32"))
    agrees(torch.nn.functional.dropout(x, 1.0, training=model.training), np.ones(3, dtype="float32"))


DROPOUT = Claim(
    "training.dropout",
    "Dropout is active in training, where it puts 0 for each element with probability p and scales the others by "
    "1/(1-p), and switched off in inference, where it passes its input on.",
    sources=[FLOYDHUB["Training process"]],
    kills=["dropout-forgets-to-scale", "dropout-drops-in-inference", "dropout-never-drops-the-first-element",
           "dropout-hides-its-mask-from-backward", "dropout-takes-p-for-the-share-that-stays",
           "dropout-draws-one-mask-for-all"],
)

Input = NamedTuple("Input", [("x", Blueprint), ("p", float), ("seed", int)])
Input.__doc__ = "The input of a dropout layer, the probability of dropping, and the seed."


def inputs(p, **options):
    """Draw an Input of floats of any layout."""
    x = tensors(dtypes.FLOATS, shape=shapes(max_elements=66), layouts=LAYOUTS, **options)
    return st.builds(Input, x, st.sampled_from(p), seeds())


@DROPOUT
@reaches(nan=lambda case: np.isnan(case.x.array).any(), strided=lambda case: not case.x.contiguous)
@given(case=inputs([0.0, 0.5, 1.0]))
def test_in_inference_the_result_has_the_bits_of_the_input(device, case):
    """
    >>> torch.nn.Dropout(p).eval()(x)
    """
    bitwise(torch.nn.Dropout(case.p).eval()(case.x.on(device)), case.x.array)


@DROPOUT
@reaches(dropped=lambda case: case.p == 0.5 and case.x.numel > 20, all=lambda case: case.p == 1,
         none=lambda case: case.p == 0, strided=lambda case: not case.x.contiguous)
@given(case=inputs([0.0, 0.1, 0.5, 0.9, 1.0], finite=True, kinks=False, bounded=2.0**60))
def test_in_training_each_element_is_0_or_scaled_and_the_gradient_has_the_same_mask(device, case):
    """
    >>> _ = torch.manual_seed(seed), x.requires_grad_(); result = torch.nn.Dropout(p)(x)
    >>> result.backward(torch.ones_like(result)); print(result, x.grad)
    """
    x = case.x.on(device, requires_grad=True)
    torch.manual_seed(case.seed)
    result = torch.nn.Dropout(case.p)(x)
    result.backward(torch.ones_like(result))
    kept = array_of(result) != 0
    scale = 0.0 if case.p == 1 else 1 / (1 - case.p)
    for tensor, values in ((result, case.x.array.astype("float64")), (x.grad, np.ones(case.x.size))):
        expected = np.where(kept, values * scale, 0.0)
        agrees(tensor, expected, bound=elementwise(expected, case.x.dtype, roundings=4), dtype=case.x.dtype)
    assert case.p > 0 or kept.all()
    assert case.p < 1 or not kept.any()


@DROPOUT
@needs(SEEDED)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.75])
def test_the_share_of_zeros_is_p_at_every_place_and_two_calls_are_independent(device, p):
    rows, places = 4000, 17
    layer, x = torch.nn.Dropout(p), torch.ones(rows, places, device=device)
    first, second = [array_of(layer(x)) == 0 for _ in range(2)]
    assert (abs(first.mean(axis=0) - p) < hoeffding_radius(rows, 0, 1, alpha=1e-9 / places)).all()
    for one, other in ((first, second), (first[1:], first[:-1]), (first[:, 1:], first[:, :-1])):
        assert abs((one & other).mean(axis=0) - p * p).max() < hoeffding_radius(rows // 2, 0, 1, alpha=1e-10)


@DROPOUT
@needs(SEEDED)
@reaches(beyond_31_bits=lambda seed: seed >= 2**31)
@given(seed=seeds())
def test_the_same_seed_drops_the_same_elements(device, seed):
    """
    >>> _ = torch.manual_seed(seed); first = torch.nn.Dropout()(torch.ones(40))
    >>> _ = torch.manual_seed(seed); print(first, torch.nn.Dropout()(torch.ones(40)))
    """
    layer, x, results = torch.nn.Dropout(), torch.ones(40, device=device), []
    for _ in range(2):
        torch.manual_seed(seed)
        results.append(array_of(layer(x)))
    bitwise(results[0], results[1])


@DROPOUT
def test_a_dropped_infinity_is_not_a_number(device):
    agrees(torch.nn.Dropout(1.0)(torch.tensor([1.0, float("inf")], device=device)), np.array([0, np.nan], "float32"))


@DROPOUT
@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_a_probability_outside_0_to_1_is_an_error(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        torch.nn.Dropout(p)
