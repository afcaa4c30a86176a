"""Faults for the chapter on operations in place."""
import torch

from spec.mutants import mutant


@mutant("torch.Tensor.add_")
def add_underscore_on_a_copy(add_):
    """add_ adds into a copy and returns that."""
    return lambda self, *args, **kwargs: add_(self.clone(), *args, **kwargs)


@mutant("torch.Tensor.zero_")
def zero_underscore_returns_nothing(zero_):
    """zero_ clears the tensor and returns None."""
    def faulty(self):
        zero_(self)
    return faulty


@mutant("torch.Tensor.clamp_")
def clamp_underscore_copies_what_is_strided(clamp_):
    """clamp_ works on a contiguous copy of a tensor that is not contiguous."""
    return lambda self, *args, **kwargs: clamp_(self.contiguous(), *args, **kwargs)


@mutant("torch.Tensor.mul_")
def mul_underscore_escapes_autograd(mul_):
    """mul_ changes the values and leaves the gradient as it was."""
    def faulty(self, other):
        with torch.no_grad():
            return mul_(self, other)
    return faulty


@mutant("torch.Tensor.zero_")
def zero_underscore_escapes_the_version_counter(zero_):
    """zero_ clears the tensor behind autograd's back, so that backward computes with what was there before."""
    def faulty(self):
        zero_(self.data)
        return self
    return faulty


@mutant("torch.Tensor.detach")
def detach_copies(detach):
    """detach returns a copy."""
    return lambda self: detach(self).clone()


@mutant("torch.Tensor.fill_")
def fill_underscore_forgets_the_last_row(fill_):
    """fill_ leaves out the last entry along the first dimension."""
    def faulty(self, value):
        fill_(self[:-1] if self.dim() else self, value)
        return self
    return faulty


@mutant("torch.Tensor.fill_")
def fill_underscore_rounds(fill_):
    """fill_ rounds a number up to the nearest integer in a tensor of integers, where it must drop the fraction."""
    def faulty(self, value):
        return fill_(self, value if self.is_floating_point() or not isinstance(value, float) else int(value + 0.5))
    return faulty


@mutant("torch.Tensor.add")
def add_writes_into_its_tensor(add):
    """add changes the tensor that it is called on too."""
    return lambda self, *args, **kwargs: self.add_(*args, **kwargs).clone()


@mutant("torch.Tensor.add_")
def add_underscore_adds_its_operand_to_both(add_):
    """add_ leaves the sum in its operand too, where the sizes are equal."""
    def faulty(self, other, **kwargs):
        result = add_(self, other, **kwargs)
        if isinstance(other, torch.Tensor) and other.shape == self.shape and other.dtype == self.dtype:
            other.copy_(self)
        return result
    return faulty


@mutant("torch.Tensor.add_")
def add_underscore_forgets_to_broadcast(add_):
    """add_ adds an operand of one row to the first row only."""
    def faulty(self, other, **kwargs):
        if isinstance(other, torch.Tensor) and self.dim() == other.dim() and self.dim() and other.shape[0] == 1:
            add_(self[:1], other, **kwargs)
            return self
        return add_(self, other, **kwargs)
    return faulty


@mutant("torch.Tensor.add_")
def add_underscore_saturates(add_):
    """add_ stops at 255 in tensors of uint8, where it must begin again at 0."""
    def faulty(self, other, **kwargs):
        if self.dtype == torch.uint8:
            total = self.long() + (other.long() if isinstance(other, torch.Tensor) else other)
            return self.copy_(total.clamp(0, 255))
        return add_(self, other, **kwargs)
    return faulty


@mutant("torch.Tensor.zero_")
def zero_underscore_multiplies_by_zero(zero_):
    """zero_ multiplies by 0, which leaves NaN, turns infinities into NaN and keeps the sign of zero."""
    return lambda self: self.mul_(0)


@mutant("torch.Tensor.zero_")
def zero_underscore_clears_the_whole_storage(zero_):
    """zero_ clears the cells between the elements of a tensor with steps, too."""
    def faulty(self):
        if self.dim() == 1 and self.stride(0) > 1 and len(self) > 1:
            zero_(self.as_strided(((len(self) - 1) * self.stride(0) + 1,), (1,)))
        return zero_(self)
    return faulty


@mutant("torch.Tensor.abs", "torch.abs")
def abs_returns_its_tensor_when_nothing_is_negative(abs):
    """abs returns the tensor itself where it has no negative element."""
    return lambda self: self if bool((self >= 0).all()) else abs(self)


@mutant("torch.Tensor.__mul__", "torch.Tensor.__rmul__")
def multiplying_by_one_copies_nothing(mul):
    """x * 1 is x itself."""
    return lambda self, other: self if isinstance(other, int) and other == 1 else mul(self, other)


@mutant("torch.Tensor.lerp")
def lerp_writes_into_its_end(lerp):
    """lerp leaves the result in its first argument too."""
    def faulty(self, end, weight):
        result = lerp(self, end, weight)
        end.copy_(result)
        return result
    return faulty


@mutant("torch.Tensor.round", "torch.Tensor.floor", "torch.Tensor.ceil")
def rounding_whole_numbers_copies_nothing(rounding):
    """round, floor and ceil return a view of the tensor where it holds whole numbers only."""
    def faulty(self):
        result = rounding(self)
        return self[...] if bool((result == self).all()) else result
    return faulty


@mutant("torch.nn.functional.threshold")
def threshold_ignores_inplace(threshold):
    """threshold(..., inplace=True) returns a new tensor."""
    return lambda input, threshold_, value, inplace=False: threshold(input, threshold_, value)


@mutant("torch.add")
def add_ignores_out(add):
    """torch.add(..., out=a) leaves a as it was."""
    return lambda *args, **kwargs: add(*args, **{key: kwargs[key] for key in kwargs if key != "out"})


@mutant("torch.Tensor.cumsum")
def cumsum_sums_in_place(cumsum):
    """cumsum leaves the sums in the tensor."""
    return lambda self, *args, **kwargs: self.data.copy_(cumsum(self, *args, **kwargs))


@mutant("torch.Tensor.__isub__")
def minus_equals_makes_a_new_tensor(subtract):
    """-= assigns the difference to the name, and leaves the tensor as it was."""
    return lambda self, other: self - other


@mutant("torch.Tensor.__iadd__")
def plus_equals_adds_twice_to_what_is_strided(add):
    """+= adds twice to a tensor of several dimensions that is not contiguous."""
    def faulty(self, other):
        if self.dim() > 1 and not self.is_contiguous():
            add(self, other)
        return add(self, other)
    return faulty


@mutant("torch.Tensor.__itruediv__", "torch.Tensor.__idiv__")
def divided_equals_multiplies_by_the_rounded_inverse(divide):
    """/= multiplies by the inverse, which rounds once too often."""
    def faulty(self, other):
        if isinstance(other, torch.Tensor) and self.is_floating_point():
            return self.mul_(1 / other)
        return divide(self, other)
    return faulty


@mutant("torch.Tensor.__iadd__", since="1.3")
def plus_equals_drops_fractions(add):
    """+= adds the whole part of a number to a tensor of integers, where it must refuse."""
    def faulty(self, other):
        return add(self, int(other) if isinstance(other, float) and not self.is_floating_point() else other)
    return faulty


@mutant("torch.Tensor.atan2_", "torch.Tensor.arctan2_")
def atan_two_underscore_swaps_its_operands(atan2_):
    """a.atan2_(b) leaves atan2(b, a)."""
    return lambda self, other: self.copy_(torch.atan2(other, self))


@mutant("torch.Tensor.remainder_")
def remainder_underscore_keeps_the_sign_of_its_tensor(remainder_):
    """remainder_ rounds towards 0, as fmod_ does."""
    return lambda self, other: self.fmod_(other)


@mutant("torch.Tensor.triu_")
def triu_underscore_forgets_what_is_strided(triu_):
    """triu_ works on a copy of a tensor that is not contiguous."""
    def faulty(self, *args, **kwargs):
        triu_(self.contiguous(), *args, **kwargs)
        return self
    return faulty


@mutant("torch.Tensor.round_")
def round_underscore_rounds_halves_up(round_):
    """round_ rounds halves up, and not to the even neighbour."""
    return lambda self: self.add_(0.5).floor_()


@mutant("torch.Tensor.masked_fill_")
def masked_fill_underscore_fills_the_rest(masked_fill_):
    """masked_fill_ fills where the mask is not set."""
    return lambda self, mask, value: masked_fill_(self, mask == 0, value)
