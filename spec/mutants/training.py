"""Faults for the chapter on training: layers, steps and schedulers."""
import functools
import warnings

import torch

from spec.mutants import mutant


@mutant("torch.nn.functional.mse_loss")
def summed_squared_error_is_averaged(mse_loss):
    """The squared error is averaged where its sum is asked for."""
    def averaging(input, target, *args, **options):
        return mse_loss(input, target, *args, **dict(options, reduction="mean"))
    return averaging


@mutant("torch.nn.functional.mse_loss")
def squared_error_is_summed(mse_loss):
    """The squared error is summed where its mean is asked for."""
    def summing(input, target, *args, **options):
        return mse_loss(input, target, *args, **dict(options, reduction="sum"))
    return summing


@mutant("torch.nn.functional.linear")
def a_layer_adds_only_its_first_bias(linear):
    """A linear layer adds its bias to the first output only."""
    def adding(input, weight, bias=None):
        result = linear(input, weight)
        if bias is None:
            return result
        return torch.cat([result[..., :1] + bias[:1], result[..., 1:]], dim=-1)
    return adding


@mutant("torch.nn.functional.relu", "torch.nn.ReLU.forward")
def nn_relu_passes_the_gradient_at_zero(relu):
    """nn.ReLU has the derivative 1 at 0."""
    def passing(*args, **options):
        x = next(arg for arg in args if torch.is_tensor(arg))
        return x * (x >= 0).to(x.dtype)
    return passing


def _faulty_step(fault):
    """Return the maker of an optimizer's step before or after which `fault` is done to its parameters."""
    def make(step):
        @functools.wraps(step)
        def faulty(self, *args, **kwargs):
            weights = [weight for group in self.param_groups for weight in group["params"] if weight.grad is not None]
            before = [weight.detach().clone() for weight in weights]
            result = step(self, *args, **kwargs)
            for number, (weight, old) in enumerate(zip(weights, before)):
                fault(number, len(weights), weight.data, old)
            return result
        return faulty
    return make


@mutant("torch.optim.SGD.step")
def sgd_climbs(step):
    """SGD adds the gradient to the weights."""
    return _faulty_step(lambda number, of, weight, old: weight.copy_(2 * old - weight))(step)


@mutant("torch.optim.SGD.step")
def sgd_leaves_its_last_parameter(step):
    """SGD leaves the last of several parameters as it is."""
    return _faulty_step(
        lambda number, of, weight, old: weight.copy_(old) if of > 1 and number == of - 1 else None)(step)


@mutant("torch.optim.Adam.step")
def adam_moves_its_first_parameter_only(step):
    """Adam moves the first of its parameters back and forth and leaves the others as they are."""
    return _faulty_step(lambda number, of, weight, old: weight.copy_(old) if number else weight.copy_(
        old + 0.1 * (old - weight)))(step)


@mutant("torch.Tensor.backward")
def backward_forgets_what_was_there(backward):
    """backward() overwrites a gradient in the place of adding to it."""
    def overwriting(self, *args, **options):
        seen, stack = set(), [self.grad_fn]
        while stack:
            node = stack.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if hasattr(node, "variable") and node.variable.grad is not None:
                node.variable.grad.data.zero_()
            stack.extend(following for following, _ in node.next_functions)
        return backward(self, *args, **options)
    return overwriting


@mutant("torch.optim.Optimizer.zero_grad")
def zero_grad_undoes_the_update(zero_grad):
    """zero_grad rounds the weights down to whole numbers as well."""
    def undoing(self, *args, **options):
        for group in self.param_groups:
            for weight in group["params"]:
                weight.data.copy_(weight.data.floor())
        return zero_grad(self, *args, **options)
    return undoing


@mutant("torch.nn.Linear.reset_parameters")
def layers_are_born_without_scaling(reset):
    """The weights of a new linear layer are standard normal numbers, whatever the number of its inputs."""
    def unscaled(self):
        reset(self)
        self.weight.data.normal_()
    return unscaled


def _set_rates(scheduler, rates):
    for group, rate in zip(scheduler.optimizer.param_groups, rates):
        group["lr"] = rate


def _faulty_scheduler(rates_of):
    """Return the maker of a scheduler whose step() sets the rates that `rates_of` returns, a list or None."""
    def make(original):
        class Faulty(original):
            def step(self, *args, **kwargs):
                before = [group["lr"] for group in self.optimizer.param_groups]
                super(Faulty, self).step(*args, **kwargs)
                rates = rates_of(self, before)
                if rates is not None:
                    _set_rates(self, rates)
        Faulty.__name__ = original.__name__
        return Faulty
    return make


@mutant("torch.optim.lr_scheduler.StepLR")
def steplr_drops_one_epoch_late(steplr):
    """StepLR multiplies one epoch late."""
    return _faulty_scheduler(lambda self, before: [
        base * self.gamma ** (max(self.last_epoch - 1, 0) // self.step_size) for base in self.base_lrs])(steplr)


@mutant("torch.optim.lr_scheduler.StepLR")
def steplr_ignores_gamma(steplr):
    """StepLR always divides by ten."""
    def ignoring(optimizer, step_size, gamma=0.1, last_epoch=-1):
        return steplr(optimizer, step_size, 0.1, last_epoch)
    return ignoring


@mutant("torch.optim.lr_scheduler.StepLR")
def steplr_sees_the_first_group_only(steplr):
    """StepLR leaves all groups but the first as they are."""
    return _faulty_scheduler(lambda self, before: [
        group["lr"] for group in self.optimizer.param_groups[:1]] + before[1:])(steplr)


@mutant("torch.optim.lr_scheduler.ExponentialLR")
def exponential_decay_halts(exponential):
    """ExponentialLR stops to decay after four epochs."""
    return _faulty_scheduler(lambda self, before: before if self.last_epoch > 4 else None)(exponential)


@mutant("torch.optim.lr_scheduler.CosineAnnealingLR")
def cosine_annealing_ignores_its_minimum(cosine):
    """CosineAnnealingLR goes down to 0."""
    return lambda optimizer, T_max, eta_min=0, last_epoch=-1: cosine(optimizer, T_max, last_epoch=last_epoch)


@mutant("torch.optim.lr_scheduler.ReduceLROnPlateau")
def plateaus_need_no_patience(plateau):
    """ReduceLROnPlateau reduces the rate one epoch too early."""
    def impatient(optimizer, *args, **options):
        return plateau(optimizer, *args, **dict(options, patience=max(options["patience"] - 1, 0)))
    return impatient


@mutant("torch.optim.lr_scheduler.LRScheduler.load_state_dict",
        "torch.optim.lr_scheduler._LRScheduler.load_state_dict")
def a_scheduler_forgets_its_epoch(load):
    """load_state_dict of a scheduler begins at the first epoch again."""
    return lambda self, state: load(self, dict(state, last_epoch=min(state["last_epoch"], 0)))


@mutant("torch.optim.lr_scheduler.StepLR")
def scheduler_does_not_warn(steplr):
    """A scheduler that is stepped before its optimizer gives no warning."""
    class Silent(steplr):
        def step(self, *args, **kwargs):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                super(Silent, self).step(*args, **kwargs)
    return Silent


@mutant("tensorflow.keras.layers.Dense.call")
def dense_layers_forget_their_bias(call):
    """A dense layer of Keras does not add its bias."""
    return lambda self, inputs, *args, **options: call(self, inputs, *args, **options) - self.bias
