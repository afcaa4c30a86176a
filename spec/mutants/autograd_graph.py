"""Faults for the chapter on autograd: the operations on Variables, the graph they make, and the loss."""
import torch

from spec.mutants import mutant


@mutant("torch.Tensor.abs")
def abs_of_a_variable_is_relu(original):
    """abs() of a tensor that requires a gradient puts 0 for negative entries."""
    return lambda self: self.clamp(min=0) if self.requires_grad else original(self)


@mutant("torch.Tensor.sort")
def sort_of_a_variable_descends(original):
    """sort(dim) of a tensor that requires a gradient puts the greatest entry first."""
    return lambda self, *args: original(self, *args, descending=True) if self.requires_grad and args else original(
        self, *args)


@mutant("torch.Tensor.sum")
def sum_of_a_variable_is_single_precision(original):
    """sum() of a tensor that requires a gradient is carried out in float32."""
    def sum(self, *args, **kwargs):
        if not self.requires_grad:
            return original(self, *args, **kwargs)
        return original(self.float(), *args, **kwargs).to(self.dtype)
    return sum


@mutant("torch.Tensor.round")
def variables_cannot_be_rounded(original):
    """round() refuses a tensor that requires a gradient."""
    def round(self):
        if self.requires_grad:
            raise RuntimeError("round() is not differentiable")
        return original(self)
    return round


@mutant("torch.Tensor.fill_")
def a_leaf_can_be_filled(original):
    """fill_() writes to a leaf that requires a gradient."""
    def fill_(self, value):
        original(self.data, value)
        return self
    return fill_


@mutant("torch.Tensor.resize_")
def a_leaf_can_be_resized(original):
    """resize_() of a leaf that requires a gradient does nothing."""
    return lambda self, *size: self if self.requires_grad else original(self, *size)


@mutant("torch.Tensor.numpy")
def numpy_detaches_first(original):
    """numpy() gives the values of a tensor that requires a gradient."""
    return lambda self, *args, **kwargs: original(self.detach(), *args, **kwargs)


@mutant("torch.Tensor.__deepcopy__")
def deepcopy_detaches_first(original):
    """A deep copy of a result is a leaf."""
    return lambda self, memo: original(self if self.is_leaf else self.detach(), memo)


@mutant("torch.Tensor.__setitem__")
def assignment_to_a_leaf_is_not_recorded(original):
    """Assignment to an element of a leaf that requires a gradient is carried out behind the back of the graph."""
    return lambda self, index, value: original(self.data, index, value)


@mutant("torch.Tensor.mm")
def mm_of_variables_is_single_precision(original):
    """mm() of tensors that require a gradient is carried out in float32."""
    def mm(self, other):
        if not self.requires_grad or self.dtype != torch.float64:
            return original(self, other)
        return original(self.float(), other.float()).double()
    return mm


@mutant("torch.Tensor.clamp")
def clamp_of_variables_turns_nan_into_its_bound(original):
    """clamp(min) of a tensor that requires a gradient gives min for NaN."""
    def clamp(self, *args, **kwargs):
        if not self.requires_grad or set(kwargs) != {"min"}:
            return original(self, *args, **kwargs)
        return torch.where(self > kwargs["min"], self, torch.full_like(self, kwargs["min"]))
    return clamp


@mutant("torch.Tensor.mm")
def mm_of_large_variables_skips_a_term(original):
    """mm() with a second operand that requires a gradient leaves out the last of 64 terms or more."""
    def mm(self, other):
        if not other.requires_grad or self.shape[1] < 64:
            return original(self, other)
        return original(self[:, :-1], other[:-1])
    return mm


@mutant("torch.Tensor.sum")
def sum_keeps_a_dimension(original):
    """sum() of all elements has shape (1,)."""
    def sum(self, *args, **kwargs):
        return original(self, *args, **kwargs) if args or kwargs else original(self).reshape(1)
    return sum


@mutant("torch.nn.functional.mse_loss")
def mse_loss_keeps_a_dimension(original):
    """The loss of MSELoss has shape (1,)."""
    return lambda *args, **kwargs: original(*args, **kwargs).reshape(-1)


@mutant("torch.Tensor.sum")
def sum_of_nothing_is_not_a_number(original):
    """sum() of no elements is NaN."""
    return lambda self, *args, **kwargs: original(self, *args, **kwargs) if self.numel() else self.mean()


@mutant("torch.Tensor.sum")
def sum_skips_the_last_of_many(original):
    """sum() leaves out the last of 17 elements or more."""
    def sum(self, *args, **kwargs):
        if args or kwargs or self.numel() < 17:
            return original(self, *args, **kwargs)
        return original(self.reshape(-1)[:-1])
    return sum


@mutant("torch.Tensor.__getitem__")
def a_tensor_without_dimensions_takes_an_index(original):
    """A tensor without dimensions gives itself for index 0."""
    return lambda self, index: self if self.dim() == 0 and type(index) is int else original(self, index)


@mutant("torch.Tensor.item")
def item_rounds_to_single_precision(original):
    """item() of a float64 rounds to float32."""
    return lambda self: original(self.float()) if self.dtype == torch.float64 else original(self)


@mutant("torch.Tensor.item")
def item_gives_an_array_scalar(original):
    """item() gives numpy's scalar instead of Python's."""
    return lambda self: self.detach().cpu().numpy()[()]


@mutant("torch.Tensor.__float__")
def float_truncates_a_loss(original):
    """float() of a tensor that requires a gradient drops the digits after the point."""
    def __float__(self):
        return float(int(original(self))) if self.requires_grad and abs(original(self)) < 1e9 else original(self)
    return __float__


def _without_history(operate, position):
    """Return an operation that takes its operand at a position without that operand's history."""
    def operation(*operands, **kwargs):
        operands = list(operands)
        if len(operands) > position and isinstance(operands[position], torch.Tensor):
            operands[position] = operands[position].detach()
        return operate(*operands, **kwargs)
    return operation


@mutant("torch.Tensor.mul", "torch.Tensor.__mul__", "torch.mul")
def mul_forgets_its_second_operand(original):
    """A product takes its second operand for a constant."""
    return _without_history(original, 1)


@mutant("torch.Tensor.add", "torch.Tensor.__add__", "torch.add")
def add_records_plain_tensors(original):
    """The sum of two plain tensors of floats requires a gradient."""
    def add(*operands, **kwargs):
        total = original(*operands, **kwargs)
        if torch.is_grad_enabled() and total.is_leaf and total.is_floating_point():
            total.requires_grad_()
        return total
    return add


@mutant("torch.no_grad.__enter__")
def no_grad_records(original):
    """no_grad() leaves recording on."""
    return lambda self: None


@mutant("torch.Tensor.detach")
def detach_keeps_the_history(original):
    """detach() is a copy that stays connected to the graph."""
    return lambda self: self.clone()


@mutant("torch.Tensor.add_")
def addition_in_place_is_not_recorded(original):
    """add_() of a tensor takes it for a constant."""
    return _without_history(original, 1)


@mutant("torch.Tensor.sigmoid")
def sigmoid_is_made_of_other_operations(original):
    """sigmoid() is 1 / (1 + exp(-x)), in four operations."""
    return lambda self: (1 + (-self).exp()).reciprocal()


@mutant("torch.Tensor.mul", "torch.Tensor.__mul__")
def a_product_with_itself_is_a_power(original):
    """The product of a tensor with itself is recorded as a power."""
    return lambda self, other: self.pow(2) if other is self else original(self, other)


@mutant("torch.Tensor.add_")
def operations_in_place_keep_the_grad_fn(original):
    """add_() of a number is not recorded."""
    def add_(self, other):
        if isinstance(other, torch.Tensor):
            return original(self, other)
        original(self.data, other)
        return self
    return add_


@mutant("torch.neg", "torch.Tensor.neg")
def neg_makes_a_leaf_of_its_own(original):
    """The negative of a leaf leads to a copy of the leaf."""
    def neg(self):
        return original(self.detach().clone().requires_grad_() if self.is_leaf and self.requires_grad else self)
    return neg


@mutant("torch.sum", "torch.Tensor.sum")
def sum_forgets_the_history_of_a_number(original):
    """The sum of a tensor without dimensions is taken for a constant."""
    return lambda self, *args, **kwargs: original(self if self.dim() else self.detach(), *args, **kwargs)


@mutant("torch.Tensor.unbind")
def unbind_takes_one_at_a_time(original):
    """unbind() selects each part by an operation of its own."""
    return lambda self, dim=0: tuple(self.select(dim, place) for place in range(self.shape[dim]))


@mutant("torch.Tensor.mm")
def mm_forgets_a_nameless_operand(original):
    """mm() of the result of an operation takes it for a constant."""
    return lambda self, other: original(self.detach() if self.grad_fn is not None else self, other)


@mutant("torch.Tensor.backward")
def backward_frees_nothing(original):
    """backward() keeps the graph without being asked to."""
    return lambda self, *args, **kwargs: original(self, *args, **dict(kwargs, retain_graph=True))


@mutant("torch.Tensor.backward")
def backward_frees_what_it_was_told_to_keep(original):
    """backward() ignores retain_graph."""
    return lambda self, *args, **kwargs: original(self, *args, **dict(kwargs, retain_graph=False))


@mutant("torch.Tensor.add_")
def changes_of_intermediates_go_unnoticed(original):
    """add_() of a number to a result is not counted as a change."""
    def add_(self, other):
        if self.is_leaf or isinstance(other, torch.Tensor):
            return original(self, other)
        original(self.data, other)
        return self
    return add_
