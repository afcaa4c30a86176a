"""Faults for the chapter on autograd: who gets a gradient, which one, and what becomes of it."""
import torch

from spec.mutants import mutant
from spec.recorded_graph import functions


def leaves(root):
    """Return the leaves that a gradient of a tensor would reach."""
    if root.grad_fn is None and root.requires_grad:
        return [root]
    return [function.variable for function in functions(root) if hasattr(function, "variable")]


def altered(tensor, change):
    """Return a copy of a tensor that passes back a changed gradient."""
    if not tensor.requires_grad:
        return tensor
    copy = tensor.clone()
    copy.register_hook(change)
    return copy


@mutant("torch.cat")
def cat_detaches_all_but_the_first(cat):
    """torch.cat passes a gradient to the first tensor only."""
    def faulty(tensors, *args, **kwargs):
        return cat([tensors[0]] + [tensor.detach() for tensor in tensors[1:]], *args, **kwargs)
    return faulty


@mutant("torch.Tensor.sort")
def sort_forgets_the_graph(sort):
    """sort() gives values that do not require a gradient."""
    return lambda self, *args, **kwargs: sort(self.detach(), *args, **kwargs)


@mutant("torch.Tensor.mm")
def backward_also_fills_a_plain_factor(mm):
    """A plain tensor that is multiplied with one that requires a gradient gets the flag, and so a gradient, too."""
    def faulty(self, other):
        if other.requires_grad and not self.requires_grad:
            self.requires_grad_()
        return mm(self, other)
    return faulty


def _after_backward(change):
    """Return a maker of a faulty torch.autograd.backward that changes the leaves' gradients after the right one."""
    def make(backward):
        def faulty(tensors, *args, **kwargs):
            roots = [tensors] if isinstance(tensors, torch.Tensor) else list(tensors)
            reached = [leaf for root in roots for leaf in leaves(root)]
            before = [None if leaf.grad is None else leaf.grad.detach().clone() for leaf in reached]
            backward(tensors, *args, **kwargs)
            for number, (leaf, old) in enumerate(zip(reached, before)):
                change(number, leaf, old)
        return faulty
    return make


@mutant("torch.autograd.backward")
def backward_forgets_the_last_element(backward):
    """backward leaves out the last element of every gradient."""
    def change(number, leaf, old):
        if leaf.grad.dim() and leaf.grad.numel():
            leaf.grad.data[(-1,) * leaf.grad.dim()] = 0
    return _after_backward(change)(backward)


@mutant("torch.autograd.backward")
def backward_forgets_the_second_leaf(backward):
    """backward gives the second leaf that it reaches no gradient."""
    def change(number, leaf, old):
        if number == 1:
            leaf.grad = None
    return _after_backward(change)(backward)


@mutant("torch.autograd.backward")
def backward_replaces_gradients(backward):
    """backward puts the new gradient in place of the one that is there."""
    def change(number, leaf, old):
        if old is not None:
            leaf.grad.data.sub_(old)
    return _after_backward(change)(backward)


@mutant("torch.autograd.backward")
def backward_doubles_the_first_gradient(backward):
    """backward adds the gradient twice where there is none yet."""
    def change(number, leaf, old):
        if old is None:
            leaf.grad.data.mul_(2)
    return _after_backward(change)(backward)


@mutant("torch.autograd.backward")
def backward_accumulates_into_a_new_tensor(backward):
    """backward puts the sum of the old and the new gradient into a new tensor."""
    def change(number, leaf, old):
        if old is not None:
            leaf.grad = leaf.grad.detach().clone()
    return _after_backward(change)(backward)


@mutant("torch.autograd.backward")
def backward_flips_the_sign(backward):
    """backward gives the negative of the gradient."""
    def change(number, leaf, old):
        if old is None:
            leaf.grad.data.neg_()
        else:
            leaf.grad.data.mul_(-1).add_(old).add_(old)
    return _after_backward(change)(backward)


@mutant("torch.autograd.backward")
def backward_gives_zeros_at_the_second_call(backward):
    """backward adds nothing to a gradient that is all zeros."""
    def change(number, leaf, old):
        if old is not None and not old.abs().sum().item():
            leaf.grad.data.zero_()
    return _after_backward(change)(backward)


@mutant("torch.autograd.backward")
def backward_gives_gradients_that_require_one(backward):
    """The gradients that backward leaves require a gradient themselves."""
    return _after_backward(lambda number, leaf, old: leaf.grad.requires_grad_())(backward)


@mutant("torch.autograd.backward")
def backward_rounds_to_half_precision(backward):
    """backward leaves gradients of float32 tensors that are rounded to half precision."""
    def change(number, leaf, old):
        if leaf.grad.dtype == torch.float32:
            leaf.grad.data.copy_(leaf.grad.data.half().float())
    return _after_backward(change)(backward)


@mutant("torch.autograd.backward")
def backward_ignores_what_has_no_graph(backward):
    """backward does nothing, in silence, where nothing requires a gradient."""
    def faulty(tensors, *args, **kwargs):
        root = tensors if isinstance(tensors, torch.Tensor) else tensors[0]
        return backward(tensors, *args, **kwargs) if root.requires_grad else None
    return faulty


@mutant("torch.Tensor.backward")
def backward_of_many_elements_sums_them(backward):
    """backward without an argument takes the gradient of the sum of whatever it is called on."""
    def faulty(self, gradient=None, *args, **kwargs):
        if gradient is None and self.requires_grad and self.numel() != 1:
            gradient = torch.ones_like(self)
        return backward(self, gradient, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.backward")
def backward_scales_its_argument(backward):
    """backward(v) takes v to have length one."""
    def faulty(self, gradient=None, *args, **kwargs):
        if gradient is not None and float(gradient.norm()) > 0:
            gradient = gradient / gradient.norm()
        return backward(self, gradient, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.backward")
def backward_refuses_one_element_with_dimensions(backward):
    """backward without an argument works on a tensor without dimensions only."""
    def faulty(self, gradient=None, *args, **kwargs):
        if gradient is None and self.dim():
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        return backward(self, gradient, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.__mul__")
def products_retain_their_gradient(mul):
    """The result of a multiplication keeps its gradient."""
    def faulty(self, other):
        result = mul(self, other)
        if result.requires_grad:
            result.retain_grad()
        return result
    return faulty


@mutant("torch.Tensor.__mul__", "torch.Tensor.__rmul__")
def a_number_times_a_tensor_has_the_inverse_gradient(mul):
    """The gradient of k * x is 1/k."""
    def faulty(self, other):
        result = mul(self, other)
        if isinstance(other, (int, float)) and other:
            return altered(result, lambda g: g / other / other)
        return result
    return faulty


@mutant("torch.relu", "torch.Tensor.relu", "torch.nn.functional.relu")
def relu_passes_the_gradient_at_zero(relu):
    """The gradient of relu at exactly 0 is 1."""
    def faulty(x, *args, **kwargs):
        if not x.requires_grad or torch.is_tensor(args and args[0]):
            return relu(x, *args, **kwargs)
        result = relu(x, *args, **kwargs)
        return result + (x - x.detach()) * (x == 0).to(x.dtype)
    return faulty


@mutant("torch.Tensor.clamp", "torch.clamp")
def clamp_follows_the_other_convention_at_its_lower_bound(clamp):
    """The gradient of clamp at its lower bound is 0 where this release gives 1, and 1 where it gives 0."""
    def faulty(x, *args, **kwargs):
        result = clamp(x, *args, **kwargs)
        bound = kwargs.get("min", args[0] if args else None)
        if not (x.requires_grad and isinstance(bound, (int, float))):
            return result
        probe = torch.zeros(1, requires_grad=True)
        clamp(probe, min=0).backward(torch.ones(1))
        sign = 1 - 2 * probe.grad.item()
        return result + (x - x.detach()) * (x.detach() == bound).to(x.dtype) * sign
    return faulty


@mutant("torch.Tensor.mm", "torch.mm")
def mm_has_a_gradient_off_by_a_thousandth(mm):
    """The gradients of a matrix product are too large by 0.1 %."""
    return lambda self, *args, **kwargs: altered(mm(self, *args, **kwargs), lambda g: g * 1.001)


@mutant("torch.mul", "torch.Tensor.mul", "torch.Tensor.__mul__")
def a_square_counts_one_of_its_two_uses(mul):
    """The gradient of x * x is x: one of the two uses of x is forgotten."""
    def faulty(self, other):
        return mul(self, other.detach() if other is self else other)
    return faulty


@mutant("torch.exp", "torch.Tensor.exp")
def exp_has_a_gradient_off_by_a_billionth(exp):
    """The gradient of exp is too large by one part in a billion."""
    return lambda self: altered(exp(self), lambda g: g * (1 + 1e-9))


@mutant("torch.add", "torch.Tensor.__add__")
def the_gradient_of_a_broadcast_operand_is_an_average(add):
    """A tensor that is broadcast in a sum gets the mean of the gradients of its copies instead of their sum."""
    def faulty(self, other, *args, **kwargs):
        if torch.is_tensor(other) and other.numel() and self.numel() > other.numel():
            scale = float(self.numel() // other.numel())
            other = altered(other, lambda g: g / scale)
        return add(self, other, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.zero_")
def zero_underscore_leaves_nan(zero_):
    """zero_() multiplies with zero, so that NaN stays."""
    return lambda self: self.mul_(0)


@mutant("torch.Tensor.zero_")
def zero_underscore_clears_a_copy(zero_):
    """zero_() returns a cleared copy and leaves the tensor as it is."""
    return lambda self: zero_(self.clone())


@mutant("torch.optim.SGD.step")
def sgd_uses_normalised_gradients(step):
    """SGD scales each gradient to length one before it takes a step."""
    def faulty(self, *args, **kwargs):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and float(parameter.grad.norm()) > 0:
                    parameter.grad.data.div_(float(parameter.grad.norm()))
        return step(self, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.__isub__")
def subtraction_in_place_makes_a_new_tensor(isub):
    """a -= b makes a new tensor and binds a to it."""
    return lambda self, other: self - other


@mutant("torch.Tensor.sub_")
def subtraction_in_place_forgets_the_last_element(sub_):
    """sub_ leaves the last element of a vector as it is."""
    def faulty(self, other, *args, **kwargs):
        last = self.data[-1:].clone() if self.dim() else None
        sub_(self, other, *args, **kwargs)
        if last is not None and self.numel():
            self.data[-1:] = last
        return self
    return faulty


@mutant("torch.Tensor.sub_", "torch.Tensor.__isub__")
def a_leaf_can_be_changed_in_place(sub_):
    """A leaf that requires a gradient can be subtracted from in place."""
    def faulty(self, *args, **kwargs):
        with torch.no_grad():
            return sub_(self, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.add_", "torch.Tensor.mul_", "torch.Tensor.zero_")
def a_leaf_is_changed_before_the_refusal(original):
    """An in-place operation on a leaf that requires a gradient raises only after it has changed the leaf."""
    def faulty(self, *args, **kwargs):
        if self.is_leaf and self.requires_grad and torch.is_grad_enabled():
            self.data.fill_(7)
        return original(self, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.mean")
def mean_divides_by_one_more(mean):
    """mean() divides by one more than there are elements."""
    def faulty(self, *args, **kwargs):
        result = mean(self, *args, **kwargs)
        return result if args or kwargs else result * (self.numel() / (self.numel() + 1.0))
    return faulty


@mutant("torch.Tensor.mean")
def mean_has_the_gradient_of_a_sum(mean):
    """The gradient of mean() is not divided by the number of elements."""
    def faulty(self, *args, **kwargs):
        count = float(self.numel())
        return altered(mean(self, *args, **kwargs), lambda g: g * count)
    return faulty
