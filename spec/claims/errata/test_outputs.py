"""Outputs.

What the documents say that a line prints or returns.
"""
from collections import OrderedDict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import VALUES, needs
from spec.claim import Claim, reaches
from spec.claims.errata._erratum import Correction, Erratum
from spec.sources import FLOYDHUB, INTRODUCTION, TEMPLATE

TYPES = Erratum(
    "errata.type-prints-tensor-class",
    "print(type(t)) shows the type of the elements: torch.FloatTensor, torch.cuda.LongTensor.",
    [TEMPLATE["PyTorch for Torch Users"], FLOYDHUB["Variables and AutoGrad"]],
    Correction("The type of every tensor is torch.Tensor; the method type() names that of the elements."),
    kills=["type-names-every-element-a-float"],
)


@TYPES.printed
def test_the_type_of_a_tensor_of_floats_is_float_tensor():
    """
    >>> w = torch.randn(5, 1, requires_grad=True)
    >>> assert str(type(w.data)) == "<class 'torch.FloatTensor'>"
    """


NAMES = {"bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long",
         "float16": "Half", "bfloat16": "BFloat16", "float32": "Float", "float64": "Double",
         "complex64": "ComplexFloat", "complex128": "ComplexDouble"}


@TYPES.instead
def test_the_type_is_tensor_and_the_method_names_the_type_of_the_elements(device):
    place = "" if device == "cpu" else torch.device(device).type + "."
    for dtype in [name for name in dtypes.ALL if device != "mps" or name not in ("float64", "complex128")]:
        tensor = torch.ones(2, device=device).to(dtypes.torch_dtype(dtype))
        assert str(type(tensor)) == str(type(tensor.data)) == "<class 'torch.Tensor'>"
        assert tensor.type() == "torch.{}{}Tensor".format(place, NAMES[dtype])


FORMAT = Erratum(
    "errata.loop-output-format",
    "The loop prints 20, 20.",
    [FLOYDHUB["Static vs Dynamic Computational Graph"]],
    Correction("The loop prints tensor([20.]) tensor([20.]); item() gives the numbers."),
    kills=["a-list-of-one-number-is-a-size"],
)


@FORMAT.printed
def test_the_loop_ends_with_20_and_20_in_print():
    """
    >>> first, second = torch.Tensor([0]), torch.Tensor([10])
    >>> while (first < second)[0]: first += 2; second += 1
    >>> assert [str(first), str(second)] == ["20", "20"]
    """


@FORMAT.corrected
def test_the_loop_ends_with_two_tensors_of_one_element_in_print():
    """
    >>> first, second = torch.Tensor([0]), torch.Tensor([10])
    >>> while (first < second)[0]: first += 2; second += 1
    >>> assert [str(first), str(second)] == ["tensor([20.])", "tensor([20.])"]
    >>> assert [first.item(), second.item()] == [20, 20]
    """


VECTOR = Erratum(
    "errata.some-value-is-a-vector",
    "torch.Tensor(15) is the counterpart of tf.Variable(15).",
    [FLOYDHUB["Static vs Dynamic Computational Graph"]],
    Correction("torch.Tensor(15) is a vector of 15 elements that nobody has set; the number is torch.tensor(15)."),
    kills=["a-size-of-0-is-taken-for-1", "tensor-of-a-number-has-a-dimension"],
)


@VECTOR.printed
def test_tensor_of_15_has_no_dimension():
    """
    >>> assert torch.Tensor(15).dim() == 0
    """


@VECTOR.instead
@pytest.mark.parametrize("n", [0, 1, 2, 15, 17])
def test_tensor_of_n_with_a_capital_has_n_elements_and_with_a_small_letter_the_value_n(n):
    assert torch.Tensor(n).shape == (n,)
    assert torch.tensor(n).shape == () and torch.tensor(n).item() == n


CONDITION = Erratum(
    "errata.index-in-condition",
    "To decide a loop, (first < second) needs the index in (first < second)[0].",
    [FLOYDHUB["Static vs Dynamic Computational Graph"]],
    Correction("A comparison of one element has a truth value without an index."),
    kills=["a-tensor-without-dimensions-takes-an-index", "less-than-includes-equal"],
)


@CONDITION
def test_a_comparison_of_one_element_has_no_truth_value():
    with pytest.raises(RuntimeError):
        bool(torch.Tensor([0]) < torch.Tensor([10]))


def race(first, second, decided):
    """Run the loop of the document from two counters."""
    while decided(first, second):
        first, second = first + 2, second + 1
    return first, second


@CONDITION.instead
@needs(VALUES)
@reaches(at_once=lambda starts: starts[0] >= starts[1], level=lambda starts: starts[0] == starts[1],
         several=lambda starts: starts[1] - starts[0] > 2)
@given(starts=st.tuples(st.integers(-3, 9), st.integers(-3, 9)))
def test_the_loop_ends_alike_with_the_index_without_it_and_with_plain_numbers(device, starts):
    """
    >>> a, b = (torch.Tensor([start]) for start in starts)
    >>> while a < b: a += 2; b += 1
    >>> a, b
    """
    expected = race(*starts, decided=lambda a, b: a < b)
    for decided in (lambda a, b: (a < b)[0], lambda a, b: a < b):
        counters = [torch.tensor([float(start)], device=device) for start in starts]
        assert tuple(counter.item() for counter in race(*counters, decided=decided)) == expected


@CONDITION.instead
def test_counters_without_dimensions_take_no_index_and_several_elements_decide_nothing():
    with pytest.raises(IndexError):
        (torch.tensor(0.0) < torch.tensor(10.0))[0]
    with pytest.raises(RuntimeError):
        bool(torch.zeros(2) < torch.ones(2))


SPACING = Erratum(
    "errata.printed-model-spacing",
    'print(model) shows "Sequential (" and "ReLU ()", with a space before the parenthesis.',
    [FLOYDHUB["Training process"]],
    Correction('A model is shown without spaces, as "Sequential(" and "ReLU()".'),
    kills=["a-module-is-printed-with-a-space"],
)


@SPACING.printed
def test_a_module_is_shown_with_a_space():
    """
    >>> assert repr(torch.nn.ReLU()) == "ReLU ()"
    """


@SPACING.instead
def test_the_model_is_shown_as_in_the_document_but_for_the_spaces():
    model = torch.nn.Sequential(OrderedDict([
        ("conv1", torch.nn.Conv2d(1, 20, 5)), ("relu1", torch.nn.ReLU()), ("relu2", torch.nn.ReLU(inplace=True))]))
    first, *lines = repr(model).split("\n")
    assert first == "Sequential(" and lines[0] == "  (conv1): Conv2d(1, 20, kernel_size=(5, 5), stride=(1, 1))"
    assert lines[1] == "  (relu1): ReLU()" and lines[2].startswith("  (relu2): ReLU(inplace") and lines[3:] == [")"]


VOLATILE = Erratum(
    "errata.volatile-prints-true",
    "The last line of the example of volatile prints False.",
    [FLOYDHUB["Excluding subgraphs from backward"]],
    Correction("volatile is ignored, and the sum with a Variable that requires a gradient requires one: True."),
    kills=["volatile-switches-recording-off", "volatile-warns-twice"],
)


@VOLATILE.printed
def test_a_sum_with_a_volatile_variable_requires_no_gradient():
    """
    >>> from torch.autograd import Variable
    >>> x = Variable(torch.randn(5, 5), requires_grad=True)
    >>> y = Variable(torch.randn(5, 5), volatile=True)
    >>> assert not (x + y).requires_grad
    """


@VOLATILE.instead
@pytest.mark.parametrize("shape", [(5, 5), (1, 5), ()])
def test_a_sum_with_a_volatile_variable_requires_a_gradient_in_either_order_unless_under_no_grad(device, shape):
    x = torch.autograd.Variable(torch.ones(5, 5, device=device), requires_grad=True)
    with pytest.warns(UserWarning) as caught:
        y = torch.autograd.Variable(torch.ones(shape, device=device), volatile=True)
    assert len(caught) == 1
    assert (x + y).requires_grad and (y + x).requires_grad
    with torch.no_grad():
        assert not (x + y).requires_grad


CONFLICT = Claim(
    "errata.volatile-conflicts-with-requires-grad",
    "A Variable cannot be volatile and require a gradient: asked for both, it raises ValueError.",
    sources=[INTRODUCTION["Variables and Autograd"], FLOYDHUB["Excluding subgraphs from backward"]],
    kills=["volatile-may-require-a-gradient"],
)


@CONFLICT
@pytest.mark.filterwarnings("ignore:volatile")
def test_both_flags_together_are_refused_and_each_alone_is_taken(device):
    data = torch.ones(2, device=device)
    for both in (lambda: torch.autograd.Variable(data, requires_grad=True, volatile=True),
                 lambda: torch.autograd.Variable(data, True, True)):
        with pytest.raises(ValueError):
            both()
    assert torch.autograd.Variable(data, requires_grad=True, volatile=False).requires_grad
    assert not torch.autograd.Variable(data, volatile=True).requires_grad
