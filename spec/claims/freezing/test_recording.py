"""Recording.

Under torch.no_grad() nothing is recorded. A model in eval mode is recorded as any other.
"""
import threading

import numpy as np
import pytest
import torch
from hypothesis import given

from spec.capabilities import FLOAT64, Capability, needs
from spec.claim import Claim, reaches
from spec.claims.freezing._helpers import expected, frozen_networks, loss_of, module_of
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import FLOYDHUB, INTRODUCTION

NO_GRAD_EXCLUDES_SUBGRAPH = Claim(
    "freezing.no-grad-excludes-subgraph",
    "For inference, nothing that is computed under torch.no_grad() requires a gradient, whatever the inputs and "
    "through any number of layers; afterwards recording resumes.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    kills=["no-grad-does-nothing", "no-grad-ends-with-recording-on", "an-exception-leaves-recording-off",
           "no-grad-takes-the-flag-of-new-leaves"],
)


def _decorated_generators_are_unrecorded(device):
    return not any(steps_of_a_decorated_generator(torch.ones(1, device=device, requires_grad=True)))


def steps_of_a_decorated_generator(x):
    """Return whether the results inside a generator decorated by no_grad require a gradient, step by step."""
    @torch.no_grad()
    def steps():
        yield (x * 2).requires_grad
        yield (x * 3).requires_grad

    return list(steps())


DECORATED_GENERATORS = Capability(
    "no_grad as a decorator of a generator covers its call only, not its body, in this torch", True,
    _decorated_generators_are_unrecorded)


@NO_GRAD_EXCLUDES_SUBGRAPH
@needs(FLOAT64)
@reaches(deep=lambda case: len(case.weights) > 2)
@given(case=frozen_networks())
def test_no_layer_is_recorded_under_no_grad_and_the_values_are_the_same_bit_for_bit(device, case):
    """
    >>> h = torch.tensor(x)
    >>> for one in weights: h = torch.no_grad()(torch.mm)(h, torch.tensor(one, requires_grad=True)).clamp(min=0)
    >>> h.requires_grad
    """
    model, linears = module_of(case._replace(frozen=(False,) * len(case.weights)), device)
    x = torch.tensor(case.x, device=device, requires_grad=True)
    usual = model(x)
    with torch.no_grad():
        h = x
        for part in model:
            h = part(h)
            assert not h.requires_grad and h.grad_fn is None and h.is_leaf
        with pytest.raises(RuntimeError):
            h.sum().backward()
    bitwise(h, usual)
    assert x.grad is None and all(linear.weight.grad is None for linear in linears)
    loss_of(model, case, device)[0].backward()
    for linear, gradient in zip(linears, expected(case).grad_weights):
        agrees(linear.weight.grad, gradient.T)


@NO_GRAD_EXCLUDES_SUBGRAPH
@pytest.mark.parametrize("outer", [torch.no_grad, torch.enable_grad], ids=["in no_grad", "in enable_grad"])
@pytest.mark.parametrize("inner", [torch.no_grad, torch.enable_grad], ids=["no_grad", "enable_grad"])
def test_a_block_ends_with_recording_as_it_was_before_even_after_an_exception(device, outer, inner):
    x = torch.ones(2, device=device, requires_grad=True)

    def recording():
        assert torch.is_grad_enabled() is (x * 2).requires_grad
        return torch.is_grad_enabled()

    assert recording()
    with outer():
        assert recording() is (outer is torch.enable_grad)
        with inner():
            assert recording() is (inner is torch.enable_grad)
        assert recording() is (outer is torch.enable_grad)
        with pytest.raises(KeyError):
            with inner():
                raise KeyError
        assert recording() is (outer is torch.enable_grad)
    assert recording()
    with pytest.raises(KeyError):
        with outer():
            raise KeyError
    assert recording()


@NO_GRAD_EXCLUDES_SUBGRAPH
def test_a_function_decorated_with_no_grad_keeps_its_name_and_records_nothing(device):
    @torch.no_grad()
    def doubled(tensor, times=2):
        if times == 0:
            raise KeyError
        return tensor * times

    x = torch.ones(2, device=device, requires_grad=True)
    result = doubled(x, times=3)
    agrees(result, np.array([3, 3], dtype="float32"))
    assert not result.requires_grad and torch.is_grad_enabled() and doubled.__name__ == "doubled"
    with pytest.raises(KeyError):
        doubled(x, 0)
    assert torch.is_grad_enabled() and (x * 2).requires_grad


@NO_GRAD_EXCLUDES_SUBGRAPH
@needs(DECORATED_GENERATORS)
def test_the_body_of_a_generator_decorated_with_no_grad_records_nothing_while_its_caller_does(device):
    x = torch.ones(2, device=device, requires_grad=True)
    assert steps_of_a_decorated_generator(x) == [False, False]

    @torch.no_grad()
    def steps():
        yield x * 2
        yield x * 3

    for result in steps():
        assert not result.requires_grad and torch.is_grad_enabled() and (result * x).requires_grad


@NO_GRAD_EXCLUDES_SUBGRAPH
def test_a_leaf_that_is_made_under_no_grad_keeps_the_flag_that_it_is_given(device):
    with torch.no_grad():
        leaf = torch.ones(2, device=device, requires_grad=True)
        later = torch.ones(2, device=device).requires_grad_()
        assert leaf.requires_grad and later.requires_grad and not (leaf * later).requires_grad
    (leaf * later).sum().backward()
    agrees(leaf.grad, np.array([1, 1], dtype="float32"))


@NO_GRAD_EXCLUDES_SUBGRAPH
def test_a_result_from_under_no_grad_is_a_constant_for_what_is_recorded_afterwards(device):
    x = torch.tensor([2.0, 3.0], device=device, requires_grad=True)
    with torch.no_grad():
        square = x * x
    (square * x).sum().backward()
    agrees(x.grad, np.array([4, 9], dtype="float32"))


@NO_GRAD_EXCLUDES_SUBGRAPH
def test_a_leaf_that_requires_a_gradient_can_be_changed_in_place_under_no_grad(device):
    w = torch.tensor([2.0, 3.0], device=device, requires_grad=True)
    with torch.no_grad():
        w -= 0.5
        w.mul_(2)
    assert w.is_leaf and w.requires_grad
    agrees(w, np.array([3, 5], dtype="float32"))


@NO_GRAD_EXCLUDES_SUBGRAPH
def test_what_was_recorded_before_can_be_differentiated_under_no_grad(device):
    x = torch.tensor([2.0, 3.0], device=device, requires_grad=True)
    loss = (x * x).sum()
    with torch.no_grad():
        loss.backward()
    agrees(x.grad, np.array([4, 6], dtype="float32"))


@NO_GRAD_EXCLUDES_SUBGRAPH
def test_no_grad_in_one_thread_leaves_other_threads_recording():
    seen = {}

    def look(name):
        seen[name] = torch.is_grad_enabled()

    def switch_off():
        with torch.no_grad():
            entered.set()
            leave.wait(60)

    with torch.no_grad():
        other = threading.Thread(target=look, args=("other while this one is off",))
        other.start()
        other.join()
    entered, leave = threading.Event(), threading.Event()
    other = threading.Thread(target=switch_off)
    other.start()
    entered.wait(60)
    look("this one while the other is off")
    leave.set()
    other.join()
    assert seen == {"other while this one is off": True, "this one while the other is off": True}


EVAL_KEEPS_RECORDING = Claim(
    "freezing.eval-keeps-recording",
    "Preparing a model for production with eval() alone does not switch autograd off.",
    sources=[FLOYDHUB["Excluding subgraphs from backward"], FLOYDHUB["Training process"]],
    kills=["eval-freezes-the-parameters", "eval-switches-recording-off"],
)


@EVAL_KEEPS_RECORDING
@needs(FLOAT64)
@reaches(frozen=lambda case: any(case.frozen), free=lambda case: not any(case.frozen))
@given(case=frozen_networks(max_depth=2))
def test_a_model_in_eval_mode_records_and_fills_the_gradients_of_what_requires_them(device, case):
    """
    >>> model = torch.nn.Linear(*weights[0].shape, bias=False).double().eval()
    >>> model(torch.tensor(x)).requires_grad
    """
    model, linears = module_of(case, device)
    assert model.eval() is model and not model.training and torch.is_grad_enabled()
    loss, _ = loss_of(model, case, device)
    assert loss.requires_grad is not all(case.frozen)
    if loss.requires_grad:
        loss.backward()
    for linear, frozen, gradient in zip(linears, case.frozen, expected(case).grad_weights):
        assert linear.weight.requires_grad is not frozen
        if frozen:
            assert linear.weight.grad is None
        else:
            agrees(linear.weight.grad, gradient.T)


@EVAL_KEEPS_RECORDING
def test_batch_norm_and_dropout_in_eval_mode_pass_gradients_on(device):
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Dropout(0.5)).to(device).eval()
    x = torch.tensor([[1.0, 2.0], [3.0, 5.0]], device=device, requires_grad=True)
    result = model(x)
    result.sum().backward()
    assert result.requires_grad and array_of(x.grad).all()
    agrees(model[0].bias.grad, np.array([2, 2], dtype="float32"))


@EVAL_KEEPS_RECORDING
def test_a_module_without_parameters_records_nothing_of_a_plain_input_in_either_mode(device):
    model, x = torch.nn.ReLU(), torch.ones(2, device=device)
    assert not model.train()(x).requires_grad and not model.eval()(x).requires_grad
