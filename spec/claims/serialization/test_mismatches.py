"""Mismatches.

Parameters fit one structure only: the names and the shapes have to be those of the model.
"""
from typing import NamedTuple, Tuple

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.claim import Claim, Deviation, reaches
from spec.claims.serialization._helpers import TREES, built, names_in
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.sources import FLOYDHUB

Change = NamedTuple("Change", [("tree", Tuple), ("kind", str), ("place", int)])
Change.__doc__ = "A model, and what is wrong with its state: a name is missing or unexpected, or a shape differs."


@st.composite
def changes(draw):
    """Draw a Change of a model with at least one parameter."""
    tree = (("first", "linear"),) + draw(TREES)
    return Change(tree, draw(st.sampled_from(["missing", "unexpected", "shape"])),
                  draw(st.integers(0, len(names_in(tree)) - 1)))


def is_a_counter(change):
    """Say whether the change is about num_batches_tracked, a buffer without dimensions."""
    return names_in(change.tree)[change.place].endswith("num_batches_tracked")


def changed(change):
    """Return a model, a state that does not fit it, and the name of what is wrong."""
    model, state = built(change.tree, 1), built(change.tree, 2).state_dict()
    name = names_in(change.tree)[change.place]
    if change.kind == "missing":
        del state[name]
    elif change.kind == "shape":
        state[name] = torch.zeros(state[name].shape + (2,), dtype=state[name].dtype)
    else:
        name += "_more"
        state[name] = torch.zeros(2)
    return model, state, name


MISMATCH_RAISES = Claim(
    "serialization.mismatch-raises",
    "Loading parameters into a model with other names or shapes raises an error.",
    sources=[FLOYDHUB["Training process"]],
    deviations=[
        Deviation(
            "A buffer without dimensions, such as num_batches_tracked of batch norm, takes the first element of any "
            "tensor of one dimension.",
            witness={"change": Change((("first", "linear"), ("a", "batch norm")), "shape", 6)},
            until="2.9",
            where=lambda change: change.kind == "shape" and is_a_counter(change),
            issue="pytorch#166335",
        )
    ],
    kills=["load-state-dict-is-never-strict", "load-state-dict-broadcasts", "load-state-dict-forgives-what-is-missing"],
)


@MISMATCH_RAISES
@reaches(missing=lambda change: change.kind == "missing", unexpected=lambda change: change.kind == "unexpected",
         shape=lambda change: change.kind == "shape",
         deep=lambda change: names_in(change.tree)[change.place].count(".") > 1)
@example(change=Change((("first", "linear"), ("a", "batch norm")), "missing", 6))
@given(change=changes())
def test_the_error_names_what_is_missing_unexpected_or_of_another_shape(change):
    """
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3)); state = model.state_dict()
    >>> name = list(state)[place % len(state)]; values = state.pop(name)
    >>> state.update({"missing": {}, "unexpected": {"more": values}, "shape": {name: values[None]}}[kind])
    >>> model.load_state_dict(state)
    """
    model, state, name = changed(change)
    with pytest.raises(RuntimeError) as caught:
        model.load_state_dict(state)
    text = str(caught.value)
    said = {"missing": "Missing key(s)", "unexpected": "Unexpected key(s)", "shape": "size mismatch for " + name}
    assert name in text and said[change.kind] in text
    assert [kind for kind in said if said[kind] in text] == [change.kind]


@MISMATCH_RAISES
@reaches(missing=lambda change: change.kind == "missing", shape=lambda change: change.kind == "shape")
@given(change=changes())
def test_a_load_that_is_not_strict_forgives_names_and_never_shapes(change):
    """
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3)); state = model.state_dict()
    >>> name = list(state)[place % len(state)]; values = state.pop(name)
    >>> state.update({"missing": {}, "unexpected": {"more": values}, "shape": {name: values[None]}}[kind])
    >>> model.load_state_dict(state, strict=False)
    """
    model, state, name = changed(change)
    if change.kind == "shape":
        with pytest.raises(RuntimeError, match="size mismatch"):
            model.load_state_dict(state, strict=False)
        return
    before = {key: array_of(value) for key, value in model.state_dict().items()}
    model.load_state_dict(state, strict=False)
    for key, value in model.state_dict().items():
        if key == name:
            unchanged(value, before[key])
        else:
            agrees(value, state[key])


@MISMATCH_RAISES.regardless
@pytest.mark.parametrize("size", [(1, 2), (2, 1), (1,), (2,), (), (4,), (1, 2, 2)])
def test_values_are_not_broadcast_or_reshaped_to_fit(device, size):
    layer = torch.nn.Linear(2, 2, bias=False).to(device)
    before = array_of(layer.weight)
    with pytest.raises(RuntimeError, match="size mismatch for weight"):
        layer.load_state_dict({"weight": torch.zeros(size, device=device)})
    unchanged(layer.weight, before)


@MISMATCH_RAISES.regardless
def test_what_does_fit_is_loaded_before_the_error_is_raised(device):
    layer = torch.nn.Linear(2, 2).to(device)
    bias = array_of(layer.bias)
    with pytest.raises(RuntimeError, match="size mismatch for bias"):
        layer.load_state_dict({"weight": torch.full((2, 2), 5.0), "bias": torch.zeros(3)})
    agrees(layer.weight, np.full((2, 2), 5, dtype="float32"))
    unchanged(layer.bias, bias)


@MISMATCH_RAISES.regardless
def test_one_element_in_one_dimension_fits_an_entry_without_dimensions(device):
    norm = torch.nn.BatchNorm1d(1).to(device)
    state = norm.state_dict()
    state["num_batches_tracked"] = torch.tensor([7])
    norm.load_state_dict(state)
    agrees(norm.num_batches_tracked, np.array(7))


@MISMATCH_RAISES.instead
def test_a_counter_takes_the_first_of_several_elements(device):
    norm = torch.nn.BatchNorm1d(1).to(device)
    state = norm.state_dict()
    state["num_batches_tracked"] = torch.tensor([7, 8])
    norm.load_state_dict(state)
    agrees(norm.num_batches_tracked, np.array(7))
