"""Data.

Training data of the wrong type, and transforms that leave out an edge or are never applied.
"""
import importlib.util

import numpy as np
import pytest
import torch

from spec.capabilities import Capability, needs
from spec.claims.errata._erratum import Correction, Erratum, run
from spec.claims.errata._helpers import linear_of, whole_numbers
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, INTRODUCTION

DOUBLES = Erratum(
    "errata.float64-training-data",
    "Training data that are loaded in numpy and turned into tensors can be fed to the model.",
    [INTRODUCTION["PyTorch DataLoader"]],
    Correction("numpy's usual float64 gives tensors that a model of float32 refuses; either has to be converted.",
               RuntimeError),
    kills=["linear-keeps-its-weight-untransposed", "from-numpy-widens-everything"],
)


@DOUBLES.printed
def test_a_model_takes_the_numbers_of_numpy():
    """
    >>> x_train = np.random.randn(4, 2)
    >>> torch.nn.Linear(2, 3)(torch.from_numpy(x_train))
    """


@DOUBLES.corrected
def test_a_model_takes_single_precision():
    """
    >>> x_train = np.random.randn(4, 2).astype("float32")
    >>> prediction = torch.nn.Linear(2, 3)(torch.from_numpy(x_train))
    >>> assert prediction.dtype is torch.float32 and prediction.shape == (4, 3)
    """


@DOUBLES.instead
@pytest.mark.parametrize("rows", [1, 4, 17])
def test_a_model_of_double_precision_takes_the_numbers_of_numpy(rows):
    x, weight, bias = whole_numbers(rows, (rows, 2), (2, 3), (3,))
    agrees(linear_of(weight, bias)(torch.from_numpy(x)), x.dot(weight) + bias)


@DOUBLES.instead
def test_a_model_that_is_made_while_double_precision_is_the_default_takes_the_numbers_of_numpy():
    torch.set_default_dtype(torch.float64)
    try:
        model = torch.nn.Linear(2, 3)
    finally:
        torch.set_default_dtype(torch.float32)
    assert model(torch.from_numpy(np.ones((4, 2)))).dtype is torch.float64


@DOUBLES.instead
@pytest.mark.parametrize("dtype", ["int64", "int32"])
def test_a_model_refuses_whole_numbers_too(dtype):
    with pytest.raises(RuntimeError):
        torch.nn.Linear(2, 3)(torch.from_numpy(np.ones((4, 2), dtype)))


CROP = Erratum(
    "errata.randomcrop-off-by-one",
    "RandomCrop can cut any window that fits into the image.",
    [EXAMPLES["PyTorch: custom dataset"]],
    Correction("RandomCrop never cuts the last window, for its offsets end one too early, and raises for one as large "
               "as the image.",
               ValueError),
    kills=["random-integers-include-their-bound"],
)


@CROP.printed
def test_a_window_as_large_as_the_image_is_cut():
    """
    >>> image, (new_h, new_w) = torch.zeros(6, 7), (6, 4)
    >>> h, w = image.shape
    >>> top, left = np.random.randint(0, h - new_h), np.random.randint(0, w - new_w)
    """


@CROP.instead
@pytest.mark.parametrize("h, new", [(2, 1), (6, 4), (7, 4)])
def test_no_window_begins_at_the_last_place_where_it_fits_unless_the_bound_is_one_more(h, new):
    room = h - new
    np.random.seed(0)
    printed, corrected = [{int(np.random.randint(0, h - new + more)) for _ in range(200)} for more in (0, 1)]
    assert printed == set(range(room)) and corrected == set(range(room + 1))
    assert [len(torch.zeros(h)[top:top + new]) for top in sorted(corrected)] == [new] * (room + 1)


def _pandas_without_as_matrix(device):
    return importlib.util.find_spec("pandas") is not None and int(importlib.import_module("pandas").__version__[0]) >= 1


PANDAS = Capability("pandas 1.0 or later is not installed", False, _pandas_without_as_matrix)

AS_MATRIX = Erratum(
    "errata.as-matrix",
    "as_matrix() gives the landmarks of a row as an array.",
    [EXAMPLES["PyTorch: custom dataset"]],
    Correction("pandas 1.0 has removed as_matrix(); the array is values, or to_numpy().", AttributeError, "as_matrix"),
    kills=["from-numpy-takes-objects"],
)


@AS_MATRIX.printed
@needs(PANDAS)
def test_a_row_gives_its_landmarks():
    """
    >>> import pandas
    >>> frame = pandas.DataFrame([["face.jpg", 1, 2, 3, 4]])
    >>> frame.iloc[0, 1:].as_matrix()
    """


@AS_MATRIX.corrected
@needs(PANDAS)
def test_a_row_gives_its_landmarks_as_values():
    """
    >>> import pandas
    >>> row = pandas.DataFrame([["face.jpg", 1, 2, 3, 4]]).iloc[0, 1:]
    >>> assert row.values.astype("float").reshape(-1, 2).tolist() == [[1, 2], [3, 4]]
    >>> assert row.to_numpy().tolist() == [1, 2, 3, 4]
    """


@AS_MATRIX.regardless
def test_a_row_of_mixed_types_must_become_floats_before_it_is_a_tensor():
    row = np.array(["face.jpg", 1, 2, 3, 4], dtype=object)[1:]
    with pytest.raises(TypeError):
        torch.from_numpy(row)
    agrees(torch.from_numpy(row.astype("float").reshape(-1, 2)), np.array([[1.0, 2.0], [3.0, 4.0]]))


UNUSED = Erratum(
    "errata.unused-transform-objects",
    "scale, crop and composed are part of the example of a dataset with transforms.",
    [EXAMPLES["PyTorch: custom dataset"]],
    Correction("scale, crop and composed are never used: the dataset has transforms of its own, and crops to 224, not "
               "to 128."),
    kills=["stops-are-included"],
)


@UNUSED.printed
def test_the_dataset_crops_as_crop_does():
    """
    >>> crop = lambda image: image[:2, :2]
    >>> dataset = [(lambda image: image[:3, :3])(torch.zeros(4, 4))]
    >>> assert dataset[0].shape == (2, 2)
    """


@UNUSED.instead
def test_without_the_three_lines_the_samples_are_the_same():
    made = ["class Crop:",
            "    def __init__(self, size): self.size = size",
            "    def __call__(self, image): return image[:self.size, :self.size]"]
    unused = ["crop = Crop(2)", "composed = [Crop(4), Crop(3)]"]
    used = ["samples = [change(image) for change in [Crop(3)]]"]
    image = torch.arange(16).view(4, 4)
    for lines in (made + unused + used, made + used):
        assert run(lines, image=image)["samples"][0].tolist() == [[0, 1, 2], [4, 5, 6], [8, 9, 10]]
