"""Matrix products and the transpose.

x.mm(w), x @ y and h.t(): what a layer of a network and its gradient are made of.
"""
import re

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.capabilities import FLOAT64, STORAGE, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.tensors._helpers import INTEGER_PRODUCTS, least
from spec.oracles import rounding
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK
from spec.strategies import LAYOUTS, Blueprint, matrices
from spec.strategies.choices import draw_choices
from spec.strategies.groups import GIVING_WAY_BYTES, Matmul, giving_way, matmul_operands
from spec.strategies.shapes import shape_bytes, shape_of
from spec.strategies.tensors import draw_tensor

EXTREMES = [0.0, 1.0, -1.0, 2.0, -3.0, float("inf"), -float("inf"), float("nan"), -0.0]
"""Numbers whose products and sums are exact or not finite, in whatever order they are added."""


@st.composite
def products(draw):
    """Draw a Matmul of whole numbers in float64: operands of one to four dimensions, with batches that broadcast."""
    choices = draw_choices(draw, shape_bytes(3) + shape_bytes(2) + 2 * GIVING_WAY_BYTES + 1)
    n, k, m = shape_of(choices, 3, 3, max_elements=64)
    batch = shape_of(choices, 0, 2, max_side=3, max_elements=6)
    size_a, size_b = giving_way(choices, batch) + (n, k), giving_way(choices, batch) + (k, m)
    vectors = choices.below(8)
    size_a, size_b = (k,) if vectors in (5, 7) else size_a, (k,) if vectors in (6, 7) else size_b
    return Matmul(draw_tensor(draw, "float64", size_a, LAYOUTS, integral=True),
                  draw_tensor(draw, "float64", size_b, LAYOUTS, integral=True))


def has_an_empty_side(operands):
    """Say whether an operand of a product has a side of length 0."""
    return 0 in operands.a.size + operands.b.size


EMPTY_SUM = Matmul(Blueprint.of([[]]), Blueprint("float64", [], (0, 1)))
EMPTY_ROW = Blueprint("int64", (), (0, 3))
EMPTY_BATCH = Matmul(Blueprint("float64", [], (1, 0, 0)), Blueprint("float64", [], (0, 0)))


def right_or_refused(operands, device):
    """Assert that a product with an empty side is right, or refused."""
    try:
        result = torch.matmul(operands.a.on(device), operands.b.on(device))
    except RuntimeError as error:
        assert re.search("should be at least max|cannot reshape tensor of 0 elements", str(error))
    else:
        agrees(result, np.asarray(np.matmul(operands.a.array, operands.b.array)))


MM_IS_MATRIX_PRODUCT = Claim(
    "tensors.mm-is-matrix-product",
    "x.mm(w) is the matrix product of two matrices.",
    sources=[
        EXAMPLES["PyTorch: Tensors"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        NOTEBOOK["PyTorch Tensors"],
        NOTEBOOK["Autograd"],
    ],
    deviations=[
        Deviation(
            "Some products of matrices of floats with a side of 0 are refused, depending on their strides.",
            witness={"operands": EMPTY_SUM},
            where=has_an_empty_side,
            until="1.4",
            raises=RuntimeError,
        )
    ],
    kills=["mm-leaves-garbage-for-an-empty-sum", "mm-skips-zeros", "mm-overlooks-a-transposed-operand",
           "mm-multiplies-bfloats", "mm-takes-vectors-for-rows"],
)


@MM_IS_MATRIX_PRODUCT
@needs(FLOAT64)
@reaches(
    not_finite=lambda operands: not np.isfinite(operands.b.array).all(),
    transposed=lambda operands: "transposed" in (operands.a.layout(), operands.b.layout()),
    expanded=lambda operands: "expanded" in (operands.a.layout(), operands.b.layout()),
)
@given(operands=matmul_operands("float64", layouts=LAYOUTS, among=EXTREMES))
@example(operands=Matmul(Blueprint.of([[0.0, 0.0]]), Blueprint.of([[float("inf")], [1.0]])))
@example(operands=EMPTY_SUM)
@example(operands=Matmul(Blueprint("float64", (1.0, 2.0, 3.0, 4.0), (2, 2), (1, 2)), Blueprint.of([[1.0, 2.0]] * 2)))
def test_mm_of_whole_numbers_is_the_exact_product(device, operands):
    """
    >>> a.mm(b), a.numpy() @ b.numpy()
    """
    a, b = operands
    with np.errstate(all="ignore"):
        expected = np.matmul(a.array, b.array)
    result = a.on(device).mm(b.on(device))
    agrees(result, expected)
    bitwise(torch.mm(a.on(device), b.on(device)), array_of(result))


@MM_IS_MATRIX_PRODUCT.regardless
@needs(INTEGER_PRODUCTS)
@pytest.mark.parametrize("operands", [
    Matmul(Blueprint.of([[2**62, 3]]), Blueprint.of([[2], [-1]])), Matmul(Blueprint("int64", (), (2, 0)), EMPTY_ROW),
    Matmul(Blueprint("int32", range(12), (4, 3), (1, 4)), Blueprint("int32", range(5), (3, 3), (0, 2)))],
    ids=["wrapping", "empty", "strided"])
def test_products_of_integers_are_exact_and_wrap_around(device, operands):
    a, b = operands
    expected = np.matmul(a.array, b.array)
    agrees(a.on(device).mm(b.on(device)), expected)
    agrees(a.on(device) @ b.on(device), expected)


@MM_IS_MATRIX_PRODUCT.regardless
@needs(FLOAT64)
@reaches(single=lambda operands: operands.a.dtype == "float32", long=lambda operands: operands.a.size[1] > 16)
@given(operands=matmul_operands(min_side=1, bounded=1000))
@example(operands=Matmul(Blueprint.of([[0.1] * 33], "float32"), Blueprint.of([[0.7]] * 33, "float32")))
def test_mm_of_any_numbers_is_the_product_up_to_rounding(device, operands):
    """
    >>> a.mm(b), a.double().numpy() @ b.double().numpy()
    """
    a, b = operands
    wide = a.array.astype("float64"), b.array.astype("float64")
    bound = rounding.of_matmul(*wide, dtype=a.dtype) + a.size[1] * least(a.dtype)
    agrees(a.on(device).mm(b.on(device)), np.matmul(*wide), bound, dtype=a.dtype)


@MM_IS_MATRIX_PRODUCT.regardless
@pytest.mark.parametrize("left, right", [
    ((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 3), (3,)), ((3,), (3,)), ((1, 2, 3), (3, 2)), ((2, 3), (1, 3, 2)),
    ((2, 1), (3, 2)), ((), ())], ids=str)
def test_mm_takes_two_matrices_that_fit_and_nothing_else(device, left, right):
    with pytest.raises((RuntimeError, IndexError)):
        torch.ones(left, device=device).mm(torch.ones(right, device=device))


@MM_IS_MATRIX_PRODUCT.instead
@needs(FLOAT64)
@given(operands=matmul_operands("float64", layouts=LAYOUTS).filter(has_an_empty_side))
def test_mm_with_an_empty_side_is_right_or_refused(device, operands):
    """
    >>> a.mm(b)
    """
    right_or_refused(operands, device)


MATMUL_OPERATOR = Claim(
    "tensors.matmul-operator",
    "x @ y is matrix multiplication, the same as torch.matmul(x, y); a (10, 20) matrix times a (20, 5) matrix has "
    "shape (10, 5).",
    sources=[FLOYDHUB["Tensor"], FLOYDHUB["Variables and AutoGrad"]],
    deviations=[
        Deviation(
            "Some products with a side of 0 are refused, those of a batch with a matrix among them.",
            witness={"operands": EMPTY_BATCH},
            where=has_an_empty_side,
            until="1.9",
            raises=RuntimeError,
        )
    ],
    kills=["at-multiplies-element-by-element-where-it-can", "at-keeps-a-dimension-of-a-vector",
           "at-pairs-batches-by-the-first", "matmul-transposes-its-result-for-batches"],
)


@MATMUL_OPERATOR
@needs(FLOAT64)
@reaches(
    vectors=lambda operands: operands.a.ndim == operands.b.ndim == 1,
    matrix_and_vector=lambda operands: {operands.a.ndim, operands.b.ndim} == {1, 2},
    unequal_batches=lambda operands: min(operands.a.ndim, operands.b.ndim) > 1
    and operands.a.size[:-2] != operands.b.size[:-2],
    expanded=lambda operands: "expanded" in (operands.a.layout(), operands.b.layout()),
)
@given(operands=products())
@example(operands=Matmul(Blueprint.of([[1.0, 2.0], [3.0, 4.0]]), Blueprint.of([[5.0, 6.0], [7.0, 8.0]])))
@example(operands=Matmul(Blueprint.of([1.0, 2.0]), Blueprint.of([3.0, 4.0])))
@example(operands=Matmul(Blueprint.of([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]),
                         Blueprint.of([[1.0, 1.0], [0.0, 1.0]])))
def test_the_operator_multiplies_matrices_vectors_and_batches_as_numpy_does(device, operands):
    """
    >>> a @ b, a.numpy() @ b.numpy()
    """
    a, b = operands.a.on(device), operands.b.on(device)
    expected = np.asarray(np.matmul(operands.a.array, operands.b.array))
    agrees(a @ b, expected)
    agrees(torch.matmul(a, b), expected)
    agrees(a.matmul(b), expected)


@MATMUL_OPERATOR.regardless
@pytest.mark.parametrize("sizes", [
    ((10, 20), (20, 5)), ((20,), (20, 5)), ((3, 7, 9), (9, 4)), ((2, 33, 17), (2, 17, 1))], ids=str)
def test_the_operator_and_the_function_agree_to_the_last_bit(device, sizes):
    a, b = [torch.randn(*size, device=device) for size in sizes]
    bitwise(a @ b, array_of(torch.matmul(a, b)))


@MATMUL_OPERATOR.regardless
def test_a_product_with_a_matrix_of_ones_repeats_the_sums_of_the_rows(device):
    values = np.random.RandomState(0).randint(-9, 10, (10, 20)).astype("float32")
    result = torch.tensor(values, device=device) @ torch.ones(20, 5, device=device)
    assert tuple(result.shape) == (10, 5)
    agrees(result, np.repeat(values.sum(axis=1, keepdims=True), 5, axis=1))


@MATMUL_OPERATOR.regardless
@pytest.mark.parametrize("left, right", [((), (3,)), ((3,), ()), ((), ()), ((2, 3), (2, 3)), ((2,), (3,)),
                                         ((2, 2, 3), (3, 3, 2))], ids=str)
def test_operands_without_dimensions_or_of_sizes_that_do_not_fit_are_refused(device, left, right):
    for product in (torch.matmul, lambda a, b: a @ b):
        with pytest.raises(RuntimeError):
            product(torch.ones(left, device=device), torch.ones(right, device=device))


@MATMUL_OPERATOR.instead
@needs(FLOAT64)
@given(operands=products().filter(has_an_empty_side))
def test_the_operator_with_an_empty_side_is_right_or_refuses(device, operands):
    """
    >>> a @ b
    """
    right_or_refused(operands, device)


T_IS_TRANSPOSED_VIEW = Claim(
    "tensors.t-is-transposed-view",
    "h.t() is the transpose of a matrix, and shares its memory.",
    sources=[EXAMPLES["PyTorch: Tensors"], NOTEBOOK["PyTorch Tensors"]],
    kills=["t-copies", "t-leaves-square-matrices-as-they-are", "t-of-a-slice-begins-at-the-storage",
           "t-of-one-row-is-a-copy"],
)


@T_IS_TRANSPOSED_VIEW
@needs(STORAGE, FLOAT64)
@reaches(square=lambda h: h.size[0] == h.size[1] > 1, empty=lambda h: h.numel == 0, offset=lambda h: h.offset > 0)
@given(h=matrices(layouts=LAYOUTS))
@example(h=Blueprint.of([[1.0, 2.0], [3.0, 4.0]]))
def test_t_exchanges_rows_and_columns_without_a_copy(device, h):
    """
    >>> h.t(), h.t().stride(), h.t().data_ptr() == h.data_ptr()
    """
    tensor = h.on(device)
    transpose = tensor.t()
    agrees(transpose, h.array.T, sign_of_zero=True)
    agrees(transpose.t(), h.array, sign_of_zero=True)
    assert transpose.stride() == tensor.stride()[::-1]
    assert (transpose.data_ptr(), transpose.storage_offset()) == (tensor.data_ptr(), tensor.storage_offset())


@T_IS_TRANSPOSED_VIEW
@needs(FLOAT64)
@pytest.mark.parametrize("h", [
    Blueprint.of([[1.0, 2.0], [3.0, 4.0]]), Blueprint.of([[1, 2, 3]]), Blueprint.of([[1.0], [2.0]], "float32"),
    Blueprint("int16", tuple(range(12)), (2, 3), (6, 2), 1)], ids=["square", "row", "column", "slice"])
def test_what_is_written_to_either_stands_at_the_mirrored_place_of_the_other(device, h):
    tensor, expected = h.on(device), h.array
    transpose = tensor.t()
    transpose[-1, 0] = 7
    expected[0, -1] = 7
    agrees(tensor, expected)
    tensor[-1, 0] = 9
    expected[-1, 0] = 9
    agrees(transpose, expected.T)
    assert transpose._version == tensor._version


@T_IS_TRANSPOSED_VIEW
def test_a_tensor_of_three_dimensions_has_no_t(device):
    with pytest.raises(RuntimeError, match="3D"):
        torch.ones(1, 1, 1, device=device).t()
