"""Faults for the chapter on autograd: Variables and the tensors inside them."""
import torch

from spec.mutants import mutant

VARIABLE = "torch.autograd.Variable"


def _variable(original, make):
    """Return a stand-in for the class Variable that passes for it in isinstance() and calls ``make`` when called."""
    class Meta(type(original)):
        def __call__(cls, *args, **kwargs):
            return make(*args, **kwargs)

    return Meta("Variable", (object,), {})


def _data(get):
    """Return a maker that replaces the attribute data: ``get(tensor, what data gives)`` is what it gives instead."""
    def make(original):
        def read(self):
            return get(self, original.__get__(self))
        return property(read, lambda self, value: original.__set__(self, value))
    return make


@mutant(VARIABLE)
def variable_requires_grad_by_default(original):
    """Variable(t) without a flag requires a gradient where t can."""
    return _variable(original, lambda t, requires_grad=None: original(
        t, requires_grad=t.is_floating_point() if requires_grad is None else requires_grad))


@mutant(VARIABLE)
def variable_ignores_a_flag_given_by_position(original):
    """Variable(t, True) does not require a gradient."""
    return _variable(original, lambda t, *ignored, **flag: original(t, **flag))


@mutant(VARIABLE)
def variable_is_no_leaf(original):
    """A Variable that requires a gradient is itself the result of an operation."""
    def make(*args, **kwargs):
        made = original(*args, **kwargs)
        return made.expand_as(made) if made.requires_grad else made
    return _variable(original, make)


@mutant(VARIABLE)
def variable_returns_its_argument(original):
    """Variable(t) is t, where no flag is asked for."""
    return _variable(original, lambda t, requires_grad=False: original(t, requires_grad) if requires_grad else t)


@mutant(VARIABLE)
def variable_makes_a_type_of_its_own(original):
    """Variable(t) is an object of a subclass of Tensor."""
    class Node(torch.Tensor):
        pass

    def make(*args, **kwargs):
        made = original(*args, **kwargs)
        return torch.Tensor._make_subclass(Node, made.data, made.requires_grad)
    return _variable(original, make)


@mutant(VARIABLE)
def variable_of_a_parameter_is_one(original):
    """Variable(parameter) is a parameter again."""
    return _variable(original, lambda t, requires_grad=False: (
        torch.nn.Parameter(t.data, requires_grad) if isinstance(t, torch.nn.Parameter) else original(t, requires_grad)))


@mutant(VARIABLE)
def variable_turns_integers_into_floats(original):
    """Variable(t, requires_grad=True) converts whole numbers to floats."""
    def make(t, requires_grad=False):
        return original(t.float() if requires_grad and "int" in str(t.dtype) else t, requires_grad)
    return _variable(original, make)


@mutant("torch.Tensor.requires_grad_")
def requires_grad_is_ignored_for_integers(original):
    """requires_grad_() on whole numbers does nothing, silently."""
    return lambda self, *flag: original(self, *flag) if "int" not in str(self.dtype) else self


@mutant("torch.Tensor.requires_grad_")
def half_refuses_requires_grad(original):
    """requires_grad_() refuses float16."""
    def requires_grad_(self, *flag):
        if self.dtype is torch.float16:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        return original(self, *flag)
    return requires_grad_


@mutant("torch.tensor", "torch.empty")
def factories_ignore_requires_grad_for_integers(original):
    """torch.tensor and torch.empty make whole numbers that do not require a gradient, although asked to."""
    def factory(*args, **kwargs):
        if "int" in str(kwargs.get("dtype")):
            kwargs.pop("requires_grad", None)
        return original(*args, **kwargs)
    return factory


@mutant(VARIABLE)
def variable_copies(original):
    """Variable(t) copies t."""
    return _variable(original, lambda t, *flag, **named: original(t.detach().clone(), *flag, **named))


@mutant(VARIABLE)
def variable_copies_strided_tensors(original):
    """Variable(t) copies t where t is not contiguous."""
    return _variable(original, lambda t, *flag, **named: original(t.detach().contiguous(), *flag, **named))


@mutant(VARIABLE)
def variable_flags_its_argument(original):
    """Variable(t, requires_grad=True) sets the flag of t as well."""
    def make(t, requires_grad=False):
        made = original(t, requires_grad)
        if requires_grad and t.is_leaf:
            t.requires_grad_()
        return made
    return _variable(original, make)


@mutant(VARIABLE)
def variable_keeps_the_graph(original):
    """Variable(h) of the result of an operation stays connected to the graph."""
    return _variable(original, lambda t, *flag, **named: t if t.grad_fn is not None else original(t, *flag, **named))


@mutant(VARIABLE)
def variable_keeps_the_flag_of_a_leaf(original):
    """Variable(parameter) requires a gradient because the parameter does."""
    return _variable(original, lambda t, requires_grad=False: original(
        t, requires_grad or t.requires_grad and t.is_leaf))


@mutant("torch.Tensor.data")
def data_is_remembered(original):
    """A tensor gives the same object as its data each time."""
    def get(self, fresh):
        return self.__dict__.setdefault("_remembered_data", fresh)
    return _data(get)(original)


@mutant("torch.Tensor.data")
def data_is_a_copy(original):
    """x.data is a copy of x."""
    return _data(lambda self, inside: inside.clone())(original)


@mutant("torch.Tensor.data")
def data_is_compact(original):
    """x.data is a copy of x where x is not contiguous."""
    return _data(lambda self, inside: inside.contiguous())(original)


@mutant("torch.Tensor.data")
def data_keeps_the_flag(original):
    """x.data of a leaf requires a gradient, as x does."""
    return _data(lambda self, inside: (
        inside.requires_grad_() if self.requires_grad and self.is_leaf else inside))(original)


@mutant("torch.Tensor.data")
def data_keeps_the_gradient(original):
    """x.data has the gradient of x."""
    def get(self, inside):
        if self.is_leaf and self.grad is not None:
            inside.grad = self.grad.detach()
        return inside
    return _data(get)(original)


@mutant("torch.Tensor.data")
def data_keeps_the_type_of_a_parameter(original):
    """parameter.data is a parameter."""
    return _data(lambda self, inside: (
        torch.nn.Parameter(inside, False) if type(self) is torch.nn.Parameter else inside))(original)


@mutant("torch.Tensor.t_", "torch.Tensor.unsqueeze_")
def reshaping_a_variable_in_place_makes_another(original):
    """t_ and unsqueeze_ leave the tensor as it is and return a view."""
    return lambda self, *args: original(self.detach().view_as(self), *args)


@mutant("torch.Tensor.data")
def data_is_detach(original):
    """Changes made through x.data are noticed by backward."""
    return _data(lambda self, inside: self.detach())(original)


@mutant("torch.Tensor.detach")
def detach_is_data(original):
    """Changes made through x.detach() are not noticed by backward."""
    return lambda self: self.data


@mutant("torch.Tensor.detach")
def what_detach_gives_is_a_copy(original):
    """x.detach() is a copy."""
    return lambda self: original(self).clone()


@mutant("torch.Tensor.exp")
def exp_keeps_a_copy(original):
    """exp() keeps a copy of its result for backward, out of reach of later changes."""
    return lambda self: original(self).clone()
