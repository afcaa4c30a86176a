"""What runs in other processes: a server that does something to whatever it is sent, and a worker that trains."""
import numpy as np
import torch

from spec.oracles.agreement import array_of


class Counting(torch.nn.Module):
    """A linear model that counts the steps of its training, in a buffer."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(2, 1)
        self.register_buffer("steps", torch.zeros(1))


class Box:
    """An object of a class of one's own, with one attribute."""

    def __init__(self, content):
        self.content = content


def serve(tasks, answers, given):
    """Change what was given at the start, then carry out tasks (name, object) until None comes.

    given  a dictionary with a "tensor" and a "model"

    The answer to a task is (True, what it returned) or (False, what it raised, as text).
    """
    torch.set_num_threads(1)
    first = {"tensor": add_one(given["tensor"]), "model": train(given["model"])}
    for name, received in iter(tasks.get, None):
        try:
            answers.send((True, first if name == "first" else TASKS[name](received)))
        except Exception as error:
            answers.send((False, repr(error)))
        del received
    answers.close()


def fill(tensor):
    """Write 1 to every element; return the values that were there."""
    before = array_of(tensor)
    tensor.copy_(torch.ones(tensor.size()))
    return before


def add_one(tensor):
    """Add 1 to every element; return the values that were there."""
    before = array_of(tensor)
    tensor.add_(1)
    return before


def describe(tensor):
    """Return the type's name of a tensor, whether it requires a gradient and is a leaf, and its values."""
    return type(tensor).__name__, tensor.requires_grad, tensor.is_leaf, array_of(tensor)


def set_gradients(linear, x, y):
    """Give a linear layer the gradients of its squared error; no graph is needed.

    In some releases a forked process cannot go backward where the process that it was forked from has done so.
    """
    with torch.no_grad():
        error = linear(x) - y
        linear.weight.grad = 2 * error.t().mm(x)
        linear.bias.grad = 2 * error.sum(0)


def train(model):
    """Take three steps of gradient descent; return all parameters and buffers by name, as arrays."""
    x = torch.tensor([[1.0, 0.0], [1.0, 2.0]])
    for _ in range(3):
        set_gradients(model.linear, x, y=1)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.sub_(0.125 * parameter.grad)
        model.steps += 1
    return {name: array_of(value) for name, value in model.state_dict().items()}


def change(thing):
    """Change a list, a dictionary, an array, a tensor or a Box, and what is in it; return nothing."""
    if isinstance(thing, (torch.Tensor, np.ndarray)):
        thing += 1
    elif isinstance(thing, list):
        for one in thing:
            change(one)
        thing.append("another")
    elif isinstance(thing, dict):
        for one in thing.values():
            change(one)
        thing["another"] = 0
    elif isinstance(thing, Box):
        change(thing.content)
        thing.content = "another"


def plain(thing):
    """Return an object with lists and dictionaries in the place of arrays, tensors and Boxes, for comparison."""
    if isinstance(thing, (torch.Tensor, np.ndarray)):
        return [type(thing).__name__, thing.tolist()]
    if isinstance(thing, list):
        return [plain(one) for one in thing]
    if isinstance(thing, dict):
        return {key: plain(one) for key, one in thing.items()}
    return ["Box", plain(thing.content)] if isinstance(thing, Box) else thing


def change_and_tell(thing):
    """Change an object; return it as it came."""
    before = plain(thing)
    change(thing)
    return before


TASKS = {function.__name__: function for function in (fill, add_one, describe, train, change_and_tell)}
"""What `serve` can do to an object, by name."""


def descend(model, x, y, rate, steps, seed):
    """Train a linear model on pairs of rows chosen at random, as each process of HOGWILD does."""
    torch.set_num_threads(1)
    random = np.random.RandomState(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    for _ in range(steps):
        rows = torch.from_numpy(random.randint(0, len(x), 2))
        set_gradients(model, x[rows], y[rows])
        optimizer.step()
