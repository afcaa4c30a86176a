"""The same operations as numpy has.

Arithmetic, comparisons, functions of each element, reductions, sorting, products and indices: what tensors compute is
what arrays compute, if both hold numbers of the same type.
"""
from typing import Any, NamedTuple, Optional

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, HERE, needs
from spec.claim import Claim, at_least, reaches
from spec.claims.tensors._facts import Fact, deviations, true_here
from spec.claims.tensors._helpers import evaluate, least
from spec.oracles import rounding
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.oracles.promotion import comparison_dtype
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, tensors
from spec.strategies.choices import draw_choices
from spec.strategies.groups import broadcastable
from spec.strategies.indexing import draw_basic_index, place_of

COUNTERPARTS = dict(
    [(text, text) for text in (
        "x + y", "x - y", "x * y", "x / y", "x < y", "x <= y", "x == y", "x != y", "x >= y", "x > y", "-x + y")],
    **{"xp.sort(x, -1)[0]": "xp.sort(x, -1)"}
)
"""Expressions of tensors x and y, and what they read for arrays."""

Case = NamedTuple("Case", [("operation", str), ("counterpart", str), ("x", Blueprint), ("y", Blueprint)])
Case.__doc__ = "An expression of x and y for torch and one for numpy; x and y have one dtype and broadcast."

Reduction = NamedTuple("Reduction", [("name", str), ("dim", Optional[int]), ("x", Blueprint)])
Reduction.__doc__ = "The name of a function that reduces, the dimension along which (None: all of them), and its input."

Indexed = NamedTuple("Indexed", [("x", Blueprint), ("index", Any)])
Indexed.__doc__ = "A tensor and a basic index into it."

SMOOTH = 8
"""Vector libraries promise four units in the last place or better, which is eight roundings."""
OF_EACH = {
    "floor": ("floor", 0), "ceil": ("ceil", 0), "trunc": ("trunc", 0), "round": ("round", 0), "abs": ("abs", 0),
    "neg": ("negative", 0), "sqrt": ("sqrt", SMOOTH), "exp": ("exp", SMOOTH), "expm1": ("expm1", SMOOTH),
    "log": ("log", SMOOTH), "log1p": ("log1p", SMOOTH), "log10": ("log10", SMOOTH), "sin": ("sin", SMOOTH),
    "cos": ("cos", SMOOTH), "tan": ("tan", SMOOTH), "asin": ("arcsin", SMOOTH), "acos": ("arccos", SMOOTH),
    "atan": ("arctan", SMOOTH), "sinh": ("sinh", SMOOTH), "cosh": ("cosh", SMOOTH), "tanh": ("tanh", SMOOTH),
}
"""torch's names for functions of one number, with numpy's names, and how many roundings the result may suffer."""


@st.composite
def cases(draw):
    """Draw a Case of any operation in COUNTERPARTS and any real dtype."""
    operation = draw_choices(draw, 1).of(sorted(COUNTERPARTS))
    x, y = draw(broadcastable(2, layouts=LAYOUTS, max_elements=32)).operands
    if "sort" in operation and not x.ndim:
        operation = "x + y"
    return Case(operation, COUNTERPARTS[operation], x, y)


@st.composite
def reductions(draw):
    """Draw a Reduction of floats of size up to 4 or, unless it is a mean, of integers of size up to 9."""
    choices = draw_choices(draw, 3)
    name = choices.of(["sum", "mean", "prod", "cumsum"])
    floats = tensors(dtypes.FLOATS, layouts=LAYOUTS, max_elements=32, bounded=4)
    integers = tensors(dtypes.INTEGERS, layouts=LAYOUTS, max_elements=32, integral=True)
    x = draw(floats if choices.below(2) or name == "mean" else integers)
    if not x.ndim:
        return Reduction("sum" if name == "cumsum" else name, None, x)
    dim = place_of(choices, x.ndim)
    return Reduction(name, dim if name == "cumsum" or dim % 3 else None, x)


@st.composite
def indexed(draw):
    """Draw an Indexed."""
    x = draw(tensors(layouts=LAYOUTS))
    return Indexed(x, draw_basic_index(draw, x.size))


def divides_integers(case):
    """Say whether a case is a division of integers."""
    return "/" in case.operation and dtypes.is_integer(case.x.dtype)


def sorts_nan(case):
    """Say whether a case sorts numbers of which some are not a number."""
    return "sort" in case.operation and dtypes.is_float(case.x.dtype) and bool(np.isnan(case.x.array).any())


def leaves_numbers_beside_nan_unsorted(device):
    """Assert that sorting leaves 3, NaN, 1 as they are."""
    agrees(torch.sort(torch.tensor([3.0, float("nan"), 1.0], device=device))[0].double(), [3.0, float("nan"), 1.0])


def drops_the_fraction(device):
    """Assert that 7 / 2 and -7 / 2 of integers are integers, rounded towards 0."""
    agrees(torch.tensor([7, -7], device=device) / torch.tensor([2, 2], device=device), np.array([3, -3]))


def refuses_a_slash(device):
    """Assert that integers cannot be divided by means of a slash."""
    with pytest.raises(RuntimeError, match="Integer division"):
        torch.tensor([6], device=device) / 2


UNSORTED = Fact(
    "Sorting leaves the numbers before and after a NaN as they were.",
    covers=sorts_nan,
    witness=Case("xp.sort(x, -1)[0]", "xp.sort(x, -1)", Blueprint.of([3.0, float("nan"), 1.0]), Blueprint.of(0.0)),
    shows=leaves_numbers_beside_nan_unsorted,
    until="1.0",
    issue="pytorch#15886",
)
TRUNCATED = Fact(
    "Division of integers drops the fraction.",
    covers=divides_integers,
    witness=Case("x / y", "x / y", Blueprint.of([3, -7]), Blueprint.of([2, 2])),
    shows=drops_the_fraction,
    until="1.5",
    issue="pytorch#38620",
)
REFUSED = Fact(
    "Division of integers by a slash is refused.",
    covers=divides_integers,
    witness=Case("x / y", "x / y", Blueprint.of([6]), Blueprint.of([2])),
    shows=refuses_a_slash,
    since="1.6",
    until="1.6",
    raises=RuntimeError,
    issue="pytorch#38620",
)
FACTS = [UNSORTED, TRUNCATED, REFUSED]

OPERATIONS_MATCH_NUMPY = Claim(
    "tensors.operations-match-numpy",
    "Arithmetic, comparisons, functions of each element, sums, means, products, cumulative sums, sorting, matrix "
    "products and indices give for tensors what they give for numpy arrays of the same type.",
    sources=[
        TEMPLATE["Opening"],
        TEMPLATE["Tensors"],
        EXAMPLES["Opening"],
        EXAMPLES["PyTorch: Tensors"],
        INTRODUCTION["PyTorch Tensors"],
        FLOYDHUB["Tensor"],
        NOTEBOOK["PyTorch Tensors"],
    ],
    deviations=deviations(FACTS, Case("x + y", "x + y", Blueprint.of(1), Blueprint.of(2))),
    kills=[
        "at-most-is-true-of-nan",
        "subtraction-saturates-bytes",
        "sort-puts-nan-first",
        "round-takes-halves-away-from-zero",
        "exp-keeps-half-precision",
        "cumsum-leaves-out-the-last",
        "mean-divides-by-one-less",
        "prod-of-nothing-is-zero",
        "a-step-in-an-index-starts-one-later",
    ],
)


@OPERATIONS_MATCH_NUMPY
@needs(FLOAT64)
@reaches(
    integers=lambda case: dtypes.is_integer(case.x.dtype),
    not_a_number=at_least(0.01, lambda case: dtypes.is_float(case.x.dtype) and np.isnan(case.x.array).any()),
    broadcast=lambda case: case.x.size != case.y.size,
    strided=lambda case: not case.x.contiguous,
)
@given(case=cases())
@example(case=Case("x <= y", "x <= y", Blueprint.of([float("nan"), 1.0]), Blueprint.of([1.0, 1.0])))
@example(case=Case("x - y", "x - y", Blueprint.of([1, 0], "uint8"), Blueprint.of([2, 0], "uint8")))
@example(case=Case("x + y", "x + y", Blueprint.of([127, -128], "int8"), Blueprint.of([1, -1], "int8")))
@example(case=Case("x / y", "x / y", Blueprint.of([1.0, -1.0, 0.0]), Blueprint.of([0.0, 0.0, -0.0])))
def test_an_operation_gives_for_tensors_what_it_gives_for_arrays(device, case):
    """
    >>> eval(operation, {"xp": torch}, {"x": x, "y": y})
    >>> eval(counterpart, {"xp": np}, {"x": x.numpy(), "y": y.numpy()})
    """
    result = evaluate(case.operation, torch, x=case.x.on(device), y=case.y.on(device))
    expected = np.asarray(evaluate(case.counterpart, np, x=case.x.array, y=case.y.array))
    if divides_integers(case):
        agrees(result, expected, rounding.elementwise(expected, "float32", 3), any_dtype=True)
    elif expected.dtype == bool:
        agrees(result, expected, any_dtype=True)
        assert dtypes.name_of(result.dtype) == comparison_dtype(case.x.dtype, case.y.dtype, HERE)
    else:
        agrees(result, expected, sign_of_zero="sort" not in case.operation)


@OPERATIONS_MATCH_NUMPY.instead
@pytest.mark.parametrize("fact", true_here(FACTS), ids=[fact.says for fact in true_here(FACTS)])
def test_an_operation_gives_something_else_for_tensors(device, fact):
    fact.shows(device)


@OPERATIONS_MATCH_NUMPY.regardless
@needs(FLOAT64)
@reaches(
    single=lambda x: x.dtype == "float32",
    double=lambda x: x.dtype == "float64",
    long=lambda x: x.numel > 16,
    strided=lambda x: not x.contiguous,
    half=at_least(0.01, lambda x, name: name == "round" and (x.array % 1 == 0.5).any()),
)
@given(x=tensors(dtypes.FLOATS, layouts=LAYOUTS, bounded=50, max_elements=33), name=st.sampled_from(sorted(OF_EACH)))
@example(x=Blueprint.of([0.0, -0.0, 1.0, -1.0, float("nan"), float("inf"), -float("inf")]), name="log1p")
@example(x=Blueprint.of([0.1, 1.001, -7.3]), name="exp")
@example(x=Blueprint.of([0.5, 1.5, 2.5, -0.5, -1.5, -2.5]), name="round")
def test_a_function_of_each_element_is_as_exact_as_the_type_allows(device, x, name):
    """
    >>> getattr(torch, name)(x)
    """
    counterpart, roundings = OF_EACH[name]
    with np.errstate(all="ignore"):
        expected = getattr(np, counterpart)(x.array.astype("float64"))
    bound = rounding.elementwise(expected, x.dtype, roundings) + roundings * least(x.dtype) if roundings else 0
    agrees(getattr(torch, name)(x.on(device)), expected, bound, dtype=x.dtype)


@OPERATIONS_MATCH_NUMPY.regardless
@needs(FLOAT64)
@reaches(
    empty=lambda reduction: reduction.x.numel == 0,
    whole=lambda reduction: reduction.dim is None and reduction.x.ndim > 1,
    one_dimension=lambda reduction: reduction.dim is not None and reduction.x.ndim > 1,
    bytes=lambda reduction: reduction.x.dtype in ("uint8", "int8"),
    cumulative=lambda reduction: reduction.name == "cumsum" and reduction.x.numel,
)
@given(reduction=reductions())
@example(reduction=Reduction("sum", None, Blueprint.of([200, 100], "uint8")))
@example(reduction=Reduction("sum", None, Blueprint.of([1.0, float("inf"), -float("inf")])))
@example(reduction=Reduction("mean", None, Blueprint.of([1.0, 2.0, 6.0])))
@example(reduction=Reduction("cumsum", 0, Blueprint.of([1, 2, 3])))
@example(reduction=Reduction("prod", 1, Blueprint("float32", (), (2, 0))))
def test_a_reduction_is_what_numpy_makes_of_the_same_numbers_up_to_rounding(device, reduction):
    """
    >>> getattr(torch, name)(*([x] if dim is None else [x, dim]))
    """
    name, dim, x = reduction
    result = getattr(torch, name)(x.on(device), *([] if dim is None else [dim]))
    if dtypes.is_integer(x.dtype):
        agrees(result, evaluate("xp.{}(x, axis)".format(name), np, x=x.array, axis=dim), any_dtype=True)
        return
    wide = x.array.astype("float64")
    expected = evaluate("xp.{}(x, axis)".format(name), np, x=wide, axis=dim)
    steps = x.numel if dim is None else x.size[dim]
    sizes = evaluate("xp.{}(xp.abs(x), axis)".format(name), np, x=wide, axis=dim)
    agrees(result, expected, sizes * rounding.both(steps + 1, x.dtype) + (steps + 1) * least(x.dtype), dtype=x.dtype)


@OPERATIONS_MATCH_NUMPY.regardless
@needs(FLOAT64)
@pytest.mark.parametrize("sizes", [((2, 3), (3, 2)), ((17, 9), (9, 33)), ((3,), (3,))], ids=str)
def test_the_product_of_matrices_of_whole_numbers_is_exact(device, sizes):
    a, b = [np.random.RandomState(0).randint(-9, 10, size).astype("float64") for size in sizes]
    product = torch.matmul(torch.tensor(a, device=device), torch.tensor(b, device=device))
    agrees(product, np.asarray(np.matmul(a, b)))


@OPERATIONS_MATCH_NUMPY.regardless
@needs(FLOAT64)
@reaches(stepped=lambda indexed: any(isinstance(item, slice) and (item.step or 1) > 1 for item in np.index_exp[
    indexed.index]))
@given(indexed=indexed())
@example(indexed=Indexed(Blueprint.of([0, 1, 2, 3, 4]), slice(0, None, 2)))
def test_an_index_of_numbers_and_slices_picks_from_a_tensor_what_it_picks_from_an_array(device, indexed):
    """
    >>> x[index]
    """
    tensor = indexed.x.on(device)
    agrees(tensor[indexed.index], np.asarray(indexed.x.array[indexed.index]), sign_of_zero=True)
    bitwise(tensor, array_of(indexed.x.array))
