"""On a GPU.

An array stays in the memory of the host. A tensor can be taken to a GPU, computed on there and brought back; where it
is and which type it has are kept.
"""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import ACCELERATOR, FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.tensors._helpers import META, accelerator
from spec.oracles import rounding
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, tensors
from spec.strategies.arrays import ARRAY_LAYOUTS, arrays

NUMPY_HAS_NO_GPU = Claim(
    "tensors.numpy-has-no-gpu",
    "A numpy array cannot be put on a GPU, and a tensor that lies elsewhere than in the host's memory is not silently "
    "turned into an array.",
    sources=[
        TEMPLATE["Tensors"],
        EXAMPLES["PyTorch: Tensors"],
        INTRODUCTION["PyTorch Tensors"],
        FLOYDHUB["Tensor"],
        NOTEBOOK["PyTorch Tensors"],
    ],
    kills=["numpy-multiply-gives-a-tensor", "a-tensor-elsewhere-is-copied-for-numpy"],
)


@NUMPY_HAS_NO_GPU
@reaches(no_dimension=lambda array: array.size == (), strided=lambda array: "contiguous" not in array.labels)
@given(array=arrays(layouts=ARRAY_LAYOUTS))
def test_an_array_has_no_way_to_a_gpu_and_arithmetic_leaves_it_in_host_memory(array):
    """
    >>> hasattr(array, "cuda"), getattr(array, "device", "cpu"), memoryview(np.multiply(array, array)).nbytes
    """
    made = array.make()
    with np.errstate(all="ignore"):
        results = [made, np.asarray(np.multiply(made, made)), np.multiply(made, made, out=np.empty_like(made))]
        assert type(np.multiply(made, made)) in (np.ndarray, made.dtype.type)
    for result in results:
        assert not any(hasattr(result, name) for name in ("cuda", "to", "is_cuda"))
        assert getattr(result, "device", "cpu") == "cpu"
        assert memoryview(result).nbytes == made.size * made.itemsize
        if hasattr(result, "to_device"):
            with pytest.raises(ValueError):
                result.to_device("cuda")


WAYS_TO_NUMPY = [np.asarray, lambda tensor: np.multiply(tensor, 2), lambda tensor: tensor.numpy()]


@NUMPY_HAS_NO_GPU
@needs(META)
@pytest.mark.parametrize("take", WAYS_TO_NUMPY, ids=["asarray", "multiply", "numpy"])
def test_numpy_refuses_a_tensor_without_memory(take):
    with pytest.raises(TypeError, match="numpy"):
        take(torch.ones(2, device="meta"))


@NUMPY_HAS_NO_GPU
@needs(ACCELERATOR)
@pytest.mark.parametrize("take", WAYS_TO_NUMPY, ids=["asarray", "multiply", "numpy"])
def test_numpy_refuses_a_tensor_on_an_accelerator(device, take):
    with pytest.raises(TypeError, match="numpy"):
        take(torch.ones(2, device=accelerator(device)))


COMPUTES_ON_GPU = Claim(
    "tensors.computes-on-gpu",
    "A tensor can be put on a GPU and computed on there: results stay there, and agree with those of the CPU.",
    sources=[
        TEMPLATE["Opening"],
        TEMPLATE["Tensors"],
        EXAMPLES["Opening"],
        EXAMPLES["PyTorch: Tensors"],
        INTRODUCTION["PyTorch Tensors"],
        FLOYDHUB["Tensor"],
        NOTEBOOK["PyTorch Tensors"],
    ],
    kills=["moving-to-the-cpu-narrows-doubles", "mm-loses-the-last-row", "zeros-like-is-on-another-device"],
)


def place(tensor):
    """Return where a tensor lies: its device, whether that is a GPU, and the prefix of its type."""
    return str(tensor.device), tensor.is_cuda, tensor.type().rpartition(".")[0]


@COMPUTES_ON_GPU
@needs(FLOAT64)
@reaches(
    empty=lambda t: t.numel == 0,
    strided=lambda t: not t.contiguous,
    integer=lambda t: dtypes.is_integer(t.dtype),
)
@given(t=tensors(layouts=LAYOUTS, integral=True), of=st.sampled_from(["clone", "t * t", "sum", "type", "zeros_like"]))
def test_results_stay_on_the_device_of_their_operands(device, t, of):
    """
    >>> t.device, (t * t).device, t.type(torch.float64).device, torch.zeros_like(t).device
    """
    tensor, x = t.on(device), t.array
    results = {
        "clone": lambda: (tensor.clone(), x),
        "t * t": lambda: (tensor * tensor, x * x),
        "sum": lambda: (tensor.sum(), x.sum()),
        "type": lambda: (tensor.type(torch.float64), x.astype("float64")),
        "zeros_like": lambda: (torch.zeros_like(tensor), np.zeros_like(x)),
    }
    result, expected = results[of]()
    assert place(result) == place(tensor)
    agrees(result, expected, any_dtype=True)


@COMPUTES_ON_GPU
@pytest.mark.parametrize("sizes", [((5, 7), (7, 3)), ((64, 33), (33, 65)), ((1, 1), (1, 1))], ids=str)
def test_a_product_of_matrices_stays_on_the_device_and_is_right_there(device, sizes):
    a, b = [np.random.RandomState(0).standard_normal(size).astype("float32") for size in sizes]
    left = torch.tensor(a, device=device)
    result = left.mm(torch.tensor(b, device=device))
    wide = a.astype("float64"), b.astype("float64")
    assert place(result) == place(left)
    agrees(result, np.matmul(*wide), rounding.of_matmul(*wide, dtype="float32"), dtype="float32")


@COMPUTES_ON_GPU
@needs(FLOAT64)
@reaches(strided=lambda t: not t.contiguous, empty=lambda t: t.numel == 0, no_dimension=lambda t: t.ndim == 0,
         half=lambda t: t.dtype in dtypes.HALVES, double=lambda t: t.dtype == "float64")
@given(t=tensors(dtypes.ALL, layouts=LAYOUTS))
def test_moving_a_tensor_keeps_its_type_its_shape_and_every_bit(device, t):
    """
    >>> t.cpu().type(), t.cpu().to(t.device).type()
    """
    tensor = t.on(device)
    host = tensor.cpu()
    assert host.device.type == "cpu" and host.dtype == tensor.dtype
    agrees(host, t.array, any_dtype=True, sign_of_zero=True)
    back = host.to(tensor.device)
    assert place(back) == place(tensor)
    bitwise(array_of(back), array_of(tensor))


@COMPUTES_ON_GPU
@needs(ACCELERATOR, FLOAT64)
@reaches(strided=lambda t: not t.contiguous, empty=lambda t: t.numel == 0, no_dimension=lambda t: t.ndim == 0,
         half=lambda t: t.dtype in dtypes.HALVES)
@given(t=tensors(dtypes.ALL, layouts=LAYOUTS))
def test_a_tensor_goes_to_the_accelerator_and_back_with_its_type_and_every_bit(device, t):
    """
    >>> t.cuda().cpu().type() == t.type()
    """
    elsewhere = accelerator(device)
    tensor = t.on("cpu")
    moved = tensor.to(elsewhere)
    assert moved.device.type == torch.device(elsewhere).type != "cpu"
    assert moved.dtype == tensor.dtype and moved is not tensor
    bitwise(array_of(moved), array_of(tensor))
    assert (moved + moved).device == moved.device
    with pytest.raises(RuntimeError):
        torch.ones(2) + torch.ones(2, device=elsewhere)
