"""Faults for the chapter on errata."""
import functools

from spec.mutants import mutant
from spec.mutants.custom_functions import APPLY, apply_cuts_its_second_tensor_off


@mutant("torch.stack")
def stack_begins_with_the_last(stack):
    """stack puts the last tensor first."""
    return lambda tensors, *args, **kwargs: stack(list(tensors)[-1:] + list(tensors)[:-1], *args, **kwargs)


@mutant("torch.stack")
def stack_ignores_its_dimension(stack):
    """stack makes its new dimension the first one, whatever it is told."""
    return lambda tensors, dim=0: stack(tensors)


@mutant("torch.utils.data.DataLoader.__iter__")
def the_last_batch_is_never_loaded(iterate):
    """A loader leaves out its last batch."""
    return lambda self: iter(list(iterate(self))[:-1])


@mutant("torch.cuda.is_available")
def cuda_is_said_to_be_there(is_available):
    """is_available says that there is a CUDA device where there is none."""
    return lambda: True


@mutant("torch.optim.lr_scheduler.StepLR.__init__")
def a_step_scheduler_never_steps(init):
    """StepLR leaves the learning rate as it is."""
    return lambda self, optimizer, step_size, *args, **kwargs: init(self, optimizer, 10**9, *args, **kwargs)


@mutant("torch.save")
def what_is_saved_goes_to_another_file(save):
    """save writes to a file beside the one that it is given, and does not rename it."""
    def faulty(thing, file, *args, **kwargs):
        return save(thing, file.replace("model", "temporary") if isinstance(file, str) else file, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.to")
def a_copy_that_is_not_waited_for_is_not_made(to):
    """to(non_blocking=True) returns before it has copied anything."""
    def faulty(self, *args, **kwargs):
        result = to(self, *args, **kwargs)
        return result * 0 if kwargs.get("non_blocking") else result
    return faulty


@mutant("torch.Tensor.is_cuda")
def every_tensor_says_that_it_is_on_a_gpu(is_cuda):
    """is_cuda is true of every tensor."""
    return property(lambda self: True)


@mutant("torch.Tensor.is_pinned")
def every_tensor_says_that_it_is_pinned(is_pinned):
    """is_pinned is true of every tensor."""
    return lambda self, *args: True


@mutant("torch.nn.functional.mse_loss")
def mse_loss_is_always_the_mean(mse_loss):
    """mse_loss takes the mean where the sum is asked for."""
    def faulty(input, target, *args, **kwargs):
        return mse_loss(input, target)
    return faulty


@mutant("torch.nn.functional.mse_loss")
def size_average_warns_twice(mse_loss):
    """A loss that was made with size_average warns at each call, too."""
    def faulty(input, target, *args, **kwargs):
        if kwargs.get("reduction") == "sum":
            import warnings

            warnings.warn("size_average is deprecated", UserWarning, stacklevel=2)
        return mse_loss(input, target, *args, **kwargs)
    return faulty


@mutant("torch.optim.Adam.step")
def adam_follows_the_gradient(step):
    """Adam subtracts the learning rate times the gradient."""
    @functools.wraps(step)
    def faulty(self, closure=None):
        for group in self.param_groups:
            for weight in group["params"]:
                weight.data -= group["lr"] * weight.grad
    return faulty


@mutant("torch.optim.SGD.__init__")
def momentum_is_forgotten(init):
    """SGD takes a momentum and does not use it."""
    return lambda self, params, lr=1e-3, momentum=0, **kwargs: init(self, params, lr=lr, **kwargs)


@mutant("torch.autograd.Variable")
def variable_ignores_the_flag_that_it_is_given(variable):
    """Variable(t, requires_grad=True) does not require a gradient."""
    return lambda data, requires_grad=False, **kwargs: variable(data, **kwargs)


@mutant("torch.nn.Module.train")
def train_switches_the_other_way(train):
    """train(True) prepares a module for use, and train(False) for training."""
    return lambda self, mode=True: train(self, not mode)


@mutant("torch.Tensor.type")
def type_names_every_element_a_float(type_of):
    """type() without an argument names every tensor a FloatTensor."""
    return lambda self, *args, **kwargs: type_of(self, *args, **kwargs) if args or kwargs else "torch.FloatTensor"


@mutant("torch.tensor")
def tensor_of_a_number_has_a_dimension(make):
    """torch.tensor of a number has one dimension."""
    return lambda data, **kwargs: make([data] if isinstance(data, int) else data, **kwargs)


@mutant("torch.nn.Module.__repr__")
def a_module_is_printed_with_a_space(represent):
    """repr of a module has a space before its parenthesis."""
    return lambda self: represent(self).replace("(", " (", 1)


@mutant("torch.nn.LSTM.__init__")
def an_lstm_has_two_layers(init):
    """An LSTM has two layers unless it is told otherwise."""
    return lambda self, *args, **kwargs: init(self, *args, **dict({"num_layers": 2}, **kwargs))


@mutant("torch.nn.Module.modules")
def modules_leaves_out_the_last(modules):
    """modules() leaves out the last of several modules."""
    def faulty(self):
        found = list(modules(self))
        return iter(found[:-1] if len(found) > 1 else found)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_widens_everything(from_numpy):
    """from_numpy makes a float64 tensor of every array of floats."""
    return lambda array: from_numpy(array.astype("float64") if array.dtype.kind == "f" else array)


@mutant("numpy.random.randint")
def random_integers_include_their_bound(randint):
    """randint(low, high) includes high."""
    return lambda low, high=None, *args, **kwargs: randint(low, None if high is None else high + 1, *args, **kwargs)


@mutant("torch.nn.DataParallel.forward")
def data_parallel_keeps_half_of_the_batch(forward):
    """DataParallel computes the first half of the batch only."""
    return lambda self, *inputs: forward(self, *[x[:len(x) // 2] for x in inputs])


@mutant("torch.nn.functional.linear", since="2.0")
def a_layer_fetches_its_input(linear):
    """A linear layer moves its input to where its weight is."""
    return lambda input, weight, bias=None: linear(input.to(weight.device), weight, bias)


@mutant("torch.nn.init.normal")
def the_old_normal_is_uniform(normal):
    """init.normal draws uniform numbers."""
    import torch

    return lambda tensor, *args, **kwargs: torch.nn.init.uniform_(tensor)


@mutant("torch.Tensor.__getitem__")
def slices_forget_all_but_their_start(getitem):
    """x[:, i:i+1] gives the first column for every i."""
    def faulty(self, index):
        if isinstance(index, tuple) and len(index) == 2 and isinstance(index[1], slice) and index[1].start:
            index = index[0], slice(0, index[1].stop - index[1].start)
        return getitem(self, index)
    return faulty


@mutant("torch.nn.LSTM.forward")
def lstm_always_starts_from_zeros(forward):
    """nn.LSTM starts from zeros whatever states it is given."""
    return lambda self, x, states=None: forward(self, x, None)


@mutant(APPLY, since="1.5")
def apply_cuts_its_second_tensor_off_since_instances_are_refused(apply):
    """apply passes no gradient to the second of two tensors, in the releases whose programs need apply."""
    return apply_cuts_its_second_tensor_off(apply)
