"""Transforms.

A dataset may apply a transform to each sample that is read from it. Compose, of torchvision, makes one transform of
several.
"""
import functools
import importlib
import operator

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from spec.capabilities import needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.data._helpers import VISION, Batching, Samples, batchings
from spec.claims.data._programs import RandomCrop, Rescale, face
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB

STEPS = {
    "one more": lambda x: x + 1,
    "twice": lambda x: 2 * x,
    "negative": operator.neg,
    "square": lambda x: x * x,
}
"""Transforms of a number, hardly two of which can change places."""

LISTS = st.lists(st.sampled_from(sorted(STEPS)), max_size=4)


class Counting:
    """A transform of several steps that counts how often it is called."""

    def __init__(self, steps):
        self.steps = steps
        self.calls = 0

    def __call__(self, sample):
        self.calls += 1
        return in_order(self.steps, sample)


def in_order(steps, sample):
    """Return what the steps named make of a sample, one after the other."""
    return functools.reduce(lambda value, name: STEPS[name](value), steps, sample)


TRANSFORM_ON_EVERY_ACCESS = Claim(
    "data.transform-on-every-access",
    "A sample is transformed each time it is read, and never when the dataset is made; with transform=None it comes as "
    "it is.",
    sources=[EXAMPLES["PyTorch: custom dataset"]],
    kills=["loader-keeps-its-first-epoch", "loader-asks-for-every-sample-twice"],
)


@TRANSFORM_ON_EVERY_ACCESS
@reaches(empty=lambda case: case.rows == 0, several=lambda epochs: epochs > 1, long=lambda steps: len(steps) > 2)
@given(case=batchings(max_rows=12), steps=LISTS, epochs=st.integers(0, 3))
def test_every_epoch_transforms_every_sample_once(case, steps, epochs):
    """
    >>> from torch.utils.data import DataLoader
    >>> D = type("D", (), {"__len__": lambda self: rows, "__getitem__": lambda self, row: print("read", row) or row})
    >>> for _ in range(epochs): list(DataLoader(D(), batch_size=size))
    """
    transform = Counting(steps)
    dataset = Samples(list(range(case.rows)), transform)
    batches = DataLoader(dataset, batch_size=case.size)
    assert transform.calls == 0
    for number in range(epochs):
        seen = [value for batch in batches for value in batch.tolist()]
        assert seen == [in_order(steps, row) for row in range(case.rows)]
        assert transform.calls == (number + 1) * case.rows


@TRANSFORM_ON_EVERY_ACCESS
def test_a_transform_that_draws_random_numbers_gives_another_sample_in_every_epoch():
    dataset = Samples([0.0] * 20, lambda sample: sample + np.random.standard_normal())
    epochs = [next(iter(DataLoader(dataset, batch_size=20))) for _ in range(2)]
    assert len(set(torch.cat(epochs).tolist())) == 40


@TRANSFORM_ON_EVERY_ACCESS
def test_without_a_transform_the_sample_itself_is_returned():
    sample = object()
    assert Samples([sample])[0] is Samples([sample], transform=None)[0] is sample


@TRANSFORM_ON_EVERY_ACCESS
def test_a_transform_whose_length_is_0_counts_as_none_where_only_its_truth_is_asked_for():
    class Sequence(list):
        def __call__(self, sample):
            return sample + 1

    assert Samples([5], Sequence())[0] == 5 and Samples([5], Sequence("a"))[0] == 6


DATASET_NOT_EXPANDED = Claim(
    "data.dataset-not-expanded",
    "Transforms do not make a dataset longer: they are applied on the fly.",
    sources=[EXAMPLES["PyTorch: custom dataset"]],
    kills=["loader-gives-every-batch-twice", "loader-drops-the-last-batch"],
)


@DATASET_NOT_EXPANDED
@reaches(none=lambda steps: not steps, more_than_samples=lambda case, steps: len(steps) > case.rows > 0)
@given(case=batchings(max_rows=12), steps=LISTS)
@example(case=Batching(3, 2), steps=[])
def test_however_many_transforms_there_are_an_epoch_has_as_many_samples_as_before(case, steps):
    """
    >>> from torch.utils.data import DataLoader
    >>> [len(batch) for batch in DataLoader(range(rows), batch_size=size)]
    """
    dataset = Samples(list(range(case.rows)), Counting(steps))
    assert len(dataset) == case.rows
    assert sum(len(batch) for batch in DataLoader(dataset, batch_size=case.size)) == case.rows


def compose(transforms):
    """Compose transforms with torchvision."""
    return importlib.import_module("torchvision.transforms").Compose(transforms)


COMPOSE_ORDER = Claim(
    "data.compose-order",
    "Compose applies its transforms in the order of the list: Compose([Rescale(256), RandomCrop(224)]) makes the "
    "shorter edge 256, and then cuts 224 x 224 pixels out.",
    sources=[EXAMPLES["PyTorch: custom dataset"], FLOYDHUB["Data handling"]],
    kills=["compose-begins-at-the-end", "compose-applies-one-at-random"],
)


@COMPOSE_ORDER
@needs(VISION)
@pytest.mark.parametrize("steps", [
    [], ["one more"], ["one more", "twice"], ["twice", "one more"], ["square", "negative", "one more", "square"],
], ids=lambda steps: ", ".join(steps) or "none")
def test_the_composed_transform_is_the_first_then_the_second_and_so_on(steps):
    for x in range(-9, 10):
        assert compose([STEPS[name] for name in steps])(x) == in_order(steps, x)


@COMPOSE_ORDER
@needs(VISION)
@pytest.mark.parametrize("height, width", [(324, 215), (215, 324), (300, 300), (100, 100)])
def test_rescaling_and_cropping_makes_224_x_224_pixels_and_moves_the_landmarks_by_both(height, width):
    sample = face(height, width, [(0, 0), (width, height)])
    result = compose([Rescale(256), RandomCrop(224)])(sample)
    assert result["image"].shape == (224, 224, 3)
    first, last = result["landmarks"]
    long = 256 * max(height, width) // min(height, width)
    agrees(last - first, [long, 256.0] if width > height else [256.0, long], bound=1e-9)
    assert (first <= 0).all() and (last >= 224).all()


@COMPOSE_ORDER
@needs(VISION)
def test_in_the_opposite_order_the_result_has_256_pixels_on_its_shorter_edge():
    assert compose([RandomCrop(224), Rescale(256)])(face(240, 320))["image"].shape == (256, 256, 3)


ONE_TRANSFORM_AT_RANDOM = Claim(
    "data.one-transform-at-random",
    "Each time a sample is read, one of the transforms, chosen at random, is applied to it.",
    sources=[EXAMPLES["PyTorch: custom dataset"]],
    deviations=[
        Deviation(
            "Compose applies all of its transforms to every sample, in the order of the list; random is only what a "
            "transform itself draws, such as the place of a crop.",
            witness={},
        )
    ],
    kills=["compose-applies-one-at-random"],
)


class Noting:
    """A transform that notes down that it was called, and changes nothing."""

    def __init__(self, name, notes):
        self.name = name
        self.notes = notes

    def __call__(self, sample):
        self.notes.append(self.name)
        return sample


def calls_of(names, samples):
    """Return which of the transforms named were called, in order, when some samples were read one after the other."""
    notes = []
    for _ in DataLoader(Samples(list(range(samples)), compose([Noting(name, notes) for name in names]))):
        pass
    return notes


@ONE_TRANSFORM_AT_RANDOM
@needs(VISION)
def test_one_of_two_composed_transforms_is_applied_to_each_sample():
    assert len(calls_of("ab", samples=10)) == 10


@ONE_TRANSFORM_AT_RANDOM.instead
@needs(VISION)
@pytest.mark.parametrize("names", [[], ["a"], ["a", "b"], ["b", "a"], ["a", "c", "a", "b"]],
                         ids=lambda names: ", ".join(names) or "none")
@pytest.mark.parametrize("samples", [0, 1, 5])
def test_all_composed_transforms_are_applied_to_every_sample_in_order(names, samples):
    assert calls_of(names, samples) == names * samples
