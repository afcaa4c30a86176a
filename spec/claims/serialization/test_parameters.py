"""Parameters.

state_dict() returns the parameters and buffers of a model by name. That dictionary can be saved, and loaded into
another model of the same structure.
"""
import copy
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import STORAGE, needs
from spec.claim import Claim, Deviation, reaches
from spec.claims.serialization._helpers import LAYERS, ROWS, TREES, built, names_in, saved
from spec.oracles.agreement import agrees, array_of, bitwise, unchanged
from spec.sources import FLOYDHUB
from spec.strategies import LAYOUTS, Blueprint, shapes, tensors

EMPTY = Blueprint("float32", (), (2, 0))

STATE_DICT_ROUNDTRIP = Claim(
    "serialization.state-dict-roundtrip",
    "Saving model.state_dict() and loading it with load_state_dict restores all parameters, and the buffers.",
    sources=[FLOYDHUB["Training process"]],
    deviations=[
        Deviation(
            "A file with an empty tensor that has a side above 1, such as torch.ones(2, 0), cannot be loaded: the "
            "size that the file gives for its storage is wrong.",
            witness={"x": EMPTY},
            until="1.0",
            where=lambda x: not x.numel and any(side > 1 for side in x.size),
            raises=RuntimeError,
        )
    ],
    kills=["state-dicts-lack-buffers", "load-state-dict-leaves-the-last-entry", "save-rounds-to-single-precision",
           "load-copies-shared-storage", "load-loses-the-strides"],
)


class Holder(torch.nn.Module):
    """A module that holds one tensor, as a buffer and, where its dtype can have a gradient, as a parameter too."""

    def __init__(self, tensor):
        super().__init__()
        self.register_buffer("buffer", tensor)
        if tensor.is_floating_point():
            self.parameter = torch.nn.Parameter(tensor)


@STATE_DICT_ROUNDTRIP.regardless
@reaches(deep=lambda tree: any(part and not isinstance(part, str) for _, part in tree), empty=lambda tree: tree == (),
         norm=lambda tree: "batch norm" in dict(tree).values())
@example(tree=(("conv1", "linear"), ("relu1", "relu"), ("a", "batch norm")))
@given(tree=TREES)
def test_a_new_model_with_a_loaded_state_dict_has_the_same_names_values_and_outputs(tree):
    """
    >>> import io; from collections import OrderedDict as D; n, file = torch.nn, io.BytesIO()
    >>> L = {"relu": n.ReLU(), "linear": n.Linear(3, 3), "no bias": n.Linear(3, 3, 0), "batch norm": n.BatchNorm1d(3)}
    >>> f = lambda t: L[t] if isinstance(t, str) else n.Sequential(D((name, f(part)) for name, part in t))
    >>> torch.save(f(tree).state_dict(), file); _ = file.seek(0); print(torch.load(file))
    """
    first, second = built(tree, 1), built(tree, 2)
    state = torch.load(saved(first.state_dict()))
    assert list(state) == names_in(tree)
    second.load_state_dict(state)
    for name, tensor in first.state_dict().items():
        bitwise(second.state_dict()[name], tensor)
    x = torch.tensor(ROWS)
    bitwise(second.eval()(x), first.eval()(x))
    bitwise(second.train()(x), first.train()(x))


@STATE_DICT_ROUNDTRIP
@reaches(strided=lambda x: not x.contiguous, whole=lambda x: dtypes.is_integer(x.dtype), empty=lambda x: not x.numel,
         nan=lambda x: dtypes.is_float(x.dtype) and np.isnan(x.array).any(), half=lambda x: x.dtype == "float16",
         expanded=lambda x: x.layout() == "expanded", no_dimension=lambda x: not x.size)
@example(x=EMPTY)
@given(x=tensors(dtypes.ALL, shape=shapes(max_elements=33), layouts=LAYOUTS))
def test_values_of_every_dtype_and_layout_come_back_to_the_last_bit(device, x):
    """
    >>> import io; file = io.BytesIO(); torch.save({"x": x}, file); _ = file.seek(0)
    >>> y = torch.load(file)["x"]; print(x.equal(y), x.stride(), y.stride())
    """
    first = Holder(x.on(device))
    state = torch.load(saved(first.state_dict()))
    for tensor in state.values():
        agrees(tensor, x.array, dtype=x.dtype, sign_of_zero=True)
        assert tensor.stride() == first.buffer.stride() and tensor.device == first.buffer.device
    second = Holder(Blueprint(x.dtype, (0,) * x.numel, x.size).on(device))
    second.load_state_dict(state)
    for name, tensor in second.state_dict().items():
        bitwise(tensor, getattr(first, name))
        assert tensor.is_contiguous()


@STATE_DICT_ROUNDTRIP.instead
@pytest.mark.parametrize("size", [(2, 0), (2, 0, 3)])
def test_an_empty_tensor_with_a_longer_side_is_saved_and_cannot_be_loaded(device, size):
    file = saved(torch.ones(size, device=device))
    with pytest.raises(RuntimeError, match="storage has wrong size: expected 0"):
        torch.load(file)


@STATE_DICT_ROUNDTRIP.regardless
def test_the_bits_of_nan_come_back(device):
    bits = np.array([0x7FC00001, 0xFFC12345, 0x80000000, 0x00000001], dtype="uint32").view("float32")
    first, second = Holder(torch.from_numpy(bits).to(device)), Holder(torch.zeros(4, device=device))
    second.load_state_dict(torch.load(saved(first.state_dict())))
    bitwise(second.parameter, bits)


@STATE_DICT_ROUNDTRIP.regardless
@needs(STORAGE)
@reaches(overlap=lambda ends: max(ends[0], ends[2]) < min(ends[1], ends[3]))
@given(ends=st.tuples(*[st.integers(low, 9) for low in (0, 3, 0, 3)]))
def test_views_of_one_storage_still_share_it_after_loading(device, ends):
    """
    >>> import io; file, x = io.BytesIO(), torch.arange(9.0); a, b, c, d = ends
    >>> torch.save([x[a:b], x[c:d]], file); _ = file.seek(0); first, second = torch.load(file)
    >>> print(first.fill_(-1), second)
    """
    x, array = torch.arange(9.0, device=device), np.arange(9, dtype="float32")
    first, second = torch.load(saved([x[ends[0]:ends[1]], x[ends[2]:ends[3]]]))
    first.fill_(-1)
    array[ends[0]:ends[1]] = -1
    agrees(second, array[ends[2]:ends[3]])
    agrees(x, np.arange(9, dtype="float32"))


@STATE_DICT_ROUNDTRIP.regardless
def test_a_parameter_that_two_layers_share_is_saved_under_both_names_and_loaded_as_one(device):
    model = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2, bias=False)).to(device)
    model[1].weight = model[0].weight
    state = torch.load(saved(model.state_dict()))
    assert list(state) == ["0.weight", "1.weight"]
    state["0.weight"].fill_(2.5)
    agrees(state["1.weight"], np.full((2, 2), 2.5, dtype="float32"))


@STATE_DICT_ROUNDTRIP.regardless
@pytest.mark.parametrize("saved_as, loaded_into", [("float64", "float32"), ("float32", "float64"), ("int64", "float32"),
                                                   ("float32", "float16")])
def test_values_are_converted_to_the_dtype_of_the_model(device, saved_as, loaded_into):
    values = np.array([1.0, 3.0, -2.0], dtype=saved_as)
    model = torch.nn.BatchNorm1d(3).to(device).to(dtypes.torch_dtype(loaded_into))
    model.load_state_dict({"running_mean": torch.from_numpy(values)}, strict=False)
    agrees(model.running_mean, values, dtype=loaded_into)


STATE_DICT_IS_LIVE = Claim(
    "serialization.state-dict-is-live",
    "state_dict() holds the parameters themselves, without their history, and not a copy of them.",
    sources=[FLOYDHUB["Training process"]],
    kills=["state-dict-is-a-snapshot", "state-dict-keeps-the-history"],
)


@STATE_DICT_IS_LIVE
@needs(STORAGE)
@reaches(norm=lambda tree: "batch norm" in dict(tree).values())
@example(tree=(("a", "linear"), ("_b", "batch norm")))
@given(tree=TREES)
def test_what_is_written_into_a_parameter_or_a_buffer_shows_in_the_state_dict_and_the_other_way_round(device, tree):
    """
    >>> model = torch.nn.Linear(2, 2); state = model.state_dict(); state["bias"].fill_(3); print(model.bias, tree)
    """
    model = built(tree).to(device)
    state = model.state_dict()
    own = dict(model.named_parameters())
    own.update(model.named_buffers() if hasattr(model, "named_buffers") else {})
    for number, (name, tensor) in enumerate(state.items()):
        assert tensor.data_ptr() == own[name].data_ptr() and not tensor.requires_grad
        own[name].data.fill_(number + 3)
        agrees(tensor, np.full(tuple(tensor.shape), number + 3), any_dtype=True)
        tensor.fill_(number + 5)
        agrees(own[name], np.full(tuple(tensor.shape), number + 5), any_dtype=True)


@STATE_DICT_IS_LIVE
def test_an_optimizer_changes_a_state_dict_that_was_taken_before_and_not_a_deep_copy(device):
    model = torch.nn.Linear(2, 1).to(device)
    state, snapshot = model.state_dict(), copy.deepcopy(model.state_dict())
    before = array_of(model.weight)
    model(torch.ones(1, 2, device=device)).sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.5).step()
    agrees(state["weight"], before - np.float32(0.5), bound=1e-6)
    unchanged(snapshot["weight"], before)


@STATE_DICT_IS_LIVE
def test_with_keep_vars_the_dictionary_holds_the_parameters_as_they_are(device):
    model = torch.nn.Linear(2, 1).to(device)
    assert model.state_dict(keep_vars=True)["weight"] is model.weight
    assert model.state_dict()["weight"] is not model.weight


@STATE_DICT_IS_LIVE
def test_the_dictionary_itself_is_new_at_every_call(device):
    model = torch.nn.Linear(2, 1).to(device)
    del model.state_dict()["bias"]
    assert isinstance(model.state_dict(), OrderedDict) and list(model.state_dict()) == LAYERS["linear"][1]
