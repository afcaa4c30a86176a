"""What can be done with a Variable.

Whatever a tensor can do, say the documents, a Variable can do as well; one of them says nearly whatever, and is right.
What a Variable that requires a gradient refuses is what would leave the graph wrong.
"""
import copy
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.autograd import Variable

from spec import dtypes
from spec.capabilities import FLOAT64, needs
from spec.claim import Claim, Deviation, reaches
from spec.oracles.agreement import agrees, array_of, bitwise, is_tensor, unchanged
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE
from spec.strategies import LAYOUTS, Blueprint, tensors, two_layer_networks

METHODS = (
    "abs acos argmax argmin asin atan ceil clone contiguous cos cosh diag double erf exp expm1 float floor frac histc "
    "int log log10 log1p log2 long max mean median min neg argsort norm numel prod reciprocal relu round rsqrt sigmoid "
    "sign sin sinh size sqrt sum t tan tanh tolist trace tril triu trunc unique"
).split()

CALLS = [(method,) for method in METHODS] + [
    ("add", 2), ("mul", 3), ("sub", 1), ("div", 4), ("pow", 2), ("fmod", 2), ("remainder", 2), ("clamp", 0),
    ("clamp", -1, 1), ("gt", 0), ("eq", 1), ("sum", 0), ("mean", 1), ("std", 0, False), ("max", 0), ("sort", 1),
    ("topk", 1), ("softmax", 0), ("log_softmax", 1), ("logsumexp", 0), ("cumsum", 0), ("cumprod", 1), ("reshape", -1),
    ("transpose", 0, 1), ("unsqueeze", 1), ("narrow", 0, 0, 1), ("select", 1, 0), ("flip", 0), ("roll", 1, 0),
    ("repeat", 2, 1), ("chunk", 2), ("unbind", 0), ("split", 1),
]
"""Methods with arguments: calls that are possible on every square matrix of finite floats and do not change it."""

SQUARES = [
    Blueprint.of([[0.1]]),
    Blueprint.of([[-0.0, 1.0, -2.5], [3.0, 0.25, 3.0], [-1.0, 7.0, 0.1]], "float32"),
    Blueprint("float64", [0.5, -1.0, 2.0, 0.0], (2, 2), (1, 2)),
    Blueprint("float64", [9.0, 0.5, 8.0, -1.5, 9.0, 2.0, 7.0, 3.0], (2, 2), (4, 2), 1),
    Blueprint("float32", [-1.0, 0.75, 2.0], (3, 3), (0, 1)),
]
"""Square matrices of one element, contiguous, transposed, sliced, and expanded."""

VARIABLES_SHARE_TENSOR_API = Claim(
    "autograd.variables-share-tensor-api",
    "Variables have the interface of tensors: nearly every operation on a tensor can be applied to them, with the "
    "same result.",
    sources=[
        TEMPLATE["Variables and autograd"],
        EXAMPLES["PyTorch: Variables and autograd"],
        INTRODUCTION["Variables and Autograd"],
        FLOYDHUB["Variables and AutoGrad"],
    ],
    deviations=[
        Deviation(
            "unique() of a Variable that requires a gradient ends in an internal error.",
            witness={"call": ("unique",)},
            since="1.6",
            until="1.7",
            where=lambda call: call == ("unique",),
            raises=RuntimeError,
            issue="pytorch#47851",
        )
    ],
    kills=["abs-of-a-variable-is-relu", "sort-of-a-variable-descends", "sum-of-a-variable-is-single-precision",
           "variables-cannot-be-rounded"],
)


def parts(result):
    """Return a method's result as a list of tensors, numbers and whatever else it consists of."""
    return list(result) if isinstance(result, (tuple, list)) else [result]


def written(call):
    """Return a call as it is written: clamp(-1, 1)."""
    return "{}({})".format(call[0], ", ".join(map(str, call[1:])))


@VARIABLES_SHARE_TENSOR_API
@pytest.mark.parametrize("call", CALLS, ids=written)
def test_a_method_gives_the_same_for_a_variable_as_for_a_tensor(device, call):
    method, arguments = call[0], call[1:]
    for square in SQUARES:
        tensor = square.on(device)
        variable = Variable(tensor, requires_grad=True)
        expected = parts(getattr(tensor, method)(*arguments))
        results = parts(getattr(variable, method)(*arguments))
        assert len(results) == len(expected)
        for result, wanted in zip(results, expected):
            if is_tensor(wanted):
                assert type(result) is type(wanted) and result.device == wanted.device
                bitwise(result.data, wanted)
            else:
                assert result == wanted
        unchanged(variable, square.array)
        assert variable.is_leaf and variable.requires_grad


@VARIABLES_SHARE_TENSOR_API.regardless
def test_a_variable_has_the_attributes_of_a_tensor(device):
    tensor = torch.ones(2, 2, device=device)
    assert dir(Variable(tensor, requires_grad=True)) == dir(tensor)


@VARIABLES_SHARE_TENSOR_API.instead
def test_unique_of_a_variable_works_without_its_history(device):
    variable = Variable(torch.tensor([2.0, 1.0, 2.0], device=device), requires_grad=True)
    with pytest.raises(RuntimeError, match="INTERNAL ASSERT"):
        variable.unique()
    agrees(variable.detach().unique(sorted=True), np.array([1, 2], "float32"))


def switch_off(h):
    """Switch the flag of a tensor off by assignment."""
    h.requires_grad = False


REFUSED = OrderedDict([
    ("addition in place", (lambda v: v.add_(1), "a leaf Variable that requires grad")),
    ("filling", (lambda v: v.fill_(7), "a leaf Variable that requires grad")),
    ("filling at random", (lambda v: v.normal_(), "a leaf Variable that requires grad")),
    ("copying into it", (lambda v: v.copy_(v.detach() * 2), "a leaf Variable that requires grad")),
    ("transposition in place", (lambda v: v.t_(), "a leaf Variable that requires grad")),
    ("setting its storage", (lambda v: v.set_(v.detach() * 2), "a leaf Variable that requires grad")),
    ("resizing", (lambda v: v.resize_(1), "cannot resize variables that require grad")),
    ("conversion to numpy", (lambda v: v.cpu().numpy(), "that requires grad")),
    ("being the output", (lambda v: torch.neg(v.detach(), out=v), "don't support automatic differentiation")),
    ("having an output", (lambda v: torch.neg(v, out=v.detach() * 2), "don't support automatic differentiation")),
    ("copying a result deeply", (lambda v: copy.deepcopy(v * 2), "graph leaves")),
    ("switching the flag of a result off", (lambda v: switch_off(v * 2), "flags of leaf variables")),
])
"""What a leaf that requires a gradient refuses in every release, and a part of the message."""

ASSIGNMENT = OrderedDict([
    ("assigning an element", lambda v: v.__setitem__((0, 0), 7.0)),
    ("filling a view", lambda v: v[0].fill_(7.0)),
])
"""What it refuses in later releases."""

ACCEPTED = OrderedDict([
    ("addition", lambda v: v + 1),
    ("a matrix product", lambda v: v.mm(v)),
    ("a comparison", lambda v: v > 0),
    ("sorting", lambda v: v.sort()),
    ("conversion to a list", lambda v: v.tolist()),
    ("copying a leaf deeply", copy.deepcopy),
])
"""What it does not refuse."""

OPERATIONS = OrderedDict([(name, operation) for name, (operation, _) in REFUSED.items()])
OPERATIONS.update(ASSIGNMENT)
OPERATIONS.update(ACCEPTED)

ASSIGNABLE = Deviation(
    "A leaf that requires a gradient refuses what would change it in place, resize it, hand its memory to numpy, or "
    "take it for an output; an element can be assigned, and then it is a leaf no more.",
    witness=[{"operation": name} for name in REFUSED],
    until="1.7",
    where=lambda operation: operation in REFUSED,
    raises=RuntimeError,
)
NOT_ASSIGNABLE = Deviation(
    "A leaf that requires a gradient refuses what would change it in place, assignment to an element included, resize "
    "it, hand its memory to numpy, or take it for an output.",
    witness=[{"operation": name} for name in list(REFUSED) + list(ASSIGNMENT)],
    since="1.8",
    where=lambda operation: operation in REFUSED or operation in ASSIGNMENT,
    raises=RuntimeError,
)

ANY_OPERATION_WORKS = Claim(
    "autograd.any-operation-works",
    "Any operation that can be done on a tensor can be done on a Variable.",
    sources=[NOTEBOOK["Autograd"]],
    deviations=[ASSIGNABLE, NOT_ASSIGNABLE],
    kills=["a-leaf-can-be-filled", "a-leaf-can-be-resized", "numpy-detaches-first", "deepcopy-detaches-first",
           "assignment-to-a-leaf-is-not-recorded"],
)


@ANY_OPERATION_WORKS
@pytest.mark.parametrize("operation", list(OPERATIONS))
def test_a_variable_allows_what_a_tensor_allows(device, operation):
    OPERATIONS[operation](Variable(torch.ones(2, 2, device=device), requires_grad=True))


@ANY_OPERATION_WORKS.regardless
@pytest.mark.parametrize("operation", list(OPERATIONS))
def test_a_variable_without_the_flag_allows_what_a_tensor_allows(device, operation):
    OPERATIONS[operation](torch.ones(2, 2, device=device))
    OPERATIONS[operation](Variable(torch.ones(2, 2, device=device)))


def assert_refused(device, operation, message):
    """Assert that a leaf that requires a gradient refuses an operation by RuntimeError, and stays as it was."""
    variable = Variable(torch.ones(2, 2, device=device), requires_grad=True)
    with pytest.raises(RuntimeError, match=message):
        operation(variable)
    agrees(variable, np.ones((2, 2), "float32"))
    assert variable.is_leaf and variable.requires_grad and variable.grad_fn is None
    assert variable._version == 0


@ANY_OPERATION_WORKS.instead
@pytest.mark.parametrize("operation", list(REFUSED))
def test_a_leaf_that_requires_a_gradient_refuses_the_operation_and_stays_as_it_was(device, operation):
    assert_refused(device, *REFUSED[operation])


@NOT_ASSIGNABLE.instead
@pytest.mark.parametrize("operation", list(ASSIGNMENT))
def test_a_part_of_a_leaf_cannot_be_written_to(device, operation):
    assert_refused(device, ASSIGNMENT[operation], "a (view of a )?leaf Variable that requires grad")


@ASSIGNABLE.instead
@pytest.mark.parametrize("operation", list(ASSIGNMENT))
def test_a_leaf_of_which_a_part_is_written_to_becomes_a_result(device, operation):
    variable = Variable(torch.ones(2, 2, device=device), requires_grad=True)
    ASSIGNMENT[operation](variable)
    assert array_of(variable)[0, 0] == 7
    assert not variable.is_leaf and variable.grad_fn is not None


FORWARD_EQUALS_TENSOR_FORWARD = Claim(
    "autograd.forward-equals-tensor-forward",
    "The forward pass x.mm(w1).clamp(min=0).mm(w2) is the same computation on Variables as on tensors.",
    sources=[EXAMPLES["PyTorch: Variables and autograd"], NOTEBOOK["Autograd"]],
    kills=["mm-of-variables-is-single-precision", "clamp-of-variables-turns-nan-into-its-bound",
           "mm-of-large-variables-skips-a-term"],
)


def forward(x, w1, w2):
    """Return the output of the documents' network."""
    return x.mm(w1).clamp(min=0).mm(w2)


@FORWARD_EQUALS_TENSOR_FORWARD
@needs(FLOAT64)
@reaches(kink=lambda network: (network.x @ network.w1 == 0).any(), wide=lambda network: network.w1.shape[1] > 1)
@given(network=two_layer_networks())
def test_the_forward_pass_gives_what_numpy_gives_on_whole_numbers(device, network):
    """
    >>> x, w1, w2 = [torch.tensor(array, requires_grad=True) for array in (x, w1, w2)]
    >>> x.mm(w1).clamp(min=0).mm(w2)
    """
    arrays = network.x, network.w1, network.w2
    output = forward(*[Variable(torch.tensor(array, device=device), requires_grad=True) for array in arrays])
    agrees(output, np.maximum(network.x.dot(network.w1), 0).dot(network.w2))
    assert output.requires_grad and output.grad_fn is not None


@FORWARD_EQUALS_TENSOR_FORWARD
@reaches(nan=lambda x: np.isnan(x.array).any(), single=lambda x: x.dtype == "float32",
         strided=lambda x: not x.contiguous)
@given(x=tensors(dtype=dtypes.FLOATS, shape=st.integers(1, 4).map(lambda n: (n, n)), layouts=LAYOUTS))
@example(x=Blueprint.of([[float("nan"), -1.0], [-0.0, float("inf")]], "float32"))
def test_the_forward_pass_on_variables_equals_that_on_tensors_bit_for_bit(device, x):
    """
    >>> w = torch.autograd.Variable(x, requires_grad=True)
    >>> w.mm(w).clamp(min=0).mm(w), x.mm(x).clamp(min=0).mm(x)
    """
    tensor = x.on(device)
    variable = Variable(tensor, requires_grad=True)
    expected = forward(tensor, tensor, tensor)
    bitwise(forward(variable, variable, variable).data, expected)
    assert expected.requires_grad is False and expected.grad_fn is None


@pytest.fixture
def one_thread():
    """Compute on one thread: the number of threads may decide the order of summation."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@FORWARD_EQUALS_TENSOR_FORWARD
def test_the_forward_pass_at_the_sizes_that_the_documents_print_is_the_same_bit_for_bit(device, one_thread):
    x, w1, w2 = [torch.randn(size).to(device) for size in ((64, 1000), (1000, 100), (100, 10))]
    output = forward(x, Variable(w1, requires_grad=True), Variable(w2, requires_grad=True))
    bitwise(output.data, forward(x, w1, w2))
