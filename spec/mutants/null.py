"""Mutants that change nothing: a test that notices one of them looks at how torch is made, not at what it does."""
import functools

from spec.mutants import mutant


def _same(original):
    @functools.wraps(original)
    def same(*args, **kwargs):
        return original(*args, **kwargs)
    return same


@mutant("torch.Tensor.add_", null=True)
def null_add_underscore(add_):
    """add_ is called by way of another function."""
    return _same(add_)


@mutant("torch.Tensor.mm", "torch.mm", null=True)
def null_mm(mm):
    """mm is called by way of another function."""
    return _same(mm)


@mutant("torch.Tensor.clamp", "torch.clamp", null=True)
def null_clamp(clamp):
    """clamp is called by way of another function."""
    return _same(clamp)


@mutant("torch.relu", "torch.nn.functional.relu", null=True)
def null_relu(relu):
    """relu is called by way of another function."""
    return _same(relu)


@mutant("torch.Tensor.backward", null=True)
def null_backward(backward):
    """backward is called by way of another function."""
    return _same(backward)


@mutant("torch.Tensor.numpy", null=True)
def null_numpy(numpy):
    """numpy() is called by way of another function."""
    return _same(numpy)


@mutant("torch.from_numpy", null=True)
def null_from_numpy(from_numpy):
    """from_numpy is called by way of another function."""
    return _same(from_numpy)


@mutant("torch.manual_seed", null=True)
def null_manual_seed(manual_seed):
    """manual_seed is called by way of another function."""
    return _same(manual_seed)


@mutant("torch.Tensor.clone", null=True)
def null_clone(clone):
    """clone is called by way of another function."""
    return _same(clone)


@mutant("torch.nn.functional.linear", null=True)
def null_linear(linear):
    """linear is called by way of another function."""
    return _same(linear)


@mutant("torch.optim.SGD.step", null=True)
def null_sgd_step(step):
    """A step of SGD is called by way of another function."""
    return _same(step)


@mutant("torch.nn.Module.zero_grad", null=True)
def null_zero_grad(zero_grad):
    """zero_grad of a Module is called twice."""
    @functools.wraps(zero_grad)
    def twice(self, *args, **kwargs):
        zero_grad(self, *args, **kwargs)
        return zero_grad(self, *args, **kwargs)
    return twice
