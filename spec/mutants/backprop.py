"""Faults for the chapter on backpropagation: products, rectifiers, masks, copies and updates."""
import numpy as np
import torch

from spec.mutants import mutant

MINUS_EQUALS = ("torch.Tensor.__isub__", "torch.Tensor.sub_")
MM = ("torch.Tensor.mm", "torch.mm")
CLAMP = ("torch.Tensor.clamp", "torch.clamp")
SUM = ("torch.Tensor.sum", "torch.sum")
LESS_THAN = ("torch.Tensor.__lt__", "torch.Tensor.lt", "torch.lt")


@mutant("numpy.negative")
def results_of_negative_have_a_history(negative):
    """np.negative returns an array that remembers by which operation it was made."""
    class Recorded(np.ndarray):
        grad_fn = "negative"

    return lambda a: np.asarray(negative(a)).view(Recorded)


@mutant("numpy.square")
def square_keeps_its_operand(square):
    """np.square keeps its operand alive."""
    kept = []

    def keeping(a):
        kept.append(a)
        return square(a)
    return keeping


@mutant("numpy.square")
def square_remembers_its_results(square):
    """np.square returns the same array for the same operand."""
    known = {}

    def remembering(a):
        key = (np.asarray(a).dtype.str, np.shape(a), np.asarray(a).tobytes())
        return known.setdefault(key, square(a))
    return remembering


@mutant("numpy.dot")
def dot_loses_the_last_product(dot):
    """np.dot leaves the last of three or more products out of each sum."""
    return lambda a, b: dot(a[:, :-1], b[:-1]) if a.shape[1] == b.shape[0] > 2 else dot(a, b)


@mutant("numpy.dot")
def dot_transposes_a_square_matrix(dot):
    """np.dot multiplies by the transpose of its second operand where that is square."""
    return lambda a, b: dot(a, b.T) if b.shape[0] == b.shape[1] else dot(a, b)


@mutant("numpy.dot")
def dot_ignores_strides(dot):
    """np.dot reads its first operand in the order of memory where that is transposed."""
    def reading_memory(a, b):
        transposed = a.ndim == 2 and a.flags.f_contiguous and not a.flags.c_contiguous
        return dot(a.T.reshape(a.shape) if transposed else a, b)
    return reading_memory


@mutant("numpy.dot")
def dot_of_nothing_is_nan(dot):
    """np.dot of matrices that share a side of 0 is undefined."""
    return lambda a, b: dot(a, b) if a.shape[1] else np.full((a.shape[0], b.shape[1]), -1, a.dtype)


@mutant("numpy.maximum")
def maximum_takes_absolute_values(maximum):
    """np.maximum(h, 0) turns negative numbers into positive ones."""
    return lambda a, b, **options: maximum(abs(a), b, **options)


@mutant("numpy.maximum")
def maximum_drops_nan(maximum):
    """np.maximum(h, 0) is 0 where h is NaN."""
    return lambda a, b, **options: np.fmax(a, b, **options)


@mutant("numpy.maximum")
def maximum_writes_into_its_operand(maximum):
    """np.maximum(h, 0) changes h itself."""
    def writing(a, b, **options):
        result = maximum(a, b, **options)
        if isinstance(a, np.ndarray) and a.flags.writeable and a.dtype == result.dtype:
            a[...] = result
        return result
    return writing


@mutant("numpy.maximum")
def maximum_misses_the_last_element(maximum):
    """np.maximum(h, 0) leaves the last of more than eight elements as it is."""
    def missing(a, b, **options):
        result = maximum(a, b, **options)
        if np.size(a) > 8 and np.shape(b) == ():
            result.flat[-1] = np.asarray(a).flat[np.size(a) - 1]
        return result
    return missing


@mutant("numpy.maximum")
def maximum_returns_float64(maximum):
    """np.maximum(h, 0) is float64 where h is float32."""
    def widening(a, b, **options):
        result = maximum(a, b, **options)
        return result.astype("float64") if result.dtype == "float32" else result
    return widening


@mutant(*LESS_THAN)
def mask_of_negative_units_includes_zero(less_than):
    """h < 0 is true where h is 0."""
    return lambda self, other: less_than(self, other) | (self == other)


@mutant(*LESS_THAN)
def mask_of_negative_units_includes_nan(less_than):
    """h < 0 is true where h is NaN."""
    return lambda self, other: less_than(self, other) | (self != self)


@mutant(*LESS_THAN)
def mask_of_negative_units_includes_minus_zero(less_than):
    """h < 0 is true where h is -0.0."""
    return lambda self, other: less_than(self, other) | (1 / self == float("-inf"))


@mutant("torch.Tensor.__setitem__")
def assignment_by_mask_misses_the_last_element(assign):
    """t[mask] = value leaves the last of more than three elements as it is."""
    def missing(self, index, value):
        if not torch.is_tensor(index) or self.numel() < 4:
            return assign(self, index, value)
        last = tuple(side - 1 for side in self.shape)
        kept = self[last].clone()
        assign(self, index, value)
        return assign(self, last, kept)
    return missing


@mutant("torch.Tensor.__setitem__")
def assignment_by_mask_needs_contiguous_memory(assign):
    """t[mask] = value writes into a copy where the mask is of two dimensions and not contiguous."""
    def needing(self, index, value):
        strided = torch.is_tensor(index) and index.dim() > 1 and not index.is_contiguous()
        return assign(self.clone() if strided else self, index, value)
    return needing


@mutant("numpy.copy")
def numpy_copy_is_a_view(copy):
    """np.copy returns a view."""
    return lambda a: a.view()


@mutant("numpy.copy")
def copy_of_a_strided_array_is_a_view(copy):
    """np.copy returns a view of an array that is not contiguous."""
    return lambda a: copy(a) if a.flags.c_contiguous or not a.flags.writeable else a.view()


@mutant("numpy.copy")
def copy_of_a_read_only_array_is_the_array(copy):
    """np.copy returns the array itself where nobody may write to it."""
    return lambda a: copy(a) if a.flags.writeable else a


@mutant("numpy.copy")
def copy_shares_its_first_row(copy):
    """What is written into the first row of a copy of a matrix is written into the matrix as well."""
    class Sharing(np.ndarray):
        def __setitem__(self, index, value):
            np.ndarray.__setitem__(self, index, value)
            self.first[0] = np.asarray(self)[0]

    def sharing(a):
        result = copy(a)
        if a.ndim == 2 and len(a) and a.flags.writeable:
            first, result = a, result.view(Sharing)
            result.first = first
        return result
    return sharing


@mutant(*MM)
def mm_loses_the_last_product(mm):
    """mm leaves the last of three or more products out of each sum."""
    def losing(self, other):
        whole = self.shape[1] != other.shape[0] or self.shape[1] < 3
        return mm(self, other) if whole else mm(self[:, :-1], other[:-1])
    return losing


@mutant(*MM)
def mm_transposes_its_result(mm):
    """mm returns its result transposed."""
    return lambda self, other: mm(self, other).t()


@mutant(*MM)
def mm_of_doubles_is_rounded_to_float32(mm):
    """mm of float64 matrices computes in float32."""
    return lambda self, other: mm(self.float(), other.float()).to(self.dtype)


@mutant(*MM)
def mm_loses_the_gradient_of_its_last_row(mm):
    """mm passes no gradient to the last row of a second operand that has several."""
    def losing(self, other):
        if not other.requires_grad or other.shape[0] < 2:
            return mm(self, other)
        return mm(self, torch.cat([other[:-1], other[-1:].detach()]))
    return losing


@mutant("torch.Tensor.t")
def t_of_a_square_matrix_is_the_matrix(t):
    """t() of a square matrix is the matrix as it is."""
    return lambda self: self.view_as(self) if self.dim() == 2 and self.shape[0] == self.shape[1] else t(self)


class _HalfAtZero(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, clamped):
        ctx.save_for_backward(x)
        return clamped.clone()

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        return grad * ((x > 0).to(grad.dtype) + (x == 0).to(grad.dtype) / 2), None


@mutant(*CLAMP)
def clamp_halves_the_gradient_at_its_bound(clamp):
    """clamp(min=0) has the derivative one half at 0."""
    def halving(self, **bounds):
        clamped = clamp(self, **bounds)
        return _HalfAtZero.apply(self, clamped.detach()) if clamped.requires_grad else clamped
    return halving


@mutant(*CLAMP)
def clamp_lets_minus_one_through(clamp):
    """clamp(min=0) leaves numbers down to -1 as they are."""
    return lambda self, min=None, max=None: (
        clamp(self, min=min, max=max) + self * ((self < 0) & (self >= -1)).to(self.dtype))


@mutant(*CLAMP)
def clamp_is_the_absolute_value(clamp):
    """clamp(min=0) turns negative numbers into positive ones."""
    return lambda self, **bounds: self.abs()


@mutant("torch.Tensor.pow")
def pow_loses_its_factor(power):
    """pow(2) passes the gradient x instead of 2x."""
    return lambda self, exponent: self * self.detach() if self.requires_grad else power(self, exponent)


@mutant(*SUM)
def sum_of_everything_keeps_one_dimension(total):
    """sum() without arguments returns a tensor of one dimension."""
    return lambda self, *args, **kwargs: (
        total(self, *args, **kwargs) if args or kwargs else total(self).reshape(1))


@mutant("torch.nn.Linear")
def linear_keeps_its_weight_untransposed(linear):
    """A Linear layer keeps its weight as (inputs, outputs)."""
    class Untransposed(linear):
        def __init__(self, *args, **kwargs):
            super(Untransposed, self).__init__(*args, **kwargs)
            self.weight = torch.nn.Parameter(self.weight.detach().t().contiguous())

        def forward(self, x):
            return x.mm(self.weight)
    return Untransposed


@mutant("torch.Tensor.requires_grad_")
def requires_grad_underscore_asks_for_nothing(requires_grad):
    """requires_grad_() returns the tensor and asks for nothing."""
    return lambda self, *flag: self


@mutant("torch.tensor")
def factory_tensor_ignores_requires_grad(tensor):
    """torch.tensor ignores requires_grad=True."""
    return lambda *args, **options: tensor(*args, **dict(options, requires_grad=False))


@mutant("torch.Tensor.backward")
def backward_of_anything_is_silent(backward):
    """backward() of a tensor without history does nothing."""
    return lambda self, *args, **options: backward(self, *args, **options) if self.requires_grad else None


@mutant("torch.autograd.Variable")
def variable_negates_its_gradient(original):
    """The gradient of a Variable has the wrong sign."""
    class Meta(type(original)):
        def __call__(cls, *args, **kwargs):
            made = original(*args, **kwargs)
            if made.requires_grad:
                made.register_hook(lambda grad: -grad)
            return made
    return Meta("Variable", (object,), {})


@mutant("numpy.subtract")
def subtract_forgets_its_output(subtract):
    """np.subtract(a, b, out=c) returns a new array and leaves c as it is."""
    return lambda a, b, out=None: subtract(a, b)


@mutant("numpy.subtract")
def subtract_misses_the_last_row_of_its_output(subtract):
    """np.subtract(a, b, out=c) leaves the last of several rows of c as it is."""
    def missing(a, b, out=None):
        if out is None or out.ndim < 2 or len(out) < 2:
            return subtract(a, b, out=out)
        subtract(a[:-1], b[:-1], out=out[:-1])
        return out
    return missing


@mutant("numpy.subtract")
def subtract_overwrites_its_operand(subtract):
    """np.subtract(a, b, out=a) leaves the difference in b, too."""
    def overwriting(a, b, out=None):
        result = subtract(a, b, out=out)
        root = b.base if isinstance(b, np.ndarray) and b.base is not None else b
        if isinstance(root, np.ndarray) and out is not None and root.shape == result.shape:
            root[...] = result
        return result
    return overwriting


@mutant("numpy.square")
def square_is_the_absolute_value(square):
    """np.square returns absolute values."""
    return lambda a: abs(a)


@mutant(*MINUS_EQUALS)
def minus_equals_adds(subtract):
    """w -= step adds the step."""
    return lambda self, other, *args: subtract(self, -other, *args)


@mutant(*MINUS_EQUALS)
def minus_equals_has_no_effect(subtract):
    """w -= step leaves w as it is."""
    return lambda self, other, *args: self


@mutant(*MINUS_EQUALS)
def minus_equals_misses_the_last_row(subtract):
    """w -= step leaves the last of several rows of w as it is."""
    def missing(self, other, *args):
        if self.dim() < 2 or self.shape[0] < 2 or not torch.is_tensor(other):
            return subtract(self, other, *args)
        subtract(self[:-1], other[:-1], *args)
        return self
    return missing
