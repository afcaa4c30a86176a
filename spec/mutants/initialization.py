"""Faults for the chapter on initialization."""
import functools
import warnings

from spec.mutants import mutant


def _on_a_copy(function):
    def faulty(tensor, *args, **kwargs):
        function(tensor.detach().clone(), *args, **kwargs)
        return tensor
    return faulty


@mutant("torch.nn.init.normal_")
def init_normal_works_on_a_copy(normal_):
    """init.normal_ fills a copy of its argument and returns the argument as it was."""
    return _on_a_copy(normal_)


@mutant("torch.nn.init.normal")
def old_normal_works_on_a_copy(normal):
    """init.normal, the old name, fills a copy of its argument and returns the argument as it was."""
    return _on_a_copy(normal)


@mutant("torch.nn.init.constant_")
def init_constant_works_on_a_copy(constant_):
    """init.constant_ fills a copy of its argument and returns the argument as it was."""
    return _on_a_copy(constant_)


@mutant("torch.nn.init.normal_")
def init_normal_of_variables_is_uniform(normal_):
    """init.normal_ draws uniformly, with the mean and the deviation asked for, unless a gradient is required."""
    def faulty(tensor, mean=0.0, std=1.0, **kwargs):
        if tensor.requires_grad:
            return normal_(tensor, mean, std, **kwargs)
        return tensor.uniform_(mean - 3 ** 0.5 * std, mean + 3 ** 0.5 * std)
    return faulty


@mutant("torch.Tensor.normal_")
def normal_underscore_halves_its_spread(normal_):
    """The method normal_ draws with half the deviation that it is asked for."""
    return lambda self, mean=0.0, std=1.0, **kwargs: normal_(self, mean, std / 2, **kwargs)


@mutant("torch.Tensor.normal_")
def normal_underscore_forgets_its_mean(normal_):
    """The method normal_ draws with the mean 0, whatever it is asked for."""
    return lambda self, mean=0.0, std=1.0, **kwargs: normal_(self, 0.0, std, **kwargs)


_OLD = ["normal", "uniform", "constant", "xavier_normal", "xavier_uniform", "kaiming_normal", "kaiming_uniform", "eye",
        "orthogonal", "sparse"]
_FILLING = [name + "_" for name in _OLD]


@mutant(*["torch.nn.init." + name for name in _OLD])
def old_names_do_not_warn(function):
    """The old names of the functions of torch.nn.init give no warning."""
    def faulty(*args, **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args, **kwargs)
    return faulty


@mutant("torch.nn.init.constant_")
def init_constant_is_recorded(constant_):
    """init.constant_ works by an operation that is recorded, so that it refuses a leaf that requires a gradient."""
    return lambda tensor, value: tensor.mul_(0).add_(value) if value == value else constant_(tensor, value)


@mutant(*["torch.nn.init." + name for name in _FILLING])
def init_functions_freeze_what_they_fill(function):
    """A parameter that a function of torch.nn.init has filled does not require a gradient any more."""
    @functools.wraps(function)
    def faulty(tensor, *args, **kwargs):
        function(tensor, *args, **kwargs)
        return tensor.requires_grad_(False)
    return faulty


@mutant(*["torch.nn.init." + name for name in _FILLING])
def init_functions_clear_the_gradient(function):
    """The functions of torch.nn.init clear the gradient of the parameter that they fill."""
    @functools.wraps(function)
    def faulty(tensor, *args, **kwargs):
        function(tensor, *args, **kwargs)
        tensor.grad = None
        return tensor
    return faulty


@mutant("torch.autograd.Variable")
def variable_copies_its_tensor(variable):
    """A Variable has a copy of the values of its tensor."""
    return lambda tensor, *args, **kwargs: variable(tensor.clone(), *args, **kwargs)


@mutant("torch.nn.init._calculate_fan_in_and_fan_out")
def xavier_counts_its_inputs_twice(fans):
    """A layer counts as having as many outputs as inputs."""
    return lambda tensor: (fans(tensor)[0],) * 2


@mutant("torch.nn.init._calculate_fan_in_and_fan_out")
def kaiming_takes_the_other_fan(fans):
    """The numbers of inputs and outputs of a layer are confused with each other."""
    return lambda tensor: fans(tensor)[::-1]


@mutant("torch.nn.init.calculate_gain")
def the_gain_of_leaky_relu_is_that_of_relu(calculate_gain):
    """The gain of leaky_relu does not depend on its slope."""
    return lambda name, param=None: calculate_gain("relu" if name == "leaky_relu" else name)


@mutant("torch.nn.init.orthogonal_")
def orthogonal_forgets_its_gain(orthogonal_):
    """init.orthogonal_ ignores its gain."""
    return lambda tensor, gain=1: orthogonal_(tensor)


@mutant("torch.nn.init.sparse_")
def sparse_rounds_down(sparse_):
    """init.sparse_ rounds the number of zeros in a column down."""
    def faulty(tensor, sparsity, std=0.01):
        return sparse_(tensor, int(sparsity * tensor.size(0)) / float(tensor.size(0)), std)
    return faulty


@mutant("torch.nn.init.eye_")
def init_eye_is_the_other_diagonal(eye_):
    """init.eye_ puts its ones on the diagonal from top right to bottom left."""
    def faulty(tensor):
        import torch

        with torch.no_grad():
            return tensor.copy_(eye_(tensor).flip(0))
    return faulty


@mutant("torch.nn.init.dirac_")
def dirac_forgets_its_last_channel(dirac_):
    """init.dirac_ does not pass the last channel on."""
    def faulty(tensor, *args, **kwargs):
        import torch

        dirac_(tensor, *args, **kwargs)
        with torch.no_grad():
            tensor[min(tensor.size(0), tensor.size(1)) - 1].zero_()
        return tensor
    return faulty


@mutant("torch.nn.Module.apply")
def apply_misses_the_second_level(apply):
    """model.apply does not reach the parts of parts."""
    def faulty(self, function):
        for part in self.children():
            function(part)
        function(self)
        return self
    return faulty


@mutant("torch.nn.Module.apply")
def apply_starts_with_the_model(apply):
    """model.apply calls its function with a module before it does so with its parts."""
    def faulty(self, function):
        function(self)
        for part in self.children():
            part.apply(function)
        return self
    return faulty


@mutant("torch.nn.Module.modules")
def modules_misses_the_second_level(modules):
    """model.modules() does not reach the parts of parts."""
    return lambda self: iter([self] + list(self.children()))


@mutant("torch.nn.Module.modules")
def modules_skips_its_last_part(modules):
    """model.modules() leaves out the last of several."""
    def faulty(self):
        found = list(modules(self))
        return iter(found[:-1] if len(found) > 1 else found)
    return faulty


def _made(change):
    """Make a mutant of a layer's reset_parameters that calls change(layer) when the layer has its values."""
    def make(reset_parameters):
        def faulty(self):
            import torch

            reset_parameters(self)
            with torch.no_grad():
                change(self)
        return faulty
    return make


@mutant("torch.nn.Linear.reset_parameters", "torch.nn.modules.conv._ConvNd.reset_parameters")
def layers_start_with_zeros(reset_parameters):
    """Linear and convolutional layers start with weights of 0."""
    return _made(lambda layer: layer.weight.zero_())(reset_parameters)


@mutant("torch.nn.Linear.reset_parameters")
def linear_starts_with_a_bias_of_zero(reset_parameters):
    """A linear layer starts with a bias of 0."""
    return _made(lambda layer: None if layer.bias is None else layer.bias.zero_())(reset_parameters)


@mutant("torch.nn.Linear.reset_parameters", "torch.nn.modules.conv._ConvNd.reset_parameters")
def layers_draw_without_the_seed(reset_parameters):
    """A layer draws its first values from a stream that no seed sets."""
    def faulty(self):
        import torch

        state = torch.get_rng_state()
        torch.seed()
        reset_parameters(self)
        torch.set_rng_state(state)
    return faulty


@mutant("torch.nn.BatchNorm1d.reset_parameters", "torch.nn.BatchNorm2d.reset_parameters",
        "torch.nn.BatchNorm3d.reset_parameters")
def normalization_starts_with_another_weight(reset_parameters):
    """A normalization starts with a weight of 2."""
    return _made(lambda layer: None if layer.weight is None else layer.weight.fill_(2))(reset_parameters)


@mutant("torch.nn.BatchNorm1d.reset_parameters", "torch.nn.BatchNorm2d.reset_parameters",
        "torch.nn.BatchNorm3d.reset_parameters")
def normalization_starts_with_a_bias(reset_parameters):
    """A normalization starts with a bias of 0.01."""
    return _made(lambda layer: None if layer.bias is None else layer.bias.fill_(0.01))(reset_parameters)


@mutant("torch.Tensor.__new__")
def tensor_takes_values_by_name(new):
    """torch.Tensor takes, and ignores, the keyword values."""
    def faulty(cls, *args, **kwargs):
        kwargs.pop("values", None)
        return new(cls, *args, **kwargs)
    return staticmethod(faulty)


@mutant("tensorflow.compat.v1.get_variable")
def tensorflow_ignores_the_initializer(get_variable):
    """get_variable draws its values by the default law, whatever initializer it is given."""
    def faulty(name, shape, initializer=None):
        return get_variable(name, shape)
    return faulty
