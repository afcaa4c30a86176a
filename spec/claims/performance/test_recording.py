"""Recording.

What autograd does not record it need not compute backwards, and need not keep.
"""
import weakref

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, NUMPY_MEMORY, Capability, needs
from spec.claim import Claim, reaches
from spec.claims.performance._helpers import selected
from spec.measurements import measured, ratio
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.recorded_graph import functions
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies import programs, run

SOURCES = [INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]]

COUNTED = Capability("the device does not tell how much of its memory is in use", True,
                     lambda device: torch.ones(1, device=device).is_cuda)

FROZEN_SUBGRAPHS_SAVE_WORK = Claim(
    "performance.frozen-subgraphs-save-work",
    "To exclude subgraphs by requires_grad=False makes it cheaper to compute gradients.",
    sources=SOURCES,
    kills=["frozen-layers-are-recorded", "gradients-cannot-be-switched-off"],
)


class Passed(torch.autograd.Function):
    """The identity; ``visit`` is called each time that backward passes."""

    @staticmethod
    def forward(ctx, x, visit):
        ctx.visit = visit
        return x * 1

    @staticmethod
    def backward(ctx, gradient):
        ctx.visit()
        return gradient, None


def stack(depth, frozen, device):
    """Return layers, each Linear and a sigmoid, of which those at the places in ``frozen`` require no gradient."""
    layers = [torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Sigmoid()).to(device) for _ in range(depth)]
    for place in frozen:
        for parameter in layers[place].parameters():
            parameter.requires_grad = False
    return layers


def visits(layers, device):
    """Run a stack forward and backward; return its result, and at which layers backward passed, last first."""
    passed = []
    h = torch.ones(2, 3, device=device)
    for place, layer in enumerate(layers):
        h = Passed.apply(layer(h), lambda place=place: passed.append(place))
    recorded = len(functions(h))
    if h.requires_grad:
        h.sum().backward()
    return recorded, passed


@FROZEN_SUBGRAPHS_SAVE_WORK
@reaches(none=lambda frozen: frozen == 0, some=lambda depth, frozen: 0 < frozen < depth,
         all=lambda depth, frozen: frozen >= depth)
@given(depth=st.integers(1, 10), frozen=st.integers(0, 10))
@example(depth=10, frozen=9)
def test_the_record_and_the_work_of_backward_are_as_large_as_the_part_of_a_stack_that_is_not_frozen(
        device, depth, frozen):
    """
    >>> layers = [torch.nn.Linear(3, 3) for _ in range(depth)]
    >>> [p.requires_grad_(False) for layer in layers[:frozen] for p in layer.parameters()]
    >>> f = torch.nn.Sequential(*layers)(torch.ones(2, 3)).grad_fn
    >>> while f: print(f); f = f.next_functions[-2][0] if len(f.next_functions) > 1 else None
    """
    frozen = min(depth, frozen)
    everything, all_layers = visits(stack(depth, [], device), device)
    recorded, passed = visits(stack(depth, range(frozen), device), device)
    assert all_layers == list(range(depth))[::-1] and everything > depth
    assert passed == all_layers[:depth - frozen]
    assert recorded * depth == everything * (depth - frozen)


@FROZEN_SUBGRAPHS_SAVE_WORK
def test_to_freeze_the_last_layer_saves_the_gradients_of_its_weights_and_not_the_way_through_it(device):
    layers = stack(4, [3], device)
    everything, all_layers = visits(stack(4, [], device), device)
    recorded, passed = visits(layers, device)
    assert passed == all_layers and 0 < recorded < everything
    assert [[parameter.grad is not None for parameter in layer.parameters()] for layer in layers] == [
        [True, True]] * 3 + [[False, False]]


INFERENCE_MODE_IS_CHEAPER = Claim(
    "performance.inference-mode-is-cheaper",
    "For inference it is cheaper to switch recording off: by volatile then, by no_grad now.",
    sources=SOURCES,
    kills=["no-grad-does-nothing", "no-grad-records"],
)


@INFERENCE_MODE_IS_CHEAPER
@needs(FLOAT64)
@reaches(long=lambda program: len(program.steps) > 4)
@given(program=programs(no_grad=False))
def test_no_operation_of_a_program_is_recorded_under_no_grad_and_its_values_are_the_same(device, program):
    """
    >>> torch.set_grad_enabled(False); t = [leaf.clone().requires_grad_(flag) for leaf, flag in leaves]
    >>> at = {"detach": torch.Tensor.detach, "positive": lambda a: (a > 0) * 1.0, "clamp": lambda a: a.clamp(-1, 2)}
    >>> for op, of, on in steps: t.append(at.get(op, getattr(torch, op, 0))(*[t[p] for p in of])); print(t[-1].grad_fn)
    """
    leaves = [leaf.blueprint.on(device, requires_grad=leaf.requires_grad) for leaf in program.leaves]
    recorded = run(program, leaves)
    with torch.no_grad():
        plain = run(program, leaves)
    for one, other in zip(plain[len(leaves):], recorded[len(leaves):]):
        assert one.grad_fn is None and not one.requires_grad
        bitwise(one, array_of(other))


@INFERENCE_MODE_IS_CHEAPER
@pytest.mark.parametrize("depth", [1, 30])
def test_a_network_that_only_infers_leaves_no_record_where_one_that_might_train_leaves_one_for_each_layer(
        device, depth):
    network, x = torch.nn.Sequential(*stack(depth, [], device)), torch.ones(2, 3, device=device)
    assert len(functions(network(x))) >= 2 * depth
    with torch.no_grad():
        result = network(x)
    assert functions(result) == []


@INFERENCE_MODE_IS_CHEAPER
@needs(measured("inference: recorded over no_grad"))
def test_many_small_layers_take_less_time_under_no_grad(device):
    """By any amount that the spread of the measurements leaves no doubt of."""
    assert ratio("inference: recorded over no_grad", device).low > 1


INFERENCE_FREES_MEMORY = Claim(
    "performance.inference-frees-memory",
    "Without recording, intermediate results are released as soon as they are no longer used.",
    sources=SOURCES,
    kills=["no-grad-does-nothing", "no-grad-records"],
)

KEEPS = {
    "h * h": (lambda h: h * h, True),
    "log": (lambda h: h.log(), True),
    "abs": (lambda h: h.abs(), True),
    "exp": (lambda h: h.exp(), False),
    "sigmoid": (lambda h: h.sigmoid(), False),
    "-h": (lambda h: -h, False),
    "h + 1": (lambda h: h + 1, False),
    "view": (lambda h: h.view(2, 2), False),
}
"""Operations, and whether their derivative needs what they were given; that of exp and sigmoid needs the result."""


class Watched(torch.autograd.Function):
    """A copy in memory of numpy's, so that ``memory``, a list, gets a weak reference to the memory itself."""

    @staticmethod
    def forward(ctx, x, memory):
        array = array_of(x)
        memory.append(weakref.ref(array))
        return torch.from_numpy(array)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def chain(names, device):
    """Apply operations one after the other; return the result, and a weak reference to what each was given."""
    memory, h = [], torch.full((2, 2), 0.5, dtype=torch.float64, device=device, requires_grad=True)
    for name in names:
        h = Watched.apply(h, memory)
        h = KEEPS[name][0](h)
    return h + 1, memory


def alive(memory):
    """Say of each weak reference whether the memory is still there."""
    return [reference() is not None for reference in memory]


@INFERENCE_FREES_MEMORY
@needs(NUMPY_MEMORY, FLOAT64)
@reaches(kept=lambda names: any(KEEPS[name][1] for name in names), none=lambda names: "-h" in names)
@given(names=st.lists(st.sampled_from(sorted(KEEPS)), min_size=1, max_size=6))
@example(names=sorted(KEEPS))
def test_what_lies_between_is_gone_under_no_grad_and_kept_while_recording_where_a_derivative_needs_it(device, names):
    """
    >>> h = torch.full((2, 2), 0.5, requires_grad=True); torch.set_grad_enabled(False)
    >>> table = {"h * h": lambda h: h * h, "-h": lambda h: -h, "h + 1": lambda h: h + 1, "view": lambda h: h.view(2, 2)}
    >>> for name in names: h = table.get(name, lambda h: getattr(h, name)())(h); print(h.grad_fn)
    """
    recorded, memory = chain(names, device)
    assert alive(memory) == [KEEPS[name][1] for name in names]
    recorded.sum().backward()
    assert alive(memory) == [False] * len(names)
    with torch.no_grad():
        result, memory = chain(names, device)
    assert alive(memory) == [False] * len(names)
    bitwise(result, array_of(recorded))


@INFERENCE_FREES_MEMORY
@needs(NUMPY_MEMORY)
def test_a_view_keeps_the_memory_of_its_base_and_lets_go_of_it_when_it_goes(device):
    memory = []
    with torch.no_grad():
        base = Watched.apply(torch.ones(3, 2, device=device), memory)
        row = base[1]
        del base
        assert alive(memory) == [True]
        agrees(row, np.ones(2, dtype="float32"))
        del row
        assert alive(memory) == [False]


@INFERENCE_FREES_MEMORY
@needs(COUNTED)
def test_the_memory_in_use_grows_with_the_number_of_operations_while_recording_and_not_under_no_grad(device):
    def held_after(layers):
        h = torch.ones(2 ** 20, device=device, requires_grad=True)
        before = torch.cuda.memory_allocated(torch.device(device))
        for _ in range(layers):
            h = h.exp()
        return torch.cuda.memory_allocated(torch.device(device)) - before

    with selected(device):
        assert held_after(2) < held_after(20)
        with torch.no_grad():
            assert held_after(2) == held_after(20)
