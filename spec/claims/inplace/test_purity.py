"""No underscore.

Without the underscore an operation leaves its operands as they are and returns its result in memory of its own, even
where the result has the values of an operand. The exceptions are views, whose very purpose is to share memory.
"""
import operator
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.claim import Claim, reaches
from spec.claims.inplace._forms import PAIRS, VIEWS, form, forms, quiet
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.oracles.memory import shares_memory
from spec.sources import FLOYDHUB, TEMPLATE
from spec.strategies import SEPARATE, Blueprint, tensors
from spec.strategies.choices import draw_choices

A = Blueprint.of([[0.5, -0.25, 0.0], [1.0, float("nan"), -3.0], [0.25, 2.0, -0.75]], "float64")
B = Blueprint.of([[0.5, 0.25, -0.75], [1.0, 0.125, 2.0], [-0.25, 0.5, 3.0]], "float64")

Trivial = NamedTuple("Trivial", [("x", Blueprint), ("line", str)])
Trivial.__doc__ = "A tensor of whole numbers above 0, and an expression that computes its very values."

UNCHANGING = ("x + 0", "x - 0", "x * 1", "x / 1", "x ** 1", "1 * x", "0 + x", "x.abs()", "x.clamp(min=0)", "x.relu()",
              "x.round()", "x.floor()", "x.ceil()", "x.add(0)", "torch.add(x, 0)", "torch.mul(x, 1)", "-(-x)",
              "x.clone()")


@st.composite
def trivial_expressions(draw):
    """Draw a Trivial whose tensor may be expanded."""
    return Trivial(draw(tensors("float32", layouts=SEPARATE + ("expanded",), integral=True, positive=True)),
                   draw_choices(draw, 1).of(UNCHANGING))


PURE = Claim(
    "inplace.no-underscore-is-pure",
    "An operation without the underscore (a.add(v), x + y, torch.add(x, y)) leaves its operands unchanged and returns "
    "a new tensor.",
    sources=[TEMPLATE["PyTorch for Torch Users"], FLOYDHUB["Tensor"]],
    kills=["add-writes-into-its-tensor", "abs-returns-its-tensor-when-nothing-is-negative",
           "multiplying-by-one-copies-nothing", "lerp-writes-into-its-end", "rounding-whole-numbers-copies-nothing"],
)


@PURE
def test_of_every_pair_the_method_without_underscore_leaves_all_tensors_as_they_were(device):
    refused = set()
    for name in sorted(set(PAIRS) - {"conj_physical"}):
        case = form(name, A, B)
        a, b, receiver, result = case.run(device, "")
        if result is None:
            refused.add(name)
            continue
        assert result is not receiver, name
        unchanged(a, array_of(case.a.on(device)))
        unchanged(b, array_of(case.b.on(device)))
        assert shares_memory(result, a) == (name in VIEWS), name
        assert not shares_memory(result, b), name
    assert refused <= {"logical_xor"}  # for tensors of bool only, in torch 1.3


@PURE
@reaches(strided=lambda case: not case.a.contiguous, of_a_part_of_itself=lambda case: case.shares_in_part)
@given(case=forms([name for name in PAIRS if name not in VIEWS + ("conj_physical",)]))
def test_whatever_the_layout_and_the_values_no_operand_changes_and_the_result_is_new(device, case):
    """
    >>> eval("{}.{}({})".format(receiver, name, arguments))
    >>> a, b
    """
    a, b, receiver, result = case.run(device, "")
    unchanged(a, array_of(case.a.on(device)))
    unchanged(b, array_of(case.b.on(device)))
    if result is not None:
        assert not shares_memory(result, a) and not shares_memory(result, b)


@PURE
@reaches(number=lambda case: case.x.size == (), strided=lambda case: not case.x.contiguous,
         repeated=lambda case: case.x.layout() == "expanded")
@given(case=trivial_expressions())
def test_a_result_that_has_the_values_of_the_operand_is_a_new_tensor_all_the_same(device, case):
    """
    >>> eval(line).data_ptr() == x.data_ptr()
    """
    x = case.x.on(device)
    with quiet():
        result = eval(case.line, {"x": x, "torch": torch})
    agrees(result, case.x.array)
    assert result is not x and (case.x.numel == 0 or not shares_memory(result, x))
    result.add_(1)
    agrees(x, case.x.array)


@PURE
@pytest.mark.parametrize("line", [
    "x.contiguous()", "x.float()", "x.to(torch.float32)", "x.to(x.device)", "x.type(x.dtype)",
] + ["x.conj_physical()"] * hasattr(torch.Tensor, "conj_physical"))
def test_a_conversion_that_has_nothing_to_do_returns_the_tensor_itself(device, line):
    x = torch.ones(2, 3, device=device)
    assert eval(line) is x or eval(line).data_ptr() == x.data_ptr()
    agrees(x, np.ones((2, 3), dtype="float32"))


@PURE
@reaches(strided=lambda x: not x.contiguous, no_dimension=lambda x: x.ndim == 0,
         neutral=lambda number: number in (0, 1), negative=lambda number: number < 0)
@given(x=tensors("float64", finite=True, max_elements=20), number=st.integers(-3, 3))
def test_operators_between_a_tensor_and_a_number_leave_the_tensor_as_it_was(device, x, number):
    """
    >>> x + number, number - x, x * number, x > number, -x
    >>> x
    """
    tensor = x.on(device)
    with np.errstate(all="ignore"):
        for result, expected in ((tensor + number, x.array + number), (number - tensor, number - x.array),
                                 (tensor * number, x.array * number), (-tensor, -x.array)):
            agrees(result, np.array(expected))
    for compare in (operator.gt, operator.eq):
        compare(tensor, number)
    unchanged(tensor, x.array)
