"""Faults for the chapter on modules: calling modules, registering members and visiting them."""
import functools

from spec.mutants import mutant


@mutant("torch.nn.Module.__call__")
def a_call_runs_forward_twice(call):
    """Calling a module runs forward twice."""
    def faulty(self, *args, **kwargs):
        self.forward(*args, **kwargs)
        return call(self, *args, **kwargs)
    return faulty


@mutant("torch.nn.Module.__call__")
def a_call_drops_keyword_arguments(call):
    """Calling a module hands on positional arguments only."""
    return lambda self, *args, **kwargs: call(self, *args)


@mutant("torch.nn.Module.__call__")
def a_call_runs_no_hooks(call):
    """Calling a module runs forward and nothing else."""
    return lambda self, *args, **kwargs: self.forward(*args, **kwargs)


@mutant("torch.nn.Module.parameters")
def parameters_skips_the_last(parameters):
    """parameters() leaves out the last of several parameters."""
    def faulty(self, *args, **kwargs):
        found = list(parameters(self, *args, **kwargs))
        return iter(found[:max(1, len(found) - 1)])
    return faulty


@mutant("torch.nn.Module.parameters")
def parameters_yields_copies(parameters):
    """parameters() gives copies of the parameters, with copies of their gradients."""
    def faulty(self, *args, **kwargs):
        for parameter in parameters(self, *args, **kwargs):
            copy = parameter.detach().clone().requires_grad_()
            copy.grad = None if parameter.grad is None else parameter.grad.clone()
            yield copy
    return faulty


@mutant("torch.nn.Module.parameters")
def parameters_repeats_what_is_shared(parameters):
    """parameters() lists a parameter once for each place where it occurs."""
    def faulty(self, *args, **kwargs):
        for parameter in self._parameters.values():
            if parameter is not None:
                yield parameter
        for module in self._modules.values():
            if module is not None:
                for parameter in faulty(module):
                    yield parameter
    return faulty


@mutant("torch.nn.Module.zero_grad")
def zero_grad_clears_the_first_parameter(zero_grad):
    """zero_grad of a module clears the gradient of its first parameter only."""
    def faulty(self, *args, **kwargs):
        kept = [(parameter, parameter.grad) for parameter in list(self.parameters())[1:]]
        copies = [None if gradient is None else gradient.clone() for _, gradient in kept]
        zero_grad(self, *args, **kwargs)
        for (parameter, _), gradient in zip(kept, copies):
            parameter.grad = gradient
    return faulty


@mutant("torch.nn.Module.zero_grad")
def zero_grad_multiplies_by_zero(zero_grad):
    """zero_grad of a module multiplies gradients by 0."""
    def faulty(self, *args, **kwargs):
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad.data.mul_(0)
    return faulty


@mutant("torch.nn.Module.zero_grad")
def zero_grad_leaves_none_or_zeros(zero_grad):
    """zero_grad of a module leaves 0 where it ought to leave None, and None where it ought to leave 0."""
    def faulty(self, *args, **kwargs):
        before = [parameter for parameter in self.parameters() if parameter.grad is not None]
        zero_grad(self, *args, **kwargs)
        for parameter in before:
            parameter.grad = None if parameter.grad is not None else parameter.detach() * 0
    return faulty


@mutant("torch.nn.Module.zero_grad")
def zero_grad_makes_zeros_of_none(zero_grad):
    """zero_grad of a module gives a gradient of zeros to parameters that have none."""
    def faulty(self, *args, **kwargs):
        for parameter in self.parameters():
            parameter.grad = parameter.detach() * 0
    return faulty


@mutant("torch.nn.Module.__call__")
def a_call_detaches_what_forward_returns(call):
    """Calling a module of one's own returns a tensor without history."""
    def faulty(self, *args, **kwargs):
        result = call(self, *args, **kwargs)
        if type(self).__module__.startswith("torch.") or not hasattr(result, "detach"):
            return result
        return result.detach().requires_grad_()
    return faulty


@mutant("torch.nn.Module.__call__")
def a_call_returns_tensors_only(call):
    """Calling a module raises a TypeError where forward returns no tensor."""
    def faulty(self, *args, **kwargs):
        result = call(self, *args, **kwargs)
        if not hasattr(result, "detach"):
            raise TypeError("forward returned no tensor")
        return result
    return faulty


@mutant("torch.nn.Module.__init__")
def modules_have_a_backward(init):
    """Modules have a method backward."""
    import torch

    torch.nn.Module.backward = lambda self, gradient: gradient
    return init


@mutant("torch.nn.Module.__init__")
def a_missing_forward_is_noticed_early(init):
    """A module without forward cannot be made."""
    @functools.wraps(init)
    def faulty(self, *args, **kwargs):
        init(self, *args, **kwargs)
        if type(self).__module__.startswith("spec.") and "forward" not in vars(type(self)):
            raise TypeError("forward is missing")
    return faulty


@mutant("torch.nn.Module.forward")
def a_missing_forward_returns_none(forward):
    """Calling a module without forward returns None."""
    return lambda self, *args, **kwargs: None


@mutant("torch.nn.Module.__setattr__")
def members_are_not_registered(setattr_):
    """Modules assigned to a member of a module of one's own are plain attributes."""
    def faulty(self, name, value):
        import torch

        if isinstance(value, torch.nn.Module) and not type(self).__module__.startswith("torch.nn.modules.container"):
            object.__setattr__(self, name, value)
        else:
            setattr_(self, name, value)
    return faulty


@mutant("torch.nn.Module.__setattr__")
def a_reassigned_member_stays(setattr_):
    """A module assigned in place of another leaves that one registered."""
    def faulty(self, name, value):
        import torch

        if isinstance(value, torch.nn.Module) and name in self.__dict__.get("_modules", ()):
            return
        setattr_(self, name, value)
    return faulty


@mutant("torch.nn.Module.__setattr__")
def assignment_before_init_is_quiet(setattr_):
    """A module or parameter assigned before the constructor of Module has run is a plain attribute."""
    def faulty(self, name, value):
        if "_modules" in self.__dict__ or name.startswith("_"):
            setattr_(self, name, value)
        else:
            object.__setattr__(self, name, value)
    return faulty


@mutant("torch.nn.Module.__delattr__")
def deleted_members_stay(delattr_):
    """Deleting a member that is a module does nothing."""
    def faulty(self, name):
        if name not in self._modules:
            delattr_(self, name)
    return faulty


@mutant("torch.nn.Module.train")
def eval_reaches_the_first_member(train):
    """train and eval of a module reach its first member only."""
    def faulty(self, mode=True):
        self.training = mode
        for module in list(self.children())[:1]:
            faulty(module, mode)
        return self
    return faulty


@mutant("torch.optim.Optimizer.__init__")
def optimizers_take_no_parameters(init):
    """An optimizer accepts an empty list of parameters."""
    @functools.wraps(init)
    def faulty(self, params, defaults):
        params = list(params)
        if params:
            init(self, params, defaults)
    return faulty


@mutant("torch.nn.Module.named_parameters")
def parameters_of_inner_modules_are_not_found(named_parameters):
    """named_parameters goes one level deep."""
    def faulty(self, prefix="", recurse=True, **kwargs):
        for name, parameter in named_parameters(self, prefix, recurse, **kwargs):
            if name.count(".") < 2:
                yield name, parameter
    return faulty


@mutant("torch.nn.Module.named_parameters")
def named_parameters_lists_the_last_first(named_parameters):
    """named_parameters lists parameters in the opposite order."""
    return lambda self, *args, **kwargs: iter(list(named_parameters(self, *args, **kwargs))[::-1])


@mutant("torch.nn.Parameter.__new__")
def parameters_are_born_frozen(new):
    """A parameter does not require a gradient unless it is told to."""
    def faulty(cls, data=None, requires_grad=False):
        return new(cls, data, requires_grad)
    return faulty


@mutant("torch.nn.Module.named_modules")
def modules_goes_one_level_deep(named_modules):
    """named_modules and modules go one level deep."""
    def faulty(self, memo=None, prefix="", **kwargs):
        for name, module in named_modules(self, memo, prefix, **kwargs):
            if "." not in name:
                yield name, module
    return faulty


@mutant("torch.nn.Module.named_modules")
def modules_repeats_what_is_shared(named_modules):
    """named_modules and modules list a module once for each place where it occurs."""
    def faulty(self, memo=None, prefix="", **kwargs):
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                for pair in faulty(module, None, prefix + ("." if prefix else "") + name):
                    yield pair
    return faulty


@mutant("torch.nn.Module.named_modules")
def modules_leaves_out_the_model(named_modules):
    """named_modules and modules leave out the model itself."""
    def faulty(self, *args, **kwargs):
        for name, module in named_modules(self, *args, **kwargs):
            if module is not self:
                yield name, module
    return faulty


@mutant("torch.nn.Module.apply")
def apply_leaves_out_the_model(apply):
    """apply calls its function on submodules only."""
    def faulty(self, fn):
        return apply(self, lambda module: None if module is self else fn(module))
    return faulty


@mutant("torch.nn.Module.apply")
def apply_goes_one_level_deep(apply):
    """apply calls its function on the model and its children."""
    def faulty(self, fn):
        for module in self.children():
            fn(module)
        fn(self)
        return self
    return faulty


@mutant("torch.nn.Module.apply")
def apply_returns_nothing(apply):
    """apply returns None."""
    def faulty(self, fn):
        apply(self, fn)
    return faulty
