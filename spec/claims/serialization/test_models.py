"""Whole models.

A model can also be saved as the object that it is. Restoring an object may run code, and newer releases of torch want
to be told that the file can be trusted.
"""
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import example, given

from spec.claim import Claim, Deviation, reaches
from spec.claims.serialization._helpers import ROWS, TREES, TRUSTING, built, saved
from spec.oracles.agreement import agrees, bitwise
from spec.sources import FLOYDHUB

WHOLE_MODEL_ROUNDTRIP = Claim(
    "serialization.whole-model-roundtrip",
    "torch.save(model, path) and model = torch.load(path) save and restore a whole model.",
    sources=[FLOYDHUB["Training process"]],
    deviations=[
        Deviation(
            "torch.load refuses the file, because it trusts tensors and plain containers only; "
            "torch.load(path, weights_only=False) restores the model, and so does a load after its classes were "
            "declared safe.",
            witness={"tree": (("conv1", "linear"), ("relu1", "relu"))},
            since="2.6",
            raises=pickle.UnpicklingError,
            issue="torch 2.6 release notes",
        )
    ],
    kills=["loaded-models-are-in-training-mode", "load-trusts-every-file", "loaded-models-lose-their-names"],
)


def same(loaded, model):
    """Assert that a loaded model has class, text, flags, state and outputs of the original, and is another object."""
    assert loaded is not model and type(loaded) is type(model) and repr(loaded) == repr(model)
    assert [part.training for part in loaded.modules()] == [part.training for part in model.modules()]
    assert list(loaded.state_dict()) == list(model.state_dict())
    for name, tensor in model.state_dict().items():
        bitwise(loaded.state_dict()[name], tensor)
        assert tensor.numel() == 0 or loaded.state_dict()[name].data_ptr() != tensor.data_ptr()
    x = torch.tensor(ROWS)
    bitwise(loaded(x), model(x))


@WHOLE_MODEL_ROUNDTRIP
@reaches(deep=lambda tree: any(part and not isinstance(part, str) for _, part in tree))
@given(tree=TREES)
def test_a_loaded_model_is_an_equal_model(tree):
    """
    >>> import io; file = io.BytesIO(); torch.save(torch.nn.Sequential(torch.nn.Linear(3, 3)), file); _ = file.seek(0)
    >>> print(tree, torch.load(file))
    """
    for model in (built(tree), built(tree).eval()):
        same(torch.load(saved(model)), model)


@WHOLE_MODEL_ROUNDTRIP.instead
@reaches(deep=lambda tree: any(part and not isinstance(part, str) for _, part in tree))
@example(tree=(("a", "batch norm"), ("_b", "linear")))
@given(tree=TREES)
def test_a_model_loaded_with_weights_only_switched_off_is_an_equal_model(tree):
    """
    >>> import io; file = io.BytesIO(); torch.save(torch.nn.Sequential(torch.nn.Linear(3, 3)), file); _ = file.seek(0)
    >>> print(tree, torch.load(file, weights_only=False))
    """
    model = built(tree).eval()
    same(torch.load(saved(model), weights_only=False), model)


@WHOLE_MODEL_ROUNDTRIP.instead
def test_a_model_is_restored_where_its_classes_are_declared_safe():
    model = built((("conv1", "linear"), ("relu1", "relu")))
    with torch.serialization.safe_globals([torch.nn.Sequential, torch.nn.Linear, torch.nn.ReLU]):
        same(torch.load(saved(model)), model)
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        torch.load(saved(model))


@WHOLE_MODEL_ROUNDTRIP.instead
def test_what_a_file_would_run_while_it_is_loaded_is_not_run(tmp_path):
    folder = str(tmp_path / "never made")

    class Harmful(object):
        def __reduce__(self):
            return os.mkdir, (folder,)

    with pytest.raises(pickle.UnpicklingError):
        torch.load(saved(Harmful()))
    assert not os.path.exists(folder)


BOTH_FILES_EXIST = Claim(
    "serialization.both-files-exist",
    "After the parameters and the whole model were saved, both files exist, model.ckp and model_params.ckp.",
    sources=[FLOYDHUB["Training process"]],
    kills=["save-keeps-a-file-that-exists", "save-adds-a-suffix"],
)


def convolutions():
    """Return the documents' model of named layers, smaller."""
    return torch.nn.Sequential(OrderedDict([
        ("conv1", torch.nn.Conv2d(1, 2, 3)), ("relu1", torch.nn.ReLU()), ("conv2", torch.nn.Conv2d(2, 3, 3)),
        ("relu2", torch.nn.ReLU())]))


@BOTH_FILES_EXIST
@pytest.mark.parametrize("kind", ["path", "open file"])
def test_the_two_files_are_there_and_can_be_read(tmp_path, kind):
    model, other, x = convolutions(), convolutions(), torch.ones(1, 1, 5, 5)
    for name, value in (("model_params.ckp", model.state_dict()), ("model.ckp", model)):
        path = str(tmp_path / name)
        with open(path, "wb") as file:
            torch.save(value, path if kind == "path" else file)
    assert sorted(os.listdir(str(tmp_path))) == ["model.ckp", "model_params.ckp"]
    other.load_state_dict(torch.load(str(tmp_path / "model_params.ckp")))
    bitwise(other(x), model(x))
    bitwise(torch.load(str(tmp_path / "model.ckp"), **TRUSTING)(x), model(x))


@BOTH_FILES_EXIST
def test_saving_again_replaces_the_file(tmp_path):
    path = str(tmp_path / "model_params.ckp")
    for size in (1000, 3):
        torch.save(torch.full((size,), float(size)), path)
    agrees(torch.load(path), np.full(3, 3, dtype="float32"))
    assert os.listdir(str(tmp_path)) == ["model_params.ckp"] and os.path.getsize(path) < 4000
