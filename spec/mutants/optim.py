"""Faults for the chapter on optimizers."""
import functools

from spec.mutants import mutant


def around(change):
    """Make a mutant of step() that calls change(optimizer) before the step; what it returns is called afterwards."""
    def make(step):
        @functools.wraps(step)
        def faulty(self, *args, **kwargs):
            after = change(self)
            result = step(self, *args, **kwargs)
            if after is not None:
                after()
            return result
        return faulty
    return make


def weights_of(optimizer):
    return [weight for group in optimizer.param_groups for weight in group["params"]]


@mutant("torch.optim.Optimizer.add_param_group")
def optimizers_forget_the_last_parameter(add_param_group):
    """An optimizer drops the last of several weights that it is given."""
    def faulty(self, group):
        add_param_group(self, group)
        held = self.param_groups[-1]["params"]
        if len(held) > 1:
            held.pop()
    return faulty


@mutant("torch.optim.Optimizer.__init__")
def optimizers_share_their_parameters(init):
    """An optimizer also works on the weights of the one that was made next."""
    earlier = []

    @functools.wraps(init)
    def faulty(self, *args, **kwargs):
        init(self, *args, **kwargs)
        if earlier:
            known = {id(weight) for weight in weights_of(earlier[0])}
            new = [weight for weight in weights_of(self) if id(weight) not in known]
            earlier[0].param_groups[0]["params"].extend(new)
        earlier[:] = [self]
    return faulty


@mutant("torch.optim.SGD.step", "torch.optim.Adam.step", "torch.optim.RMSprop.step", "torch.optim.Adagrad.step")
def step_clears_the_gradients(step):
    """step() clears the gradients after the update."""
    def change(self):
        def clear():
            for weight in weights_of(self):
                if weight.grad is not None:
                    weight.grad.detach().zero_()
        return clear
    return around(change)(step)


@mutant("torch.optim.Optimizer.__init__")
def an_empty_list_is_optimized(init):
    """An optimizer without any weight is made."""
    @functools.wraps(init)
    def faulty(self, params, defaults):
        import torch

        params = params if isinstance(params, torch.Tensor) else list(params)
        init(self, params if len(params) else [torch.zeros(1, requires_grad=True)], defaults)
    return faulty


@mutant("torch.nn.Module.named_parameters")
def parameters_leaves_out_the_biases(named_parameters):
    """A model does not count its biases among its parameters."""
    def faulty(self, *args, **kwargs):
        return (pair for pair in named_parameters(self, *args, **kwargs) if not pair[0].endswith("bias"))
    return faulty


@mutant("torch.nn.Module.named_parameters")
def parameters_stops_at_the_second_level(named_parameters):
    """A model does not look for parameters deeper than two levels."""
    def faulty(self, *args, **kwargs):
        return (pair for pair in named_parameters(self, *args, **kwargs) if pair[0].count(".") < 3)
    return faulty


@mutant("torch.optim.Optimizer.zero_grad")
def zero_grad_clears_the_first_group_only(zero_grad):
    """zero_grad() clears the gradients of the first group only."""
    def faulty(self, *args, **kwargs):
        groups = self.param_groups
        self.param_groups = groups[:1]
        zero_grad(self, *args, **kwargs)
        self.param_groups = groups
    return faulty


@mutant("torch.optim.Optimizer.zero_grad")
def zero_grad_skips_frozen_weights(zero_grad):
    """zero_grad() leaves the gradients of weights that do not require one."""
    def faulty(self, *args, **kwargs):
        kept = [(weight, weight.grad.clone()) for weight in weights_of(self)
                if weight.grad is not None and not weight.requires_grad]
        zero_grad(self, *args, **kwargs)
        for weight, gradient in kept:
            weight.grad = gradient
    return faulty


@mutant("torch.optim.Optimizer.zero_grad")
def zero_grad_makes_new_zeros(zero_grad):
    """Where zero_grad() leaves zeros they are in a new tensor."""
    def faulty(self, *args, **kwargs):
        zero_grad(self, *args, **kwargs)
        for weight in weights_of(self):
            if weight.grad is not None:
                weight.grad = weight.grad.detach().clone()
    return faulty


@mutant("torch.optim.Optimizer.zero_grad")
def set_to_none_is_ignored(zero_grad):
    """zero_grad() takes set_to_none, in any release, and does not look at it."""
    return lambda self, set_to_none=None: zero_grad(self)


@mutant("torch.optim.Optimizer.zero_grad")
def zero_grad_keeps_what_is_not_finite(zero_grad):
    """zero_grad() leaves infinities and NaN in the gradients."""
    def faulty(self, *args, **kwargs):
        kept = [(weight, weight.grad.detach() * 0) for weight in weights_of(self) if weight.grad is not None]
        zero_grad(self, *args, **kwargs)
        for weight, rest in kept:
            if rest.ne(rest).any():
                weight.grad = rest
    return faulty


@mutant("torch.optim.Optimizer.zero_grad")
def the_first_zero_grad_is_ignored(zero_grad):
    """zero_grad() does nothing the first time that it is called."""
    def faulty(self, *args, **kwargs):
        if self.__dict__.setdefault("_called", False):
            zero_grad(self, *args, **kwargs)
        self.__dict__["_called"] = True
    return faulty


@mutant("torch.optim.Optimizer.zero_grad")
def zero_grad_moves_the_weights(zero_grad):
    """zero_grad() takes a small share of the gradient from the weights."""
    def faulty(self, *args, **kwargs):
        for weight in weights_of(self):
            if weight.grad is not None:
                weight.data.sub_(weight.grad.detach() * 1e-3)
        zero_grad(self, *args, **kwargs)
    return faulty
