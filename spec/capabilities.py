"""Which release of torch is installed, and what a device or an installation can do, found by probing.

A test that needs a capability says so with ``@needs(...)``. Where the capability is missing, the claim is
``not-applicable`` on that device if it lacks it by nature, and ``unverified`` if it is only absent here (hardware,
an optional package).
"""
import importlib.util
import warnings

import numpy as np
import torch

from spec.era import release

HERE = release(torch.__version__)
"""The release of the installed torch, as (major, minor)."""


class Capability:
    """Something a device can or cannot do.

    lacking    the sentence that a report prints where it is missing
    by_nature  True: missing means not applicable; False: missing here, so unverified
    probe      device name -> bool; whatever it raises counts as missing
    """

    def __init__(self, lacking, by_nature, probe):
        self.lacking, self.by_nature, self._probe = lacking, by_nature, probe
        self._known = {}

    def on(self, device):
        """Say whether the device has the capability; probed once."""
        if device not in self._known:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._known[device] = bool(self._probe(device))
            except Exception:
                self._known[device] = False
        return self._known[device]


def needs(*capabilities):
    """Say that a test needs these capabilities of its device (of the CPU, if it takes no device)."""
    def attach(test):
        test.needs = tuple(getattr(test, "needs", ())) + capabilities
        return test
    return attach


def _package(name):
    return Capability("{} is not installed".format(name), False,
                      lambda device: importlib.util.find_spec(name) is not None)


def _holds_values(device):
    return torch.ones(2, device=device).sum().item() == 2


def _shares_memory_with_numpy(device):
    tensor = torch.zeros(2, device=device)
    array = tensor.numpy()
    array[0] = 7
    return tensor[0].item() == 7


def _has_strides(device):
    return torch.zeros(2, 3, device=device).t().stride() == (1, 3)


def _exposes_storage(device):
    return torch.zeros(1, device=device).data_ptr() != 0 and _has_strides(device)


def _has(name):
    def probe(device):
        dtype = getattr(torch, name)
        result = (torch.ones(2, dtype=dtype, device=device) * 2).sum()
        return result.dtype == dtype and (not VALUES.on(device) or result.item() == 4)
    return probe


def _seeds_reproduce(device):
    torch.manual_seed(1)
    first = torch.rand(3, device=device)
    torch.manual_seed(1)
    return torch.equal(first, torch.rand(3, device=device))


def _calls_function_instances(device):
    class Legacy(torch.autograd.Function):
        def forward(self, x):
            return x * 2

        def backward(self, gradient):
            return gradient * 2

    return Legacy()(torch.ones(1, device=device)).item() == 2


def _flushes_nothing(device):
    return (torch.tensor([np.float32(1e-40).item()], device=device) * 1).item() != 0


def _compiles(device):
    return torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)).item() == 2


def _refuses_at_once(device):
    try:
        torch.ones(2, device=device) + torch.ones(3, device=device)
    except RuntimeError:
        return True
    return False


def _refuses_other_devices(device):
    if torch.device(device).type == "cpu":
        return True
    try:
        torch.ones(2, device=device) + torch.ones(2)
    except RuntimeError:
        return True
    return False


def _has_a_second(device):
    return torch.ones(1, device="{}:1".format(torch.device(device).type)).device.index == 1


def _has_accelerator(device):
    from spec import devices

    return len(devices.present()) > 1


VALUES = Capability("the device keeps shapes and dtypes but no values", True, _holds_values)
NUMPY_MEMORY = Capability("the device's memory is not the host's, so numpy cannot share it", True,
                          _shares_memory_with_numpy)
STRIDES = Capability("every tensor of the device is row-major, or seems so", True, _has_strides)
STORAGE = Capability("the device shows neither addresses nor strides of its storage", True, _exposes_storage)
FLOAT64 = Capability("the device has no float64", True, _has("float64"))
HALF_ARITHMETIC = Capability("this torch does no float16 arithmetic on the device", True, _has("float16"))
BFLOAT16 = Capability("this torch has no bfloat16 on the device", True, _has("bfloat16"))
COMPLEX = Capability("this torch has no complex numbers on the device", True, _has("complex64"))
SEEDED = Capability("torch.manual_seed does not determine the device's random numbers", True, _seeds_reproduce)
SUBNORMALS = Capability("the device flushes subnormal numbers to zero", True, _flushes_nothing)
FUNCTION_INSTANCES = Capability("this torch refuses to call an instance of autograd.Function", True,
                                _calls_function_instances)
ACCELERATOR = Capability("no accelerator is present on this machine", False, _has_accelerator)
CUDA = Capability("no CUDA device is present on this machine", False, lambda device: torch.cuda.is_available())
WITHOUT_CUDA = Capability("a CUDA device is present on this machine", False,
                          lambda device: not torch.cuda.is_available())
COMPILE = Capability("this torch has no torch.compile for this Python", True, _compiles)
TENSORFLOW = _package("tensorflow")
TORCHVISION = _package("torchvision")

PROBED = {
    "keeps values": VALUES,
    "shares memory with numpy": NUMPY_MEMORY,
    "shows addresses and strides": STORAGE,
    "has float64": FLOAT64,
    "has float16 arithmetic": HALF_ARITHMETIC,
    "has bfloat16": BFLOAT16,
    "has complex numbers": COMPLEX,
    "keeps subnormal numbers": SUBNORMALS,
    "is seeded by torch.manual_seed": SEEDED,
    "refuses an impossible operation at once": Capability("an error shows late", True, _refuses_at_once),
    "refuses tensors of the CPU among its own": Capability("the device mixes", True, _refuses_other_devices),
    "is one of several of its kind": Capability("there is no second one", False, _has_a_second),
}
"""What is probed of every device for its verdict file, whether a test asks for it or not, by name."""


def found(device):
    """Return name -> whether the device has it, for each capability of PROBED."""
    return {name: capability.on(device) for name, capability in PROBED.items()}
