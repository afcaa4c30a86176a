"""Groups of tensors fit together, in every way in which they can."""

import numpy as np
import pytest
from hypothesis import given

from spec.selftest.strategies.reaching import for_examples, minimal, reaches
from spec.strategies import Blueprint, broadcast_size, broadcastable, matmul_operands, same_shape


@for_examples()
@given(broadcastable(3, "float32"))
def test_broadcastable_operands_broadcast_to_the_size_given(group):
    assert np.broadcast(*(operand.array for operand in group.operands)).shape == group.size
    assert {operand.dtype for operand in group.operands} == {"float32"}


@pytest.mark.parametrize(
    "name, predicate",
    [
        ("all of one size", lambda sizes, size: len(set(sizes)) == 1),
        ("different numbers of dimensions", lambda sizes, size: len(sizes[0]) != len(sizes[1])),
        ("a 0-dim operand", lambda sizes, size: () in sizes and size != ()),
        ("a side of 1 stretched", lambda sizes, size: any(len(s) == len(size) and s != size for s in sizes)),
        ("both operands stretched", lambda sizes, size: size not in sizes),
        ("an empty result from a side of 1", lambda sizes, size: 0 in size and any(s and 0 not in s for s in sizes)),
        ("operands that swap sides", lambda sizes, size: len({len(s) for s in sizes}) == 1 and size not in sizes),
    ],
)
def test_broadcastable_reaches(name, predicate):
    strategy = broadcastable(2, "float32")
    assert reaches(strategy, lambda group: predicate([operand.size for operand in group.operands], group.size))


def test_broadcastable_operands_have_layouts_of_their_own():
    assert reaches(broadcastable(2), lambda group: len({operand.layout() for operand in group.operands}) == 2)


def test_sizes_that_do_not_broadcast_are_refused():
    assert broadcast_size((2, 1), (3,), ()) == (2, 3)
    assert broadcast_size((0,), (1,)) == (0,)
    with pytest.raises(ValueError):
        broadcast_size((2,), (3,))
    with pytest.raises(ValueError):
        broadcast_size((0,), (2,))


@for_examples()
@given(same_shape(3))
def test_tensors_of_one_shape_have_one_shape_and_dtype(group):
    assert len(group) == 3
    assert len({(blueprint.size, blueprint.dtype) for blueprint in group}) == 1


def test_tensors_of_one_shape_have_values_and_layouts_of_their_own():
    assert reaches(same_shape(2), lambda pair: pair[0].layout() != pair[1].layout())
    assert reaches(same_shape(2), lambda pair: pair[0].storage != pair[1].storage)


@for_examples()
@given(matmul_operands(batch=True, integral=True))
def test_matmul_operands_multiply(operands):
    product = np.matmul(operands.a.array, operands.b.array)
    assert product.shape == operands.a.size[:-1] + operands.b.size[-1:]


@pytest.mark.parametrize(
    "name, predicate",
    [
        ("nothing to sum over", lambda a, b: a.size[-1] == 0 and a.size[-2] > 0 and b.size[-1] > 0),
        ("no rows", lambda a, b: a.size[-2] == 0),
        ("no columns", lambda a, b: b.size[-1] == 0),
        ("three different sides", lambda a, b: len(set(a.size[-2:] + b.size[-1:])) == 3),
        ("a transposed factor", lambda a, b: "transposed" in (a.layout(), b.layout())),
        ("a sum of 16 or more", lambda a, b: a.size[-1] >= 16),
    ],
)
def test_matmul_operands_reach(name, predicate):
    assert reaches(matmul_operands(), lambda operands: predicate(*operands))


def test_batches_come_only_where_asked_for():
    assert reaches(matmul_operands(batch=True), lambda operands: operands.a.ndim == 4)
    assert not reaches(matmul_operands(), lambda operands: operands.a.ndim != 2)


def test_groups_shrink_to_zeros():
    zero = Blueprint.of(0.0, "float32")
    assert minimal(broadcastable(2, "float32")).operands == (zero, zero)
    assert minimal(same_shape(2, "float32")) == (zero, zero)
    assert minimal(matmul_operands("float32")).a == Blueprint.of([[0.0]], "float32")
