"""In place without an underscore.

The rule of the underscore is about the names of methods. Python's own syntax, arguments that ask for it and memory that
is shared with somebody else change a tensor without one.
"""
import numpy as np
import pytest
import torch

from spec.capabilities import NUMPY_MEMORY, needs
from spec.claim import Claim, Deviation
from spec.claims.inplace._forms import quiet
from spec.oracles.agreement import array_of, bitwise, unchanged
from spec.sources import TEMPLATE

MUTATING = {
    "a[0] = 9": [[9, 9], [3, 4]],
    "a[a > 2] = 0": [[1, 2], [0, 0]],
    "a += 1": [[2, 3], [4, 5]],
    "a.data = a.data + 1": [[2, 3], [4, 5]],
    "torch.add(a, 1, out=a)": [[2, 3], [4, 5]],
    "torch.nn.functional.threshold(a, 2, 0, inplace=True)": [[0, 0], [3, 4]],
    "torch.nn.Hardtanh(0, 3, inplace=True)(a)": [[1, 2], [3, 3]],
    "a.numpy()[0] = 9": [[9, 9], [3, 4]],
}
"""Statements that change a = [[1, 2], [3, 4]] although no method in them has an underscore, and what they leave."""
PURE = ("a + 1", "torch.add(a, 1)", "torch.nn.functional.threshold(a, 2, 0)", "torch.nn.Hardtanh(0, 3)(a)",
        "b = a[0]", "a.requires_grad = True", "a.numpy().copy()[0]")
"""Statements like them that leave its values alone."""

READING = (
    "sum() mean() prod() max() min() argmax() argmin() norm() std() var() median() mode(0) sort() "
    "sort(descending=True) argsort() topk(1) kthvalue(1) unique() nonzero() "
    "cumsum(0) cumprod(0) clone() contiguous() float() double() int() "
    "long() half() tolist() view(-1) reshape(4) flatten() t() transpose(0,1) permute(1,0) expand(2,2) repeat(2,2) "
    "chunk(2) split(1) unbind() narrow(0,0,1) select(0,0) squeeze() unsqueeze(0) diagonal() unfold(0,2,1) flip(0) "
    "roll(1) index_select(0,i) gather(0,a.long().abs()%2) masked_select(a>0) mm(a) matmul(a) mv(a[0]) dist(a) bmm(a) "
    "softmax(0) log_softmax(0) sigmoid() type_as(a) new_zeros(2) fill_diagonal(0) numel() size() stride() detach() "
    "inverse() det() svd() qr() pinverse() trace() logsumexp(0) renorm(2,0,1) histc() cpu()").split()
"""Calls of methods that only read, where i is a tensor of one index; some releases lack some of them."""

EVERY_ONE = Claim(
    "inplace.all-inplace-ops-have-underscore",
    "Every operation that changes a tensor in place carries the underscore postfix.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    deviations=[Deviation(
        "It is true of the names of methods only: assignment to items, augmented assignment, .data, out=, inplace=True "
        "and arrays that share a tensor's memory change it without an underscore.",
        witness={}, where=lambda line: line in MUTATING,
    )],
    kills=["threshold-ignores-inplace", "add-ignores-out", "cumsum-sums-in-place"],
)


def result_of(line, device):
    """Return a tensor, and a view of all of it, after a statement has run on it."""
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], device=device)
    names = {"a": a, "torch": torch}
    alias = a[...]
    exec(line, names)
    assert names["a"] is a
    return a, alias


@EVERY_ONE
@pytest.mark.parametrize("line", [line for line in sorted(MUTATING) + sorted(PURE) if "numpy" not in line])
def test_a_statement_without_an_underscore_leaves_its_tensor_as_it_was(device, line):
    a, alias = result_of(line, device)
    before = np.array([[1, 2], [3, 4]], dtype="float32")
    unchanged(a, before)
    unchanged(alias, before)


@EVERY_ONE
@needs(NUMPY_MEMORY)
@pytest.mark.parametrize("line", [line for line in sorted(MUTATING) + sorted(PURE) if "numpy" in line])
def test_a_statement_about_an_array_leaves_the_tensor_as_it_was(device, line):
    a, _ = result_of(line, device)
    unchanged(a, np.array([[1, 2], [3, 4]], dtype="float32"))


@EVERY_ONE.instead
@needs(NUMPY_MEMORY)
@pytest.mark.parametrize("line", sorted(MUTATING))
def test_a_statement_changes_the_tensor_in_place_without_an_underscore(device, line):
    a, alias = result_of(line, device)
    expected = np.array(MUTATING[line], dtype="float32")
    bitwise(a, expected)
    if ".data" not in line:
        bitwise(alias, expected)


@EVERY_ONE.regardless
def test_no_method_whose_name_lacks_the_underscore_changes_its_tensor(device):
    a, i = torch.tensor([[0.5, -2.0], [3.0, 0.25]], device=device), torch.tensor([1], device=device)
    before, called = array_of(a), 0
    for call in READING:
        try:
            with quiet():
                eval("a." + call, {"a": a, "i": i})
            called += 1
        except (AttributeError, RuntimeError):
            pass
        assert array_of(a).tobytes() == before.tobytes(), call
    assert called > 60
