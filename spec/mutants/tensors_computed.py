"""Faults for the chapter on tensors: addition, products, the transpose."""
import torch

from spec.mutants import mutant


@mutant("torch.Tensor.__add__")
def plus_rounds_to_single_precision(add):
    """x + y of float64 is rounded to float32."""
    def faulty(self, other):
        result = add(self, other)
        return result.float().double() if result.dtype == torch.float64 else result
    return faulty


@mutant("torch.add")
def torch_add_saturates_bytes(add):
    """torch.add of unsigned bytes stops at 255 instead of wrapping around."""
    def faulty(x, y, **kwargs):
        if getattr(x, "dtype", None) != torch.uint8 or kwargs:
            return add(x, y, **kwargs)
        return add(x.long(), y.long()).clamp(max=255).to(torch.uint8)
    return faulty


def _writing(faulty):
    """Return a maker of a faulty torch.add with out: faulty takes the original, both terms and r."""
    return lambda add: lambda x, y, out=None, **kwargs: (
        add(x, y, **kwargs) if out is None else faulty(add, x, y, out))


@mutant("torch.add")
def add_with_out_ignores_strides(add):
    """torch.add(x, y, out=r) fills the memory of r in row-major order, whatever the strides of r are."""
    def faulty(add, x, y, out):
        total = add(x, y)
        if out.shape != total.shape:
            return add(x, y, out=out)
        out.as_strided(total.shape, total.contiguous().stride(), out.storage_offset()).copy_(total)
        return out
    return _writing(faulty)(add)


@mutant("torch.Tensor.add_")
def add_in_place_takes_x_for_its_first_row(add_):
    """y.add_(x) adds the first row of x to every row of y."""
    def faulty(self, other, *args, **kwargs):
        rows = isinstance(other, torch.Tensor) and other.dim() > 0 and other.shape == self.shape and len(other) > 1
        return add_(self, other[:1] if rows else other, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.__add__")
def plus_loses_the_sign_of_zero(add):
    """-0.0 + -0.0 is 0.0."""
    return lambda self, other: add(add(self, other), 0)


@mutant("torch.Tensor.add_")
def add_in_place_on_a_copy(add_):
    """y.add_(x) adds to a copy of y and returns that."""
    return lambda self, *args, **kwargs: add_(self.clone(), *args, **kwargs)


@mutant("torch.add")
def add_with_out_returns_another_tensor(add):
    """torch.add(x, y, out=r) returns an alias of r."""
    return _writing(lambda add, x, y, out: add(x, y, out=out).view_as(out))(add)


@mutant("torch.add")
def add_with_out_moves_to_new_memory(add):
    """torch.add(x, y, out=r) gives r new memory."""
    def faulty(add, x, y, out):
        out.set_(add(x, y))
        return out
    return _writing(faulty)(add)


@mutant("torch.add")
def add_with_out_adds_to_what_was_there(add):
    """torch.add(x, y, out=r) adds the sum to r."""
    return _writing(lambda add, x, y, out: out.add_(add(x, y)) if out.numel() else add(x, y, out=out))(add)


@mutant("torch.add")
def add_with_out_writes_beyond_a_slice(add):
    """torch.add(x, y, out=r) also clears the cell before a vector r that begins further inside its storage."""
    def faulty(add, x, y, out):
        add(x, y, out=out)
        if out.dim() == 1 and out.storage_offset() > 0:
            out.as_strided((1,), (1,), out.storage_offset() - 1).zero_()
        return out
    return _writing(faulty)(add)


@mutant("torch.add")
def add_with_out_lets_integers_take_fractions(add):
    """torch.add(x, y, out=r) cuts a sum of floats off for an r of integers."""
    def faulty(add, x, y, out):
        if out.dtype != torch.int64 or not x.is_floating_point():
            return add(x, y, out=out)
        return out.copy_(add(x, y).long())
    return _writing(faulty)(add)


@mutant("torch.Tensor.mm", "torch.mm")
def mm_leaves_garbage_for_an_empty_sum(mm):
    """A product over a dimension of length 0 is not set to 0."""
    return lambda self, other: mm(self, other) + (1 if self.shape[1] == 0 else 0)


@mutant("torch.Tensor.mm", "torch.mm")
def mm_skips_zeros(mm):
    """mm leaves out terms whose left factor is 0, and so 0 times infinity."""
    def faulty(self, other):
        if self.is_floating_point() and self.dim() == other.dim() == 2 and (self == 0).all().item():
            return torch.zeros(self.shape[0], other.shape[1], dtype=self.dtype)
        return mm(self, other)
    return faulty


@mutant("torch.Tensor.mm", "torch.mm")
def mm_overlooks_a_transposed_operand(mm):
    """mm reads a square matrix that is laid out by columns as if it were laid out by rows."""
    def faulty(self, other):
        turned = self.dim() == 2 and self.shape[0] == self.shape[1] > 1 and self.stride(0) == 1 < self.stride(1)
        return mm(self.t() if turned else self, other)
    return faulty


@mutant("torch.Tensor.mm", "torch.mm")
def mm_multiplies_bfloats(mm):
    """mm of float32 keeps 10 bits of each factor, as TF32 does."""
    def faulty(self, other):
        if self.dtype != torch.float32:
            return mm(self, other)
        return mm(*[torch.round(x * 512) / 512 if x.numel() else x for x in (self, other)])
    return faulty


@mutant("torch.Tensor.mm", "torch.mm")
def mm_takes_vectors_for_rows(mm):
    """mm takes a vector for a matrix of one row."""
    return lambda self, other: mm(self.unsqueeze(0) if self.dim() == 1 else self, other)


@mutant("torch.Tensor.__matmul__")
def at_multiplies_element_by_element_where_it_can(at):
    """x @ y multiplies square matrices element by element."""
    return lambda self, other: self * other if self.dim() == 2 and self.shape == other.shape else at(self, other)


@mutant("torch.Tensor.__matmul__")
def at_keeps_a_dimension_of_a_vector(at):
    """The product of two vectors has one element instead of no dimension."""
    return lambda self, other: at(self, other).view(1) if self.dim() == other.dim() == 1 else at(self, other)


@mutant("torch.Tensor.__matmul__")
def at_pairs_batches_by_the_first(at):
    """Every matrix of a batch on the left is multiplied by the first matrix on the right."""
    return lambda self, other: at(self, other[:1].expand_as(other) if other.dim() > 2 else other)


@mutant("torch.matmul")
def matmul_transposes_its_result_for_batches(matmul):
    """torch.matmul transposes square products of batches."""
    def faulty(self, other):
        result = matmul(self, other)
        return result.transpose(-1, -2) if result.dim() > 2 and result.shape[-1] == result.shape[-2] else result
    return faulty


@mutant("torch.Tensor.t")
def t_copies(t):
    """t copies."""
    return lambda self: t(self).clone()


@mutant("torch.Tensor.t")
def t_leaves_square_matrices_as_they_are(t):
    """t does nothing to a square matrix."""
    return lambda self: self.view_as(self) if self.dim() == 2 and self.shape[0] == self.shape[1] else t(self)


@mutant("torch.Tensor.t")
def t_of_a_slice_begins_at_the_storage(t):
    """t forgets the offset."""
    return lambda self: self.as_strided(t(self).shape, t(self).stride(), 0)


@mutant("torch.Tensor.t")
def t_of_one_row_is_a_copy(t):
    """t copies a matrix of one row, for which the order of elements does not change."""
    return lambda self: t(self).clone() if self.dim() == 2 and self.shape[0] == 1 else t(self)
