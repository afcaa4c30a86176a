"""The underscore.

A trailing underscore in a method's name means that it works in place. What it writes is seen through every other view
of the same memory, and autograd takes account of it: the gradient that backward returns is that of the values as they
are now. Where torch cannot see to that, it raises, and the tensor stays as it was.
"""
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import STORAGE, needs
from spec.claim import Claim, reaches
from spec.claims.inplace._cells import changed_only, storage_of
from spec.claims.inplace._facts import Fact, deviations, true_here
from spec.claims.inplace._forms import METADATA, PAIRS, Form, form
from spec.claims.inplace._programs import CUSTOM, Program, creates, programs, tensors_of
from spec.oracles.agreement import agrees, array_of, unchanged
from spec.oracles.memory import shares_memory
from spec.sources import FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import Blueprint, tensors

WRITERS = {
    "add_": lambda a: a + 2, "sub_": lambda a: a - 2, "mul_": lambda a: a * 2, "clamp_": lambda a: a.clip(2, 2),
    "fill_": lambda a: a * 0 + 2, "zero_": lambda a: a * 0, "neg_": lambda a: -a,
}
"""Methods in place and the values that they leave, when they are called with 2, with (2, 2) or with nothing."""
SHAPES = {
    "a.t_()": (3, 2), "a.transpose_(0, 1)": (3, 2), "a.unsqueeze_(0)": (1, 2, 3), "a.squeeze_()": (2, 3),
    "a.detach_()": (2, 3), "a.requires_grad_()": (2, 3), "a.resize_(3, 2)": (3, 2),
}
"""Calls that change what is known about a tensor of size (2, 3), not its values, and the size it has then."""
ARGUMENTS = {"add_": (2,), "sub_": (2,), "mul_": (2,), "clamp_": (2, 2), "fill_": (2,)}

GRADIENTS = {
    "a[0].mul_(3)": [[3, 3], [1, 1]], "a.t()[0].zero_()": [[0, 1], [0, 1]],
    "a.view(-1)[1:3].neg_()": [[1, -1], [-1, 1]], "a.diagonal().mul_(5)": [[5, 1], [1, 5]],
    "a[a > 1] = 0": [[1, 0], [0, 0]], "a.detach().mul_(3)": [[1, 1], [1, 1]],
    "a[:, 0].add_(a[:, 1])": [[1, 2], [1, 2]], "a += a.clone().t()": [[2, 2], [2, 2]],
}
"""Writes into a = x * 1 for an x of [[1, 2], [3, 4]], and the gradient that the sum of a gives x after each."""


def gradient(device, program):
    """Return the gradient of x after a Program has run on a device, as nested lists."""
    names = {"torch": torch, "x": program.x.on(device, requires_grad=True), "y": program.y.on(device)}
    for line in program.lines:
        exec(line, names)
    names["loss"].backward()
    return names["x"].grad.tolist()


def has(word, *others):
    """Return a function of a Program: whether one of these words is said of it."""
    return lambda case: not case.words.isdisjoint((word,) + others)


def _fact(says, covers, program, wrong, **more):
    def shows(device):
        assert gradient(device, program) == wrong
    return Fact(says, covers, program, shows, **more)


FACTS = [
    _fact("pow_ on an expanded tensor raises an element to the power once for each of its repetitions.",
          has("writes to elements that share a cell"),
          Program.of([2.0], [0.0], "a = x * 1", "b = a.expand(2, 1)", "b.pow_(2)"),
          [1457.0], until="1.2", issue="pytorch#17935"),
    _fact("What is written into a piece that chunk or split has cut off does not reach the whole in backward.",
          has("writes to a piece", "writes to what was cut into pieces"),
          Program.of([1.0, -2.0], [0.0, 1.0], "b = y.chunk(2)[0]", "b.copy_(x[:1])"),
          [12.0, -3.0], until="1.7", issue="pytorch#31258"),
    _fact("A piece that chunk or split has cut off keeps the gradient it had before the whole was written to.",
          has("writes to a piece", "writes to what was cut into pieces"),
          Program.of([1.0, -2.0], [0.0, 1.0], "a = x * 1", "b = a.chunk(2)[0]", "a.zero_()"),
          [7.0, -3.0], since="1.8", until="1.9", issue="pytorch#36403"),
    _fact("The result of a custom Function that returns a view loses its gradient when it is written to.",
          has("writes to the result of a custom Function"),
          Program.of([1.0], [0.0], CUSTOM, "b = Triple.apply(x)", "with torch.no_grad(): b.fill_(2)"),
          [3.0], until="1.8", issue="pytorch#14707"),
    _fact("A number that is assigned to a piece of a tensor without a gradient loses its own.",
          has("writes to a piece"),
          Program.of([1.0, -2.0], [0.0, 1.0], "b = y.chunk(2)[0]", "b[...] = x[0]"),
          [3.0, -3.0], since="1.10", until="1.11"),
]

MUTATES = Claim(
    "inplace.underscore-mutates-and-returns-self",
    "A method whose name ends in one underscore (add_, zero_, normal_, fill_, clamp_) works in place: it changes the "
    "tensor it is called on, for all its views and for backward too, and returns that same tensor, or it raises.",
    sources=[TEMPLATE["PyTorch for Torch Users"], INTRODUCTION["Variables and Autograd"], FLOYDHUB["Tensor"],
             FLOYDHUB["Variables and AutoGrad"], FLOYDHUB["Weight initialization"]],
    deviations=deviations(FACTS, Program.of([1.0], [1.0], "a = x * 1", "a.add_(y)")),
    kills=["add-underscore-on-a-copy", "zero-underscore-returns-nothing", "clamp-underscore-copies-what-is-strided",
           "mul-underscore-escapes-autograd", "zero-underscore-escapes-the-version-counter", "detach-copies"],
)


@MUTATES.regardless
def test_every_method_with_an_underscore_returns_the_tensor_that_it_is_called_on(device):
    a = Blueprint.of([[0.5, -0.25, 0.0], [1.0, 1.5, -3.0], [0.25, 2.0, -0.75]], "float64")
    b = Blueprint.of([[0.5, 0.25, -0.75], [1.0, 0.125, 2.0], [-0.25, 0.5, 3.0]], "float64")
    for name in PAIRS:
        _, _, receiver, result = form(name, a, b).run(device, "_")
        assert result is receiver or result is None, name
    for name, arguments in (("zero", ""), ("fill", "2"), ("copy", "b"), ("normal", ""), ("uniform", ""),
                            ("random", ""), ("requires_grad", ""), ("exponential", ""), ("geometric", "0.5")):
        _, _, receiver, result = Form(a, b, "a", name, arguments).run(device, "_")
        assert result is receiver, name
    assert not set(METADATA) & set(PAIRS)


@MUTATES.regardless
@reaches(strided=lambda a: not a.contiguous, empty=lambda a: a.numel == 0, number=lambda a: a.size == ())
@given(name=st.sampled_from(sorted(WRITERS)), a=tensors(dtypes.FLOATS + ("int64",), integral=True))
@example(name="clamp_", a=Blueprint("float32", [1.0, 2.0, 3.0, -1.0], (2, 2), (1, 2)))
def test_a_write_in_place_changes_the_elements_of_a_view_and_no_other_cell_of_its_memory(device, name, a):
    """
    >>> arguments = {"clamp_": (2, 2), "neg_": (), "zero_": ()}.get(name, (2,))
    >>> getattr(a, name)(*arguments)
    """
    tensor = a.on(device)
    alias, address, stride = tensor[...], tensor.data_ptr(), tensor.stride()
    assert getattr(tensor, name)(*ARGUMENTS.get(name, ())) is tensor
    changed_only(a, tensor, WRITERS[name](a.array), dtype=a.dtype)
    agrees(alias, WRITERS[name](a.array), dtype=a.dtype)
    assert (tensor.data_ptr(), tensor.stride()) == (address, stride)


@MUTATES.regardless
@needs(STORAGE)
@pytest.mark.parametrize("line", sorted(SHAPES))
def test_what_an_underscore_changes_may_be_the_shape_of_a_tensor_over_the_same_memory(device, line):
    a = torch.ones(2, 3, device=device)
    base = a.view(-1)
    result = eval(line)
    assert result is a
    assert tuple(a.shape) == SHAPES[line]
    assert shares_memory(a.detach(), base)


@MUTATES.regardless
@pytest.mark.parametrize("line", ["a.add_(torch.ones(3, 2, device=device))", "a.copy_(torch.ones(4, device=device))",
                                  "leaf.add_(1)", "leaf.zero_()"])
def test_a_write_in_place_that_is_refused_leaves_the_tensor_as_it_was(device, line):
    a = torch.ones(2, 3, device=device)
    leaf = torch.ones(2, 3, device=device, requires_grad=True)
    before = array_of(a)
    with pytest.raises(RuntimeError):
        eval(line)
    unchanged(a, before)
    unchanged(leaf, before)


@MUTATES.regardless
@reaches(shared=lambda a: len(a.storage) < a.numel, several=lambda a: len(a.storage) > 1)
@given(a=tensors("float64", layouts=("expanded",), finite=True))
def test_filling_an_expanded_tensor_fills_the_few_cells_that_it_has(device, a):
    """
    >>> a.fill_(2), a.zero_()
    """
    tensor = a.on(device)
    assert tensor.fill_(2) is tensor
    agrees(tensor, a.array * 0 + 2, dtype=a.dtype)
    agrees(storage_of(a, tensor.zero_()), [0.0] * len(a.storage), any_dtype=True)


@MUTATES
@reaches(
    refused_by_a_leaf=lambda case: any(line.startswith("x.") for line in case.lines),
    through_a_view=lambda case: any("[0]" in line for line in case.lines) and "writes" in case.words,
    without_a_record=has("writes without a record"),
    detached=lambda case: any("detach" in line for line in case.lines),
)
@example(Program.of([3.0, -1.0], [2.0, 2.0], "a = x * 1", "b = a[0]", "b.mul_(3)", "a[...] = y", "c = b * x"))
@example(Program.of([3.0, -1.0], [2.0, 2.0], "a = x * 1", "b = a * a", "a.zero_()"))
@example(Program.of([[3.0, -1.0]], [[2.0, 2.0]], "a = x * 1", "b = a.detach()", "c = a * a", "b.zero_()"))
@example(Program.of([[3.0, -1.0]], [[2.0, 2.0]], "a = x * 1", "y.t().copy_(a.t())", "y[..., 0] *= a[..., 1]"))
@given(case=programs())
def test_a_program_of_views_and_writes_in_place_gets_the_right_values_and_gradients_or_an_error(device, case):
    """
    >>> x = x.requires_grad_()
    >>> for line in lines: exec(line)
    >>> loss.backward(); print(loss, x.grad)
    """
    model = case.model()
    names = {"torch": torch, "x": case.x.on(device, requires_grad=True), "y": case.y.on(device)}
    for line in case.lines:
        try:
            exec(line, names)
        except RuntimeError:
            if creates(line):
                return
        else:
            exec(line, model)
        for name, expected in tensors_of(model):
            agrees(names[name].data, expected.value)
    try:
        names["loss"].backward()
    except RuntimeError:
        return
    agrees(names["loss"], model["loss"].value)
    zeros = torch.zeros_like(names["x"]) if names["x"].grad is None else names["x"].grad
    agrees(zeros, model["loss"].slope.reshape(case.x.size))


@MUTATES.regardless
@pytest.mark.parametrize("line", sorted(GRADIENTS))
def test_a_write_through_a_view_is_part_of_the_gradient_of_the_whole(device, line):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], device=device, requires_grad=True)
    a = x * 1
    exec(line)
    a.sum().backward()
    agrees(x.grad, GRADIENTS[line], any_dtype=True)


@MUTATES.instead
@pytest.mark.parametrize("fact", true_here(FACTS), ids=[fact.witness.lines[-2] for fact in true_here(FACTS)])
def test_the_gradient_is_another_one_without_an_error(device, fact):
    fact.shows(device)
