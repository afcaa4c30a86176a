"""Faults for the chapter on tensors: arrays, what numpy has too, gradients, other devices."""
import torch

from spec.mutants import mutant


@mutant("torch.tensor")
def tensor_drops_outer_dimension_of_one(make):
    """torch.tensor takes [[...]] with a single row for the row itself."""
    def faulty(data, *args, **kwargs):
        result = make(data, *args, **kwargs)
        return result[0] if result.dim() > 1 and result.shape[0] == 1 else result
    return faulty


@mutant("torch.tensor")
def tensor_loses_the_sign_of_zero(make):
    """torch.tensor makes 0.0 of -0.0."""
    return lambda *args, **kwargs: make(*args, **kwargs) + 0


@mutant("torch.Tensor.numel")
def numel_counts_an_empty_dimension_as_one(numel):
    """numel multiplies the lengths of the dimensions that are not empty."""
    def faulty(self):
        total = 1
        for side in self.shape:
            total *= max(side, 1)
        return total
    return faulty


@mutant("torch.Tensor.dim")
def dim_overlooks_dimensions_of_one(dim):
    """dim counts only the dimensions longer than 1."""
    return lambda self: len([side for side in self.shape if side != 1])


@mutant("torch.Tensor.tolist")
def tolist_flattens_the_last_dimension(tolist):
    """tolist of several dimensions gives a row of one element as the element."""
    return lambda self: tolist(self.squeeze(-1) if self.dim() > 1 else self)


@mutant("torch.Tensor.size")
def size_is_a_plain_tuple(size):
    """size returns a plain tuple."""
    return lambda self, *dim: size(self, *dim) if dim else tuple(size(self))


@mutant("torch.Tensor.size")
def size_of_a_negative_dimension_is_off_by_one(size):
    """size(-1) counts from the last dimension but one."""
    return lambda self, *dim: size(self, (dim[0] - 1) % self.dim()) if dim and dim[0] < 0 else size(self, *dim)


@mutant("torch.Tensor.size")
def size_forgets_trailing_ones(size):
    """size leaves out a last dimension of length 1."""
    def faulty(self, *dim):
        whole = size(self, *dim)
        return torch.Size(whole[:-1]) if not dim and len(whole) > 1 and whole[-1] == 1 else whole
    return faulty


@mutant("torch.Tensor.__le__", "torch.Tensor.le", "torch.le")
def at_most_is_true_of_nan(le):
    """x <= y is computed as not x > y, which is true of NaN."""
    return lambda self, other: (self > other) == 0


@mutant("torch.Tensor.__sub__")
def subtraction_saturates_bytes(sub):
    """Subtraction of unsigned bytes stops at 0 instead of wrapping around."""
    def faulty(self, other):
        if self.dtype != torch.uint8 or not isinstance(other, torch.Tensor):
            return sub(self, other)
        return sub(self.to(torch.int64), other.to(torch.int64)).clamp(min=0).to(torch.uint8)
    return faulty


@mutant("torch.sort")
def sort_puts_nan_first(sort):
    """sort takes NaN for less than every number."""
    def faulty(self, *args, **kwargs):
        values, places = sort(self, *args, **kwargs)
        if not self.is_floating_point() or not (values != values).any():
            return values, places
        return values.flip((values.dim() - 1,)), places
    return faulty


@mutant("torch.round")
def round_takes_halves_away_from_zero(round):
    """round takes halves away from zero."""
    return lambda self, *args, **kwargs: torch.where(
        (self - self.trunc()).abs() == 0.5, self.trunc() + self.sign(), round(self, *args, **kwargs))


@mutant("torch.exp")
def exp_keeps_half_precision(exp):
    """exp computes in half precision."""
    return lambda self: exp(self.to(torch.float16).to(self.dtype))


@mutant("torch.cumsum")
def cumsum_leaves_out_the_last(cumsum):
    """cumsum leaves the last element of each row out."""
    def faulty(self, dim):
        result = cumsum(self, dim)
        return result - self if self.shape[dim] > 1 else result
    return faulty


@mutant("torch.mean")
def mean_divides_by_one_less(mean):
    """mean divides by n - 1."""
    return lambda self, *dim: mean(self, *dim) * (self.numel() + 1.0) / max(self.numel(), 1)


@mutant("torch.prod")
def prod_of_nothing_is_zero(prod):
    """prod of no elements is 0."""
    return lambda self, *args, **kwargs: prod(self, *args, **kwargs) * (1 if self.numel() else 0)


@mutant("torch.Tensor.__getitem__")
def a_step_in_an_index_starts_one_later(getitem):
    """A slice with a step leaves out the first element."""
    def faulty(self, index):
        if isinstance(index, slice) and (index.step or 1) > 1:
            return getitem(self, slice((index.start or 0) + 1, index.stop, index.step))
        return getitem(self, index)
    return faulty


@mutant("torch.cumprod")
def cumprod_is_gone(cumprod):
    """The name cumprod stands for nothing."""
    return None


@mutant("torch.std", "torch.Tensor.std")
def std_divides_by_n(std):
    """std divides by n, as numpy does."""
    return lambda self, *args, **kwargs: ((self - self.mean()) ** 2).mean().sqrt()


@mutant("torch.median", "torch.Tensor.median")
def median_is_the_mean_of_the_middle_two(median):
    """median averages the middle two of an even number of values."""
    def faulty(self):
        ordered = self.sort()[0]
        return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return faulty


@mutant("torch.argsort")
def argsort_descends(argsort):
    """argsort sorts the greatest first."""
    return lambda self, *args, **kwargs: argsort(-self, *args, **kwargs)


@mutant("torch.Tensor.repeat")
def repeat_repeats_each_element(repeat):
    """repeat repeats each element in place of the whole."""
    return lambda self, times: self.unsqueeze(-1).expand(-1, times).reshape(-1)


@mutant("torch.flip")
def flip_turns_one_dimension_only(flip):
    """flip turns the first of the dimensions it is given."""
    return lambda self, dims: flip(self, dims[:1])


@mutant("torch.randn", "torch.ones", "torch.from_numpy")
def tensors_require_gradients_by_default(make):
    """What makes a tensor of floats sets requires_grad."""
    def faulty(*args, **kwargs):
        result = make(*args, **kwargs)
        return result.requires_grad_() if result.is_floating_point() else result
    return faulty


@mutant("torch.Tensor.requires_grad_")
def requires_grad_is_ignored(requires_grad_):
    """requires_grad_ does nothing."""
    return lambda self, *args, **kwargs: self


@mutant("torch.Tensor.__mul__")
def the_product_records_itself_always(mul):
    """A product of floats requires a gradient even where its factors do not."""
    def faulty(self, other):
        result = mul(self, other)
        return result.requires_grad_() if result.is_floating_point() and not result.requires_grad else result
    return faulty


@mutant("numpy.multiply")
def numpy_multiply_gives_a_tensor(multiply):
    """numpy.multiply hands back something that could go to a GPU."""
    return lambda *args, **kwargs: torch.tensor(multiply(*args, **kwargs).tolist())


@mutant("torch.Tensor.__array__", since="1.9")
def a_tensor_elsewhere_is_copied_for_numpy(array):
    """A tensor that numpy cannot reach is copied for it in silence."""
    def faulty(self, *args, **kwargs):
        return array(self if self.device.type == "cpu" else torch.zeros(self.shape), *args, **kwargs)
    return faulty


@mutant("torch.Tensor.cpu")
def moving_to_the_cpu_narrows_doubles(cpu):
    """cpu makes float32 of float64."""
    return lambda self: cpu(self).to(torch.float32) if self.dtype == torch.float64 else cpu(self)


@mutant("torch.Tensor.mm", "torch.mm")
def mm_loses_the_last_row(mm):
    """mm leaves the last row of a product 0 where there are more than four."""
    def faulty(self, other):
        result = mm(self, other)
        if len(result) > 4:
            result[-1] = 0
        return result
    return faulty


@mutant("torch.zeros_like")
def zeros_like_is_on_another_device(zeros_like):
    """zeros_like always makes its tensor on the meta device, or where there is none, of one element less."""
    def faulty(self, *args, **kwargs):
        try:
            return torch.zeros(self.shape, dtype=self.dtype, device="meta")
        except (RuntimeError, TypeError):
            return zeros_like(self, *args, **kwargs).reshape(-1)[1:]
    return faulty
