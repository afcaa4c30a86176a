"""Models.

A model is shared when its parameters and buffers are. Processes that train it at the same time need not wait for one
another.
"""
import numpy as np
import pytest
import torch
import torch.multiprocessing

from spec.claim import Claim
from spec.claims.multiprocessing._helpers import METHODS, SECONDS, Child, end, small_model
from spec.claims.multiprocessing._workers import descend
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import TEMPLATE

WHOLE_MODELS_SHARED = Claim(
    "multiprocessing.whole-models-shared",
    "A whole model can be shared: after model.share_memory(), what a process that trains it makes of its parameters is "
    "seen here. Without it a forked process trains a copy.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["share-memory-of-a-model-does-nothing", "share-memory-leaves-out-buffers", "sent-tensors-are-copies"],
)


def is_shared(model):
    """Say which parameters and buffers of a model are in shared memory, as a set of truth values."""
    return {value.is_shared() for value in model.state_dict().values()}


def same_values(model, expected):
    """Assert that the parameters and buffers of a model are the arrays expected, to the last bit."""
    assert sorted(model.state_dict()) == sorted(expected)
    for name, value in model.state_dict().items():
        bitwise(value, expected[name])


def differs(model):
    """Say whether a model has other parameters than `small_model` gives it."""
    return any(not np.array_equal(array_of(one), array_of(other))
               for one, other in zip(model.parameters(), small_model().parameters()))


@WHOLE_MODELS_SHARED
def test_what_a_forked_process_makes_of_a_model_in_shared_memory_is_seen_here():
    with Child("fork", shared=True) as child:
        trained = child.ask("first")["model"]
    same_values(child.model, trained)
    assert differs(child.model) and is_shared(child.model) == {True}
    assert child.exit_status == 0


@WHOLE_MODELS_SHARED
def test_without_shared_memory_a_forked_process_trains_a_copy(forked):
    trained = forked.ask("first")["model"]
    same_values(forked.model, {name: array_of(value) for name, value in small_model().state_dict().items()})
    assert is_shared(forked.model) == {False}
    assert any(not np.array_equal(array_of(value), trained[name])
               for name, value in forked.model.named_parameters())


@WHOLE_MODELS_SHARED
@pytest.mark.parametrize("method", METHODS)
def test_a_model_sent_through_a_queue_is_shared(method, child):
    model = small_model()
    same_values(model, child.ask("train", model))
    assert differs(model) and is_shared(model) == {True}


@WHOLE_MODELS_SHARED
def test_a_model_given_to_a_spawned_process_is_shared(spawned):
    same_values(spawned.model, spawned.ask("first")["model"])
    assert differs(spawned.model)


@WHOLE_MODELS_SHARED
def test_share_memory_returns_the_model_and_keeps_its_values_and_its_parameters():
    model = small_model()
    parameters = list(model.parameters())
    assert model.share_memory() is model and is_shared(model) == {True}
    assert all(one is other for one, other in zip(model.parameters(), parameters))
    same_values(model, {name: array_of(value) for name, value in small_model().state_dict().items()})


HOGWILD_TRAINS = Claim(
    "multiprocessing.hogwild-trains",
    "HOGWILD: several processes that change one shared model without locks train it.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["share-memory-of-a-model-does-nothing"],
)


@HOGWILD_TRAINS
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "not shared"])
def test_two_processes_fit_a_model_that_they_share_and_only_such_a_one(shared):
    random = np.random.RandomState(0)
    x = torch.tensor(random.standard_normal((32, 3)))
    y = x.mm(torch.tensor([[1.0], [-2.0], [3.0]], dtype=torch.float64))
    model = torch.nn.Linear(3, 1).double()
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    if shared:
        model.share_memory()
    torch.optim.SGD(model.parameters(), lr=1)  # the first optimizer imports much, and here it does so only once
    context = torch.multiprocessing.get_context("fork")
    processes = [context.Process(target=descend, args=(model, x, y, 0.01, 200, seed)) for seed in range(2)]
    try:
        for process in processes:
            process.daemon = True
            process.start()
        for process in processes:
            process.join(SECONDS)
        assert [process.exitcode for process in processes] == [0, 0]
    finally:
        for process in processes:
            end(process)
    before, after = (y ** 2).sum().item(), ((model(x) - y) ** 2).sum().item()
    if shared:
        assert after < before / 100
    else:
        agrees(after, before)
