"""Objects.

Whatever can be pickled can be sent. It arrives as a copy, in which nothing is shared but the tensors; and what autograd
knows of a tensor stays behind.
"""
import numpy as np
import pytest
import torch
import torch.multiprocessing

from spec.claim import Claim, Deviation
from spec.claims.multiprocessing._helpers import METHODS
from spec.claims.multiprocessing._workers import Box, plain
from spec.oracles.agreement import agrees
from spec.sources import TEMPLATE

ARBITRARY_OBJECTS_SHARED = Claim(
    "multiprocessing.arbitrary-objects-shared",
    "Objects of any kind can be shared between processes.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    deviations=[
        Deviation(
            "Any object that can be pickled can be sent, but it is copied: what the receiver changes in it the sender "
            "does not see, except in the tensors that it holds.",
            witness={},
        )
    ],
    kills=["sent-tensors-are-copies"],
)

OBJECTS = {
    "a list": lambda: [1, [2, "three"]],
    "a dictionary": lambda: {"a": 1, "b": {"c": 2}},
    "an array": lambda: np.arange(3.0),
    "an object": lambda: Box([1, 2]),
}


@ARBITRARY_OBJECTS_SHARED
@pytest.mark.parametrize("kind", sorted(OBJECTS))
def test_what_another_process_changes_in_an_object_the_sender_sees(forked, kind):
    sent = OBJECTS[kind]()
    forked.ask("change_and_tell", sent)
    assert plain(sent) != plain(OBJECTS[kind]())


@ARBITRARY_OBJECTS_SHARED.instead
@pytest.mark.parametrize("kind", sorted(OBJECTS))
@pytest.mark.parametrize("method", METHODS)
def test_an_object_arrives_as_it_is_and_stays_as_it_is_here(method, child, kind):
    sent = OBJECTS[kind]()
    assert child.ask("change_and_tell", sent) == plain(sent) == plain(OBJECTS[kind]())


@ARBITRARY_OBJECTS_SHARED.instead
@pytest.mark.parametrize("method", METHODS)
def test_of_an_object_that_holds_tensors_the_tensors_are_shared_and_nothing_else(method, child):
    tensors = [torch.zeros(2), torch.zeros(1, dtype=torch.int64)]
    sent = {"list": [tensors[0], 5], "box": Box({"tensor": tensors[1], "array": np.zeros(2)})}
    child.ask("change_and_tell", sent)
    assert plain(sent) == {
        "list": [["Tensor", [1.0, 1.0]], 5],
        "box": ["Box", {"tensor": ["Tensor", [1]], "array": ["ndarray", [0.0, 0.0]]}],
    }


@ARBITRARY_OBJECTS_SHARED.instead
def test_an_object_that_cannot_be_pickled_is_refused():
    class Local:
        pass

    queue = torch.multiprocessing.SimpleQueue()
    for thing in (lambda: 0, Local()):
        with pytest.raises(Exception, match="[Pp]ickle"):
            queue.put(thing)


GRAPH_DOES_NOT_CROSS = Claim(
    "multiprocessing.graph-does-not-cross",
    "A leaf that requires a gradient, such as a parameter, can be sent and still requires one where it arrives; the "
    "result of an operation on it is refused, for the graph does not cross.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    kills=["sent-leaves-require-no-gradient", "sent-results-are-detached"],
)


@GRAPH_DOES_NOT_CROSS
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("make", [
    lambda: torch.ones(2, requires_grad=True),
    lambda: torch.nn.Parameter(torch.ones(2)),
    lambda: torch.ones(2),
    lambda: torch.nn.Parameter(torch.ones(2), requires_grad=False),
], ids=["a leaf", "a parameter", "no gradient", "a frozen parameter"])
def test_a_leaf_arrives_as_a_leaf_of_the_same_type_with_its_flag(method, child, make):
    sent = make()
    kind, requires_grad, is_leaf, values = child.ask("describe", sent)
    assert (kind, requires_grad, is_leaf) == (type(sent).__name__, sent.requires_grad, True)
    agrees(values, np.ones(2, "float32"))


@GRAPH_DOES_NOT_CROSS
@pytest.mark.parametrize("operation", [lambda x: x * 2, lambda x: x[:1], lambda x: x.sum()],
                         ids=["a product", "a view", "a sum"])
def test_the_result_of_an_operation_is_refused_until_it_is_detached(forked, operation):
    leaf = torch.ones(2, requires_grad=True)
    queue, result = torch.multiprocessing.SimpleQueue(), operation(leaf)
    with pytest.raises(RuntimeError, match="non-leaf"):
        queue.put(result)
    kind, requires_grad, is_leaf, values = forked.ask("describe", result.detach())
    assert (kind, requires_grad, is_leaf) == ("Tensor", False, True)
    agrees(values, result)
