"""GPUs.

Deep networks consist of few kinds of operations on many numbers, which a GPU carries out at the same time.
"""
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from spec.capabilities import CUDA, FLOAT64, needs
from spec.claim import Claim, reaches
from spec.claims.performance._helpers import ON_GPU
from spec.measurements import measured, ratio
from spec.oracles import layers
from spec.oracles.agreement import agrees
from spec.oracles.backprop import relu, relu_slope
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import seeds

GPU_SPEEDUP = Claim(
    "performance.gpu-speedup",
    "For modern deep networks a GPU is often 50 times faster than the CPU, or more.",
    sources=[TEMPLATE["Tensors"], EXAMPLES["PyTorch: Tensors"], INTRODUCTION["PyTorch Tensors"], FLOYDHUB["Tensor"]],
    kills=["conv2d-forgets-the-last-channel", "relu-does-nothing"],
)

Sizes = NamedTuple("Sizes", [("batch", int), ("channels", int), ("hidden", int), ("side", int)])
Sizes.__doc__ = "Images (batch, channels, side, side) and the number of channels between two convolutions."


@GPU_SPEEDUP
@needs(FLOAT64)
@reaches(several=lambda sizes: sizes.batch > 1 and sizes.channels > 1 and sizes.hidden > 1)
@given(seed=seeds(), sizes=st.builds(Sizes, *[st.integers(1, 3)] * 3, side=st.integers(5, 9)))
def test_a_convolutional_net_computes_on_each_device_what_is_worked_out_by_hand(device, seed, sizes):
    """
    >>> torch.manual_seed(seed); x = torch.randn(batch, channels, side, side, requires_grad=True)
    >>> w1, w2 = torch.randn(hidden, channels, 3, 3), torch.randn(2, hidden, 3, 3); conv = torch.nn.functional.conv2d
    >>> conv(torch.relu(conv(x, w1)), w2).pow(2).sum().backward(); print(x.grad)
    """
    random = np.random.RandomState(seed)
    x, w1, w2 = [random.randint(-3, 4, size).astype("float64") for size in (
        (sizes.batch, sizes.channels, sizes.side, sizes.side), (sizes.hidden, sizes.channels, 3, 3),
        (2, sizes.hidden, 3, 3))]
    before = layers.conv2d(x, w1)
    result = layers.conv2d(relu(before), w2)
    of_hidden, of_w2 = layers.conv2d_gradients(relu(before), w2, 2 * result)
    of_x, of_w1 = layers.conv2d_gradients(x, w1, of_hidden * relu_slope(before, 0))

    leaves = [torch.tensor(array, device=device, requires_grad=True) for array in (x, w1, w2)]
    output = F.conv2d(torch.relu(F.conv2d(leaves[0], leaves[1])), leaves[2])
    assert output.device == leaves[0].device
    agrees(output, result, bound_of(result))
    (output * output).sum().backward()
    for leaf, gradient in zip(leaves, (of_x, of_w1, of_w2)):
        agrees(leaf.grad, gradient, bound_of(gradient))


def bound_of(array):
    """Bound the rounding of sums of whole numbers: there is none, unless a device convolves by way of a transform."""
    return 2.0 ** -32 * (1 + abs(array).max())


@GPU_SPEEDUP
@needs(CUDA, ON_GPU, measured("GPU speed-up: convolutional net"))
def test_a_step_of_a_convolutional_net_is_fifty_times_faster_on_the_gpu(device):
    """16 images of 3 x 224 x 224, forward and backward: the lowest measured ratio reaches what is said to be usual."""
    assert ratio("GPU speed-up: convolutional net", device).low >= 50
