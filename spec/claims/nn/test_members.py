"""Members of a module.

What a constructor assigns to self.name becomes part of the model if it is a module or a parameter, and its parameters
are found from then on. Other values are plain attributes, even lists of modules.
"""
from collections import OrderedDict

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spec.claim import Claim, reaches
from spec.claims.nn._helpers import TwoLayerNet
from spec.oracles.agreement import array_of
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, NOTEBOOK, TEMPLATE

MEMBERS_ARE_REGISTERED = Claim(
    "nn.members-are-registered",
    "Modules assigned as member variables become part of the model: the two Linear members contribute their four "
    "parameters to parameters(), the state_dict, train() and the optimizer.",
    sources=[
        EXAMPLES["PyTorch: Custom nn Modules"],
        INTRODUCTION["PyTorch nn Module"],
        FLOYDHUB["Final architecture overview"],
        NOTEBOOK["Custom nn module"],
    ],
    kills=["members-are-not-registered", "a-reassigned-member-stays", "parameters-skips-the-last",
           "parameters-repeats-what-is-shared", "eval-reaches-the-first-member", "deleted-members-stay"],
)


class Members:
    """What a module is expected to hold after assignments to its members."""

    def __init__(self):
        self.parameters, self.modules, self.plain = OrderedDict(), OrderedDict(), {}

    def value(self, name):
        """Return what a member is; AttributeError where there is none."""
        for table in (self.plain, self.parameters, self.modules):
            if name in table:
                return table[name]
        raise AttributeError(name)

    def assign(self, name, value):
        """Assign to a member; TypeError where a registered one would become something else."""
        if isinstance(value, torch.nn.Parameter):
            self.plain.pop(name, None)
            self.modules.pop(name, None)
            self.parameters[name] = value
        elif name in self.parameters or (name in self.modules and not isinstance(value, torch.nn.Module)):
            if value is not None:
                raise TypeError(name)
            table = self.parameters if name in self.parameters else self.modules
            table[name] = None
        elif isinstance(value, torch.nn.Module):
            self.plain.pop(name, None)
            self.modules[name] = value
        else:
            self.plain[name] = value

    def delete(self, name):
        """Delete a member; AttributeError where there is none."""
        self.value(name)
        for table in (self.plain, self.parameters, self.modules):
            table.pop(name, None)

    def named_parameters(self):
        """Return (name, id) of each parameter once: the module's own first, then those of its member modules."""
        found = OrderedDict()
        for name, parameter in self.parameters.items():
            found.setdefault(id(parameter), name)
        for name, module in self.modules.items():
            if module is not None:
                found.setdefault(id(module.weight), name + ".weight")
        return [(name, number) for number, name in found.items() if number != id(None)]


NEW = {"module": torch.nn.PReLU, "parameter": lambda: torch.nn.Parameter(torch.ones(1)),
       "list": lambda: [torch.nn.PReLU()], "tensor": lambda: torch.ones(1, requires_grad=True), "None": lambda: None}
TEXTS = {"module": "net.{} = torch.nn.PReLU()", "parameter": "net.{} = torch.nn.Parameter(torch.ones(1))",
         "list": "net.{} = [torch.nn.PReLU()]", "tensor": "net.{} = torch.ones(1, requires_grad=True)",
         "None": "net.{} = None", "delete": "del net.{}", "same": "net.{} = net.a"}
LINES = {text.format(name): (kind, name) for name in "abc" for kind, text in TEXTS.items()}


def carry_out(line, net, members):
    """Do what a line says to a module and to the Members expected of it; return the errors of both, or None."""
    kind, name = LINES[line]
    errors = []
    new = NEW[kind]() if kind in NEW else None
    for assign, value, delete in (
            (lambda *pair: setattr(net, *pair), lambda: net.a, lambda: delattr(net, name)),
            (members.assign, lambda: members.value("a"), lambda: members.delete(name))):
        try:
            delete() if kind == "delete" else assign(name, value() if kind == "same" else new)
            errors.append(None)
        except (AttributeError, TypeError) as error:
            errors.append(AttributeError if isinstance(error, AttributeError) else TypeError)
    return errors


@MEMBERS_ARE_REGISTERED
@reaches(deleted=lambda lines: any(line.startswith("del") for line in lines[1:]),
         shared=lambda lines: "net.b = net.a" in lines[1:], several=lambda lines: len(lines) > 3)
@given(lines=st.lists(st.sampled_from(sorted(LINES)), max_size=7))
@example(lines=["net.b = torch.nn.PReLU()", "net.a = torch.nn.PReLU()", "net.b = torch.nn.PReLU()", "net.c = net.a"])
@example(lines=["net.a = torch.nn.PReLU()", "net.b = torch.nn.PReLU()", "net.a = None", "del net.b"])
@example(lines=["net.a = torch.nn.PReLU()", "net.a = [torch.nn.PReLU()]"])
@example(lines=["net.a = torch.nn.Parameter(torch.ones(1))", "net.a = torch.ones(1, requires_grad=True)"])
def test_the_parameters_are_those_of_the_members_that_are_modules_or_parameters(lines):
    """
    >>> net = torch.nn.Module()
    >>> for line in lines: exec(line)
    >>> list(net.named_parameters())
    """
    net, members = torch.nn.Module(), Members()
    for line in lines:
        error, expected = carry_out(line, net, members)
        assert error is expected, line
        expected = members.named_parameters()
        assert [(name, id(parameter)) for name, parameter in net.named_parameters()] == expected
        assert [id(parameter) for parameter in net.parameters()] == [number for _, number in expected]


@MEMBERS_ARE_REGISTERED
def test_the_four_parameters_of_the_example_are_listed_saved_and_moved_by_an_optimizer(device):
    model = TwoLayerNet(3, 2, 1).to(device)
    names = ["linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"]
    assert [name for name, _ in model.named_parameters()] == names == list(model.state_dict())
    assert [tuple(parameter.shape) for parameter in model.parameters()] == [(2, 3), (2,), (1, 2), (1,)]
    for parameter in model.parameters():
        parameter.data.fill_(1)
    before = [array_of(parameter) for parameter in model.parameters()]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    model(torch.ones(4, 3, device=device)).sum().backward()
    optimizer.step()
    for parameter, value in zip(model.parameters(), before):
        assert (array_of(parameter) < value).all()


@MEMBERS_ARE_REGISTERED
def test_train_and_eval_reach_every_member():
    model = TwoLayerNet(3, 2, 1)
    for training in (False, True):
        model.train() if training else model.eval()
        assert [module.training for module in (model, model.linear1, model.linear2)] == [training] * 3


SUPER_INIT_BEFORE_ASSIGN = Claim(
    "nn.super-init-before-assign",
    "The constructor of a custom module calls super().__init__() before it assigns modules.",
    sources=[
        TEMPLATE["RNNs"],
        EXAMPLES["PyTorch: Custom nn Modules"],
        EXAMPLES["PyTorch: Control Flow + Weight Sharing"],
        INTRODUCTION["PyTorch nn Module"],
        INTRODUCTION["Optimization"],
        NOTEBOOK["Custom nn module"],
    ],
    kills=["assignment-before-init-is-quiet", "members-are-not-registered"],
)


class Early(torch.nn.Module):
    """A module whose constructor assigns before or after that of its base class, or asks for its modules before."""

    def __init__(self, value=None, ask=None, before=True):
        if not before:
            super().__init__()
        if ask is not None:
            list(getattr(self, ask)())
        self.member = value
        if before:
            super().__init__()


@SUPER_INIT_BEFORE_ASSIGN
@pytest.mark.parametrize("make", [torch.nn.ReLU, lambda: torch.nn.Linear(2, 1), torch.nn.Sequential,
                                  lambda: torch.nn.Parameter(torch.ones(1))],
                         ids=["ReLU", "Linear", "Sequential", "Parameter"])
def test_a_module_or_parameter_assigned_too_early_raises_an_attribute_error(make):
    value = make()
    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
        Early(value)
    model = Early(value, before=False)
    assert model.member is value
    assert dict(model.named_parameters()) or isinstance(value, (torch.nn.ReLU, torch.nn.Sequential))


@SUPER_INIT_BEFORE_ASSIGN
@pytest.mark.parametrize("ask", ["modules", "parameters", "children"])
def test_asking_for_its_parts_too_early_raises_an_attribute_error(ask):
    with pytest.raises(AttributeError):
        Early(ask=ask)
    Early(ask=ask, before=False)


EMPTY_MODULE_CANNOT_BE_CALLED = Claim(
    "nn.empty-module-cannot-be-called",
    "A subclass of nn.Module with an empty body can be created, but it has no parameters to optimize and cannot be "
    "called.",
    sources=[FLOYDHUB["Final architecture overview"]],
    kills=["a-missing-forward-returns-none", "optimizers-take-no-parameters"],
)


class Net(torch.nn.Module):
    pass


@EMPTY_MODULE_CANNOT_BE_CALLED
@pytest.mark.parametrize("arguments", [(), (torch.ones(1),), (1, 2)], ids=["none", "tensor", "two"])
def test_an_empty_module_is_made_and_raises_when_it_is_called_whatever_the_arguments(arguments):
    net = Net()
    assert repr(net) == "Net()" and list(net.parameters()) == [] and list(net.modules()) == [net]
    with pytest.raises(NotImplementedError):
        net(*arguments)


@EMPTY_MODULE_CANNOT_BE_CALLED
def test_an_optimizer_refuses_its_empty_list_of_parameters():
    with pytest.raises(ValueError, match="empty parameter list"):
        torch.optim.SGD(Net().parameters(), lr=0.01)
