"""Faults for the chapter on optimizers: in the rules, and in the package."""
import functools

from spec.mutants import mutant
from spec.mutants.optim import around, weights_of


def _options(**changed):
    """Make a mutant of __init__ in which some options have other values wherever they are not given."""
    def make(init):
        @functools.wraps(init)
        def faulty(self, params, *args, **kwargs):
            init(self, params, *args, **dict(changed, **kwargs))
        return faulty
    return make


def _forced(change):
    """Make a mutant of __init__ in which change(options) alters the options that are given."""
    def make(init):
        @functools.wraps(init)
        def faulty(self, params, *args, **kwargs):
            change(kwargs)
            init(self, params, *args, **kwargs)
        return faulty
    return make


@mutant("torch.optim.SGD.step")
def step_is_made_twice(step):
    """SGD makes two updates for each call of step()."""
    @functools.wraps(step)
    def faulty(self, *args, **kwargs):
        step(self, *args, **kwargs)
        return step(self, *args, **kwargs)
    return faulty


@mutant("torch.optim.SGD.step")
def sgd_dampens_the_first_gradient(step):
    """SGD dampens the first gradient, too, instead of making it the velocity."""
    def change(self):
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None and "momentum_buffer" not in self.state[weight]:
                    weight.grad.detach().mul_(1 - group["dampening"])
    return around(change)(step)


@mutant("torch.optim.SGD.step")
def sgd_takes_the_rate_of_the_first_group(step):
    """SGD uses the learning rate of the first group for all groups."""
    def change(self):
        rates = [group["lr"] for group in self.param_groups]
        for group in self.param_groups:
            group["lr"] = rates[0]

        def restore():
            for group, rate in zip(self.param_groups, rates):
                group["lr"] = rate
        return restore
    return around(change)(step)


@mutant("torch.optim.SGD.step")
def sgd_clips_its_gradients(step):
    """SGD cuts gradients off at 50."""
    def change(self):
        for weight in weights_of(self):
            if weight.grad is not None:
                weight.grad.detach().clamp_(-50, 50)
    return around(change)(step)


def _replaced(update):
    """Make a mutant of step() that puts update(state, group, weight's gradient) in place of what the rule subtracts."""
    def change(self):
        kept = [(group, weight, weight.detach().clone()) for group in self.param_groups for weight in group["params"]
                if weight.grad is not None]

        def again():
            for group, weight, before in kept:
                weight.data.copy_(before - group["lr"] * update(self.state[weight], group, weight.grad.detach()))
        return again
    return around(change)


@mutant("torch.optim.Adam.step")
def adam_does_not_correct_its_start(step):
    """Adam does not correct its running means for their start at 0."""
    return _replaced(lambda state, group, gradient: state["exp_avg"] / (
        state["exp_avg_sq"].sqrt() + group["eps"]))(step)


def _corrected(state, group):
    """Return the running means of Adam, and the factors that correct them."""
    count = int(state["step"])
    return (state["exp_avg"], state["exp_avg_sq"]) + tuple(1 / (1 - beta ** count) for beta in group["betas"])


@mutant("torch.optim.Adam.step")
def adam_puts_eps_inside_the_root(step):
    """Adam adds eps to the mean of squares, inside the root."""
    def update(state, group, gradient):
        mean, square, one, two = _corrected(state, group)
        return mean * one / (square * two + group["eps"]).sqrt()
    return _replaced(update)(step)


@mutant("torch.optim.Adam.step")
def adam_moves_its_eps(step):
    """Adam adds eps before the correction of the mean where it ought to do so after it, and the other way round."""
    import torch

    before = not torch.__version__.startswith(("1.0", "1.1.", "1.2"))

    def update(state, group, gradient):
        mean, square, one, two = _corrected(state, group)
        if before:
            return mean * one / ((square.sqrt() + group["eps"]) * two ** 0.5)
        return mean * one / ((square * two).sqrt() + group["eps"])
    return _replaced(update)(step)


@mutant("torch.optim.Adam.__init__")
def adam_has_another_default_beta(init):
    """The second beta of Adam is 0.99 by default."""
    return _options(betas=(0.9, 0.99))(init)


@mutant("torch.optim.Adam")
def adam_is_missing(adam):
    """The package has no Adam."""
    return None


@mutant("torch.optim.RMSprop.step")
def rmsprop_puts_eps_inside_the_root(step):
    """RMSprop adds eps to the mean of squares, inside the root, as TensorFlow does."""
    return _replaced(lambda state, group, gradient: gradient / (state["square_avg"] + group["eps"]).sqrt())(step)


@mutant("torch.optim.RMSprop.__init__")
def rmsprop_has_another_default_alpha(init):
    """The alpha of RMSprop is 0.9 by default."""
    return _options(alpha=0.9)(init)


@mutant("torch.optim.RMSprop.__init__")
def rmsprop_is_never_centered(init):
    """RMSprop ignores centered."""
    return _forced(lambda options: options.pop("centered", None))(init)


@mutant("torch.optim.Adagrad.step")
def adagrad_forgets_the_past(step):
    """Adagrad divides by the root of the last square alone."""
    def change(self):
        for state in self.state.values():
            state["sum"].zero_()
    return around(change)(step)


@mutant("torch.optim.Adagrad.__init__")
def adagrad_starts_from_nothing(init):
    """Adagrad ignores initial_accumulator_value."""
    return _forced(lambda options: options.pop("initial_accumulator_value", None))(init)


@mutant("torch.optim.Adagrad.__init__")
def adagrad_ignores_lr_decay(init):
    """Adagrad ignores lr_decay."""
    return _forced(lambda options: options.pop("lr_decay", None))(init)


@mutant("torch.optim.Adagrad.step")
def adagrad_steps_uphill(step):
    """Adagrad adds its quotients."""
    return _replaced(lambda state, group, gradient: -gradient / (state["sum"].sqrt() + 1e-10))(step)


@mutant("torch.optim.Adamax")
def adamax_is_adam(adamax):
    """Adamax is Adam by another name."""
    import torch

    return type("Adamax", (torch.optim.Adam,), {})


@mutant("torch.optim.Rprop")
def rprop_is_missing(rprop):
    """The package has no Rprop."""
    return None


@mutant("torch.optim.Rprop.step")
def rprop_needs_a_closure(step):
    """Rprop asks for a function that computes the loss."""
    @functools.wraps(step)
    def faulty(self, closure):
        return step(self, closure)
    return faulty


@mutant("torch.optim.Optimizer.load_state_dict")
def loading_forgets_the_state(load_state_dict):
    """load_state_dict() takes over the options and no running means or velocities."""
    def faulty(self, state):
        load_state_dict(self, state)
        self.state.clear()
    return faulty


@mutant("torch.sigmoid")
def sigmoid_has_four_times_its_slope(sigmoid):
    """The gradient of sigmoid is four times too large."""
    def faulty(x):
        y = sigmoid(x)
        return y.detach() + 4 * (y - y.detach())
    return faulty
