"""Arrays, and what is done with them.

The first program has nothing but arrays: two matrix products, a rectifier between them, and no idea of a gradient.
"""
import weakref

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees, bitwise, unchanged
from spec.oracles.rounding import of_matmul
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import ARRAY_LAYOUTS, ArrayBlueprint, Blueprint, Matmul, arrays, matmul_operands, shapes

NDARRAY_KNOWS_NO_GRAPH = Claim(
    "backprop.ndarray-knows-no-graph",
    "A numpy array is a generic container of numbers: it has no gradient, no backward method and no record of the "
    "operations that it came from.",
    sources=[
        TEMPLATE["Tensors"],
        EXAMPLES["Warm-up: numpy"],
        EXAMPLES["PyTorch: Tensors"],
        INTRODUCTION["PyTorch Tensors"],
        FLOYDHUB["Tensor"],
        NOTEBOOK["PyTorch Tensors"],
    ],
    kills=["results-of-negative-have-a-history", "square-keeps-its-operand", "square-remembers-its-results"],
)

OPERATIONS = {
    "negative": lambda a: np.negative(a),
    "square": lambda a: np.square(a),
    "maximum": lambda a: np.maximum(a, 0),
    "add": lambda a: np.add(a, 1),
    "multiply": lambda a: np.multiply(a, a),
    "sum": lambda a: np.sum(a),
}
"""The operations of the program, on one array."""


@NDARRAY_KNOWS_NO_GRAPH
@reaches(number=lambda a: not a.size, strided=lambda a: "contiguous" not in a.labels,
         integer=lambda a: dtypes.is_integer(a.dtype),
         squared=lambda a, operation: operation == "square" and a.size and 0 not in a.size)
@given(a=arrays(layouts=ARRAY_LAYOUTS), operation=st.sampled_from(sorted(OPERATIONS)))
def test_the_result_of_an_operation_is_a_plain_array_or_a_number(a, operation):
    """
    >>> result = {"sum": np.sum}.get(operation, getattr(np, operation))(*[a, a][:getattr(np, operation).nin])
    >>> type(result), hasattr(result, "grad"), hasattr(result, "backward")
    """
    with np.errstate(all="ignore"):
        array = a.make()
        first, second = OPERATIONS[operation](array), OPERATIONS[operation](array)
    assert type(first) is np.ndarray or isinstance(first, np.generic)
    for attribute in ("grad", "grad_fn", "requires_grad", "backward"):
        assert not hasattr(array, attribute) and not hasattr(first, attribute)
    bitwise(first, second)
    assert not np.shares_memory(first, array) and not np.shares_memory(first, second)
    unchanged(array, a.array)


@NDARRAY_KNOWS_NO_GRAPH
@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_a_result_does_not_keep_its_operand_alive(operation):
    array = np.ones((3, 2))
    operand = weakref.ref(array)
    result = OPERATIONS[operation](array)
    del array
    assert operand() is None
    assert result is not None


@NDARRAY_KNOWS_NO_GRAPH
def test_a_view_knows_whose_memory_it_shows_and_not_how_it_was_made():
    array = np.ones((3, 2))
    assert array.T.base is array and array[1:].base is array and array.T[1:].base is array
    assert (array + 1).base is None


DOT_IS_MATRIX_PRODUCT = Claim(
    "backprop.dot-is-matrix-product",
    "For two-dimensional arrays x.dot(w) is the matrix product.",
    sources=[EXAMPLES["Warm-up: numpy"], NOTEBOOK["What are Tensors?"]],
    kills=["dot-loses-the-last-product", "dot-transposes-a-square-matrix", "dot-ignores-strides",
           "dot-of-nothing-is-nan"],
)

SPELLINGS = {"method": lambda x, w: x.dot(w), "function": lambda x, w: np.dot(x, w)}
"""The two ways to write the product."""

PRODUCTS = matmul_operands(dtype=("int32", "int64", "float32", "float64"), integral=True,
                           layouts=("contiguous", "transposed", "sliced", "expanded"))
WITHOUT_TERMS = Matmul(Blueprint("float32", [], (2, 0)), Blueprint("float32", [], (0, 3)))


@DOT_IS_MATRIX_PRODUCT
@reaches(empty_sum=lambda product: not product.a.size[1] and product.a.size[0] and product.b.size[1],
         strided=lambda product: not product.a.contiguous, integer=lambda product: dtypes.is_integer(product.a.dtype),
         square=lambda product: product.b.size[0] == product.b.size[1] > 1)
@given(product=PRODUCTS, spelling=st.sampled_from(sorted(SPELLINGS)))
@example(product=WITHOUT_TERMS, spelling="function")
@example(product=Matmul(Blueprint("float64", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (2, 3), (1, 2)),
                        Blueprint.of([[1.0], [0.0], [-2.0]])), spelling="function")
@example(product=Matmul(Blueprint.of([[1.0, 2.0]]), Blueprint.of([[3.0, 4.0], [5.0, 6.0]])), spelling="function")
def test_dot_sums_the_products_of_a_row_and_a_column(product, spelling):
    """
    >>> a.numpy().dot(b.numpy())
    """
    x, w = product.a.strided(), product.b.strided()
    rows, columns = product.a.array.tolist(), list(zip(*product.b.array.tolist()))
    if not columns:
        columns = [()] * w.shape[1]
    expected = [[sum(p * q for p, q in zip(row, column)) for column in columns] for row in rows]
    agrees(SPELLINGS[spelling](x, w), np.array(expected, product.a.dtype).reshape(x.shape[0], w.shape[1]))
    unchanged(x, product.a.array)
    unchanged(w, product.b.array)


@DOT_IS_MATRIX_PRODUCT
@reaches(large=lambda product: (abs(product.a.array) > 1e6).any() and product.b.numel)
@given(product=matmul_operands(finite=True, bounded=2.0**60), spelling=st.sampled_from(sorted(SPELLINGS)))
def test_dot_is_the_sum_of_products_up_to_rounding(product, spelling):
    """
    >>> a.numpy().dot(b.numpy())
    """
    wide = [blueprint.array.astype("float64") for blueprint in product]
    expected = (wide[0][:, :, np.newaxis] * wide[1][np.newaxis]).sum(axis=1)
    agrees(SPELLINGS[spelling](product.a.strided(), product.b.strided()), expected,
           bound=of_matmul(*wide, dtype=product.a.dtype, flushes=True), dtype=product.a.dtype)


@DOT_IS_MATRIX_PRODUCT
@pytest.mark.parametrize("spelling", sorted(SPELLINGS))
def test_an_infinity_times_zero_makes_the_whole_sum_nan(spelling):
    x, w = np.array([[np.inf, 1.0], [np.inf, 1.0]]), np.array([[0.0, 1.0], [5.0, 2.0]])
    with np.errstate(invalid="ignore"):
        agrees(SPELLINGS[spelling](x, w), [[np.nan, np.inf], [np.nan, np.inf]])


@DOT_IS_MATRIX_PRODUCT
@pytest.mark.parametrize("spelling", sorted(SPELLINGS))
def test_matrices_that_do_not_fit_are_an_error(spelling):
    with pytest.raises(ValueError, match="not aligned"):
        SPELLINGS[spelling](np.ones((2, 3)), np.ones((2, 3)))


MAXIMUM_IS_RELU = Claim(
    "backprop.maximum-is-relu",
    "np.maximum(h, 0) is the rectifier: where h is positive it is h, and elsewhere 0.",
    sources=[EXAMPLES["Warm-up: numpy"], NOTEBOOK["What are Tensors?"]],
    kills=["maximum-takes-absolute-values", "maximum-drops-nan", "maximum-writes-into-its-operand",
           "maximum-misses-the-last-element", "maximum-returns-float64"],
)


@MAXIMUM_IS_RELU
@reaches(negative=lambda h: (h.array < 0).any(), nan=lambda h: (h.array != h.array).any(),
         integer=lambda h: dtypes.is_integer(h.dtype), strided=lambda h: "contiguous" not in h.labels,
         empty=lambda h: not h.array.size)
@given(h=arrays(shape=shapes(min_dims=1, max_elements=64), layouts=ARRAY_LAYOUTS))
@example(h=ArrayBlueprint("float64", (-1.0, -0.0, 0.0, 1.0, np.nan, np.inf, -np.inf, 5e-324, -5e-324), (9,)))
@example(h=ArrayBlueprint("float32", (-1.5, 2.5), (2,)))
@example(h=ArrayBlueprint("int64", (-2**63, -1, 0, 1, 2**63 - 1), (5,)))
def test_maximum_with_0_keeps_positive_numbers_and_puts_0_for_negative_ones(h):
    """
    >>> np.maximum(h, 0)
    """
    array = h.make()
    expected = [0 if number <= 0 else number for number in h.array.ravel().tolist()]
    result = np.maximum(array, 0)
    agrees(result, np.array(expected, h.dtype).reshape(h.size))
    assert not np.shares_memory(result, array)
    unchanged(array, h.array)


@MAXIMUM_IS_RELU
@pytest.mark.parametrize("number, expected", [(-2.5, 0), (-0.0, 0), (2.5, 2.5), (np.nan, np.nan), (-np.inf, 0), (7, 7)])
def test_the_rectifier_of_a_single_number_has_its_value(number, expected):
    agrees(np.maximum(np.array(number), 0), expected)
    agrees(np.maximum(number, 0), expected)
