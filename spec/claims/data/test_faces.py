"""Faces.

The documents' example is a dataset of pictures of faces in which points are marked. Two transforms change a picture and
move its points with it.
"""
import csv

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from spec.capabilities import needs
from spec.claim import Claim, reaches
from spec.claims.data._helpers import PANDAS, PILLOW
from spec.claims.data._programs import Faces, RandomCrop, Rescale, face, write_image
from spec.oracles.agreement import agrees, bitwise
from spec.oracles.rounding import elementwise
from spec.sources import EXAMPLES

EDGES = st.integers(1, 24)

RESCALE = Claim(
    "data.rescale",
    "Rescale(n) makes the shorter edge of an image n pixels long and keeps the ratio of the edges; Rescale((h, w)) "
    "makes the image h x w.",
    sources=[EXAMPLES["PyTorch: custom dataset"]],
    kills=["interpolate-exchanges-height-and-width"],
)


@RESCALE
@reaches(tall=lambda height, width: height > width, wide=lambda height, width: width > height,
         square=lambda height, width: height == width, enlarged=lambda height, width, edge: edge > max(height, width))
@given(height=EDGES, width=EDGES, edge=EDGES)
@example(height=7, width=3, edge=5)
def test_the_shorter_edge_gets_the_length_asked_for_and_the_longer_one_is_rounded_down(height, width, edge):
    """
    >>> shape = (edge * height // min(height, width), edge * width // min(height, width))
    >>> torch.nn.functional.interpolate(torch.zeros(1, 3, height, width), size=shape).shape
    """
    short = min(height, width)
    image = Rescale(edge)(face(height, width))["image"]
    assert image.shape == (edge * height // short, edge * width // short, 3)


@RESCALE
@reaches(turned=lambda height, width, size: (height < width) != (size[0] < size[1]),
         smaller=lambda height, size: size[0] < height, larger=lambda width, size: size[1] > width)
@given(height=EDGES, width=EDGES, size=st.tuples(EDGES, EDGES))
@example(height=7, width=3, size=(5, 9))
def test_a_pair_is_the_height_and_the_width(height, width, size):
    """
    >>> torch.nn.functional.interpolate(torch.zeros(1, 3, height, width), size=size).shape
    """
    assert Rescale(size)(face(height, width))["image"].shape == size + (3,)


@RESCALE
def test_an_image_that_is_rescaled_to_its_own_size_stays_as_it_is():
    bitwise(Rescale(3)(face(5, 3))["image"], face(5, 3)["image"])


@RESCALE
@pytest.mark.parametrize("size", [2.0, [2, 3], np.int64(2), "2"], ids=["a fraction", "a list", "numpy's int", "a text"])
def test_a_size_that_is_neither_an_int_nor_a_tuple_is_refused(size):
    with pytest.raises(AssertionError):
        Rescale(size)
    with pytest.raises(AssertionError):
        RandomCrop(size)


RANDOMCROP = Claim(
    "data.randomcrop",
    "RandomCrop(n) cuts n x n pixels out of an image at a random place, and RandomCrop((h, w)) cuts out h x w; a tuple "
    "must have two numbers.",
    sources=[EXAMPLES["PyTorch: custom dataset"]],
    kills=["randint-gives-the-least-number", "randint-includes-the-bound"],
)


@RANDOMCROP
@reaches(square=lambda size: isinstance(size, int), wide=lambda more: more[1] > more[0])
@given(size=st.one_of(EDGES, st.tuples(EDGES, EDGES)), more=st.tuples(st.integers(1, 6), st.integers(1, 6)))
@example(size=(2, 3), more=(1, 1))
def test_a_crop_is_a_window_of_the_image(size, more):
    """
    >>> [(np.random.randint(0, more[0]), np.random.randint(0, more[1])) for _ in range(10)], size
    """
    height, width = (size, size) if isinstance(size, int) else size
    sample = face(height + more[0], width + more[1])
    crop = RandomCrop(size)(sample)
    left, top = (-crop["landmarks"][0]).astype(int)
    assert 0 <= top < more[0] and 0 <= left < more[1]
    bitwise(crop["image"], sample["image"][top:top + height, left:left + width])
    assert np.shares_memory(crop["image"], sample["image"])


@RANDOMCROP
def test_every_place_but_the_lowest_and_the_rightmost_comes_up():
    crop, sample = RandomCrop(4), face(6, 7)
    places = {tuple(-crop(sample)["landmarks"][0]) for _ in range(400)}  # 6 places; all but 1 in 10**31 runs have each
    assert places == {(left, top) for left in range(3) for top in range(2)}


@RANDOMCROP
def test_a_window_larger_than_the_image_is_refused():
    for size in (5, (2, 8)):
        with pytest.raises(ValueError):
            RandomCrop(size)(face(4, 6))


@RANDOMCROP
@pytest.mark.parametrize("size", [(1, 2, 3), (1,)])
def test_a_tuple_that_is_no_pair_is_refused(size):
    with pytest.raises(AssertionError):
        RandomCrop(size)


LANDMARKS_FOLLOW_IMAGE = Claim(
    "data.landmarks-follow-image",
    "Rescale multiplies the landmarks by new_w / w and new_h / h, x first, and RandomCrop subtracts left and top, so "
    "that a landmark keeps its place in the image.",
    sources=[EXAMPLES["PyTorch: custom dataset"]],
    kills=["interpolate-exchanges-height-and-width", "interpolate-mirrors"],
)


@LANDMARKS_FOLLOW_IMAGE
@reaches(tall=lambda height, width: height > width, wide=lambda height, width: width > height)
@given(height=EDGES, width=EDGES, size=st.one_of(EDGES, st.tuples(EDGES, EDGES)))
def test_rescaling_keeps_the_landmark_at_the_origin_and_the_one_at_the_opposite_corner(height, width, size):
    """
    >>> shape = (2 * height, 3 * width)
    >>> torch.nn.functional.interpolate(torch.arange(1.0 * height * width).view(1, 1, height, width), size=shape)
    """
    scaled = Rescale(size)(face(height, width, [(0, 0), (width, height)]))
    corner = np.array(scaled["image"].shape[1::-1], dtype="float64")
    agrees(scaled["landmarks"], np.array([[0, 0], corner]), bound=elementwise(corner, "float64", roundings=2))


@LANDMARKS_FOLLOW_IMAGE
@reaches(enlarged=lambda factors: factors[0] != factors[1], kept=lambda factors: factors == (1, 1),
         oblong=lambda height, width: height != width)
@given(height=EDGES, width=EDGES, factors=st.tuples(st.integers(1, 3), st.integers(1, 3)), where=st.data())
def test_the_pixel_at_a_landmark_is_the_same_after_enlarging_and_cropping(height, width, factors, where):
    """
    >>> size = (factors[0] * height, factors[1] * width)
    >>> torch.nn.functional.interpolate(torch.arange(1.0 * height * width).view(1, 1, height, width), size=size)
    """
    x, y = where.draw(st.integers(0, width - 1)), where.draw(st.integers(0, height - 1))
    sample = face(height, width, [(x, y)])
    scaled = Rescale((factors[0] * height, factors[1] * width))(sample)
    wide = {"image": np.pad(scaled["image"], [(3, 3), (3, 3), (0, 0)], "edge"), "landmarks": scaled["landmarks"] + 3}
    for result in (scaled, wide, RandomCrop((factors[0] * height + 3, factors[1] * width + 3))(wide)):
        column, row = np.rint(result["landmarks"][0]).astype(int)
        if 0 <= row < result["image"].shape[0] and 0 <= column < result["image"].shape[1]:
            agrees(result["image"][row, column], [float(y), float(x), 1.0])


@LANDMARKS_FOLLOW_IMAGE
def test_a_landmark_outside_the_crop_gets_coordinates_outside_it():
    crop = RandomCrop(2)(face(3, 3, [(-1, 5)]))
    agrees(crop["landmarks"], np.array([[-1.0, 5.0]]))


FACE_DATASET_SAMPLE = Claim(
    "data.face-dataset-sample",
    "The dataset of faces has as many samples as the csv file has rows; a sample is a dictionary of the image named in "
    "the first column and of the landmarks as a (k, 2) array of floats.",
    sources=[EXAMPLES["PyTorch: custom dataset"]],
    kills=["read-csv-loses-the-last-row", "read-csv-rounds"],
)


@pytest.fixture
def faces(tmp_path):
    """Three image files of different sizes and a csv file that lists them; its path, the pixels and the landmarks."""
    random = np.random.RandomState(0)
    pixels = [random.randint(0, 256, size).astype("uint8") for size in [(4, 6, 3), (5, 3, 3), (3, 3, 3)]]
    landmarks = random.standard_normal((3, 2, 2)) * 10
    path = tmp_path / "faces.csv"
    with open(str(path), "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image_name", "part_0_x", "part_0_y", "part_1_x", "part_1_y"])
        for number, image in enumerate(pixels):
            write_image(str(tmp_path / "face {}.png".format(number)), image)
            rows.writerow(["face {}.png".format(number)] + landmarks[number].ravel().tolist())
    return path, pixels, landmarks


@FACE_DATASET_SAMPLE
@needs(PANDAS, PILLOW)
def test_a_sample_holds_the_pixels_of_the_file_and_the_numbers_of_the_row(faces, tmp_path):
    path, pixels, landmarks = faces
    dataset = Faces(str(path), str(tmp_path))
    assert len(dataset) == 3
    for index in range(3):
        sample = dataset[index]
        assert sorted(sample) == ["image", "landmarks"]
        bitwise(sample["image"], pixels[index])
        agrees(sample["landmarks"], landmarks[index], bound=abs(landmarks[index]) * 2.0**-52)
    with pytest.raises(IndexError):
        dataset[3]


@FACE_DATASET_SAMPLE
@needs(PANDAS, PILLOW)
def test_a_loader_makes_batches_of_transformed_faces(faces, tmp_path):
    path, pixels, landmarks = faces
    dataset = Faces(str(path), str(tmp_path), transform=Rescale((4, 5)))
    batch = next(iter(DataLoader(dataset, batch_size=3)))
    assert batch["image"].shape == (3, 4, 5, 3) and batch["landmarks"].shape == (3, 2, 2)
    agrees(batch["landmarks"][2], landmarks[2] * [5 / 3, 4 / 3], bound=abs(landmarks[2]) * 2.0**-50)


@FACE_DATASET_SAMPLE
@needs(PANDAS, PILLOW)
def test_an_odd_number_of_coordinates_is_refused_and_a_header_alone_makes_an_empty_dataset(tmp_path):
    write_image(str(tmp_path / "a.png"), np.zeros((2, 2, 3), "uint8"))
    (tmp_path / "odd.csv").write_text(u"name,x\na.png,1\n")
    (tmp_path / "none.csv").write_text(u"name,x,y\n")
    with pytest.raises(ValueError):
        Faces(str(tmp_path / "odd.csv"), str(tmp_path))[0]
    assert len(Faces(str(tmp_path / "none.csv"), str(tmp_path))) == 0
