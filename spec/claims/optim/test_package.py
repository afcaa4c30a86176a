"""The package.

torch.optim holds the common algorithms and many others. What they have in common is the loop that they are used in.
"""
import copy
import inspect

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, HERE, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.optim._helpers import COMMON, make
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import EXAMPLES, INTRODUCTION, TEMPLATE
from spec.strategies import regressions

ALGORITHMS_AVAILABLE = Claim(
    "optim.algorithms-available",
    "The optim package provides the commonly used algorithms: SGD, AdaGrad, RMSProp and Adam.",
    sources=[TEMPLATE["optim: The optimization library"], EXAMPLES["PyTorch: optim"], INTRODUCTION["Optimization"]],
    kills=["sgd-steps-uphill", "adagrad-steps-uphill", "adam-is-missing"],
)

LONGEST_FACTOR = {"SGD": 1.0, "Adagrad": 1.0, "RMSprop": 10.0, "Adam": 1.0}
"""By how much the first step is longer, at most, than lr times the gradient (SGD) or than lr (the others)."""


@ALGORITHMS_AVAILABLE
@needs(FLOAT64)
@reaches(sloped=lambda problem: (problem.x.T.dot(problem.x.dot(problem.w) - problem.y) != 0).any(),
         sgd=lambda name: name == "SGD", adam=lambda name: name == "Adam")
@given(problem=regressions(exact=True, noise=True), name=st.sampled_from(COMMON))
def test_a_short_step_of_each_algorithm_lowers_a_quadratic_loss(device, problem, name):
    """
    >>> x, y, w = map(torch.tensor, (x, y, w)); loss = (x.mm(w.requires_grad_()) - y).pow(2).sum(); loss.backward()
    >>> getattr(torch.optim, name)([w], lr=2**-12).step()
    >>> print(loss.item(), (x.mm(w) - y).pow(2).sum().item())
    """
    x, y, w = [torch.tensor(array, device=device) for array in problem]
    slope = 2 * problem.x.T.dot(problem.x.dot(problem.w) - problem.y)
    curvature = 2 * np.linalg.eigvalsh(problem.x.T.dot(problem.x)).max()
    # A step of p times the gradient, with a p of its own for each weight, lowers a quadratic loss if all p are below
    # 2 / curvature: by p (1 - p curvature / 2) slope**2 for each weight at least.
    rate = 1 / curvature / LONGEST_FACTOR[name]
    if name != "SGD":
        rate *= abs(slope[slope != 0]).min() if slope.any() else 1
    optimizer = make(name, [w.requires_grad_()], lr=rate)
    before = (x.mm(w) - y).pow(2).sum()
    before.backward()
    agrees(w.grad, slope)
    optimizer.step()
    after = (x.mm(w) - y).pow(2).sum()
    assert after.item() < before.item() if slope.any() else after.item() == before.item()


@ALGORITHMS_AVAILABLE
@needs(FLOAT64)
@pytest.mark.parametrize("name", ["SGD", "Adagrad"])
def test_sgd_and_adagrad_lower_a_quadratic_loss_in_every_step_if_the_rate_is_small_enough(device, name):
    scales = torch.tensor([1.0, 3.0, 10.0], dtype=torch.float64, device=device)
    w = torch.ones(3, dtype=torch.float64, device=device, requires_grad=True)
    # The curvature is 20 and the smallest slope 2; Adagrad never divides by less than the first slope.
    optimizer = make(name, [w], lr=(1 if name == "SGD" else 2) / 20)
    losses = []
    for _ in range(20):
        loss = (scales * w * w).sum()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[0] == 14 and all(later < earlier for earlier, later in zip(losses, losses[1:]))


@ALGORITHMS_AVAILABLE
@pytest.mark.parametrize("printed, name", [("AdaGrad", "Adagrad"), ("RMSProp", "RMSprop")])
def test_the_package_writes_two_of_the_names_with_one_capital_letter_less(printed, name):
    assert issubclass(getattr(torch.optim, name), torch.optim.Optimizer)
    assert not hasattr(torch.optim, printed)


ARRIVALS = {
    (1, 0): ["SGD", "Adagrad", "RMSprop", "Adam", "Adadelta", "Adamax", "ASGD", "LBFGS", "Rprop", "SparseAdam"],
    (1, 2): ["AdamW"],
    (1, 10): ["NAdam", "RAdam"],
    (2, 6): ["Adafactor"],
    (2, 13): ["Muon"],
}
"""Algorithms by the first release that is known here to have them."""

EXPECTED = sorted(name for since, names in ARRIVALS.items() if since <= HERE for name in names)
PRESENT = sorted(name for name, value in vars(torch.optim).items() if inspect.isclass(value)
                 and issubclass(value, torch.optim.Optimizer) and value is not torch.optim.Optimizer)
SPECIAL = {"LBFGS": TypeError, "SparseAdam": RuntimeError, "Muon": ValueError}
"""The algorithms that do not fit into the loop, and how they refuse it."""

MANY_OTHER_ALGORITHMS = Claim(
    "optim.many-other-algorithms",
    "The optim package contains many other optimization algorithms besides Adam.",
    sources=[TEMPLATE["optim: The optimization library"], EXAMPLES["PyTorch: optim"], INTRODUCTION["Optimization"]],
    kills=["adamax-is-adam", "rprop-is-missing"],
)


@MANY_OTHER_ALGORITHMS
@pytest.mark.parametrize("name", EXPECTED)
def test_the_package_has_each_algorithm_from_its_first_release_on(name):
    assert name in PRESENT and getattr(torch.optim, name).__name__ == name


@MANY_OTHER_ALGORITHMS
def test_no_two_algorithms_take_the_same_way(device):
    ways = {}
    for name in PRESENT:
        if name not in SPECIAL:
            w = torch.ones(2, 2, device=device, requires_grad=True)
            optimizer = make(name, [w])
            for gradient in (1.0, 3.0, -0.5):
                w.grad = torch.tensor([[gradient, 2.0], [0.5, -gradient]], device=device)
                optimizer.step()
            ways[name] = array_of(w)
    assert len(ways) == len(PRESENT) - len(set(SPECIAL) & set(PRESENT)) >= 8
    for name, way in ways.items():
        assert [other for other in sorted(ways) if (ways[other] == way).all()] == [name]


@MANY_OTHER_ALGORITHMS
def test_what_they_have_in_common_is_a_class_that_makes_no_step_itself(device):
    with pytest.raises(NotImplementedError):
        torch.optim.Optimizer([torch.ones(2, device=device, requires_grad=True)], {}).step(None)


OPTIMIZERS_INTERCHANGEABLE = Claim(
    "optim.optimizers-interchangeable",
    "The optim package abstracts the idea of an optimization algorithm: any optimizer can be put into the same loop of "
    "zero_grad, backward, step.",
    sources=[TEMPLATE["optim: The optimization library"], EXAMPLES["PyTorch: optim"]],
    deviations=[
        Deviation(
            "Three do not fit: LBFGS computes the loss several times and needs a function that does so, SparseAdam "
            "takes sparse gradients only, and Muon takes weights with two dimensions only.",
            witness=[{"name": name} for name in sorted(SPECIAL)],
            raises=tuple(SPECIAL.values()),
            where=lambda name: name in SPECIAL,
        )
    ],
    kills=["loading-forgets-the-state", "rprop-needs-a-closure", "sgd-steps-uphill"],
)

X = [[1.0, 2.0], [3.0, -1.0], [0.5, 1.0], [-2.0, 1.5]]
Y = [[1.0], [2.0], [-1.0], [0.5]]


def regression(device, layer=None):
    """Return a Linear layer of known weights (a copy, if one is given) and a function that computes its loss."""
    layer = torch.nn.Linear(2, 1) if layer is None else copy.deepcopy(layer)
    x, y = torch.tensor(X, device=device), torch.tensor(Y, device=device)
    return layer.to(device), lambda: ((layer(x) - y) ** 2).sum()


def trained(optimizer, loss_of, rounds):
    """Run the loop of the documents and return the losses."""
    losses = []
    for _ in range(rounds):
        loss = loss_of()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


@OPTIMIZERS_INTERCHANGEABLE
@pytest.mark.parametrize("name", PRESENT)
def test_the_loop_of_zero_grad_backward_and_step_lowers_the_loss_with_each_optimizer(device, name):
    layer, loss_of = regression(device)
    losses = trained(make(name, list(layer.parameters())), loss_of, 8)
    assert np.isfinite(losses).all() and losses[-1] < losses[0]


@OPTIMIZERS_INTERCHANGEABLE.instead
def test_lbfgs_works_with_a_function_that_clears_computes_and_returns_the_loss(device):
    layer, loss_of = regression(device)
    optimizer = torch.optim.LBFGS(layer.parameters(), lr=0.1)
    with pytest.raises(TypeError, match="closure"):
        optimizer.step()
    calls = []

    def closure():
        optimizer.zero_grad()
        calls.append(loss_of())
        calls[-1].backward()
        return calls[-1]

    assert optimizer.step(closure).item() == calls[0].item()
    assert len(calls) > 1 and loss_of().item() < calls[0].item()


@OPTIMIZERS_INTERCHANGEABLE.instead
def test_sparse_adam_works_with_sparse_gradients_and_changes_only_the_rows_that_have_one(device):
    table = torch.nn.Embedding(4, 2, sparse=True).to(device)
    before = array_of(table.weight)
    optimizer = torch.optim.SparseAdam(list(table.parameters()), lr=0.25)
    table(torch.tensor([1, 3], device=device)).sum().backward()
    optimizer.step()
    after = array_of(table.weight)
    agrees(after[[0, 2]], before[[0, 2]])
    assert (after[[1, 3]] < before[[1, 3]]).all()
    table.weight.grad = torch.ones(4, 2, device=device)
    with pytest.raises(RuntimeError, match="dense"):
        optimizer.step()


@OPTIMIZERS_INTERCHANGEABLE.instead
@pytest.mark.parametrize("name", sorted({"Muon"} & set(PRESENT)) or ["Adam"])
def test_a_model_whose_weights_are_all_matrices_can_be_trained_with_muon_where_there_is_one(device, name):
    torch.manual_seed(1)
    layer, loss_of = regression(device, torch.nn.Linear(2, 1, bias=False))
    losses = trained(make(name, list(layer.parameters())), loss_of, 8)
    assert losses[-1] < losses[0]
    if name == "Muon":
        with pytest.raises(ValueError, match="2D"):
            make(name, [torch.ones(2, device=device, requires_grad=True)])


@OPTIMIZERS_INTERCHANGEABLE.regardless
@pytest.mark.parametrize("name", [name for name in PRESENT if name not in SPECIAL])
def test_an_optimizer_that_loads_the_state_of_another_goes_on_exactly_as_that_one_would(device, name):
    layer, loss_of = regression(device)
    options = {"momentum": 0.5} if name in ("SGD", "RMSprop") else {}
    optimizer = make(name, list(layer.parameters()), **options)
    trained(optimizer, loss_of, 3)
    saved = copy.deepcopy(optimizer.state_dict())
    twin, loss_of_twin = regression(device, layer)
    successor = make(name, list(twin.parameters()), lr=0.5)
    successor.load_state_dict(saved)
    assert successor.param_groups[0]["lr"] == 0.01
    assert trained(successor, loss_of_twin, 3) == trained(optimizer, loss_of, 3)
    bitwise(twin.weight, layer.weight)
    bitwise(twin.bias, layer.bias)


@OPTIMIZERS_INTERCHANGEABLE.regardless
def test_a_state_with_groups_of_other_sizes_is_refused(device):
    layer, _ = regression(device)
    optimizer = make("Adam", layer.parameters())
    with pytest.raises(ValueError):
        optimizer.load_state_dict(make("Adam", [layer.weight]).state_dict())
