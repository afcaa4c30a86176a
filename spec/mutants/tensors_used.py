"""Faults for the chapter on tensors: the steps of a network, protocols."""
import torch

from spec.mutants import mutant


@mutant("torch.Tensor.clamp")
def clamp_turns_nan_into_0(clamp):
    """clamp puts the bound for NaN."""
    def faulty(self, *args, **kwargs):
        result = clamp(self, *args, **kwargs)
        return torch.where(result == result, result, torch.zeros_like(result)) if result.is_floating_point() else result
    return faulty


@mutant("torch.Tensor.clamp")
def clamp_lets_small_negatives_through(clamp):
    """clamp takes numbers below 0 by less than 1e-6 for 0, and keeps them."""
    def faulty(self, *args, **kwargs):
        result = clamp(self, *args, **kwargs)
        return torch.where((self < 0) & (self > -1e-6), self, result) if self.dtype == torch.float64 else result
    return faulty


@mutant("torch.Tensor.clamp")
def clamp_changes_its_tensor(clamp):
    """clamp writes its result into the tensor."""
    def faulty(self, *args, **kwargs):
        result = clamp(self, *args, **kwargs)
        if self.is_contiguous():
            self.data.copy_(result)
        return result
    return faulty


@mutant("torch.Tensor.clamp")
def clamp_of_columns_first_forgets_the_last(clamp):
    """clamp leaves the last row of a tensor that is not contiguous as it is."""
    def faulty(self, *args, **kwargs):
        result = clamp(self, *args, **kwargs)
        if self.dim() and len(self) and not self.is_contiguous():
            result[-1] = self[-1]
        return result
    return faulty


@mutant("torch.Tensor.clamp")
def clamp_cuts_off_at_six(clamp):
    """clamp(min=0) cuts off above 6 too."""
    return lambda self, *args, **kwargs: clamp(self, min=0, max=6)


@mutant("torch.Tensor.clamp")
def clamp_returns_the_tensor_if_nothing_changes(clamp):
    """clamp returns the tensor itself if nothing in it is negative."""
    def faulty(self, *args, **kwargs):
        return self if self.numel() and (self >= 0).all().item() else clamp(self, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.clone")
def clone_is_an_alias(clone):
    """clone returns an alias."""
    return lambda self, *args, **kwargs: self.view_as(self)


@mutant("torch.Tensor.clone")
def clone_of_a_view_is_a_view(clone):
    """clone of a tensor that is not contiguous returns an alias."""
    return lambda self, *args, **kwargs: clone(
        self, *args, **kwargs) if self.is_contiguous() else self.view_as(self)


@mutant("torch.Tensor.clone")
def clone_forgets_the_type_of_half_numbers(clone):
    """clone makes float32 of float16."""
    return lambda self, *args, **kwargs: self.float() if self.dtype == torch.float16 else clone(self, *args, **kwargs)


@mutant("torch.Tensor.clone")
def clone_loses_the_sign_of_zero(clone):
    """clone makes 0.0 of -0.0."""
    def faulty(self, *args, **kwargs):
        result = clone(self, *args, **kwargs)
        return result + 0 if result.dtype == torch.float64 else result
    return faulty


@mutant("torch.Tensor.sum")
def the_sum_of_all_keeps_a_dimension(sum):
    """sum returns a tensor of one element in one dimension."""
    return lambda self, *args, **kwargs: sum(self, *args, **kwargs).view(1)


@mutant("torch.Tensor.sum")
def sum_leaves_out_the_last_of_an_odd_number(sum):
    """sum leaves the last element out where their number is odd and greater than 1."""
    def faulty(self, *args, **kwargs):
        flat = self.reshape(-1)
        return sum(flat[:-1] if len(flat) % 2 and len(flat) > 1 else flat)
    return faulty


@mutant("torch.Tensor.pow")
def pow_keeps_the_sign(pow):
    """pow(2) of a negative number is negative."""
    return lambda self, exponent: pow(self, exponent) * torch.sign(self)


@mutant("torch.Tensor.sum")
def sum_of_a_transpose_counts_one_row(sum):
    """sum of a tensor that is not contiguous adds up its first row only."""
    return lambda self, *args, **kwargs: sum(
        self[:1] if self.dim() and not self.is_contiguous() else self, *args, **kwargs)


@mutant("torch.Tensor.__rsub__")
def minus_from_the_left_is_not_reversed(rsub):
    """k - t computes t - k."""
    return lambda self, other: self - other


@mutant("torch.Tensor.__contains__")
def containment_asks_for_the_first(contains):
    """k in t looks at the first element only."""
    return lambda self, element: self.numel() > 0 and bool((self.reshape(-1)[0] == element).item())


@mutant("torch.Tensor.__rfloordiv__")
def floor_division_truncates(rfloordiv):
    """k // t rounds towards 0, and to the next number away from it for floats."""
    def faulty(self, other):
        result = other / self.double()
        return torch.where(result < 0, result.floor() if self.is_floating_point() else result.ceil(), result.ceil())
    return faulty


@mutant("torch.Tensor.__len__")
def len_counts_all_elements(length):
    """len is the number of elements."""
    return lambda self: self.numel() if self.dim() else length(self)


@mutant("torch.Tensor.__iter__")
def iteration_skips_the_last(iterate):
    """Iteration ends before the last of several rows."""
    return lambda self: iter(list(iterate(self))[:-1] if len(self) > 1 else list(iterate(self)))


@mutant("torch.Tensor.__int__")
def int_rounds(convert):
    """int rounds to the nearest."""
    return lambda self: round(self.item()) if self.numel() == 1 else convert(self)


@mutant("torch.Tensor.__bool__")
def truth_of_a_negative_is_false(truth):
    """A negative number is false."""
    return lambda self: self.item() > 0 if self.numel() == 1 else truth(self)


@mutant("torch.Tensor.__index__")
def an_index_counts_from_one(index):
    """A tensor as an index counts from 1."""
    return lambda self: index(self) - 1
