"""A pretend accelerator: a device of its own as far as torch is concerned, whose memory is that of the CPU.

``python -m spec.selftest.pretend ARGUMENTS`` runs pytest with it as ``--device=pretend``, from torch 2.13 on. Each
operation is carried out on the CPU by the kernel below, which refuses tensors of two devices. The device keeps values,
histories and seeds, and has no streams, no pinned memory and no strides.
"""
import functools
import sys

import pytest
import torch
from torch.utils import _pytree, backend_registration

_hosts = {}
"""The tensor on the CPU that holds the values of each pretended storage, by the number of that storage."""

_VIEWS = ["diagonal", "expand", "index.Tensor", "permute", "select.int", "slice.Tensor", "split.Tensor", "squeeze",
          "squeeze.dim", "t", "transpose.int", "unbind.int", "unsqueeze", "view"]
"""Operations that torch would make by as_strided, which needs the strides that pretended tensors lack."""


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


def _kernel(operation, *args, **kwargs):
    """Carry out an operation on the CPU, and put its results on the pretend device."""
    values = [value for value in _pytree.tree_leaves((args, kwargs)) if isinstance(value, torch.Tensor)]
    if operation is not torch.ops.aten._copy_from.default and any(x.dim() and not _pretended(x) for x in values):
        raise RuntimeError("{}: a tensor of the CPU among those of the pretend device".format(operation))
    given = {id(_unwrap(value)): value for value in values if _pretended(value)}
    args, kwargs = _pytree.tree_map(_unwrap, (args, kwargs))
    if operation is torch.ops.aten._copy_from.default:
        args[1].copy_(args[0])
        return values[1]
    result = operation(*args, **dict(kwargs, **{"pin_memory": False} if "pin_memory" in kwargs else {}))
    for value in given.values():
        _follow(value, _unwrap(value))
    return _pytree.tree_map(
        lambda x: x if not isinstance(x, torch.Tensor) else given[id(x)] if id(x) in given else _wrap(x), result)


def _follow(tensor, host):
    """Give a tensor the shape that an operation gave to its values."""
    if tensor.shape != host.shape:
        tensor.data = _wrap(host)


def _as_strided_(tensor, *args, **kwargs):
    tensor.data = _wrap(_unwrap(tensor).as_strided(*args, **kwargs))
    return tensor


def install():
    """Make the pretend device known to torch, once in a process, for as long as what is returned is kept."""
    backend_registration._setup_privateuseone_for_python_backend("pretend", backend_module=_Backend())
    libraries = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
    libraries[0].fallback(_kernel, "PrivateUse1")
    libraries[1].impl("as_strided_", _as_strided_, "PrivateUse1")
    for name in _VIEWS:
        packet, _, overload = name.partition(".")
        operation = getattr(getattr(torch.ops.aten, packet), overload or "default")
        libraries[1].impl(name, functools.partial(_kernel, operation), "PrivateUse1")
    return libraries


if __name__ == "__main__":
    _libraries = install()
    sys.exit(pytest.main(["--device=pretend"] + sys.argv[1:]))
