"""The two forms compute the same.

Where an operation has both forms, the one in place leaves in the tensor what the other one returns. It reads and writes
at once, though: where the operand is part of the tensor itself, it may read what it has just written.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given

from spec.claim import Claim, reaches
from spec.claims.inplace._facts import Fact, deviations, true_here
from spec.claims.inplace._forms import PAIRS, RANDOM, TRANSCENDENTAL, Form, form, forms
from spec.oracles.agreement import agrees, array_of
from spec.oracles.rounding import ulp
from spec.sources import TEMPLATE
from spec.strategies import Blueprint

NAN = float("nan")
A = Blueprint.of([[0.5, -0.25, 0.0], [1.0, 0.125, -3.0], [0.25, 2.0, -0.75]], "float64")
B = Blueprint.of([[0.5, 0.25, -0.75], [1.0, 0.125, 2.0], [-0.25, 0.5, 3.0]], "float64")
WHOLE = Blueprint.of([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], "float64")


def values(form, underscore, device):
    """Return what a Form leaves in the tensor, or returns, as nested lists."""
    return form.run(device, underscore)[3].tolist()


def _fact(says, covers, case, wrong, **more):
    def shows(device):
        assert values(case, "_", device) == wrong
    return Fact(says, covers, case, shows, **more)


FACTS = [
    _fact("eq_ computes what ge_ computes.", lambda case: case.name == "eq",
          Form(WHOLE, WHOLE.with_values([5.0] * 9), "a", "eq", "b"), [[0, 0, 0], [0, 1, 1], [1, 1, 1]],
          until="1.0", issue="pytorch#15464"),
    _fact("ne_ takes NaN for equal to everything.",
          lambda case: case.name in ("ne", "not_equal") and bool(np.isnan(case.a.array + case.b.array).any()),
          Form(WHOLE.with_values([NAN] * 8 + [1.0]), WHOLE, "a", "ne", "b"), [[0, 0, 0], [0, 0, 0], [0, 0, 1]],
          since="1.6", until="1.7"),
    _fact("masked_scatter_ fills a transposed tensor in the order of its memory.",
          lambda case: case.name == "masked_scatter" and not case.a.contiguous,
          Form(Blueprint("float64", [0.0] * 9, (3, 3), (1, 3), 0), WHOLE, "a", "masked_scatter", "b > 0, b"),
          [[1, 4, 7], [2, 5, 8], [3, 6, 9]], since="1.8", until="2.0", issue="pytorch#99638"),
    _fact("A tensor to which its own transpose is added takes up elements that have been changed already.",
          lambda case: case.shares_in_part and case.looks_dense,
          Form(WHOLE, B, "a", "add", "a.transpose(0, 1)"), [[2, 6, 10], [10, 10, 14], [17, 22, 18]],
          until="1.9", issue="pytorch#8212"),
    _fact("A tensor from whose columns the first one is subtracted loses it only once: for the others it is 0 by then.",
          lambda case: case.shares_in_part and not case.looks_dense,
          Form(WHOLE, B, "a", "sub", "a[:, :1]"), [[0, 2, 3], [0, 5, 6], [0, 8, 9]], issue="pytorch#135487"),
    _fact("What is added to windows that overlap is added to an element once for each window.",
          lambda case: case.repeats_cells,
          Form(WHOLE, WHOLE.with_values([1.0] * 9), "a.as_strided((2, 2), (1, 1))", "add", "b[:2, :2]"),
          [[2, 4], [4, 4]]),
]

AGREE = Claim(
    "inplace.pairs-agree",
    "An operation and its in-place form compute the same values: after a.op_(args), a holds what a.op(args) returned "
    "before, or the call is refused.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    deviations=deviations(FACTS, Form(A, B, "a", "add", "b")),
    kills=["atan-two-underscore-swaps-its-operands", "remainder-underscore-keeps-the-sign-of-its-tensor",
           "triu-underscore-forgets-what-is-strided", "round-underscore-rounds-halves-up",
           "masked-fill-underscore-fills-the-rest"],
)


def same(case, got, expected):
    """Assert that what a form in place has left is what the other form returns, to the last bits of hard functions."""
    __tracebackhide__ = True
    bound = 2 * ulp(array_of(expected), "float64") if case.name in TRANSCENDENTAL else 0
    agrees(got, expected, bound=np.where(np.isfinite(bound), bound, 0), any_dtype=True)


@AGREE.regardless
def test_every_operation_that_has_two_forms_leaves_in_place_what_it_returns_otherwise(device):
    for name in sorted(set(PAIRS) - {"eq"}):
        case = form(name, A, B)
        expected, (_, _, receiver, got) = case.run(device, "")[3], case.run(device, "_")
        assert got is receiver or got is expected is None, name
        if got is not None:
            same(case, got, expected)


@AGREE
@reaches(
    strided=lambda case: not case.a.contiguous,
    with_itself=lambda case: case.arguments == "a",
    apart_in_one_memory=lambda case: case.arguments in ("a[1]", "a[:, 1:2]"),
    not_a_number=lambda case: bool(np.isnan(case.a.array).any()),
    hard=lambda case: case.name in TRANSCENDENTAL,
)
@example(Form(WHOLE, B, "a[1:]", "add", "a[:-1]"))
@example(Form(WHOLE, B, "a", "div", "a[0]"))
@example(Form(A, B, "a", "mul", "a"))
@example(Form(Blueprint("float64", range(9), (3, 3), (1, 3), 0), B, "a", "triu", ""))
@given(case=forms())
def test_any_tensor_holds_in_place_what_the_operation_returns_otherwise_or_the_call_is_refused(device, case):
    """
    >>> print(eval("{}.{}({})".format(receiver, name, arguments)))
    >>> eval("{}.{}_({})".format(receiver, name, arguments))
    """
    expected = case.run(device, "")[3]
    a, b, receiver, got = case.run(device, "_")
    if got is None:
        assert expected is None or case.shares_in_part or case.repeats_cells
        agrees(a, case.a.array)
        return
    assert got is receiver
    same(case, got, expected)
    agrees(b, case.b.array)


@AGREE.instead
@pytest.mark.parametrize("fact", true_here(FACTS), ids=[
    "{}.{}_({})".format(*fact.witness[2:]) for fact in true_here(FACTS)])
def test_the_tensor_holds_other_values_than_the_operation_returns(device, fact):
    fact.shows(device)


@AGREE.regardless
@pytest.mark.parametrize("name", [name for name in RANDOM if name in PAIRS])
def test_a_random_operation_draws_the_same_from_the_same_seed_in_either_form(device, name):
    case = form(name, A, B)
    agrees(case.run(device, "_")[3], case.run(device, "")[3])


@AGREE.regardless
def test_a_clone_of_the_operand_makes_the_result_right_whatever_the_two_have_in_common(device):
    for receiver, operand in (("a", "a.transpose(0, 1)"), ("a", "a[:, :1]"), ("a[1:]", "a[:-1]"), ("a", "a[0]")):
        for name in ("add", "sub", "mul", "div"):
            case = Form(WHOLE, B, receiver, name, operand + ".clone()")
            agrees(case.run(device, "_")[3], case.run(device, "")[3])


@AGREE.regardless
def test_comparisons_in_place_keep_the_type_of_their_tensor(device):
    a = torch.tensor([1.0, 2.0, 3.0], device=device)
    address = a.data_ptr()
    agrees(a.ge_(torch.tensor([2.0, 2.0, 2.0], device=device)), np.array([0, 1, 1], dtype="float32"))
    assert a.data_ptr() == address
