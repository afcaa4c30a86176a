"""The assertions of claims notice each kind of difference, and nothing else."""
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec.oracles.agreement import agrees, array_of, bitwise, dtype_name, unchanged

NAN, INF = float("nan"), float("inf")
NAMES = [name for name in ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32",
                           "float64", "complex64", "complex128", "uint16", "uint32", "uint64") if hasattr(torch, name)]


def converts(name):
    """Say whether this torch can make tensors of a dtype that it has a name for."""
    try:
        torch.zeros(1).to(getattr(torch, name))
    except RuntimeError:
        return False
    return True


@pytest.mark.parametrize("name", [name for name in NAMES if converts(name)])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0), (2, 3)], ids=str)
def test_a_tensor_of_any_dtype_and_shape_becomes_an_array_of_its_values(name, shape):
    values = (np.arange(np.prod(shape, dtype=int)) % 2).reshape(shape)
    array = array_of(torch.zeros(shape).to(getattr(torch, name)) if not values.size else
                     torch.tensor(values.tolist()).to(getattr(torch, name)))
    assert array.shape == shape
    assert (array == values).all()
    assert array.dtype == ("float32" if name == "bfloat16" else name)


def test_a_tensor_with_a_gradient_and_strides_becomes_a_contiguous_copy():
    tensor = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    array = array_of(tensor.t())
    assert array.flags.c_contiguous
    assert array.tolist() == [[1, 3], [2, 4]]
    array[...] = 0
    assert tensor[1, 0].item() == 3


def test_dtypes_of_tensors_and_arrays_have_the_same_names():
    assert dtype_name(torch.zeros(1)) == dtype_name(np.zeros(1, np.float32)) == "float32"
    assert dtype_name(torch.zeros(1).half()) == dtype_name(np.zeros(1, ">f2")) == "float16"
    assert dtype_name(1.0) is None


@pytest.mark.parametrize("result, expected, message", [
    ([1, 2], [1, 3], "values differ at index (1,): result 2, expected 3, bound 0.0 (1 of 2 elements differ)"),
    (np.zeros(3), np.zeros((3, 1)), "shapes differ: result (3,), expected (3, 1)"),
    (np.zeros(3), np.zeros(3, np.float32), "dtypes differ: result float64, expected float32"),
    (np.array(1.0), np.array(2.0), "values differ at index (): result 1.0, expected 2.0, bound 0.0 "
                                   "(1 of 1 elements differ)"),
    (np.array([1j]), np.array([2j]), "values differ at index (0,) in the imaginary part: result 1.0, expected 2.0, "
                                     "bound 0.0 (1 of 1 elements differ)"),
    (np.array([True, False]), np.array([True, True]), "values differ at index (1,): result False, expected True, "
                                                      "bound 0.0 (1 of 2 elements differ)"),
], ids=["value", "shape", "dtype", "zero-dim", "complex", "bool"])
def test_the_message_says_what_differs_and_where(result, expected, message):
    with pytest.raises(AssertionError) as caught:
        agrees(result, expected)
    assert str(caught.value) == message


@pytest.mark.parametrize("one, other", [((3,), (1,)), ((), (1,)), ((0,), (0, 3)), ((2, 3), (3, 2)), ((0, 2), (0, 3))],
                         ids=str)
@pytest.mark.parametrize("assertion", [agrees, bitwise], ids=["agrees", "bitwise"])
def test_equal_values_in_another_shape_do_not_agree(assertion, one, other):
    for shapes in ((one, other), (other, one)):
        with pytest.raises(AssertionError, match="shapes differ"):
            assertion(torch.zeros(shapes[0]), np.zeros(shapes[1], np.float32))
    with pytest.raises(AssertionError, match="shapes differ"):
        unchanged(torch.zeros(one), np.zeros(other, np.float32))


def test_a_bound_stretches_to_the_shape_and_never_beyond_it():
    agrees(np.zeros((2, 3)), np.full((2, 3), 0.5), bound=np.array([[0.5], [1.0]]))
    with pytest.raises(ValueError):
        agrees(np.zeros(3), np.zeros(3), bound=np.ones((2, 3)))


@pytest.mark.parametrize("result, expected", [
    ([NAN], [1.0]), ([1.0], [NAN]), ([INF], [-INF]), ([INF], [1e308]), ([1e308], [INF]), ([NAN], [INF]),
    ([NAN + 0j], [0j]), ([2**62 + 1], [2**62]), ([complex(INF, 0)], [complex(INF, 1)]), ([True], [False]),
], ids=str)
@pytest.mark.parametrize("bound", [0, 0.5], ids=["exact", "bounded"])
def test_no_bound_excuses_nan_infinity_or_another_integer(result, expected, bound):
    with pytest.raises(AssertionError, match="values differ"):
        agrees(np.array(result), np.array(expected), bound=bound)


@pytest.mark.parametrize("value", [NAN, INF, -INF, 0.0, 5e-324, complex(NAN, INF), True, -2**63, 2**64 - 1], ids=str)
def test_every_value_agrees_with_itself(value):
    agrees(np.array([value]), np.array([value]))
    bitwise(np.array([value]), np.array([value]))


@pytest.mark.parametrize("bound", [NAN, INF, -1.0], ids=str)
def test_a_bound_that_is_not_a_finite_distance_lets_nothing_pass(bound):
    with pytest.raises(AssertionError, match="values differ"):
        agrees(np.array([1.0]), np.array([1.5]), bound=bound)


@given(st.floats(-100, 100), st.floats(0, 10), st.floats(0, 20))
def test_a_value_agrees_exactly_up_to_the_bound(expected, bound, distance):
    result = expected + distance
    agreed = True
    try:
        agrees(np.array([0.0, result]), np.array([0.0, expected]), bound=np.array([0.0, bound]))
    except AssertionError:
        agreed = False
    assert agreed == (abs(result - expected) <= bound)


def test_integers_are_compared_exactly_with_floats_and_other_integers():
    agrees(np.array([2**53]), np.array([2.0**53]), any_dtype=True)
    for result, expected in (([2**53 + 1], [2.0**53]), (np.array([2**64 - 1], np.uint64), np.array([-1]))):
        with pytest.raises(AssertionError, match="values differ"):
            agrees(np.array(result), np.array(expected), any_dtype=True)


def test_whole_numbers_of_any_size_are_within_a_bound_of_each_other():
    agrees(np.array([-2**63, 7]), np.array([-2**63 + 2, 9]), bound=2)
    with pytest.raises(AssertionError, match="1 of 2"):
        agrees(np.array([-2**63, 7]), np.array([2**63 - 1, 9]), bound=2)


def test_exact_fractions_are_compared_with_floats():
    agrees(np.array([0.5]), np.array([Fraction(1, 2)], dtype=object), any_dtype=True)
    with pytest.raises(AssertionError, match="values differ"):
        agrees(np.array([1 / 3]), np.array([Fraction(1, 3)], dtype=object), any_dtype=True)


def test_the_dtype_can_be_named_or_left_open():
    agrees(torch.zeros(2), np.zeros(2), dtype="float32")
    agrees(torch.zeros(2), np.zeros(2), any_dtype=True)
    agrees(torch.zeros(2), [0, 0])
    with pytest.raises(AssertionError, match="dtypes differ: result float32, expected float64"):
        agrees(torch.zeros(2), [0, 0], dtype="float64")
    with pytest.raises(AssertionError, match="dtypes differ: result None, expected float64"):
        agrees(0.0, 0.0, dtype="float64")


def test_the_sign_of_zero_counts_on_request_and_always_in_bytes():
    result, expected = np.array([1.0, -0.0]), np.array([1.0, 0.0])
    agrees(result, expected)
    with pytest.raises(AssertionError, match=r"at index \(1,\): result -0.0, expected 0.0"):
        agrees(result, expected, sign_of_zero=True)
    with pytest.raises(AssertionError, match=r"bytes differ at index \(1,\): result -0.0 \(0x80"):
        bitwise(result, expected)
    agrees(result, result, sign_of_zero=True)


def test_two_kinds_of_nan_differ_in_their_bytes_only():
    quiet, other = (np.array([bits], np.uint32).view(np.float32) for bits in (0x7FC00000, 0x7FC00001))
    agrees(quiet, other)
    with pytest.raises(AssertionError, match="bytes differ"):
        bitwise(quiet, other)


def test_a_write_is_noticed_even_where_it_changes_a_sign_of_zero():
    tensor = torch.zeros(2, 2)
    before = array_of(tensor)
    unchanged(tensor, before)
    tensor[1, 0] = -0.0
    with pytest.raises(AssertionError, match=r"written to: bytes differ at index \(1, 0\)"):
        unchanged(tensor, before)
    with pytest.raises(AssertionError, match="dtype"):
        unchanged(before.astype(np.float64), before)
