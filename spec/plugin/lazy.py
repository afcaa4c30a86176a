"""A device that puts its work off until a value is read: it is asked to do all of it then, and not just what is read.

Otherwise what is not read, such as the weights of a network whose losses are, would be put off from step to step, and
a program of 500 steps would end in one computation of 500 steps. A user of such a device calls its ``sync``.
"""
import pytest
import torch

from spec import devices
from spec.plugin.collection import device_of


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    device = device_of(item)
    if device in (None, "cpu") or not devices.is_lazy(device):
        yield
        return
    kind = torch.device(device).type

    def settling(method):
        def read(self, *args, **kwargs):
            if self.device.type == kind:
                devices.settle(device)
            return method(self, *args, **kwargs)
        return read

    with pytest.MonkeyPatch.context() as patch:
        for name in ("cpu", "item", "tolist", "__bool__", "__float__", "__int__"):
            patch.setattr(torch.Tensor, name, settling(getattr(torch.Tensor, name)))
        yield
