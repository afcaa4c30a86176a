"""Programs run alike on every kind of number, and share what they compute."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given

from spec.selftest.strategies.reaching import for_examples, minimal, reaches, share
from spec.strategies import expression, programs, run, seeds
from spec.strategies.programs import NUMPY, OPERATIONS, SMOOTH


def uses(program):
    """Count how often each node is an operand."""
    counts = [0] * (len(program.leaves) + len(program.steps))
    for step in program.steps:
        for operand in step.operands:
            counts[operand] += 1
    return counts


@for_examples()
@given(programs())
def test_a_program_runs_alike_on_torch_and_numpy(program):
    tensors = run(program, [leaf.blueprint.on(requires_grad=leaf.requires_grad) for leaf in program.leaves])
    arrays = run(program, [leaf.blueprint.array for leaf in program.leaves], NUMPY)
    for tensor, array in zip(tensors, arrays):
        assert tensor.tolist() == np.asarray(array).tolist()
        assert tensor.dtype == torch.float64


@for_examples()
@given(programs(ops=SMOOTH))
def test_numpy_agrees_with_fractions_exactly(program):
    exact = [
        np.array([Fraction(value) for value in leaf.blueprint.storage], dtype=object).reshape(leaf.blueprint.size)
        for leaf in program.leaves
    ]
    floats = run(program, [leaf.blueprint.array for leaf in program.leaves], NUMPY)
    for found, expected in zip(floats, run(program, exact, NUMPY)):
        assert np.asarray(found).ravel().tolist() == np.asarray(expected).ravel().tolist()
        assert np.abs(np.asarray(found)).max() <= 2.0**32


@for_examples()
@given(programs())
def test_operands_come_before_their_step(program):
    for place, step in enumerate(program.steps):
        assert len(step.operands) == OPERATIONS[step.op]
        assert all(0 <= operand < len(program.leaves) + place for operand in step.operands)
    assert any(leaf.requires_grad for leaf in program.leaves)
    assert len({leaf.blueprint.size for leaf in program.leaves}) == 1


@pytest.mark.parametrize("op", sorted(OPERATIONS))
def test_programs_reach_the_operation(op):
    assert reaches(programs(), lambda program: op in [step.op for step in program.steps])


def operations(program, name):
    """Return the operands of the steps of that name."""
    return [step.operands for step in program.steps if step.op == name]


def rectifies_a_leaf_at_0(program):
    leaves = [leaf.blueprint.storage for leaf in program.leaves]
    return any(0.0 in leaves[place] for (place,) in operations(program, "relu") if place < len(leaves))


@pytest.mark.parametrize(
    "name, predicate",
    [
        ("a step that is not recorded", lambda program: not all(step.recorded for step in program.steps)),
        ("a leaf without gradient", lambda program: not all(leaf.requires_grad for leaf in program.leaves)),
        ("a node multiplied by itself", lambda program: any(a == b for a, b in operations(program, "mul"))),
        ("an unused leaf", lambda program: 0 in uses(program)[: len(program.leaves)]),
        ("0-dim leaves", lambda program: program.leaves[0].blueprint.size == ()),
        ("a leaf at the kink of relu", rectifies_a_leaf_at_0),
    ],
)
def test_programs_reach(name, predicate):
    assert reaches(programs(), predicate)


def test_shared_sub_expressions_and_leaves_used_twice_are_common():
    assert share(programs(), lambda program: max(uses(program)[: len(program.leaves)]) > 1) > 0.3
    assert share(programs(), lambda program: max(uses(program)[len(program.leaves) :] or [0]) > 1) > 0.2


def test_the_options_are_kept():
    assert not reaches(programs(no_grad=False), lambda program: not all(step.recorded for step in program.steps))
    assert not reaches(programs(scalar=True), lambda program: program.steps[-1].op != "sum")
    assert not reaches(programs(ops=("add",)), lambda program: {step.op for step in program.steps} != {"add"})
    assert reaches(programs(exact=False), lambda program: program.leaves[0].blueprint.storage[0] % 1)


def test_a_program_is_written_as_plain_tuples():
    program = minimal(programs())
    assert expression(program) == "(((torch.tensor(0.0, dtype=torch.float64), True),), (('neg', (0,), True),))"


def test_steps_that_are_not_recorded_leave_no_history():
    program = minimal(programs(ops=("neg",)), lambda p: len(p.steps) == 1 and not p.steps[0].recorded)
    leaf = program.leaves[0].blueprint.on(requires_grad=True)
    assert not run(program, [leaf])[-1].requires_grad


@for_examples()
@given(seeds())
def test_a_seed_suits_every_generator(seed):
    np.random.RandomState(seed)
    torch.manual_seed(seed)
