"""Setting the weights of one tensor.

The documents name three ways: a function of torch.nn.init on a tensor, the same on a Variable, and a method of the
Variable's data.
"""
import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.autograd import Variable
from torch.nn import init

from spec.capabilities import SEEDED, needs
from spec.claim import Claim, reaches
from spec.claims.initialization._helpers import SAMPLES, is_normal
from spec.oracles.agreement import agrees, array_of, bitwise, unchanged
from spec.sources import FLOYDHUB
from spec.strategies import seeds, shapes, tensors

THREE_WAYS_AGREE = Claim(
    "initialization.three-ways-agree",
    "Weights are set by a function of torch.nn.init on a tensor, by the same function on a Variable, or by calling "
    "normal_ on its data; the three fill in place and give the same values from the same random state.",
    sources=[FLOYDHUB["Weight initialization"]],
    kills=["init-normal-of-variables-is-uniform", "init-normal-works-on-a-copy", "normal-underscore-halves-its-spread"],
)

WAYS = {
    "a function on the tensor": lambda w: init.normal_(w),
    "a function on a Variable": lambda w: init.normal_(Variable(w)),
    "a function on a Variable that requires a gradient": lambda w: init.normal_(Variable(w, requires_grad=True)),
    "a method of the data": lambda w: Variable(w).data.normal_(),
}


@THREE_WAYS_AGREE
@needs(SEEDED)
@reaches(short=lambda shape: 0 < np.prod(shape) < 16, long=lambda shape: np.prod(shape) > 16,
         empty=lambda shape: 0 in shape, number=lambda shape: not shape)
@example(shape=(3, 5), seed=0)
@given(shape=shapes(max_elements=66), seed=seeds())
def test_the_ways_give_the_same_values_from_the_same_seed_and_fill_the_tensor_itself(device, shape, seed):
    """
    >>> v, w = torch.zeros(shape), torch.zeros(shape)
    >>> torch.manual_seed(seed); torch.nn.init.normal_(torch.autograd.Variable(v))
    >>> torch.manual_seed(seed); w.data.normal_()
    >>> print(v, w)
    """
    results = []
    for name in sorted(WAYS):
        w = torch.zeros(shape, device=device)
        torch.manual_seed(seed)
        bitwise(WAYS[name](w), w)
        results.append(array_of(w))
    for result in results[1:]:
        bitwise(result, results[0])
    assert results[0].all()


@THREE_WAYS_AGREE
@pytest.mark.parametrize("way", sorted(WAYS))
def test_the_values_are_normally_distributed_with_mean_0_and_deviation_1_in_each_way(device, way):
    w = torch.zeros(SAMPLES, device=device)
    WAYS[way](w)
    is_normal(w)


@THREE_WAYS_AGREE
def test_each_call_overwrites_what_the_one_before_it_has_drawn(device):
    w = torch.zeros(3, 5, device=device)
    w2 = Variable(w)
    seen = []
    for call in (lambda: init.normal_(w), lambda: init.normal_(w2), lambda: w2.data.normal_()):
        call()
        bitwise(w2, w)
        seen.append(array_of(w))
    assert (seen[0] != seen[1]).any() and (seen[1] != seen[2]).any()


OLD_NORMAL_NAME_WORKS = Claim(
    "initialization.old-normal-name-works",
    "torch.nn.init.normal(w), the name without an underscore, fills w in place.",
    sources=[FLOYDHUB["Weight initialization"]],
    kills=["old-names-do-not-warn", "old-normal-works-on-a-copy", "init-normal-of-variables-is-uniform"],
)

OLD_NAMES = {"uniform": (), "normal": (), "constant": (0.5,), "xavier_uniform": (), "xavier_normal": (),
             "kaiming_uniform": (), "kaiming_normal": (), "orthogonal": (), "sparse": (0.5,), "eye": ()}
"""The old names, and the arguments that they need beside the tensor."""


def called_with_warnings(function, *arguments):
    """Call a function and return its result and the categories of the warnings that it gave."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*arguments)
    return result, [warning.category for warning in caught]


@OLD_NORMAL_NAME_WORKS
@needs(SEEDED)
@reaches(short=lambda shape: 0 < np.prod(shape) < 16, long=lambda shape: np.prod(shape) > 16)
@given(shape=shapes(max_elements=66), seed=seeds())
def test_the_old_name_gives_the_values_of_the_new_one_returns_its_argument_and_warns_once(device, shape, seed):
    """
    >>> v, w = torch.zeros(shape), torch.zeros(shape)
    >>> torch.manual_seed(seed); torch.nn.init.normal(v)
    >>> torch.manual_seed(seed); torch.nn.init.normal_(w)
    >>> print(v, w)
    """
    old, new = torch.zeros(shape, device=device), torch.zeros(shape, device=device)
    torch.manual_seed(seed)
    result, caught = called_with_warnings(init.normal, old)
    assert result is old and len(caught) == 1 and issubclass(caught[0], (UserWarning, FutureWarning))
    torch.manual_seed(seed)
    result, caught = called_with_warnings(init.normal_, new)
    assert result is new and caught == []
    bitwise(old, new)
    assert array_of(old).all()


@OLD_NORMAL_NAME_WORKS
@needs(SEEDED)
@pytest.mark.parametrize("name", sorted(OLD_NAMES))
def test_each_old_name_warns_and_does_what_the_new_name_does(device, name):
    old, new = torch.zeros(5, 4, device=device), torch.zeros(5, 4, device=device)
    torch.manual_seed(7)
    result, caught = called_with_warnings(getattr(init, name), old, *OLD_NAMES[name])
    assert result is old and len(caught) == 1 and issubclass(caught[0], (UserWarning, FutureWarning))
    torch.manual_seed(7)
    assert getattr(init, name + "_")(new, *OLD_NAMES[name]) is new
    bitwise(old, new)
    assert array_of(new).any()


@OLD_NORMAL_NAME_WORKS
def test_a_negative_deviation_and_whole_numbers_are_refused(device):
    w = torch.zeros(3, device=device)
    for call in (lambda: init.normal_(w, 0.0, -1.0), lambda: init.normal_(torch.zeros(3, device=device).long())):
        with pytest.raises(RuntimeError):
            call()
    agrees(w, np.zeros(3, "float32"))


WORKS_ON_VARIABLES = Claim(
    "initialization.works-on-variables",
    "The init functions work on Variables too, also on leaves that require a gradient, and are not recorded.",
    sources=[FLOYDHUB["Weight initialization"]],
    kills=["init-constant-is-recorded", "init-functions-freeze-what-they-fill", "init-normal-works-on-a-copy",
           "init-functions-clear-the-gradient"],
)

FILLING = {
    "uniform_": lambda w: init.uniform_(w),
    "normal_": lambda w: init.normal_(w),
    "constant_": lambda w: init.constant_(w, 0.5),
    "xavier_uniform_": lambda w: init.xavier_uniform_(w),
    "xavier_normal_": lambda w: init.xavier_normal_(w),
    "kaiming_uniform_": lambda w: init.kaiming_uniform_(w),
    "kaiming_normal_": lambda w: init.kaiming_normal_(w),
    "orthogonal_": lambda w: init.orthogonal_(w),
    "eye_": lambda w: init.eye_(w),
    "sparse_": lambda w: init.sparse_(w, 0.5),
}


@WORKS_ON_VARIABLES
@pytest.mark.parametrize("recording", [True, False], ids=["recording on", "recording off"])
@pytest.mark.parametrize("name", sorted(FILLING))
def test_a_parameter_that_is_filled_stays_a_leaf_that_requires_a_gradient_and_keeps_the_one_it_has(
        device, name, recording):
    parameter = torch.nn.Parameter(torch.full((4, 3), 9.0, device=device))
    (2 * parameter).sum().backward()
    with torch.set_grad_enabled(recording):
        assert FILLING[name](parameter) is parameter
    assert (array_of(parameter) != 9).all()
    assert parameter.is_leaf and parameter.requires_grad and parameter.grad_fn is None
    assert isinstance(parameter, torch.nn.Parameter)
    agrees(parameter.grad, np.full((4, 3), 2, "float32"))
    (3 * parameter).sum().backward()
    agrees(parameter.grad, np.full((4, 3), 5, "float32"))


@WORKS_ON_VARIABLES
@pytest.mark.parametrize("dimensions", [0, 1, 2, 3, 4])
def test_the_functions_that_ask_for_no_matrix_fill_parameters_of_every_number_of_dimensions(device, dimensions):
    parameter = torch.nn.Parameter(torch.full((2,) * dimensions, 9.0, device=device))
    for name in ("uniform_", "normal_", "constant_"):
        before = array_of(parameter)
        FILLING[name](parameter)
        assert (array_of(parameter) != before).all() and parameter.requires_grad


@WORKS_ON_VARIABLES
def test_the_method_itself_is_refused_on_such_a_leaf_and_works_on_its_data(device):
    parameter = torch.nn.Parameter(torch.full((3, 2), 9.0, device=device))
    before = array_of(parameter)
    with pytest.raises(RuntimeError, match="in-place"):
        parameter.normal_()
    unchanged(parameter, before)
    parameter.data.normal_()
    assert (array_of(parameter) != before).all() and parameter.is_leaf


INIT_THROUGH_VARIABLE_CHANGES_TENSOR = Claim(
    "initialization.init-through-variable-changes-tensor",
    "To initialize the Variable made from w, or its data, changes w too, for wrapping does not copy.",
    sources=[FLOYDHUB["Weight initialization"]],
    kills=["variable-copies-its-tensor", "init-constant-works-on-a-copy", "init-normal-works-on-a-copy"],
)


@INIT_THROUGH_VARIABLE_CHANGES_TENSOR
@reaches(strided=lambda w: not w.contiguous, empty=lambda w: not w.numel, number=lambda w: not w.size)
@given(w=tensors("float32", max_elements=33), way=st.sampled_from(["the Variable", "its data", "as a parameter"]))
def test_what_is_written_through_a_variable_made_of_a_tensor_shows_in_the_tensor(device, w, way):
    """
    >>> w2 = torch.autograd.Variable(w); torch.nn.init.constant_(w2, 0.25); print(w)
    >>> w2.data.fill_(0.5); print(w, way)
    """
    tensor = w.on(device)
    copied = Variable(tensor.clone(), requires_grad=way == "as a parameter")
    wrapped = Variable(tensor, requires_grad=way == "as a parameter")
    init.constant_(copied, 7.0)
    unchanged(tensor, w.array)
    init.constant_(wrapped.data if way == "its data" else wrapped, 0.25)
    agrees(tensor, np.full(w.size, 0.25, "float32"))
    init.normal_(wrapped.data if way == "its data" else wrapped)
    bitwise(wrapped, tensor)
    assert (array_of(tensor) != 0.25).all()
    assert not tensor.requires_grad
