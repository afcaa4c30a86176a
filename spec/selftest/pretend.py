"""A pretend accelerator: a device of its own as far as torch is concerned, whose memory is that of the CPU.

``pytest --device-module=spec.selftest.pretend --device=pretend`` runs with it, from torch 2.13 on. Each operation is
carried out on the CPU by the kernel below, which refuses tensors of two devices. The device keeps values, histories and
seeds, and has no streams, no pinned memory and no strides. The environment variable PRETEND_FAULT names a fault, one of
spec.selftest.pretend_faults, that the device is to have.
"""
import functools

import torch
from torch.utils import _pytree, backend_registration

from spec.selftest import pretend_faults as faults

_hosts = {}
"""The tensor on the CPU that holds the values of each pretended storage, by the number of that storage."""

_VIEWS = ["diagonal", "expand", "index.Tensor", "permute", "select.int", "slice.Tensor", "split.Tensor", "squeeze",
          "squeeze.dim", "t", "transpose.int", "unbind.int", "unsqueeze", "view"]
"""Operations that torch would make by as_strided, which needs the strides that pretended tensors lack."""

_WITH_A_NUMBER = {packet.Tensor_out: packet.Scalar_out for packet in (torch.ops.aten.fmod, torch.ops.aten.remainder)}
"""Operations that torch calls with a number where they ask for a tensor, and what they are when it is one."""


class _Backend(backend_registration._DummyBackendModule):
    def synchronize(self, device=None):
        """Everything is done when a call returns."""


def _number(tensor):
    return tensor.untyped_storage()._cdata


def _pretended(value):
    return isinstance(value, torch.Tensor) and value.device.type == "pretend"


def _wrap(host):
    """Return a tensor on the pretend device with the values of one on the CPU."""
    tensor = torch._C._acc.create_empty_tensor(host.size(), host.dtype)
    _hosts[_number(tensor)] = host
    return tensor


def _unwrap(value):
    if _pretended(value):
        return _hosts[_number(value)]
    return torch.device("cpu") if isinstance(value, torch.device) else value


_fault = faults.chosen()


def _kernel(operation, *args, **kwargs):
    """Carry out an operation on the CPU, and put its results on the pretend device."""
    values = [value for value in _pytree.tree_leaves((args, kwargs)) if isinstance(value, torch.Tensor)]
    if operation is not torch.ops.aten._copy_from.default and any(x.dim() and not _pretended(x) for x in values):
        raise RuntimeError("{}: a tensor of the CPU among those of the pretend device".format(operation))
    given = {id(_unwrap(value)): value for value in values if _pretended(value)}
    args, kwargs = _pytree.tree_map(_unwrap, (args, kwargs))
    if operation is torch.ops.aten._copy_from.default:
        # A linear layer shapes the result for a vector anew (from 2.15 on) without an operation that is seen here.
        host = _fault.moved(args[0])
        args[1].copy_(host.reshape(values[1].shape) if host.numel() == values[1].numel() else host)
        return values[1]
    if operation is torch.ops.aten.empty_strided.default:  # of a device without strides they mean nothing
        operation, args = torch.ops.aten.empty.memory_format, args[:1]
    if "pin_memory" in kwargs:
        kwargs["pin_memory"] = False
    if isinstance(args[-1], (int, float)):
        operation = _WITH_A_NUMBER.get(operation, operation)
    result = _fault.computed(operation, args, kwargs)
    for value in given.values():
        _follow(value, _unwrap(value))
    if _fault.leaves_on_the_host(operation):
        return result
    return _pytree.tree_map(
        lambda x: x if not isinstance(x, torch.Tensor) else given[id(x)] if id(x) in given else _wrap(x), result)


def _follow(tensor, host):
    """Give a tensor the shape that an operation gave to its values."""
    if tensor.shape != host.shape:
        tensor.data = _wrap(host)


def _as_strided_(tensor, *args, **kwargs):
    tensor.data = _wrap(_unwrap(tensor).as_strided(*args, **kwargs))
    return tensor


def _convolution_backward(gradient, x, weight, *args):
    return _kernel(torch.ops.aten.convolution_backward.default, gradient, x, weight, [gradient.shape[1]], *args)


def _copied(tensor, memo, otherwise=torch.Tensor.__deepcopy__):
    """Copy a tensor for copy.deepcopy: a pretended one by its values, for its storage has no memory to copy."""
    if not _pretended(tensor) or not tensor.is_leaf:
        return otherwise(tensor, memo)
    if id(tensor) not in memo:
        memo[id(tensor)] = tensor.detach().clone().requires_grad_(tensor.requires_grad)
    return memo[id(tensor)]


def install():
    """Make the pretend device known to torch, once in a process, for as long as what is returned is kept."""
    backend_registration._setup_privateuseone_for_python_backend("pretend", backend_module=_Backend())
    torch.Tensor.__deepcopy__ = _copied
    libraries = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
    libraries[0].fallback(_kernel, "PrivateUse1")
    libraries[1].impl("as_strided_", _as_strided_, "PrivateUse1")
    libraries[1].impl("convolution_overrideable", functools.partial(_kernel, torch.ops.aten.convolution.default),
                      "PrivateUse1")
    libraries[1].impl("convolution_backward_overrideable", _convolution_backward, "PrivateUse1")
    for name in _VIEWS + ["clone"]:
        packet, _, overload = name.partition(".")
        operation = getattr(getattr(torch.ops.aten, packet), overload or "default")
        libraries[1].impl(name, functools.partial(_kernel, operation), "PrivateUse1")
    return libraries


_libraries = install()
