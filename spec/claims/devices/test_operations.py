"""The same operations.

A tensor on the GPU has the methods of any other tensor, and they compute the same. Its random numbers are others than
those of the CPU, but a seed determines them in the same way.
"""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, SEEDED, VALUES, needs
from spec.claim import Claim, reaches
from spec.claims.devices._helpers import lies_on
from spec.oracles import rounding
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import TEMPLATE
from spec.strategies import LAYOUTS, matmul_operands, same_shape, seeds

SAME_OPERATIONS_SAME_RESULTS = Claim(
    "devices.same-operations-same-results",
    "Tensors on the GPU have the same operations as those on the CPU, with the same results.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["mm-loses-the-last-row", "sum-of-a-transpose-counts-one-row", "stack-joins-the-other-way-round",
           "dropout-ignores-the-seed", "cuda-seed-reaches-the-cpu", "all-seeds-are-one"],
)

OPERATIONS = {
    "a + b": lambda xp, a, b: a + b,
    "a - b": lambda xp, a, b: a - b,
    "a * b": lambda xp, a, b: a * b,
    "abs": lambda xp, a, b: abs(a),
    "neg": lambda xp, a, b: -a,
    "sum": lambda xp, a, b: a.sum(),
    "sum of rows": lambda xp, a, b: a.sum(0),
    "maximum": lambda xp, a, b: xp.where(a > b, a, b),
    "transpose": lambda xp, a, b: a.T if xp is np else a.t(),
    "row": lambda xp, a, b: a[0],
    "columns": lambda xp, a, b: a[:, 1:],
    "picked": lambda xp, a, b: a[[-1, 0, 0]],
    "cat": lambda xp, a, b: xp.concatenate([a, b]) if xp is np else xp.cat([a, b]),
    "stack": lambda xp, a, b: xp.stack([a, b]),
}
SIDES = st.sampled_from([(1, 1), (2, 3), (3, 2), (5, 7), (3, 11)])
PAIRS = same_shape(2, ("int32", "int64") + dtypes.FLOATS, SIDES, LAYOUTS, integral=True, bounded=2)


@SAME_OPERATIONS_SAME_RESULTS
@needs(FLOAT64, VALUES)
@reaches(integer=lambda pair: dtypes.is_integer(pair[0].dtype), strided=lambda pair: not pair[0].contiguous)
@given(pair=PAIRS)
def test_operations_on_whole_numbers_give_what_numpy_gives(device, pair):
    """
    >>> a, b = pair[0].to(device), pair[1].to(device)
    >>> a + b, a * b, -a, a.sum(), torch.where(a > b, a, b), torch.cat([a, b])
    """
    a, b = (one.on(device) for one in pair)
    for name, operation in OPERATIONS.items():
        result = operation(torch, a, b)
        assert lies_on(result, device), name
        agrees(result, operation(np, pair[0].array, pair[1].array), any_dtype=True)


@SAME_OPERATIONS_SAME_RESULTS
@pytest.mark.parametrize("name", sorted(OPERATIONS))
@pytest.mark.parametrize("dtype", ["int64", "float32"])
def test_operations_give_the_shape_and_the_dtype_that_they_give_on_the_cpu(device, name, dtype):
    a = torch.tensor([[1, -2, 3], [0, 5, -7]], dtype=getattr(torch, dtype))
    expected = OPERATIONS[name](torch, a, a)
    there = a.to(device)
    result = OPERATIONS[name](torch, there, there)
    assert lies_on(result, device)
    assert result.shape == expected.shape and result.dtype == expected.dtype


@SAME_OPERATIONS_SAME_RESULTS
@needs(FLOAT64, VALUES)
@reaches(long=lambda pair: pair.a.size[1] > 8, strided=lambda pair: not pair.a.contiguous)
@given(pair=matmul_operands("float64", min_side=1, layouts=LAYOUTS, finite=True, bounded=1e3))
def test_products_of_matrices_agree_with_numpy_to_within_rounding(device, pair):
    """
    >>> a.to(device).mm(b.to(device)).cpu(), a.mm(b)
    """
    a, b = pair.a.array, pair.b.array
    agrees(pair.a.on(device).mm(pair.b.on(device)), a @ b, rounding.of_matmul(a, b, "float64", flushes=True))


@SAME_OPERATIONS_SAME_RESULTS
@needs(SEEDED, VALUES)
@reaches(beyond_31_bits=lambda seed: seed >= 2**31)
@given(seed=seeds())
def test_a_seed_determines_the_random_numbers_of_the_device(device, seed):
    """
    >>> torch.manual_seed(seed); first = torch.rand(9, device=device); torch.manual_seed(seed)
    >>> first, torch.rand(9, device=device)
    """
    def draw():
        torch.manual_seed(seed)
        drawn = [torch.rand(9, device=device), torch.randn(9, device=device), torch.randperm(9).to(device)]
        return [array_of(one) for one in drawn + [torch.nn.functional.dropout(torch.ones(33, device=device), 0.5)]]

    for first, again in zip(draw(), draw()):
        bitwise(again, first)


@SAME_OPERATIONS_SAME_RESULTS
@pytest.mark.parametrize("name", ["manual_seed", "manual_seed_all"])
def test_seeding_the_gpus_leaves_the_random_numbers_of_the_cpu_as_they_are(name):
    before = torch.get_rng_state()
    getattr(torch.cuda, name)(5)
    agrees(torch.get_rng_state(), before.numpy())


@SAME_OPERATIONS_SAME_RESULTS
@needs(SEEDED, VALUES)
def test_another_seed_gives_other_random_numbers_on_the_device(device):
    drawn = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        drawn.append(array_of(torch.rand(9, device=device)))
    assert (drawn[0] != drawn[1]).all()
