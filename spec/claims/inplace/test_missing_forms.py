"""One form only.

Some operations have no form in place, and some have no other. Of those that exist only in place, most fill a tensor
with something that does not depend on what it held before.
"""
import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.claim import Claim, reaches
from spec.oracles.agreement import agrees, bitwise
from spec.sources import TEMPLATE
from spec.strategies import Blueprint, same_shape, shapes, tensors

NARROW_HAS_NO_INPLACE = Claim(
    "inplace.narrow-has-no-inplace",
    "Some operations have no form in place: there is a narrow and no narrow_.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["narrow-gives-a-copy", "narrow-begins-one-too-late", "narrow-underscore-exists"],
)


@NARROW_HAS_NO_INPLACE
def test_there_is_a_narrow_and_no_narrow_underscore(device):
    assert hasattr(torch.Tensor, "narrow")
    with pytest.raises(AttributeError):
        torch.ones(3, device=device).narrow_(0, 0, 1)


@NARROW_HAS_NO_INPLACE
@reaches(none=lambda x, dim, start, length: length == 0, some=lambda x, dim, start, length: 0 < length < x.size[dim],
         strided=lambda x: not x.contiguous)
@given(x=tensors("float32", shape=shapes(2, 3, 4, 6), max_elements=216), dim=st.integers(0, 1), start=st.integers(0, 2),
       length=st.integers(0, 2))
@example(x=Blueprint.of([[1.0, 2.0, 3.0]] * 3, "float32"), dim=1, start=1, length=2)
def test_narrow_is_a_view_of_a_range_of_one_dimension(device, x, dim, start, length):
    """
    >>> x.narrow(dim, start, length)
    """
    tensor, expected = x.on(device), x.array
    part = (slice(None),) * dim + (slice(start, start + length),)
    bitwise(tensor.narrow(dim, start, length), expected[part])
    tensor.narrow(dim, start, length).fill_(7)
    expected[part] = 7
    bitwise(tensor, expected)


@NARROW_HAS_NO_INPLACE
@pytest.mark.parametrize("start, length", [(2, 2), (0, 4), (4, 0)])
def test_a_range_that_goes_past_the_end_is_refused(device, start, length):
    x = torch.ones(3, device=device)
    with pytest.raises((RuntimeError, IndexError)):
        x.narrow(0, start, length)
    agrees(x, np.ones(3, "float32"))


FILL_HAS_NO_OUT_OF_PLACE = Claim(
    "inplace.fill-has-no-out-of-place",
    "fill_ has no form out of place: there is no method fill.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["a-method-fill-exists", "full-like-fills-its-model"],
)


@FILL_HAS_NO_OUT_OF_PLACE
def test_a_tensor_has_no_method_fill(device):
    assert hasattr(torch.Tensor, "fill_")
    with pytest.raises(AttributeError):
        torch.ones(2, device=device).fill(1)


@FILL_HAS_NO_OUT_OF_PLACE
@reaches(empty=lambda x: not x.numel, strided=lambda x: not x.contiguous)
@given(x=tensors(dtypes.FLOATS, max_elements=33), value=st.integers(-9, 9))
def test_full_like_makes_a_filled_tensor_and_leaves_its_model_alone(device, x, value):
    """
    >>> torch.full_like(x, value)
    """
    tensor = x.on(device)
    agrees(torch.full_like(tensor, value), np.full(x.size, value, x.dtype))
    bitwise(tensor, x.array)


INPLACE_ONLY_FAMILY = Claim(
    "inplace.inplace-only-family",
    "As fill_ does, a family of methods exists in place only: copy_, zero_, set_, apply_, map_, and the fillings with "
    "random numbers normal_, uniform_, random_, exponential_, geometric_, log_normal_ and cauchy_.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["a-method-normal-exists", "copy-underscore-copies-into-a-copy", "map-underscore-ignores-the-other-tensor",
           "uniform-underscore-leaves-the-last-element"],
)

FILLS = ("normal_", "uniform_", "random_", "exponential_", "geometric_", "log_normal_", "cauchy_")
FAMILY = ("copy_", "zero_", "set_", "apply_", "map_") + FILLS


@INPLACE_ONLY_FAMILY
@pytest.mark.parametrize("name", FAMILY)
def test_a_method_of_the_family_has_an_underscore_and_no_counterpart_without(name):
    assert callable(getattr(torch.Tensor, name))
    assert not hasattr(torch.Tensor, name[:-1])


@INPLACE_ONLY_FAMILY
@pytest.mark.parametrize("name", FILLS)
def test_a_random_filling_changes_every_element_of_its_receiver_and_returns_it(device, name):
    x = torch.full((3, 17), -7.5, device=device)
    address, row = x.data_ptr(), x[1]
    assert (x.geometric_(0.5) if name == "geometric_" else getattr(x, name)()) is x
    assert x.data_ptr() == address and not (np.array(x.tolist()) == -7.5).any()
    assert row.tolist() == x[1].tolist()


@INPLACE_ONLY_FAMILY
@reaches(strided=lambda pair: not pair[0].contiguous, empty=lambda pair: not pair[0].numel)
@given(pair=same_shape(2, dtype="float64", integral=True, max_elements=17))
@example(pair=(Blueprint.of([1.0, 2.0]), Blueprint.of([3.0, 5.0])))
def test_copy_set_and_map_write_into_their_receiver(device, pair):
    """
    >>> x, y = pair
    >>> x.map_(y, lambda a, b: a * 2 + b), x.apply_(lambda a: a + 1), x.copy_(y), x.set_(y)
    """
    x, y = (one.on(device) for one in pair)
    if device == "cpu":  # torch has map_ and apply_ for the CPU only
        expected = 2 * pair[0].array + pair[1].array
        assert x.map_(y, lambda a, b: a * 2 + b) is x
        agrees(x, expected)
        assert x.apply_(lambda a: a + 1) is x
        agrees(x, expected + 1)
    assert x.copy_(y) is x
    bitwise(x, pair[1].array)
    assert x.set_(y) is x
    bitwise(x, pair[1].array)
    assert x.data_ptr() == y.data_ptr()
