"""Faults for the chapter on custom functions: how operators are applied, what their backward is handed and may keep."""
import inspect

import torch

from spec.mutants import mutant

APPLY = "torch.autograd.Function.apply"
BACKWARD = "torch.autograd.function.BackwardCFunction.apply"
SAVE = "torch.autograd.function._ContextMethodMixin.save_for_backward"


def _applied(faulty):
    """Return a maker of a class method apply: ``faulty(apply, cls, args)`` gives what cls.apply(*args) is to return."""
    def make(original):
        inherited = inspect.getattr_static(torch.autograd.Function, "apply")
        return classmethod(lambda cls, *args: faulty(inherited.__get__(None, cls), cls, args))
    return make


def _tensors(args):
    return [arg for arg in args if torch.is_tensor(arg)]


@mutant(APPLY)
def apply_cuts_its_second_tensor_off(original):
    """apply passes no gradient to the second of two tensors."""
    def faulty(apply, cls, args):
        second = _tensors(args)[1:2]
        return apply(*[arg.detach() if any(arg is one for one in second) else arg for arg in args])
    return _applied(faulty)(original)


@mutant(APPLY)
def apply_serves_a_class_once(original):
    """apply keeps the result of an operator's first call for later calls with tensors of the same size."""
    known = {}

    def faulty(apply, cls, args):
        key = (cls,) + tuple(tuple(tensor.shape) for tensor in _tensors(args))
        return known.setdefault(key, apply(*args))
    return _applied(faulty)(original)


@mutant(APPLY)
def apply_cuts_the_gradient_that_backward_returns(original):
    """apply lets only the gradients above 0 pass to the operator's first input."""
    class Positive(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            return grad.clamp(min=0)

    inherited = inspect.getattr_static(torch.autograd.Function, "apply")
    positive = inherited.__get__(None, Positive)

    def faulty(apply, cls, args):
        return apply(*[positive(arg) if place == 0 and torch.is_tensor(arg) else arg for place, arg in enumerate(args)])
    return _applied(faulty)(original)


@mutant(APPLY)
def apply_remembers_its_first_gradient(original):
    """An output of an operator receives the first gradient again that an output of this size received."""
    known = {}

    def faulty(apply, cls, args):
        out = apply(*args)
        if torch.is_tensor(out) and out.requires_grad:
            out.register_hook(lambda grad: known.setdefault((cls, tuple(grad.shape)), grad.clone()))
        return out
    return _applied(faulty)(original)


@mutant(APPLY)
def apply_records_its_forward(original):
    """Forward runs with recording switched on."""
    def faulty(apply, cls, args):
        forward = inspect.getattr_static(cls, "forward")

        def recording(*arguments):
            with torch.enable_grad():
                return forward.__get__(None, cls)(*arguments)

        cls.forward = staticmethod(recording)
        try:
            return apply(*args)
        finally:
            cls.forward = forward
    return _applied(faulty)(original)


@mutant(APPLY)
def apply_puts_a_node_behind_its_own(original):
    """What apply returns is a view of the operator's output."""
    def faulty(apply, cls, args):
        out = apply(*args)
        return out.view_as(out) if torch.is_tensor(out) else out
    return _applied(faulty)(original)


@mutant(APPLY)
def apply_always_requires_grad(original):
    """The output of an operator requires a gradient even if no input does."""
    def faulty(apply, cls, args):
        if any(tensor.requires_grad for tensor in _tensors(args)):
            return apply(*args)
        return apply(*[arg.detach().requires_grad_() if torch.is_tensor(arg) else arg for arg in args])
    return _applied(faulty)(original)


@mutant(APPLY)
def apply_ignores_no_grad(original):
    """An operator is recorded although recording is switched off."""
    def faulty(apply, cls, args):
        with torch.enable_grad():
            return apply(*args)
    return _applied(faulty)(original)


@mutant(APPLY)
def apply_looks_at_its_first_input_only(original):
    """An operator is recorded only if the first of its tensors requires a gradient."""
    def faulty(apply, cls, args):
        if _tensors(args) and not _tensors(args)[0].requires_grad:
            args = [arg.detach() if torch.is_tensor(arg) else arg for arg in args]
        return apply(*args)
    return _applied(faulty)(original)


@mutant(APPLY)
def apply_says_that_every_input_needs_a_gradient(original):
    """Every tensor counts as requiring a gradient as soon as one does."""
    def faulty(apply, cls, args):
        if any(tensor.requires_grad for tensor in _tensors(args)):
            args = [arg.detach().requires_grad_() if torch.is_tensor(arg) and not arg.requires_grad else arg
                    for arg in args]
        return apply(*args)
    return _applied(faulty)(original)


@mutant(BACKWARD)
def backward_is_handed_half_the_gradient(backward):
    """Backward is handed half the gradient by the output."""
    return lambda self, *grads: backward(self, *[grad if grad is None else grad / 2 for grad in grads])


@mutant(BACKWARD)
def backward_is_handed_ones(backward):
    """Backward is handed ones, whatever the gradient by the output is."""
    return lambda self, *grads: backward(self, *[grad if grad is None else torch.ones_like(grad) for grad in grads])


@mutant(BACKWARD)
def backward_is_handed_none_for_an_unused_output(backward):
    """Backward is handed None instead of zeros."""
    return lambda self, *grads: backward(self, *[
        None if len(grads) > 1 and not grad.abs().sum().item() else grad for grad in grads])


@mutant(BACKWARD)
def backward_is_handed_a_row(backward):
    """Backward is handed the gradient of a vector as a matrix of one row."""
    return lambda self, *grads: backward(self, *[grad.unsqueeze(0) if grad.dim() == 1 else grad for grad in grads])


@mutant(BACKWARD)
def backward_is_handed_a_copy(backward):
    """Backward is handed a copy of the gradient by the output."""
    return lambda self, *grads: backward(self, *[grad.contiguous().add(0) for grad in grads])


@mutant(BACKWARD)
def backward_is_recorded(backward):
    """Backward runs with recording switched on."""
    def recorded(self, *grads):
        with torch.enable_grad():
            return backward(self, *grads)
    return recorded


@mutant("torch.autograd.Function.__call__")
def calling_an_instance_is_apply(call):
    """An instance can be called, and applies its class."""
    return lambda self, *args: type(self).apply(*args)


@mutant("torch.autograd.Function.__call__")
def a_called_instance_does_not_record(call):
    """An instance can be called, and computes without a graph."""
    return lambda self, x: x.detach().clamp(min=0)


@mutant("torch.autograd.Function._do_forward")
def a_called_instance_is_replaced_by_a_new_one(do_forward):
    """Each call of an instance is made by a new instance; only releases whose instances can be called have this."""
    torch.autograd.Function.__call__ = lambda self, *args: do_forward(type(self)(), *args)
    return do_forward


@mutant(SAVE)
def saved_tensors_come_back_reversed(save):
    """save_for_backward keeps tensors in reverse order."""
    return lambda self, *tensors: save(self, *tensors[::-1])


@mutant(SAVE)
def saved_tensors_are_copies(save):
    """save_for_backward keeps copies, out of reach of later changes."""
    return lambda self, *tensors: save(self, *[
        one.detach().clone() if torch.is_tensor(one) else one for one in tensors])


@mutant(SAVE)
def saved_tensors_are_rounded_to_float32(save):
    """save_for_backward keeps float64 in the precision of float32."""
    return lambda self, *tensors: save(self, *[
        one.float().double() if torch.is_tensor(one) and one.dtype is torch.float64 else one for one in tensors])


@mutant(SAVE)
def saving_drops_what_is_no_tensor(save):
    """save_for_backward ignores what it cannot save."""
    return lambda self, *tensors: save(self, *[one if torch.is_tensor(one) else None for one in tensors])


@mutant(SAVE)
def saving_keeps_the_first_only(save):
    """save_for_backward keeps the first of several tensors."""
    return lambda self, *tensors: save(self, *tensors[:1])


@mutant("torch.Tensor.clone")
def clone_is_the_tensor(clone):
    """clone() returns the tensor itself."""
    return lambda self, *args, **options: self


@mutant("torch.Tensor.clone")
def clone_of_an_expanded_tensor_is_expanded(clone):
    """clone() of a tensor whose elements all share one cell is such a tensor again."""
    def sparing(self, *args, **options):
        if self.numel() > 1 and not any(self.stride()):
            return clone(self.as_strided((1,), (1,), self.storage_offset())).as_strided(self.shape, self.stride(), 0)
        return clone(self, *args, **options)
    return sparing


@mutant("torch.Tensor.clone")
def clone_is_negated(clone):
    """clone() returns the negative of the tensor."""
    return lambda self, *args, **options: clone(self, *args, **options).neg_()


@mutant("torch.autograd.grad")
def grad_ignores_what_enters_from_behind(grad):
    """autograd.grad starts with ones, whatever it is given."""
    return lambda outputs, inputs, grad_outputs=None, **options: grad(
        outputs, inputs, None if grad_outputs is None else torch.ones_like(grad_outputs), **options)


@mutant("torch.Tensor.mul")
def mul_forgets_its_first_factor(mul):
    """mul passes no gradient to its first factor."""
    return lambda self, other: mul(self.detach(), other)


@mutant("torch.relu")
def relu_turns_nan_into_zero(relu):
    """relu is 0 where its input is NaN."""
    return lambda x: relu(torch.where(x != x, torch.zeros_like(x), x))


@mutant("torch.relu")
def relu_lets_small_negatives_through(relu):
    """relu passes a hundredth of negative numbers."""
    return lambda x: relu(x) - relu(-x) / 100


@mutant("torch.relu")
def relu_has_the_slope_one_at_zero(relu):
    """relu has the derivative 1 at 0."""
    return lambda x: torch.where(x == 0, x, relu(x))


@mutant("torch.Tensor.clamp")
def clamp_passes_the_gradient_at_nan(clamp):
    """clamp has the derivative 1 at NaN."""
    return lambda self, **bounds: torch.where(self != self, self, clamp(self, **bounds))


@mutant("torch.Tensor.clamp")
def clamp_turns_infinity_into_zero(clamp):
    """clamp has the derivative 0 at infinity."""
    return lambda self, **bounds: torch.where(self == float("inf"), self.detach(), clamp(self, **bounds))


@mutant("torch.optim.SGD.step")
def sgd_steps_uphill(step):
    """SGD adds the gradient."""
    def uphill(self, *args):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = -parameter.grad
        return step(self, *args)
    return uphill


@mutant("torch.manual_seed")
def seeds_are_shifted_by_one(manual_seed):
    """manual_seed(1) sets the seed 2."""
    return lambda seed: manual_seed(seed + 1)
