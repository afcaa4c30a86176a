"""Faults for the chapter on training: seeds, logs and what a script is made of."""
import torch

from spec.mutants import mutant


@mutant("torch.cuda.manual_seed_all")
def cuda_seed_reaches_the_cpu(manual_seed_all):
    """torch.cuda.manual_seed_all seeds the CPU as well."""
    def reaching(seed):
        torch.default_generator.manual_seed(seed)
        return manual_seed_all(seed)
    return reaching


@mutant("torch.cuda.manual_seed_all")
def cuda_seed_needs_a_gpu(manual_seed_all):
    """torch.cuda.manual_seed_all raises where there is no GPU."""
    def needing(seed):
        if not torch.cuda.is_available():
            raise RuntimeError("no GPU")
        return manual_seed_all(seed)
    return needing


@mutant("torch.manual_seed")
def manual_seed_forgets_the_gpus(manual_seed):
    """torch.manual_seed seeds the CPU alone."""
    return lambda seed: torch.default_generator.manual_seed(seed)


@mutant("torch.manual_seed")
def manual_seed_shifts_the_seed_of_the_gpus(manual_seed):
    """torch.manual_seed seeds the GPUs with the next seed."""
    def shifting(seed):
        torch.cuda.manual_seed_all(seed + 1)
        return torch.default_generator.manual_seed(seed)
    return shifting


@mutant("importlib.util.find_spec", since="1.1")
def tensorboard_cannot_be_found(find_spec):
    """torch has no module torch.utils.tensorboard."""
    return lambda name, package=None: None if name == "torch.utils.tensorboard" else find_spec(name, package)


@mutant("torch.Tensor.item")
def item_returns_a_float_always(item):
    """item() of whole numbers is a float."""
    return lambda self: float(item(self)) if self.dtype == torch.int64 else item(self)


@mutant("torch.Tensor.item")
def item_of_several_is_the_first(item):
    """item() of several elements is the first of them."""
    return lambda self: item(self.contiguous().view(-1)[0]) if self.numel() > 1 else item(self)


@mutant("torch.Tensor.item")
def item_forgets_the_storage_offset(item):
    """item() reads the first cell of the storage."""
    return lambda self: item(self.detach().as_strided((), (), 0)) if self.numel() == 1 else item(self)


@mutant("torch.Tensor.__format__")
def format_shows_the_tensor(form):
    """A tensor without dimensions is formatted as repr shows it."""
    return lambda self, spec: repr(self)


@mutant("torch.Tensor.__format__")
def format_rounds_to_two_digits(form):
    """A tensor without dimensions is rounded to two digits before it is formatted."""
    return lambda self, spec: format(round(self.item(), 2), spec) if self.dim() == 0 and spec else form(self, spec)


@mutant("torch.nn.functional.sigmoid")
def sigmoid_saturates_at_four(sigmoid):
    """sigmoid is 1 above 4."""
    return lambda x: torch.where(x > 4, x * 0 + 1, sigmoid(x))


@mutant("torch.nn.functional.sigmoid")
def sigmoid_is_a_tanh(sigmoid):
    """sigmoid is the hyperbolic tangent."""
    return lambda x: torch.tanh(x)


@mutant("torch.nn.functional.sigmoid")
def sigmoid_turns_nan_into_one_half(sigmoid):
    """sigmoid of NaN is one half."""
    return lambda x: torch.where(x != x, torch.zeros_like(x) + 0.5, sigmoid(x))


@mutant("torch.utils.data.DataLoader")
def loader_drops_the_last_batch(loader):
    """A loader leaves the last of several batches out."""
    class Dropping(loader):
        def __iter__(self):
            batches = list(super(Dropping, self).__iter__())
            return iter(batches[:-1] if len(batches) > 1 else batches)
    return Dropping
