"""Faults for the sections on dynamic graphs."""
import functools

from spec.mutants import mutant


@mutant("random.Random.randint")
def randint_leaves_out_its_upper_end(randint):
    """random.randint never returns its upper end."""
    return lambda self, low, high: randint(self, low, max(low, high - 1))


@mutant("torch.nn.Linear.forward")
def a_layer_is_used_once_in_a_graph(forward):
    """A Linear layer that has been used is not part of the graph when it is used again."""
    def faulty(self, x):
        import torch

        before, self.__dict__["_used"] = self.__dict__.get("_used", False), True
        if not before:
            return forward(self, x)
        with torch.no_grad():
            result = forward(self, x)
        return result + x.sum() * 0 if x.requires_grad else result
    return faulty


@mutant("torch.nn.Module.__call__")
def modules_remember_their_first_result(call):
    """A module that is called again with an input of the same size returns its first result."""
    def faulty(self, *args, **kwargs):
        sizes = tuple(getattr(value, "shape", None) for value in args)
        kept = self.__dict__.setdefault("_kept", {})
        if sizes not in kept:
            kept[sizes] = call(self, *args, **kwargs)
        return kept[sizes]
    return faulty


@mutant("torch.optim.SGD.__init__")
def sgd_forgets_its_momentum(init):
    """SGD takes no notice of the momentum that it is given."""
    @functools.wraps(init)
    def faulty(self, *args, **kwargs):
        kwargs.pop("momentum", None)
        init(self, *args, **kwargs)
    return faulty


@mutant("torch.optim.SGD.step")
def step_puts_the_update_into_the_graph(step):
    """A step of SGD makes each weight the result of an operation."""
    @functools.wraps(step)
    def faulty(self, *args, **kwargs):
        result = step(self, *args, **kwargs)
        for group in self.param_groups:
            for weight in group["params"]:
                weight.requires_grad_(False)
                weight.mul_(weight.new_ones((), requires_grad=True))
        return result
    return faulty


@mutant("torch.nn.ModuleList.__setitem__")
def a_layer_of_a_list_cannot_be_replaced(setitem):
    """Assigning a module to a place of a ModuleList does nothing."""
    return lambda self, index, module: None


@mutant("torch.nn.ModuleList.__delitem__")
def a_list_of_layers_loses_its_last(delitem):
    """Deleting a module of a ModuleList deletes the last one, whichever is asked for."""
    return lambda self, index: delitem(self, len(self) - 1)


@mutant("torch.nn.Module.__call__")
def errors_lose_their_line(call):
    """A module that raises an error raises another one in its place, which tells nothing of where it was."""
    def faulty(self, *args, **kwargs):
        try:
            return call(self, *args, **kwargs)
        except RuntimeError as error:
            problem = RuntimeError(str(error))
        raise problem
    return faulty


@mutant("torch.relu")
def relu_does_nothing(relu):
    """torch.relu returns its argument, and rectifies nothing."""
    return lambda x: x * 1


@mutant("torch.Tensor.__gt__")
def greater_includes_equal(greater):
    """x > y is true where x equals y."""
    return lambda self, other: self >= other


@mutant("torch.nn.functional.conv2d")
def conv2d_forgets_a_column(conv2d):
    """conv2d leaves out the last column of results where there are several."""
    def faulty(*args, **kwargs):
        result = conv2d(*args, **kwargs)
        return result[..., :-1] if result.shape[-1] > 2 else result
    return faulty


@mutant("torch.jit.trace")
def trace_returns_its_function(trace):
    """torch.jit.trace returns the function that it was given."""
    return lambda function, *args, **kwargs: function
