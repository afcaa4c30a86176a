"""Ways to a device, and what only some devices and machines can show."""
import warnings

import torch

from spec.capabilities import Capability


def backend(device):
    """Return the module that torch has for a kind of device, such as torch.cuda; AttributeError without one."""
    return getattr(torch, torch.device(device).type)


def sent(thing, device):
    """Move a tensor or a model by the method named for the device, as in x.cuda(), or by .to where there is none."""
    place = torch.device(device)
    method = getattr(thing, place.type, None)
    if method is None:
        return thing.to(device)
    return method() if place.index is None else method(place)


def ways(x, device):
    """Return what each way of moving a tensor to a device gives."""
    return [sent(x, device), x.to(device), x.to(torch.device(device))]


def lies_on(x, device):
    """Say whether a tensor is on a device; "cuda" is any GPU, "cuda:1" the second one."""
    place = torch.device(device)
    return x.device.type == place.type and place.index in (None, x.device.index)


def types_of(device):
    """Return the module whose FloatTensor is the type of a device's tensors: torch itself for those of the CPU."""
    return torch if torch.device(device).type == "cpu" else backend(device)


def sample(name):
    """Return the tensor [1, 0, 1] of a dtype of torch, which need not be one that numpy or the specification has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some dtypes are said to be experimental
        return torch.tensor([1, 0, 1]).to(getattr(torch, name))


def numbers_of(x):
    """Return the values of a tensor as a list, whatever its dtype."""
    return x.to(torch.complex64 if "complex" in str(x.dtype) else torch.float64).tolist()


def _can_be_moved(name, device):
    try:
        sample(name).to(device)
        return numbers_of(sample(name)) == [1, 0, 1]
    except (RuntimeError, TypeError, AttributeError):
        return False


_movable = {}


def movable(device):
    """Return the names of all dtypes that tensors on a device can have, those of newer releases included."""
    if device not in _movable:
        names = sorted(name for name, value in vars(torch).items()
                       if isinstance(value, torch.dtype) and str(value) == "torch." + name)
        _movable[device] = [name for name in names if _can_be_moved(name, device)]
    return _movable[device]


def _is_separate(device):
    return torch.ones(1, device=device).device.type != "cpu"


def _has_a_neighbour(device):
    second = torch.device(torch.device(device).type, 1)
    there = torch.ones(1, device=second)
    return _is_separate(device) and there.device == second and there.sum().item() == 1


def _has_types(device):
    return lies_on(torch.ones(1).type(types_of(device).FloatTensor), device)


def _has_streams(device):
    with backend(device).stream(backend(device).Stream()):
        event = backend(device).Event()
        event.record()
    event.synchronize()
    return _is_separate(device) and event.query()


def _takes_parameters_along(device):
    compatible = getattr(torch, "_has_compatible_shallow_copy_type", lambda one, other: True)
    return compatible(torch.ones(1), torch.ones(1, device=device))


def _may_pin(device):
    try:
        torch.ones(1).pin_memory()
    except NotImplementedError:
        return False
    except Exception:  # without an accelerator it is refused in many ways, and a loader does not try
        return True
    return True


SEPARATE = Capability("the device is the CPU, and this shows on an accelerator only", False, _is_separate)
NEIGHBOUR = Capability("no second accelerator of this kind is present", False, _has_a_neighbour)
PINNING = Capability("no accelerator is present for which memory could be pinned", False,
                     lambda device: torch.ones(1).pin_memory().is_pinned())
PINNABLE = Capability("an accelerator is present that has no pinned memory", True, _may_pin)
PARAMETERS = Capability("torch gives a model that is moved to the device new parameters", True,
                        _takes_parameters_along)
WITHOUT_GPU = Capability("a GPU is present", True, lambda device: not torch.cuda.is_available())
TYPES = Capability("torch has no tensor types for the device, only dtypes", True, _has_types)
STREAMS = Capability("the device has no streams", True, _has_streams)
META = Capability("this torch has no device without memory", True,
                  lambda device: torch.ones(2).to("meta").device.type == "meta")
