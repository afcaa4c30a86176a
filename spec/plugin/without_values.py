"""A device that keeps no values, such as ``meta``: a test that asks it for one is not applicable there.

Which tests do is found in the act, so that no test has to say so: the operations by which values become known are
watched while a test runs on such a device. Torch lets them be watched from 1.13 on.
"""
import contextlib

import pytest
import torch

from spec.capabilities import HERE, VALUES
from spec.plugin.collection import device_of

_TELLING = {"_local_scalar_dense", "allclose", "bincount", "equal", "is_nonzero", "masked_select", "nonzero",
            "repeat_interleave", "unique_consecutive", "unique_dim", "_unique", "_unique2"}
"""Operations whose result, or the shape of whose result, depends on values."""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    device = device_of(item)
    if device in (None, "cpu") or VALUES.on(device) or HERE < (1, 13):
        yield
        return
    with _watched(item, torch.device(device).type):
        yield


@contextlib.contextmanager
def _watched(item, kind):
    """End a pytest item as not applicable as soon as it asks a tensor on a kind of device for its values."""
    from torch.utils._python_dispatch import TorchDispatchMode

    def valueless(value):
        return isinstance(value, torch.Tensor) and value.device.type == kind

    def stop():
        item.spec_unmet = ("not-applicable", VALUES.lacking)
        pytest.skip(VALUES.lacking)

    class Watching(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            name = operation.overloadpacket.__name__
            if any(valueless(value) for value in args) and _tells(name, args, kwargs, kind):
                stop()
            return operation(*args, **kwargs)

    def refusing(method):
        return lambda self, *args, **kwargs: stop() if valueless(self) else method(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, Watching():
        for name in ("numpy", "__array__", "__format__"):
            patch.setattr(torch.Tensor, name, refusing(getattr(torch.Tensor, name)))
        yield


def _tells(name, args, kwargs, kind):
    """Say whether an operation on tensors without values shows some of them."""
    if name == "index":
        return any(index is not None and index.dtype in (torch.bool, torch.uint8) for index in args[1])
    if name == "copy_":
        return args[0].device.type != kind
    return name in _TELLING or kwargs.get("device") is not None and torch.device(kwargs["device"]).type != kind
