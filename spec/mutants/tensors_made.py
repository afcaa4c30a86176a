"""Faults for the chapter on tensors: constructors, types, random numbers."""
import torch

from spec.mutants import mutant


def _constructing(faulty):
    """Return a maker of a faulty ``torch.Tensor.__new__``: faulty takes the tensor as made and the arguments given."""
    def make(new):
        return staticmethod(lambda cls, *args, **kwargs: faulty(new(cls, *args, **kwargs), *args))
    return make


@mutant("torch.Tensor.__new__")
def the_old_constructor_clears_its_memory(new):
    """torch.Tensor(5, 3) is filled with zeros."""
    return _constructing(lambda made, *args: made.zero_() if args and isinstance(args[0], int) else made)(new)


@mutant("torch.Tensor.__new__")
def the_old_constructor_lends_the_same_memory_twice(new):
    """torch.Tensor(5, 3) hands out one tensor to whoever asks for that size."""
    kept = {}
    return _constructing(lambda made, *args: kept.setdefault(
        args, made) if args and all(type(arg) is int for arg in args) else made)(new)


@mutant("torch.Tensor.__new__")
def the_old_constructor_lays_columns_first(new):
    """torch.Tensor(5, 3) lies in memory column by column."""
    return _constructing(lambda made, *args: made.t().contiguous().t() if made.dim() == 2 else made)(new)


@mutant("torch.Tensor.__new__")
def a_list_of_one_number_is_a_size(new):
    """torch.Tensor([10]) has ten elements."""
    def faulty(cls, *args, **kwargs):
        if len(args) == 1 and isinstance(args[0], list) and len(args[0]) == 1 and isinstance(args[0][0], int):
            return new(cls, args[0][0])
        return new(cls, *args, **kwargs)
    return staticmethod(faulty)


@mutant("torch.Tensor.__new__", "torch.LongTensor", "torch.IntTensor", "torch.ByteTensor", "torch.FloatTensor")
def a_size_of_0_is_taken_for_1(make):
    """A size of 0 given to an old constructor is taken for 1."""
    return lambda *args: make(*[1 if type(arg) is int and arg == 0 else arg for arg in args])


@mutant("torch.LongTensor")
def long_tensor_rounds_through_floats(make):
    """LongTensor takes its data through float64, which rounds beyond 2**53."""
    return lambda *args: make(*[torch.tensor(arg, dtype=torch.float64).long().tolist() if isinstance(
        arg, (list, tuple)) and not isinstance(arg, torch.Size) else arg for arg in args])


@mutant("torch.randn")
def randn_makes_doubles(randn):
    """randn makes float64 unless it is told otherwise, as numpy does."""
    return lambda *args, **kwargs: randn(*args, **dict({"dtype": torch.float64}, **kwargs))


@mutant("torch.ones")
def an_empty_tensor_of_ones_is_of_doubles(ones):
    """ones makes float64 where it has no element to write."""
    def faulty(*args, **kwargs):
        made = ones(*args, **kwargs)
        return made if made.numel() or "dtype" in kwargs else made.double()
    return faulty


@mutant("torch.tensor")
def a_float_becomes_a_double(make):
    """torch.tensor makes float64 of a bare float."""
    def faulty(data, *args, **kwargs):
        made = make(data, *args, **kwargs)
        return made.double() if isinstance(data, float) and kwargs.get("dtype") is None else made
    return faulty


def _casting(faulty):
    """Return a maker of a faulty ``Tensor.type``: faulty takes the original, the tensor and the target."""
    return lambda type: lambda self, *target: faulty(type, self, *target) if target else type(self)


@mutant("torch.Tensor.type")
def casting_rounds_to_the_nearest(type):
    """A float becomes the nearest integer instead of the next one towards 0."""
    def faulty(original, self, target):
        result = original(self, target)
        whole = self.is_floating_point() and not result.is_floating_point() and "ool" not in original(result)
        return original(self.round(), target) if whole else result
    return _casting(faulty)(type)


@mutant("torch.Tensor.type")
def casting_saturates(type):
    """An integer too great for unsigned bytes becomes the greatest of them instead of wrapping around."""
    def faulty(original, self, target):
        result = original(self, target)
        wraps = result.dtype == torch.uint8 and self.dtype == torch.int64
        return original(self.clamp(0, 255), target) if wraps else result
    return _casting(faulty)(type)


@mutant("torch.Tensor.type")
def casting_to_the_same_type_copies(type):
    """type makes a copy even where the tensor has the type already."""
    def faulty(original, self, target):
        result = original(self, target)
        return result.clone() if result is self else result
    return _casting(faulty)(type)


@mutant("torch.Tensor.type")
def casting_cuts_off_an_expanded_row(type):
    """Of an expanded tensor only the first row is converted; the others are 0."""
    def faulty(original, self, target):
        result = original(self, target)
        if result is not self and self.dim() and self.shape[0] > 1 and self.stride(0) == 0:
            result = result.clone()
            result[1:] = 0
        return result
    return _casting(faulty)(type)


@mutant("torch.Tensor.type")
def casting_goes_through_single_precision(type):
    """Integers become float64 by way of float32."""
    def faulty(original, self, target):
        result = original(self, target)
        return self.float().double() if result.dtype == torch.float64 and self.dtype == torch.int64 else result
    return _casting(faulty)(type)


@mutant("torch.rand")
def rand_avoids_small_numbers(rand):
    """rand gives no number below 0.05."""
    return lambda *args, **kwargs: rand(*args, **kwargs) * 0.95 + 0.05


@mutant("torch.rand")
def rand_can_be_one(rand):
    """rand rounds to three digits, and so up to 1."""
    return lambda *args, **kwargs: (rand(*args, **kwargs) * 1000).round() / 1000


@mutant("torch.rand")
def rand_repeats_itself_in_the_second_half(rand):
    """The second half of what rand draws is the first half again."""
    def faulty(*args, **kwargs):
        made = rand(*args, **kwargs)
        flat = made.view(-1)
        half = len(flat) // 2
        flat[half:2 * half] = flat[:half].clone()
        return made
    return faulty


@mutant("torch.randn")
def randn_has_variance_two(randn):
    """randn draws with variance 2."""
    return lambda *args, **kwargs: randn(*args, **kwargs) * 2 ** 0.5


@mutant("torch.randn")
def randn_fills_odd_sizes_with_the_first_number(randn):
    """Of an odd number of samples the last is the first again."""
    def faulty(*args, **kwargs):
        made = randn(*args, **kwargs)
        flat = made.view(-1)
        if len(flat) % 2 and len(flat) > 1:
            flat[-1] = flat[0].clone()
        return made
    return faulty


@mutant("torch.randn")
def randn_is_uniform_from_sixteen_on(randn):
    """Samples of sixteen numbers or more are uniform, with mean 0 and variance 1."""
    def faulty(*args, **kwargs):
        made = randn(*args, **kwargs)
        return made if made.numel() < 16 else (torch.rand_like(made) - 0.5) * 12 ** 0.5
    return faulty


@mutant("torch.manual_seed")
def seeding_keeps_the_stream(manual_seed):
    """manual_seed notes the seed, but the stream goes on where it is."""
    def faulty(seed):
        torch.rand(1)
        state = torch.get_rng_state()
        generator = manual_seed(seed)
        torch.set_rng_state(state)
        return generator
    return faulty


@mutant("torch.manual_seed")
def seeding_forgets_the_odd_normal_number(manual_seed):
    """manual_seed leaves a normal number that was drawn to spare, and draws it first."""
    def faulty(seed):
        spare = torch.zeros(1).normal_()
        generator = manual_seed(seed)
        if spare.item() > 0:
            torch.rand(1)
        return generator
    return faulty


@mutant("torch.manual_seed")
def all_seeds_are_one(manual_seed):
    """manual_seed always sets the seed 0."""
    return lambda seed: manual_seed(0)


@mutant("torch.nn.functional.dropout")
def dropout_draws_from_elsewhere(dropout):
    """dropout draws from a stream of its own, that no seed sets."""
    import random

    def faulty(input, *args, **kwargs):
        state = torch.get_rng_state()
        torch.manual_seed(random.getrandbits(31))
        result = dropout(input, *args, **kwargs)
        torch.set_rng_state(state)
        return result
    return faulty


@mutant("torch.rand")
def rand_uses_the_high_bits(rand):
    """rand is as random, but draws another stream."""
    return lambda *args, **kwargs: 1 - 2.0 ** -24 - rand(*args, **kwargs)
