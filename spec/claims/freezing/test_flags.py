"""The switches.

Every tensor has the flag requires_grad. It belongs to the leaves, which users make; for the results of operations it
follows from their inputs.
"""
import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.claim import Claim, Deviation, reaches
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies import Blueprint, shapes, tensors

TWO_FLAGS = Claim(
    "freezing.two-flags",
    "A Variable carries two switches for leaving out subgraphs, requires_grad and volatile.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    deviations=[
        Deviation(
            "requires_grad is the only switch. volatile was removed in 0.4; what is left of it is an attribute that "
            "can be set, warns, and always reads False.",
            witness={},
        )
    ],
    kills=["volatile-works", "volatile-does-not-warn", "gradients-cannot-be-switched-off"],
)


@TWO_FLAGS
def test_volatile_can_be_switched_on(device):
    tensor = torch.ones(2, device=device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tensor.volatile = True
        assert tensor.volatile


@TWO_FLAGS.regardless
def test_requires_grad_is_off_until_it_is_asked_for_and_can_be_switched_on_and_off(device):
    tensor = torch.ones(2, device=device)
    assert tensor.requires_grad is False
    tensor.requires_grad = True
    assert tensor.requires_grad is True and (tensor * 2).requires_grad
    tensor.requires_grad = False
    assert tensor.requires_grad is False and not (tensor * 2).requires_grad
    assert torch.ones(2, device=device, requires_grad=True).requires_grad is True


@TWO_FLAGS.instead
@reaches(whole=lambda x: dtypes.is_integer(x.dtype), no_dimension=lambda x: x.ndim == 0)
@example(x=Blueprint.of(1, "int64"))
@given(x=tensors(tuple(name for name in dtypes.ALL if name not in ("float64", "complex128")), max_elements=8))
def test_reading_or_setting_volatile_warns_and_it_always_reads_false(device, x):
    """
    >>> x.volatile = True
    >>> x.volatile
    """
    tensor = x.on(device)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = tensor.volatile
        tensor.volatile = True
        after = tensor.volatile
    assert before is False and after is False and not tensor.requires_grad
    assert [warning.category for warning in caught] == [UserWarning] * 3


@TWO_FLAGS.instead
def test_the_result_of_an_operation_does_not_become_volatile_either(device):
    result = torch.ones(2, device=device, requires_grad=True) * 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result.volatile = True
        assert result.volatile is False
    assert result.requires_grad and result.grad_fn is not None


@TWO_FLAGS.instead
def test_a_tensor_still_has_the_attribute_volatile_which_proves_nothing(device):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert hasattr(torch.ones(2, device=device), "volatile") and "volatile" in dir(torch.Tensor)


FLAG_ONLY_ON_LEAVES = Claim(
    "freezing.flag-only-on-leaves",
    "requires_grad can be changed on leaf Variables only.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    kills=["any-tensor-takes-the-flag", "views-take-the-flag", "detaching-keeps-the-history"],
)

OPERATIONS = {
    "x * 2": lambda x: x * 2,
    "-x": lambda x: -x,
    "x.clone()": lambda x: x.clone(),
    "x.view(-1)": lambda x: x.contiguous().view(-1),
    "x[...]": lambda x: x[...],
    "x.sum()": lambda x: x.sum(),
}
"""Operations whose result, of an x that requires a gradient, is recorded."""


@FLAG_ONLY_ON_LEAVES
@reaches(view=lambda chain: chain[-1] == "x[...]", long=lambda chain: len(chain) > 1)
@example(x=Blueprint.of([1.0, 2.0], "float32"), chain=["x[...]"])
@given(x=tensors("float32", shape=shapes(max_elements=8), finite=True),
       chain=st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=1, max_size=3))
def test_the_flag_of_a_recorded_result_cannot_be_changed_and_trying_does_no_harm(device, x, chain):
    """
    >>> result = x.clone().requires_grad_()
    >>> for step in chain: result = eval(step, {"x": result})
    >>> result.requires_grad = False
    """
    leaf = x.on(device, requires_grad=True)
    result = leaf
    for step in chain:
        result = OPERATIONS[step](result)
    for flag in (False, True):
        with pytest.raises(RuntimeError, match="leaf variables"):
            result.requires_grad = flag
    with pytest.raises(RuntimeError, match="leaf variables"):
        result.requires_grad_(False)
    assert result.requires_grad and not result.is_leaf
    result.sum().backward()
    agrees(leaf.grad, np.full(x.size, (-1.0) ** chain.count("-x") * 2.0 ** chain.count("x * 2"), dtype="float32"))


@FLAG_ONLY_ON_LEAVES
def test_asking_a_recorded_result_for_the_gradient_that_it_requires_already_is_allowed(device):
    result = torch.ones(2, device=device, requires_grad=True) * 2
    assert result.requires_grad_() is result


@FLAG_ONLY_ON_LEAVES
@pytest.mark.parametrize("spelling", ["attribute", "method"])
def test_the_flag_of_a_leaf_can_be_changed_in_both_directions(device, spelling):
    leaf = torch.ones(2, device=device)
    for flag in (True, True, False, False, True):
        if spelling == "attribute":
            leaf.requires_grad = flag
        else:
            assert leaf.requires_grad_(flag) is leaf
        assert leaf.requires_grad is flag and leaf.is_leaf


@FLAG_ONLY_ON_LEAVES
def test_a_result_of_tensors_that_require_no_gradient_is_a_leaf_whose_flag_can_be_changed(device):
    result = torch.ones(2, device=device) * 2
    assert result.is_leaf
    result.requires_grad = True
    (result * result).sum().backward()
    agrees(result.grad, np.array([4, 4], dtype="float32"))


@FLAG_ONLY_ON_LEAVES
def test_detach_gives_a_leaf_of_its_own_flag_over_the_same_values(device):
    source = torch.ones(2, device=device, requires_grad=True)
    result = source * 2
    detached = result.detach()
    assert detached.is_leaf and not detached.requires_grad
    detached.requires_grad = True
    (detached * 3).sum().backward()
    agrees(detached.grad, np.array([3, 3], dtype="float32"))
    assert source.grad is None and result.requires_grad


@FLAG_ONLY_ON_LEAVES
@pytest.mark.parametrize("dtype", dtypes.BOOL + dtypes.INTEGERS)
def test_a_leaf_of_whole_numbers_or_booleans_cannot_require_a_gradient(device, dtype):
    leaf = torch.ones(2, device=device).to(dtypes.torch_dtype(dtype))
    with pytest.raises(RuntimeError):
        leaf.requires_grad = True
    with pytest.raises(RuntimeError):
        leaf.requires_grad_()
    leaf.requires_grad = False
    assert leaf.requires_grad is False
