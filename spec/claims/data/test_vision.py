"""Pictures.

torchvision has datasets of pictures, and transforms of them. ToTensor, the last transform in the documents' list, makes
tensors of channels x height x width, so that batches are N x C x H x W.
"""
import importlib

import numpy as np
import pytest
from torch.utils.data import DataLoader, Dataset

from spec.capabilities import needs
from spec.claim import Claim
from spec.claims.data._helpers import PANDAS, VISION
from spec.claims.data._programs import Images, write_image
from spec.oracles.agreement import agrees, bitwise
from spec.oracles.statistics import hoeffding_radius
from spec.sources import FLOYDHUB, TEMPLATE


def transforms():
    """Return the module with the transforms of torchvision."""
    return importlib.import_module("torchvision.transforms")


def picture(pixels):
    """Return an array of uint8 as a picture of pillow, as torchvision's datasets read it."""
    return importlib.import_module("PIL.Image").fromarray(pixels)


def noise(height, width, channels=3, seed=0):
    """Return an array of random uint8, (height, width, channels)."""
    return np.random.RandomState(seed).randint(0, 256, (height, width, channels)).astype("uint8")


TOTENSOR_SCALES_AND_PERMUTES = Claim(
    "data.totensor-scales-and-permutes",
    "ToTensor makes of an image, H x W x C with values from 0 to 255, a float tensor C x H x W with values from 0 to "
    "1; so the batches of a loader are N x C x H x W.",
    sources=[FLOYDHUB["Data handling"]],
    kills=["to-tensor-exchanges-height-and-width", "to-tensor-divides-by-256"],
)


@TOTENSOR_SCALES_AND_PERMUTES
@needs(VISION)
@pytest.mark.parametrize("height", [1, 2, 5, 17])
@pytest.mark.parametrize("width", [1, 3, 5])
@pytest.mark.parametrize("channels", [1, 3])
def test_channels_come_first_and_values_are_divided_by_255(height, width, channels):
    pixels = noise(height, width, channels)
    expected = pixels.transpose(2, 0, 1).astype("float32") / np.float32(255)
    agrees(transforms().ToTensor()(pixels), expected)
    if channels == 3:
        agrees(transforms().ToTensor()(picture(pixels)), expected)


@TOTENSOR_SCALES_AND_PERMUTES
@needs(VISION)
def test_all_256_values_become_their_255th_part():
    pixels = np.arange(256, dtype="uint8").reshape(16, 16, 1)
    agrees(transforms().ToTensor()(pixels)[0], pixels[..., 0].astype("float32") / np.float32(255))


@TOTENSOR_SCALES_AND_PERMUTES
@needs(VISION)
def test_a_batch_is_n_x_c_x_h_x_w():
    pixels = [noise(4, 6, seed=seed) for seed in range(5)]
    samples = [transforms().ToTensor()(one) for one in pixels]
    assert [tuple(batch.shape) for batch in DataLoader(samples, batch_size=2)] == [(2, 3, 4, 6)] * 2 + [(1, 3, 4, 6)]


@TOTENSOR_SCALES_AND_PERMUTES
@needs(VISION)
def test_an_array_of_floats_is_not_scaled():
    pixels = noise(4, 6).astype("float32")
    agrees(transforms().ToTensor()(pixels), pixels.transpose(2, 0, 1))


TORCHVISION_CROP_AND_FLIP = Claim(
    "data.torchvision-crop-and-flip",
    "RandomCrop((64, 64), padding=4) of torchvision adds 4 pixels on each side and cuts 64 x 64 pixels out anywhere; "
    "RandomHorizontalFlip mirrors one image in two.",
    sources=[FLOYDHUB["Data handling"]],
    kills=["flip-happens-always", "crop-forgets-the-padding"],
)


def coordinates(height, width):
    """Return an image whose pixel in row y and column x has the values y, x and 255."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, np.full_like(rows, 255)], axis=-1).astype("uint8")


@TORCHVISION_CROP_AND_FLIP
@needs(VISION)
@pytest.mark.parametrize("height, width", [(56, 56), (56, 70), (57, 64), (100, 60)])
def test_a_crop_is_a_window_of_the_padded_image_and_every_place_can_come_up(height, width):
    pixels = coordinates(height, width)
    padded = np.pad(pixels, [(4, 4), (4, 4), (0, 0)], "constant")
    crop = transforms().RandomCrop((64, 64), padding=4)
    places = set()
    for _ in range(100):
        result = np.array(crop(picture(pixels)))
        row, column = np.argwhere(result[..., 2] == 255)[0]
        top, left = (result[row, column, :2].astype(int) + 4) - (row, column)
        bitwise(result, padded[top:top + 64, left:left + 64])
        places.add((top, left))
    for taken, edge in zip(zip(*places), (height, width)):
        possible = edge + 8 - 64 + 1
        assert set(taken) <= set(range(possible)) and len(set(taken)) > min(possible, 20) / 2


@TORCHVISION_CROP_AND_FLIP
@needs(VISION)
def test_an_image_that_is_smaller_than_the_crop_with_its_padding_is_refused():
    with pytest.raises(ValueError):
        transforms().RandomCrop((64, 64), padding=4)(picture(coordinates(55, 80)))


@TORCHVISION_CROP_AND_FLIP
@needs(VISION)
def test_half_of_the_images_are_mirrored():
    pixels = coordinates(2, 3)
    image, flip, number = picture(pixels), transforms().RandomHorizontalFlip(), 2000
    results = [np.array(flip(image)) for _ in range(number)]
    mirrored = [np.array_equal(result, pixels[:, ::-1]) for result in results]
    assert all(same or np.array_equal(result, pixels) for same, result in zip(mirrored, results))
    agrees(sum(mirrored) / number, 0.5, bound=hoeffding_radius(number, 0, 1))


IMAGES_DATASET = Claim(
    "data.images-dataset",
    "The dataset of images reads row i of a frame, loads the file at its path, transforms the image and gives it with "
    "the class of the row; it has as many samples as the frame has rows.",
    sources=[FLOYDHUB["Data handling"]],
    kills=["default-loader-loads-grey", "to-tensor-divides-by-256"],
)


@pytest.fixture
def frame(tmp_path):
    """A frame of four image files in an order of its own, one of them grey, with their pixels as colours."""
    pixels = [noise(5, 7, seed=seed) for seed in range(3)] + [noise(5, 7, channels=1)[..., 0]]
    paths = [str(tmp_path / "{}.png".format(number)) for number in range(4)]
    for path, image in zip(paths, pixels):
        write_image(path, image)
    table = importlib.import_module("pandas").DataFrame(
        {"class_": [3, 1, 4, 1], "path": paths}, index=[20, 0, 3, 1])
    return table, [np.broadcast_to(image.reshape(5, 7, -1), (5, 7, 3)) for image in pixels]


@IMAGES_DATASET
@needs(VISION, PANDAS)
def test_a_sample_is_the_image_of_a_row_counted_by_position_and_its_class(frame):
    table, pixels = frame
    dataset = Images(table)
    assert len(dataset) == 4
    for number, label in enumerate([3, 1, 4, 1]):
        image, target = dataset[number]
        assert target == label
        bitwise(np.array(image), pixels[number])
    with pytest.raises(IndexError):
        dataset[4]


@IMAGES_DATASET
@needs(VISION, PANDAS)
def test_a_loader_makes_batches_of_images_and_classes(frame):
    table, pixels = frame
    (images, targets), = DataLoader(Images(table, transforms().ToTensor()), batch_size=10)
    agrees(images, np.stack(pixels).transpose(0, 3, 1, 2).astype("float32") / np.float32(255))
    agrees(targets, np.array([3, 1, 4, 1]))


@IMAGES_DATASET
@needs(VISION, PANDAS)
def test_classes_that_are_texts_stay_texts_and_a_frame_without_rows_is_an_empty_dataset(frame):
    table = frame[0].assign(class_=list("abca"))
    _, targets = next(iter(DataLoader(Images(table, transforms().ToTensor()), batch_size=3)))
    assert list(targets) == ["a", "b", "c"]
    assert len(Images(table.iloc[:0])) == 0


VISION_DATASETS = Claim(
    "data.vision-datasets",
    "torchvision has datasets for MNIST, LSUN, COCO and CIFAR, and ImageFolder for pictures of one's own.",
    sources=[TEMPLATE["Data Loading"]],
    kills=["image-folder-numbers-from-1"],
)


@VISION_DATASETS
@needs(VISION)
@pytest.mark.parametrize("name", ["MNIST", "LSUN", "CocoCaptions", "CocoDetection", "CIFAR10", "CIFAR100",
                                  "ImageFolder"])
def test_torchvision_has_a_dataset_of_this_name(name):
    assert issubclass(getattr(importlib.import_module("torchvision.datasets"), name), Dataset)


@VISION_DATASETS
@needs(VISION)
def test_image_folder_labels_images_by_the_names_of_their_folders_in_order(tmp_path):
    for number, name in enumerate(["dog", "cat", "eel"]):
        (tmp_path / name).mkdir()
        write_image(str(tmp_path / name / "a.png"), noise(2, 3, seed=number))
    dataset = importlib.import_module("torchvision.datasets").ImageFolder(str(tmp_path))
    assert dataset.classes == ["cat", "dog", "eel"]
    assert [label for _, label in dataset] == [0, 1, 2]
    bitwise(np.array(dataset[1][0]), noise(2, 3))
