"""Pairs of views lie to each other as they say, on torch and on numpy."""

import numpy as np
import pytest
from hypothesis import given

from spec.selftest.strategies.reaching import for_examples, minimal, reaches
from spec.strategies import RELATIONS, aliased_pairs


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_pair_has_the_relation_asked_for(relation):
    @for_examples(60)
    @given(aliased_pairs(relations=(relation,)))
    def check(pair):
        assert pair.relation == relation

    check()
    assert reaches(aliased_pairs(), lambda pair: pair.relation == relation)


@for_examples()
@given(aliased_pairs(broadcast=True, finite=True))
def test_both_libraries_see_the_same_cells(pair):
    _, a, b = pair.on()
    _, c, d = pair.arrays()
    values = np.array(pair.base.storage)
    for tensor, array, cells in ((a, c, pair.cells[0]), (b, d, pair.cells[1])):
        assert tensor.tolist() == array.tolist() == values[cells].tolist()


@for_examples()
@given(aliased_pairs(integral=True))
def test_a_write_through_one_view_shows_where_the_cells_are_shared(pair):
    base, a, b = pair.on()
    numpy_base, c, d = pair.arrays()
    a.fill_(100)
    c[...] = 100
    shared = np.isin(pair.cells[1], pair.cells[0])
    assert (np.array(b.tolist()) == 100).tolist() == shared.tolist() == (d == 100).tolist()
    assert base.tolist() == numpy_base.tolist()


def test_views_have_one_size_unless_broadcasting_is_asked_for():
    assert not reaches(aliased_pairs(), lambda pair: pair.a.size != pair.b.size)
    assert reaches(aliased_pairs(broadcast=True), lambda pair: pair.a.size != pair.b.size)


def test_either_view_may_come_first():
    assert reaches(aliased_pairs(relations=("partial",)), lambda pair: pair.a.offset > pair.b.offset)
    assert reaches(aliased_pairs(relations=("partial",)), lambda pair: pair.a.offset < pair.b.offset)


def test_the_simplest_pair_is_one_view_twice():
    pair = minimal(aliased_pairs())
    assert pair.a == pair.b and pair.base.array.tolist() == [0.0, 0.0]


def test_a_relation_off_by_one_is_noticed():
    pair = minimal(aliased_pairs(relations=("disjoint",)))
    nearer = pair._replace(b=pair.b._replace(offset=pair.a.offset + pair.a.size[0] - 1))
    assert (pair.relation, nearer.relation) == ("disjoint", "partial")
