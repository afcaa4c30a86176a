"""Devices.

A saved tensor remembers where it was. A machine without that device has to be told where to put it.
"""
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import CUDA, HERE, WITHOUT_CUDA, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.serialization._helpers import saved
from spec.oracles.agreement import agrees, array_of, bitwise
from spec.oracles.rounding import of_matmul
from spec.sources import FLOYDHUB
from spec.strategies import Blueprint, shapes, tensors

MAP_LOCATION_TO_CPU = Claim(
    "serialization.map-location-to-cpu",
    "torch.load(file, map_location=lambda storage, loc: storage) loads onto the CPU what was saved on a GPU; a machine "
    "without a GPU cannot load the file otherwise.",
    sources=[FLOYDHUB["Training process"]],
    deviations=[
        Deviation(
            "A file with an empty tensor that has a side above 1 cannot be loaded at all.",
            witness={"values": [Blueprint("float32", (), (2, 0))], "way": "name", "format": "legacy"},
            until="1.0",
            where=lambda values: any(not x.numel and any(side > 1 for side in x.size) for x in values),
            raises=RuntimeError,
        )
    ],
    kills=["map-location-is-ignored", "map-location-sees-the-cpu", "map-location-zeroes-what-it-moves",
           "load-takes-the-cpu-silently"],
)

FORMATS = ["zip", "legacy"] if HERE >= (1, 6) else ["legacy"]
"""The formats of files: zip is the default since torch 1.6, legacy the only one before."""

LOCATIONS = {
    "function": lambda: (lambda storage, loc: storage),
    "name": lambda: "cpu",
    "device": lambda: torch.device("cpu"),
    "dictionary": lambda: {"cuda:0": "cpu"},
}
"""The ways to say that what was on the first GPU is to come to the CPU."""


@contextmanager
def on_the_first_gpu():
    """Have torch.save believe that every storage is on the first GPU."""
    original = torch.serialization.location_tag
    torch.serialization.location_tag = lambda storage: "cuda:0"
    try:
        yield
    finally:
        torch.serialization.location_tag = original


def saved_on_a_gpu(value, format="zip"):
    """Return a file like one that was saved on the first GPU."""
    options = {"_use_new_zipfile_serialization": format == "zip"} if HERE >= (1, 6) else {}
    with on_the_first_gpu():
        return saved(value, **options)


STATES = st.lists(tensors(dtypes.ALL, shape=shapes(max_elements=9)), min_size=1, max_size=3)


@MAP_LOCATION_TO_CPU
@reaches(empty=lambda values: any(not x.numel for x in values), strided=lambda values: any(
    not x.contiguous for x in values), several=lambda values: len(values) > 1, legacy=lambda format: format == "legacy")
@given(values=STATES, way=st.sampled_from(sorted(LOCATIONS)), format=st.sampled_from(FORMATS))
def test_with_map_location_what_was_on_a_gpu_comes_to_the_cpu_with_all_its_bits(values, way, format):
    """
    >>> import io; torch.serialization.location_tag = lambda storage: "cuda:0"
    >>> file = io.BytesIO(); torch.save(values, file); _ = file.seek(0); print(way, format)
    >>> torch.load(file, map_location=lambda storage, loc: storage)
    """
    state = [x.on("cpu") for x in values]
    for tensor, x in zip(torch.load(saved_on_a_gpu(state, format), map_location=LOCATIONS[way]()), values):
        agrees(tensor, x.array, dtype=x.dtype, sign_of_zero=True)
        assert tensor.device == torch.device("cpu") and tensor.stride() == x.on("cpu").stride()


@MAP_LOCATION_TO_CPU.regardless
@needs(WITHOUT_CUDA)
@reaches(several=lambda values: len(values) > 1, empty=lambda values: any(x.numel == 0 for x in values),
         strided=lambda values: any(not x.contiguous for x in values), legacy=lambda format: format == "legacy")
@example(values=[Blueprint.of([1.0])], format="legacy")
@given(values=STATES, format=st.sampled_from(FORMATS))
def test_without_map_location_a_machine_without_a_gpu_does_not_load_the_file(values, format):
    """
    >>> import io; torch.serialization.location_tag = lambda storage: "cuda:0"
    >>> file = io.BytesIO(); torch.save(values, file); _ = file.seek(0); print(format); torch.load(file)
    """
    file = saved_on_a_gpu([x.on("cpu") for x in values], format)
    with pytest.raises(RuntimeError, match="deserialize object on a CUDA device"):
        torch.load(file)


@MAP_LOCATION_TO_CPU.instead
def test_an_empty_tensor_with_a_longer_side_cannot_be_loaded_from_a_gpu_either():
    with pytest.raises(RuntimeError, match="storage has wrong size: expected 0"):
        torch.load(saved_on_a_gpu(torch.ones(2, 0)), map_location="cpu")


@MAP_LOCATION_TO_CPU.regardless
@pytest.mark.parametrize("format", FORMATS)
def test_the_function_is_called_once_for_each_storage_with_the_place_where_it_was(format):
    x, y, seen = torch.ones(4), torch.zeros(3), []

    def to_cpu(storage, loc):
        seen.append(loc)
        return storage

    first, second, third = torch.load(saved_on_a_gpu([x[:3], x[1:], y], format), map_location=to_cpu)
    assert seen == ["cuda:0"] * 2
    first.fill_(5)
    assert second.tolist() == [5, 5, 1] and third.tolist() == [0, 0, 0]
    torch.load(saved(y), map_location=to_cpu)
    assert seen[2:] == ["cpu"]


@MAP_LOCATION_TO_CPU.regardless
@needs(WITHOUT_CUDA)
def test_a_function_that_returns_nothing_leaves_the_storage_to_its_old_place():
    with pytest.raises(RuntimeError, match="deserialize object on a CUDA device"):
        torch.load(saved_on_a_gpu(torch.ones(2)), map_location=lambda storage, loc: None)
    agrees(torch.load(saved(torch.ones(2)), map_location=lambda storage, loc: None), torch.ones(2))


GPU_CHECKPOINT_ON_CPU = Claim(
    "serialization.gpu-checkpoint-on-cpu",
    "Weights that were trained and saved on a GPU can be used on a machine without one, when they are loaded with "
    "map_location.",
    sources=[FLOYDHUB["Training process"]],
    kills=["saving-rounds-what-lies-on-a-gpu"],
)

EVALUATION = """
import sys
import torch

assert not torch.cuda.is_available()
model = torch.nn.Linear(3, 2).double()
model.load_state_dict(torch.load(sys.argv[1], map_location=lambda storage, loc: storage))
torch.save([model.weight.detach(), model(torch.ones(4, 3).double()).detach()], sys.argv[2])
"""


@GPU_CHECKPOINT_ON_CPU
@needs(CUDA)
def test_a_model_trained_on_a_gpu_computes_the_same_in_a_process_that_sees_none(tmp_path):
    model, x = torch.nn.Linear(3, 2).double().cuda(), torch.ones(4, 3).double()
    model(x.cuda()).pow(2).sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.125).step()
    trained, evaluated = str(tmp_path / "model_params.ckp"), str(tmp_path / "evaluated.ckp")
    torch.save(model.state_dict(), trained)
    subprocess.check_call([sys.executable, "-c", EVALUATION, trained, evaluated], timeout=300,
                          env=dict(os.environ, CUDA_VISIBLE_DEVICES=""))
    weight, result = torch.load(evaluated)
    bitwise(weight, model.weight)
    parts = [array_of(x), array_of(model.weight).T]
    bound = 2 * of_matmul(abs(parts[0]), abs(parts[1]) + 1, "float64") + abs(array_of(model.bias)) * 2.0 ** -50
    agrees(result, array_of(model(x.cuda())), bound=bound)
