"""Moving a tensor.

x.cuda() and x.to("cuda") copy a tensor to the GPU, x.cpu() copies it back. A tensor that is there already is not
copied.
"""
import numpy as np
import torch
from hypothesis import assume, example, given

from spec import dtypes
from spec.capabilities import FLOAT64, VALUES, needs
from spec.claim import Claim, reaches
from spec.claims.devices._helpers import META, NEIGHBOUR, SEPARATE, lies_on, movable, numbers_of, sample, sent, ways
from spec.claims.devices._tensors import BRANCHES, CORNERS, EVERYTHING
from spec.oracles.agreement import agrees, array_of, bitwise, unchanged
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import same_shape

TRANSFER_KEEPS_TYPE = Claim(
    "devices.transfer-keeps-type",
    "A tensor keeps its element type when it is moved: torch.LongTensor(10).fill_(3).cuda() is still one of whole "
    "numbers of 64 bits.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["moving-makes-floats", "moving-flattens-scalars", "the-device-without-memory-knows-no-integers"],
)


@TRANSFER_KEEPS_TYPE
@reaches(**BRANCHES)
@given(t=EVERYTHING)
def test_a_tensor_that_is_moved_keeps_its_dtype_and_its_shape(device, t):
    """
    >>> t.dtype, t.shape, t.to(device).dtype, t.to(device).shape
    """
    assume(t.dtype in movable(device))
    for there in ways(t.on("cpu"), device):
        assert lies_on(there, device)
        assert dtypes.name_of(there.dtype) == t.dtype and tuple(there.shape) == t.size


@TRANSFER_KEEPS_TYPE
@needs(META)
@reaches(**BRANCHES)
@given(t=EVERYTHING)
def test_a_tensor_that_is_moved_where_there_is_no_memory_keeps_its_dtype_and_its_shape(t):
    """
    >>> t.dtype, t.shape, t.to("meta").dtype, t.to("meta").shape
    """
    there = t.on("cpu").to("meta")
    assert lies_on(there, "meta")
    assert dtypes.name_of(there.dtype) == t.dtype and tuple(there.shape) == t.size


@TRANSFER_KEEPS_TYPE
def test_every_dtype_of_this_torch_is_kept(device):
    for name in movable(device):
        for there in ways(sample(name), device):
            assert there.dtype == getattr(torch, name), name


@TRANSFER_KEEPS_TYPE
@needs(SEPARATE)
def test_the_long_tensor_of_the_documents_is_still_long_on_the_device(device):
    a = torch.LongTensor(10).fill_(3)
    there = sent(a, device)
    assert lies_on(there, device) and there.dtype == torch.int64 and there.size() == a.size()


CPU_ROUNDTRIP = Claim(
    "devices.cpu-roundtrip",
    "cpu() brings a tensor back from the GPU: type, shape and every value are what they were.",
    sources=[TEMPLATE["PyTorch for Torch Users"], INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"]],
    kills=["moving-makes-floats", "moving-loses-the-last-element", "moving-to-the-cpu-drops-the-sign-of-zero",
           "moving-to-the-cpu-cuts-the-history"],
)


@CPU_ROUNDTRIP
@needs(VALUES)
@reaches(nan=lambda t: (t.array != t.array).any(), **BRANCHES)
@given(t=EVERYTHING)
@example(t=CORNERS)
def test_a_tensor_comes_back_with_its_type_its_shape_and_every_bit(device, t):
    """
    >>> t, t.to(device).cpu()
    """
    assume(t.dtype in movable(device))
    x = t.on("cpu")
    before = array_of(x)
    for there in ways(x, device) + [t.on(device)]:
        back = there.cpu()
        assert back.device.type == "cpu" and back.dtype == x.dtype
        agrees(back, t.array, any_dtype=True, sign_of_zero=True)
        bitwise(array_of(back), before)


@CPU_ROUNDTRIP
@needs(VALUES)
def test_every_dtype_of_this_torch_comes_back(device):
    for name in movable(device):
        for there in ways(sample(name), device):
            back = there.cpu()
            assert back.dtype == getattr(torch, name) and numbers_of(back) == [1, 0, 1], name


@CPU_ROUNDTRIP
@needs(FLOAT64, VALUES)
@reaches(strided=lambda pair: not pair[0].contiguous, long=lambda pair: pair[0].numel > 16)
@given(pair=same_shape(2, dtypes.FLOATS, integral=True))
def test_a_gradient_finds_its_way_back_through_both_moves(device, pair):
    """
    >>> x, v = pair; x.requires_grad_(); (x.to(device) * 2).cpu().backward(v)
    >>> x.grad, v * 2
    """
    x = pair[0].on("cpu", requires_grad=True)
    for there in ways(x, device):
        x.grad = None
        (there * 2).cpu().backward(pair[1].on("cpu"))
        assert x.grad.device.type == "cpu"
        agrees(x.grad, pair[1].array * 2, dtype=pair[1].dtype)


@CPU_ROUNDTRIP
@needs(SEPARATE, VALUES)
@reaches(strided=lambda pair: not pair[0].contiguous, double=lambda pair: pair[0].dtype == "float64",
         changed=lambda pair: (pair[0].array != pair[1].array).any(), no_dimension=lambda pair: pair[0].ndim == 0)
@given(pair=same_shape(2, dtypes.FLOATS))
def test_what_comes_back_is_a_copy(device, pair):
    """
    >>> x, other = pair; back = x.to(device).cpu(); back.copy_(other)
    >>> x
    """
    assume(pair[0].dtype in movable(device))
    x, before = pair[0].on("cpu"), pair[0].array
    there = sent(x, device)
    back = there.cpu()
    assert back is not x
    back.copy_(pair[1].on("cpu"))
    unchanged(x, before)
    unchanged(there, before)


CUDA_COPIES_TENSOR = Claim(
    "devices.cuda-copies-tensor",
    "batch.cuda() makes a new tensor on the GPU and leaves batch where it is; a tensor that is there already is "
    "returned itself.",
    sources=[
        TEMPLATE["PyTorch for Torch Users"],
        EXAMPLES["Pytorch: GPU"],
        INTRODUCTION["PyTorch Tensors"],
        FLOYDHUB["Tensor"],
        FLOYDHUB["Models Definition"],
        FLOYDHUB["Train model with CUDA"],
    ],
    kills=["to-copies-what-is-there", "to-leaves-zeros-behind"],
)


@CUDA_COPIES_TENSOR
@reaches(**BRANCHES)
@given(t=EVERYTHING)
def test_a_tensor_that_is_on_the_device_already_is_returned_itself(device, t):
    """
    >>> x = t.to(device); x.to(device) is x
    """
    assume(t.dtype in movable(device))
    x = t.on("cpu").to(device)
    assert all(there is x for there in ways(x, device))


@CUDA_COPIES_TENSOR
@needs(META)
@reaches(**BRANCHES)
@given(t=EVERYTHING)
def test_a_tensor_stays_as_it_is_when_it_is_moved_where_there_is_no_memory(t):
    """
    >>> t.to("meta"), t
    """
    x = t.on("cpu")
    before = array_of(x)
    assert x.to("meta") is not x and x.device.type == "cpu"
    bitwise(array_of(x), before)


@CUDA_COPIES_TENSOR
@needs(SEPARATE, VALUES)
@reaches(strided=lambda pair: not pair[0].contiguous, double=lambda pair: pair[0].dtype == "float64",
         changed=lambda pair: (pair[0].array != pair[1].array).any(), no_dimension=lambda pair: pair[0].ndim == 0)
@given(pair=same_shape(2, dtypes.FLOATS))
def test_the_tensor_on_the_device_and_its_original_do_not_share_their_values(device, pair):
    """
    >>> x, other = pair; there = x.to(device); there.copy_(other)
    >>> x
    """
    assume(pair[0].dtype in movable(device))
    for way in range(3):
        x = pair[0].on("cpu")
        there = ways(x, device)[way]
        assert there is not x and x.device.type == "cpu" and lies_on(there, device)
        there.copy_(pair[1].on("cpu"))
        unchanged(x, pair[0].array)
        there = ways(x, device)[way]
        x.copy_(pair[1].on("cpu"))
        unchanged(there, pair[0].array)


@CUDA_COPIES_TENSOR
@needs(SEPARATE, FLOAT64, VALUES)
def test_an_array_of_doubles_arrives_as_doubles_and_stays_in_host_memory(device):
    array = np.random.RandomState(0).standard_normal((3, 4))
    before = array.copy()
    there = sent(torch.from_numpy(array), device)
    assert lies_on(there, device)
    agrees(there, before)
    there.zero_()
    bitwise(array, before)


@CUDA_COPIES_TENSOR
@needs(NEIGHBOUR)
def test_a_tensor_is_copied_from_one_accelerator_to_the_next(device):
    kind = torch.device(device).type
    x = torch.arange(12, device=torch.device(kind, 0))
    there = x.to(torch.device(kind, 1))
    assert there is not x and (x.device.index, there.device.index) == (0, 1)
    there.add_(1)
    agrees(there, np.arange(1, 13))
    agrees(x, np.arange(12))
