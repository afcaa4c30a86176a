"""Faults for the chapter on modules: layers and losses."""
import functools

from spec.mutants import mutant


@mutant("torch.nn.Sequential.forward")
def sequential_runs_backwards(forward):
    """A sequence applies its last layer first."""
    def faulty(self, input):
        for layer in reversed(list(self)):
            input = layer(input)
        return input
    return faulty


@mutant("torch.nn.Sequential.forward")
def sequential_applies_a_layer_once(forward):
    """A sequence applies a layer that occurs twice at its first place only."""
    def faulty(self, input):
        for place, layer in enumerate(self):
            if not any(layer is earlier for earlier in list(self)[:place]):
                input = layer(input)
        return input
    return faulty


@mutant("torch.nn.Sequential.forward")
def sequential_leaves_out_the_last_layer(forward):
    """A sequence of more than two layers does not apply the last one."""
    def faulty(self, input):
        for layer in list(self)[:max(2, len(self) - 1)]:
            input = layer(input)
        return input
    return faulty


@mutant("torch.nn.Sequential.forward")
def an_empty_sequential_copies(forward):
    """A sequence without layers returns a copy of its input."""
    return lambda self, input: forward(self, input) if len(self) else input.clone()


@mutant("torch.nn.Sequential.__len__")
def sequential_counts_a_layer_once(length):
    """The length of a sequence counts a layer that occurs twice once."""
    return lambda self: len({id(layer) for layer in self._modules.values()})


@mutant("torch.nn.ReLU.__init__")
def relu_has_a_parameter(init):
    """ReLU holds a learnable slope."""
    @functools.wraps(init)
    def faulty(self, *args, **kwargs):
        import torch

        init(self, *args, **kwargs)
        self.slope = torch.nn.Parameter(torch.ones(1))
    return faulty


@mutant("torch.nn.Linear.__init__")
def linear_without_bias_has_one(init):
    """Linear has a bias although it is to have none."""
    @functools.wraps(init)
    def faulty(self, in_features, out_features, bias=True, **kwargs):
        init(self, in_features, out_features, True, **kwargs)
    return faulty


@mutant("torch.nn.Linear.__init__")
def linear_registers_its_bias_first(init):
    """Linear lists its bias before its weight."""
    @functools.wraps(init)
    def faulty(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self._parameters["weight"] = self._parameters.pop("weight")
    return faulty


@mutant("torch.nn.Linear.__init__")
def linear_freezes_its_bias(init):
    """The bias of Linear does not require a gradient."""
    @functools.wraps(init)
    def faulty(self, *args, **kwargs):
        init(self, *args, **kwargs)
        if self.bias is not None:
            self.bias.requires_grad = False
    return faulty


@mutant("torch.nn.functional.linear")
def linear_forgets_its_bias(linear):
    """Linear adds no bias."""
    return lambda input, weight, bias=None: linear(input, weight)


@mutant("torch.nn.functional.linear")
def linear_keeps_two_dimensions(linear):
    """Linear flattens the leading dimensions of its input."""
    def faulty(input, weight, bias=None):
        result = linear(input, weight, bias)
        return result.reshape(-1, result.shape[-1]) if result.dim() > 2 else result
    return faulty


@mutant("torch.nn.functional.linear")
def linear_computes_in_float32(linear):
    """Linear rounds float64 to float32."""
    def faulty(input, weight, bias=None):
        result = linear(input, weight, bias)
        return result.float().to(result.dtype)
    return faulty


@mutant("torch.nn.functional.linear")
def linear_detaches_its_weight(linear):
    """No gradient reaches the weight of Linear."""
    return lambda input, weight, bias=None: linear(input, weight.detach(), bias)


@mutant("torch.nn.functional.linear")
def linear_detaches_its_input(linear):
    """No gradient passes through Linear to its input."""
    return lambda input, weight, bias=None: linear(input.detach(), weight, bias)


@mutant("torch.nn.functional.mse_loss")
def mse_averages_over_the_batch(mse_loss):
    """The mean squared error is the sum divided by the size of the batch, and so is the sum."""
    def faulty(input, target, *args, **kwargs):
        return mse_loss(input, target, reduction="sum") / max(1, len(input) if input.dim() else 1)
    return faulty


@mutant("torch.nn.functional.mse_loss")
def mse_takes_the_absolute_difference(mse_loss):
    """The squared error is the absolute error."""
    def faulty(input, target, *args, **kwargs):
        import torch

        return torch.nn.functional.l1_loss(input, target, *args, **kwargs)
    return faulty


@mutant("torch.nn.functional.mse_loss")
def mse_computes_in_float32(mse_loss):
    """The squared error of float64 is rounded to float32."""
    def faulty(input, target, *args, **kwargs):
        result = mse_loss(input, target, *args, **kwargs)
        return result.float().to(result.dtype)
    return faulty


@mutant("torch.nn.MSELoss.__init__")
def size_average_false_averages(init):
    """MSELoss ignores size_average."""
    @functools.wraps(init)
    def faulty(self, size_average=None, reduce=None, reduction="mean"):
        init(self, None if size_average is None else True, reduce, reduction)
    return faulty


@mutant("torch.nn.MSELoss.__init__")
def size_average_is_taken_quietly(init):
    """MSELoss gives no warning about size_average."""
    @functools.wraps(init)
    def faulty(self, *args, **kwargs):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            init(self, *args, **kwargs)
    return faulty


@mutant("torch.nn.functional.cross_entropy")
def cross_entropy_skips_the_softmax(cross_entropy):
    """The cross entropy takes scores for logarithms of probabilities."""
    def faulty(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean",
               **kwargs):
        import torch

        return torch.nn.functional.nll_loss(input, target, reduction=reduction)
    return faulty


@mutant("torch.nn.functional.smooth_l1_loss")
def smooth_l1_is_l1(smooth_l1_loss):
    """The smooth L1 loss is not smooth."""
    def faulty(input, target, size_average=None, reduce=None, reduction="mean", **kwargs):
        import torch

        return torch.nn.functional.l1_loss(input, target, reduction=reduction)
    return faulty


@mutant("torch.nn.functional.nll_loss")
def nll_loss_is_positive(nll_loss):
    """The negative log likelihood is the log likelihood."""
    return lambda *args, **kwargs: -nll_loss(*args, **kwargs)


@mutant("torch.nn.TripletMarginLoss")
def triplet_loss_is_gone(triplet):
    """TripletMarginLoss cannot be made."""
    def faulty(*args, **kwargs):
        raise NotImplementedError("removed")
    return faulty
