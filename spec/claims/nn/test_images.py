"""Images.

A batch of images is a tensor of four dimensions. Which is which, a layer cannot see but takes for granted, and torch
and TensorFlow take different things for granted.
"""
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import FLOAT64, TENSORFLOW, needs
from spec.claim import Claim, Deviation, reaches
from spec.oracles import layers
from spec.oracles.agreement import agrees
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies import LAYOUTS, Blueprint
from spec.strategies.tensors import draw_tensor
from spec.tensorflow_beside import new_graph, tensorflow

Convolution = NamedTuple("Convolution", [("images", Blueprint), ("kernels", Blueprint)])
Convolution.__doc__ = "A batch of images (n, channels, height, width) and kernels (filters, channels, i, j)."

SIDES = st.sampled_from([3, 4, 5])


@st.composite
def convolutions(draw):
    """Draw a Convolution of whole numbers, the kernels no larger than the images."""
    code = draw(st.integers(0, 2 ** 12 - 1))
    dtype = dtypes.FLOATS[code % 2]
    n, channels, filters, i, j = (1 + (code >> shift) % width
                                  for shift, width in ((1, 2), (2, 4), (4, 4), (6, 3), (8, 3)))
    images = draw_tensor(draw, dtype, (n, channels, draw(SIDES), draw(SIDES)), LAYOUTS, integral=True)
    return Convolution(images, draw_tensor(draw, dtype, (filters, channels, i, j), LAYOUTS, integral=True))


def convolved(case):
    """Return what the convolution of a case is, in its dtype; all sums are exact."""
    return layers.conv2d(case.images.array, case.kernels.array).astype(case.images.dtype)


IMAGE_BATCHES_ARE_NCHW = Claim(
    "nn.image-batches-are-nchw",
    "Batches of images have the dimensions batch x channels x height x width.",
    sources=[FLOYDHUB["Training process"], FLOYDHUB["Data handling"]],
    kills=["conv2d-exchanges-height-and-width", "conv2d-forgets-the-last-channel", "conv2d-flips-its-kernel",
           "conv2d-takes-channels-last"],
)


@IMAGE_BATCHES_ARE_NCHW
@pytest.mark.parametrize("batch, kernels", [
    ((1, 1, 3, 3), (1, 1, 1, 1)), ((2, 3, 4, 6), (2, 3, 3, 2)), ((1, 2, 8, 5), (4, 2, 1, 5)),
    ((3, 4, 5, 9), (2, 4, 5, 9)), ((1, 1, 28, 28), (20, 1, 5, 5))],
    ids=["points", "oblong", "rows", "whole-images", "printed"])
def test_a_convolution_sums_over_channels_and_slides_over_height_and_width(device, batch, kernels):
    images, weight = (np.random.RandomState(0).randint(-9, 10, size).astype("float32") for size in (batch, kernels))
    filters, channels, height, width = kernels
    layer = torch.nn.Conv2d(channels, filters, (height, width), bias=False)
    layer.weight = torch.nn.Parameter(torch.tensor(weight, device=device))
    result = layer(torch.tensor(images, device=device))
    assert result.shape == (batch[0], filters, batch[2] - height + 1, batch[3] - width + 1)
    agrees(result, layers.conv2d(images, weight).astype("float32"))


@IMAGE_BATCHES_ARE_NCHW
def test_the_printed_model_turns_an_image_of_28_by_28_into_64_channels_of_20_by_20(device):
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 20, 5), torch.nn.ReLU(), torch.nn.Conv2d(20, 64, 5), torch.nn.ReLU())
    assert model.to(device)(torch.zeros(1, 1, 28, 28, device=device)).shape == (1, 64, 20, 20)


@IMAGE_BATCHES_ARE_NCHW
def test_a_batch_with_the_channels_last_is_refused_unless_its_height_is_the_number_of_channels(device):
    layer = torch.nn.Conv2d(3, 2, 2).to(device)
    assert layer(torch.zeros(5, 3, 4, 6, device=device)).shape == (5, 2, 3, 5)
    with pytest.raises(RuntimeError):
        layer(torch.zeros(5, 4, 6, 3, device=device))
    assert layer(torch.zeros(5, 3, 6, 3, device=device)).shape == (5, 2, 5, 2)


@IMAGE_BATCHES_ARE_NCHW
def test_normalization_has_a_weight_for_each_channel_and_pooling_keeps_the_channels(device):
    x = torch.zeros(5, 3, 4, 6, device=device)
    normalization = torch.nn.BatchNorm2d(3).to(device)
    assert normalization(x).shape == x.shape and normalization.weight.shape == (3,)
    with pytest.raises((RuntimeError, ValueError)):
        torch.nn.BatchNorm2d(6).to(device)(x)
    assert torch.nn.MaxPool2d(2)(x).shape == (5, 3, 2, 3)


LAYERS_ACCEPT_NONCONTIGUOUS = Claim(
    "nn.layers-accept-noncontiguous",
    "A layer computes the same numbers for weights and inputs of any layout as for contiguous copies.",
    sources=[INTRODUCTION["PyTorch nn Module"], FLOYDHUB["Models Definition"], FLOYDHUB["Training process"]],
    deviations=[
        Deviation(
            "A float32 convolution whose kernels are not contiguous silently computes other numbers.",
            witness={"case": Convolution(
                Blueprint.of([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]], "float32"),
                Blueprint("float32", (1.0, 2.0, 3.0, 4.0), (1, 1, 2, 2), (4, 4, 1, 2)))},
            until="1.0",
            where=lambda case: case.kernels.dtype == "float32" and not case.kernels.contiguous,
        )
    ],
    kills=["conv2d-reads-kernels-as-if-contiguous", "conv2d-reads-images-as-if-contiguous"],
)


@LAYERS_ACCEPT_NONCONTIGUOUS
@needs(FLOAT64)
@reaches(transposed_images=lambda case: case.images.layout() == "transposed",
         expanded_images=lambda case: case.images.layout() == "expanded",
         transposed_kernels=lambda case: case.kernels.layout() == "transposed" and case.kernels.dtype == "float64",
         overlapping=lambda case: case.images.layout() == "overlapping")
@given(case=convolutions())
def test_a_convolution_does_not_depend_on_the_layout_of_images_and_kernels(device, case):
    """
    >>> conv = torch.nn.functional.conv2d
    >>> conv(images, kernels), conv(images.contiguous(), kernels.contiguous())
    """
    images, kernels = case.images.on(device), case.kernels.on(device)
    agrees(torch.nn.functional.conv2d(images, kernels), convolved(case))
    agrees(torch.nn.functional.conv2d(images.contiguous(), kernels.contiguous()), convolved(case))


@LAYERS_ACCEPT_NONCONTIGUOUS.instead
@needs(FLOAT64)
@given(case=convolutions())
def test_a_convolution_with_contiguous_copies_of_its_kernels_is_right(device, case):
    """
    >>> torch.nn.functional.conv2d(images, kernels.contiguous())
    """
    kernels = case.kernels.on(device).contiguous()
    agrees(torch.nn.functional.conv2d(case.images.on(device), kernels), convolved(case))


IMAGE_LAYOUT_DIFFERS_FROM_TENSORFLOW = Claim(
    "nn.image-layout-differs-from-tensorflow",
    "TensorFlow has another order of dimensions by default, batch x height x width x channels; permuting them converts "
    "one into the other.",
    sources=[FLOYDHUB["Data handling"]],
    kills=["conv2d-exchanges-height-and-width", "conv2d-takes-channels-last", "permute-goes-the-other-way"],
)

CASES = [((1, 4, 5, 3), (2, 3, 3, 2)), ((2, 3, 3, 3), (2, 2, 3, 3)), ((1, 2, 7, 1), (1, 4, 1, 2))]
"""Sizes of images (n, height, width, channels) and of kernels (i, j, channels, filters)."""


def whole_numbers(sizes):
    """Return images and kernels of these sizes, float32, of which no two axes can be exchanged unnoticed."""
    return [np.random.RandomState(number).randint(-9, 10, size).astype("float32") for number, size in enumerate(sizes)]


def by_torch(images, kernels, device="cpu"):
    """Convolve arrays in TensorFlow's order of dimensions with torch, by permuting there and back."""
    images, kernels = torch.tensor(images, device=device), torch.tensor(kernels, device=device)
    result = torch.nn.functional.conv2d(images.permute(0, 3, 1, 2), kernels.permute(3, 2, 0, 1).contiguous())
    return result.permute(0, 2, 3, 1)


@IMAGE_LAYOUT_DIFFERS_FROM_TENSORFLOW
@pytest.mark.parametrize("sizes", CASES, ids=["oblong", "square", "one-channel"])
def test_permuted_images_and_kernels_give_the_convolution_over_height_and_width(device, sizes):
    images, kernels = whole_numbers(sizes)
    expected = layers.conv2d(images.transpose(0, 3, 1, 2), kernels.transpose(3, 2, 0, 1)).transpose(0, 2, 3, 1)
    agrees(by_torch(images, kernels, device), expected.astype("float32"))


@IMAGE_LAYOUT_DIFFERS_FROM_TENSORFLOW
@needs(TENSORFLOW)
@pytest.mark.parametrize("sizes", CASES, ids=["oblong", "square", "one-channel"])
def test_tensorflow_computes_the_same_from_images_with_their_channels_last(sizes):
    images, kernels = whole_numbers(sizes)
    with new_graph() as tf, tf.Session() as session:
        result = session.run(tf.nn.conv2d(images, kernels, [1, 1, 1, 1], "VALID"))
    agrees(result, by_torch(images, kernels))
    assert tensorflow().keras.backend.image_data_format() == "channels_last"
