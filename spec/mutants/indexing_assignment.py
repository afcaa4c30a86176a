"""Faults for the chapter on indexing: assigning, and the comparison that makes a mask."""
from spec.mutants import mutant
from spec.mutants.indexing import each, is_integer, is_mask, stop_included


@mutant("torch.Tensor.__setitem__")
def assigning_past_the_end_does_nothing(setitem):
    """Assigning to an integer past the end is ignored."""
    def faulty(self, index, value):
        try:
            setitem(self, index, value)
        except IndexError:
            pass
    return faulty


@mutant("torch.Tensor.__setitem__")
def stops_are_included_on_assignment(setitem):
    """A slice that is assigned to includes its stop where that is not negative."""
    return lambda self, index, value: setitem(self, each(index, stop_included), value)


@mutant("torch.Tensor.__setitem__")
def assignment_to_a_strided_tensor_is_lost(setitem):
    """Assigning to a tensor that is not contiguous writes to a copy."""
    return lambda self, index, value: setitem(self.contiguous(), index, value)


@mutant("torch.Tensor.__setitem__")
def assignment_takes_the_first_value_only(setitem):
    """A tensor of several values assigns its first everywhere."""
    def faulty(self, index, value):
        several = hasattr(value, "numel") and value.dim() == 1 and value.numel() > 1
        setitem(self, index, value[0] if several else value)
    return faulty


@mutant("torch.Tensor.__setitem__")
def assignment_leaves_the_last_element(setitem):
    """Assigning leaves the last element of a contiguous tensor as it was."""
    def faulty(self, index, value):
        if self.requires_grad or self.numel() < 2 or not self.is_contiguous():
            return setitem(self, index, value)
        last = self.view(-1).narrow(0, self.numel() - 1, 1)
        kept = last.clone()
        setitem(self, index, value)
        last.copy_(kept)
    return faulty


@mutant("torch.Tensor.__setitem__")
def assignment_rounds_to_integers(setitem):
    """A number assigned to integers is rounded, not cut off."""
    def faulty(self, index, value):
        rounds = isinstance(value, float) and "int" in str(self.dtype)
        setitem(self, index, int(round(value)) if rounds else value)
    return faulty


@mutant("torch.Tensor.__setitem__")
def assignment_of_a_scalar_adds(setitem):
    """Assigning a number to an index of a row adds it."""
    def faulty(self, index, value):
        if isinstance(value, (int, float)) and is_integer(index):
            value = self[index] + value
        setitem(self, index, value)
    return faulty


@mutant("torch.Tensor.__setitem__")
def masks_are_read_as_row_numbers_on_assignment(setitem):
    """A mask of one dimension that is assigned to is read as the row numbers 0 and 1."""
    def faulty(self, index, value):
        setitem(self, index.long() if is_mask(index) and index.dim() == 1 else index, value)
    return faulty


@mutant("torch.Tensor.__lt__")
def less_than_includes_equal(lt):
    """h < 0 is true at 0."""
    return lambda self, other: self <= other


@mutant("torch.Tensor.__lt__")
def less_than_includes_nan(lt):
    """h < 0 is true where h is NaN."""
    return lambda self, other: (self >= other) == 0
