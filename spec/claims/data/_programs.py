"""The documents' programs on pictures, reduced: a dataset of faces, one of labelled pictures, and two transforms.

A face is a dictionary of an image, an array (height, width, channels), and its landmarks, an array (number, 2) of
points x, y. What the documents have scikit-image do, torch and pillow do here.
"""
import importlib
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import Dataset


def resize(image, height, width):
    """Return an image of another size, each of whose pixels is one of the given image."""
    planes = torch.from_numpy(np.array(image.transpose(2, 0, 1)[np.newaxis], dtype="float64", order="C"))
    return F.interpolate(planes, size=(height, width), mode="nearest")[0].numpy().transpose(1, 2, 0)


class Rescale:
    """Resize a face: to (height, width), or so that the shorter edge of the image has the length given."""

    def __init__(self, output_size):
        assert isinstance(output_size, (int, tuple))
        self.output_size = output_size

    def __call__(self, face):
        height, width = face["image"].shape[:2]
        if isinstance(self.output_size, tuple):
            new_height, new_width = self.output_size
        elif height > width:
            new_height, new_width = self.output_size * height / width, self.output_size
        else:
            new_height, new_width = self.output_size, self.output_size * width / height
        new_height, new_width = int(new_height), int(new_width)
        return {
            "image": resize(face["image"], new_height, new_width),
            "landmarks": face["landmarks"] * [new_width / width, new_height / height],
        }


class RandomCrop:
    """Cut a window out of a face: (height, width), or a square with the edge given, anywhere."""

    def __init__(self, output_size):
        assert isinstance(output_size, (int, tuple))
        self.output_size = (output_size, output_size) if isinstance(output_size, int) else output_size
        assert len(self.output_size) == 2

    def __call__(self, face):
        height, width = face["image"].shape[:2]
        new_height, new_width = self.output_size
        top = np.random.randint(0, height - new_height)
        left = np.random.randint(0, width - new_width)
        return {
            "image": face["image"][top:top + new_height, left:left + new_width],
            "landmarks": face["landmarks"] - [left, top],
        }


def face(height, width, landmarks=((0, 0),)):
    """Return a face of the size given whose pixel in row y and column x has the values y, x and 1."""
    rows, columns = np.mgrid[:height, :width]
    image = np.stack([rows, columns, np.ones_like(rows)], axis=-1).astype("float64")
    return {"image": image, "landmarks": np.array(landmarks, dtype="float64").reshape(-1, 2)}


def read_image(path):
    """Return the pixels in an image file as an array (height, width, channels)."""
    with importlib.import_module("PIL.Image").open(path) as image:
        return np.array(image)


def write_image(path, pixels):
    """Write an array of uint8, (height, width, channels) or (height, width), to an image file."""
    importlib.import_module("PIL.Image").fromarray(pixels).save(path)


class Faces(Dataset):
    """The faces listed in a csv file: the name of an image file, and the coordinates of its landmarks."""

    def __init__(self, csv_file, folder, transform=None):
        self.frame = importlib.import_module("pandas").read_csv(csv_file)
        self.folder = folder
        self.transform = transform

    def __len__(self):
        return len(self.frame)

    def __getitem__(self, index):
        image = read_image(os.path.join(self.folder, self.frame.iloc[index, 0]))
        landmarks = self.frame.iloc[index, 1:].values.astype("float").reshape(-1, 2)
        sample = {"image": image, "landmarks": landmarks}
        if self.transform:
            sample = self.transform(sample)
        return sample


class Images(Dataset):
    """The pictures listed in a pandas frame, in the columns path and class_; torchvision reads them by default."""

    def __init__(self, frame, transform=None, loader=None):
        self.frame = frame
        self.transform = transform
        self.loader = loader or importlib.import_module("torchvision.datasets.folder").default_loader

    def __len__(self):
        rows, _ = self.frame.shape
        return rows

    def __getitem__(self, index):
        row = self.frame.iloc[index]
        image = self.loader(row["path"])
        if self.transform is not None:
            image = self.transform(image)
        return image, row["class_"]
