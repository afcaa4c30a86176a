"""Faults for the chapter on freezing."""
import functools
import warnings

from spec.mutants import mutant


def _set_quietly(self, value):
    self.__dict__["_volatile"] = bool(value)


@mutant("torch.Tensor.volatile")
def volatile_works(volatile):
    """volatile can be switched on, and then reads True."""
    return property(lambda self: self.__dict__.get("_volatile", False), _set_quietly)


@mutant("torch.Tensor.volatile")
def volatile_does_not_warn(volatile):
    """Reading and setting volatile gives no warning."""
    return property(lambda self: False, lambda self, value: None)


@mutant("torch.Tensor.requires_grad")
def gradients_cannot_be_switched_off(requires_grad):
    """Setting requires_grad to False is ignored."""
    def change(self, value):
        if value is not False:
            requires_grad.__set__(self, value)
    return property(requires_grad.__get__, change)


def _only_of(requires_grad, ignored):
    def change(self, value):
        if not ignored(self):
            requires_grad.__set__(self, value)
    return property(requires_grad.__get__, change)


@mutant("torch.Tensor.requires_grad")
def any_tensor_takes_the_flag(requires_grad):
    """Setting requires_grad on the result of an operation is ignored, and does not raise."""
    return _only_of(requires_grad, lambda tensor: not tensor.is_leaf)


@mutant("torch.Tensor.requires_grad")
def views_take_the_flag(requires_grad):
    """Setting requires_grad on a view is ignored, and does not raise."""
    return _only_of(requires_grad, lambda tensor: not tensor.is_leaf and tensor._base is not None)


@mutant("torch.Tensor.detach")
def detaching_keeps_the_history(detach):
    """detach returns a view that is still recorded."""
    return lambda self: self.view_as(self) if self.requires_grad else detach(self)


@mutant("torch.autograd.Variable")
def volatile_switches_recording_off(variable):
    """A volatile Variable switches recording off from there on."""
    def faulty(*args, **kwargs):
        import torch

        if kwargs.get("volatile"):
            torch.set_grad_enabled(False)
        return variable(*args, **kwargs)
    return faulty


@mutant("torch.autograd.Variable")
def volatile_warns_twice(variable):
    """A volatile Variable warns twice."""
    def faulty(*args, **kwargs):
        if kwargs.get("volatile"):
            warnings.warn("volatile was removed", UserWarning, stacklevel=2)
        return variable(*args, **kwargs)
    return faulty


@mutant("torch.autograd.Variable")
def volatile_may_require_a_gradient(variable):
    """A Variable that is volatile and requires a gradient is made."""
    def faulty(*args, **kwargs):
        if kwargs.get("volatile") and kwargs.get("requires_grad"):
            kwargs.pop("volatile")
        return variable(*args, **kwargs)
    return faulty


@mutant("torch.no_grad")
def no_grad_does_nothing(no_grad):
    """Recording goes on under no_grad."""
    import torch

    return torch.enable_grad


@mutant("torch.no_grad")
def no_grad_ends_with_recording_on(no_grad):
    """A block of no_grad ends with recording on, even where it was off before."""
    import torch

    class Faulty(no_grad):
        def __exit__(self, *details):
            result = super().__exit__(*details)
            torch.set_grad_enabled(True)
            return result
    return Faulty


@mutant("torch.no_grad")
def an_exception_leaves_recording_off(no_grad):
    """A block of no_grad that is left by an exception does not switch recording on again."""
    class Faulty(no_grad):
        def __exit__(self, kind, *details):
            return None if kind is KeyError else super().__exit__(kind, *details)
    return Faulty


@mutant("torch.Tensor.requires_grad_")
def no_grad_takes_the_flag_of_new_leaves(requires_grad_):
    """requires_grad_ under no_grad does nothing."""
    def faulty(self, requires_grad=True):
        import torch

        return requires_grad_(self, requires_grad) if torch.is_grad_enabled() else self
    return faulty


@mutant("torch.autograd.Function.apply")
def every_input_is_said_to_need_a_gradient(apply):
    """A Function is run as if all of its inputs required a gradient."""
    def faulty(cls, *inputs):
        import torch

        def required(value):
            return isinstance(value, torch.Tensor) and torch.is_grad_enabled() and not value.requires_grad
        changed = [value.detach().requires_grad_() if required(value) else value for value in inputs]
        return apply.__func__(cls, *changed)
    return classmethod(faulty)


@mutant("torch.nn.functional.linear")
def frozen_layers_are_recorded(linear):
    """A linear layer is recorded although its weight does not require a gradient."""
    def faulty(input, weight, bias=None):
        return linear(input, weight if weight.requires_grad else weight.detach().requires_grad_(), bias)
    return faulty


@mutant("torch.nn.functional.linear")
def a_frozen_layer_cuts_the_gradient(linear):
    """A linear layer whose weight does not require a gradient passes none on."""
    def faulty(input, weight, bias=None):
        return linear(input if weight.requires_grad else input.detach(), weight, bias)
    return faulty


@mutant("torch.optim.SGD.step")
def sgd_moves_frozen_weights(step):
    """SGD moves a weight without a gradient, too."""
    @functools.wraps(step)
    def faulty(self, *args, **kwargs):
        result = step(self, *args, **kwargs)
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    weight.data.mul_(0.5)
        return result
    return faulty


@mutant("torch.optim.Optimizer.zero_grad")
def zero_grad_does_nothing(zero_grad):
    """zero_grad leaves the gradients as they are."""
    return lambda self, *args, **kwargs: None


@mutant("torch.optim.Optimizer.zero_grad")
def zero_grad_the_other_way(zero_grad):
    """zero_grad leaves 0 where it ought to leave None, and None where it ought to leave 0."""
    def faulty(self, *args, **kwargs):
        before = [weight for group in self.param_groups for weight in group["params"] if weight.grad is not None]
        zero_grad(self, *args, **kwargs)
        for weight in before:
            weight.grad = None if weight.grad is not None else weight.detach() * 0
    return faulty


@mutant("torch.nn.Module.eval")
def eval_freezes_the_parameters(evaluate):
    """eval() switches requires_grad off for all parameters."""
    def faulty(self):
        for parameter in self.parameters():
            parameter.requires_grad_(False)
        return evaluate(self)
    return faulty


@mutant("torch.nn.Module.eval")
def eval_switches_recording_off(evaluate):
    """eval() switches recording off."""
    def faulty(self):
        import torch

        torch.set_grad_enabled(False)
        return evaluate(self)
    return faulty
