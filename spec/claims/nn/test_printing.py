"""Printing a model.

A model shows its structure when it is printed: a line for each layer, with its name and what it was made with.
"""
from collections import OrderedDict

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.claim import Claim, reaches
from spec.sources import FLOYDHUB

PRINT_SHOWS_LAYER_NAMES = Claim(
    "nn.print-shows-layer-names",
    "Printing a model that was built from an OrderedDict or is defined as a class shows the names of its layers.",
    sources=[FLOYDHUB["Training process"]],
    kills=["names-of-layers-are-not-printed", "printing-is-one-level-deep", "dots-in-names-are-taken",
           "sequential-numbers-its-layers"],
)

NAMES = st.sampled_from(["a", "ab", "b", "conv1", "conv", "relu_1", "0", "10", "x y"])


def built(tree):
    """Build an nn.Sequential from a dictionary of names, nested; None stands for a ReLU."""
    if tree is None:
        return torch.nn.ReLU()
    return torch.nn.Sequential(OrderedDict((name, built(subtree)) for name, subtree in tree.items()))


def shown(tree):
    """Return the lines that a tree of names prints: names in brackets, in order, nested ones two columns deeper."""
    if tree is None:
        return ["ReLU()"]
    if not tree:
        return ["Sequential()"]
    lines = ["Sequential("]
    for name, subtree in tree.items():
        first, *rest = shown(subtree)
        lines += ["  ({}): {}".format(name, first)] + ["  " + line for line in rest]
    return lines + [")"]


INNER = st.dictionaries(NAMES, st.none() | st.just({"a": None}), max_size=2)
TREES = st.dictionaries(NAMES, st.none() | INNER, max_size=3)


@PRINT_SHOWS_LAYER_NAMES
@reaches(nested=lambda tree: any(tree.values()), flat=lambda tree: len(tree) > 1 and not any(tree.values()),
         empty=lambda tree: not tree)
@given(tree=TREES)
@example(tree={"ab": None, "a": {"a": None, "b": {}}})
def test_each_layer_is_printed_on_a_line_of_its_own_after_its_name(tree):
    """
    >>> build = lambda t: torch.nn.ReLU() if t is None else row(OrderedDict((n, build(s)) for n, s in t.items()))
    >>> from collections import OrderedDict; row = torch.nn.Sequential
    >>> build(tree)
    """
    model = built(tree)
    assert repr(model).split("\n") == shown(tree)
    assert str(model) == repr(model)
    for name in tree:
        assert getattr(model, name) is model._modules[name]
    assert [name for name, _ in model.named_children()] == list(tree)


@PRINT_SHOWS_LAYER_NAMES
def test_the_example_prints_the_name_and_the_sizes_of_each_layer(capsys):
    print(torch.nn.Sequential(OrderedDict([
        ("conv1", torch.nn.Conv2d(1, 20, 5)), ("relu1", torch.nn.ReLU()),
        ("conv2", torch.nn.Conv2d(20, 64, 5)), ("relu2", torch.nn.ReLU())])))
    assert capsys.readouterr().out.split("\n") == [
        "Sequential(",
        "  (conv1): Conv2d(1, 20, kernel_size=(5, 5), stride=(1, 1))",
        "  (relu1): ReLU()",
        "  (conv2): Conv2d(20, 64, kernel_size=(5, 5), stride=(1, 1))",
        "  (relu2): ReLU()",
        ")",
        ""]


@PRINT_SHOWS_LAYER_NAMES
def test_a_class_prints_its_own_name_and_the_names_of_its_members_and_a_sequence_without_names_prints_numbers():
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = torch.nn.Linear(3, 4), torch.nn.Sequential(torch.nn.ReLU(), torch.nn.ReLU())

    assert repr(Net()).split("\n") == [
        "Net(",
        "  (hidden): Linear(in_features=3, out_features=4, bias=True)",
        "  (out): Sequential(",
        "    (0): ReLU()",
        "    (1): ReLU()",
        "  )",
        ")"]


@PRINT_SHOWS_LAYER_NAMES
@pytest.mark.parametrize("name", ["a.b", "", "forward", "training", "modules"])
def test_a_name_that_is_empty_has_a_dot_or_is_an_attribute_of_modules_is_refused(name):
    with pytest.raises(KeyError):
        torch.nn.Sequential(OrderedDict([(name, torch.nn.ReLU())]))
