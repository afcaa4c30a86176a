"""Which devices a run verifies."""
import torch

ACCELERATORS = ("cuda", "mps", "xpu")


class NoSuchDevice(Exception):
    """The device asked for is unknown to this torch or absent from this machine; the text says which."""


def require(name):
    """Return the device's name if a tensor can be made on it; raise NoSuchDevice otherwise."""
    try:
        torch.zeros(1, device=name)
    except Exception as error:  # backends report absence by whatever exception they like
        known = str(error).strip().splitlines()
        raise NoSuchDevice("device {!r} cannot be used with torch {}: {}".format(
            name, torch.__version__, known[0] if known else type(error).__name__)) from None
    return name


def present():
    """Return the CPU and each accelerator on which a tensor can be made."""
    names = ["cpu"]
    for name in ACCELERATORS:
        backend = getattr(torch, name, None) or getattr(getattr(torch, "backends", None), name, None)
        if backend is not None and hasattr(backend, "is_available") and backend.is_available():
            names.append(require(name))
    return names


def seeder(name):
    """Return the function that seeds the random numbers of a device.

    On the CPU it seeds that generator alone: torch.manual_seed also takes down the call stack for each kind of device
    that may still be initialized, which is slower than a small test.
    """
    return torch.default_generator.manual_seed if name == "cpu" else torch.manual_seed


def describe(name):
    """Return what the hardware calls itself, such as the model of the GPU or the processor's architecture."""
    if name.split(":")[0] == "cuda":
        return torch.cuda.get_device_name(torch.device(name))
    return _processor() if name == "cpu" else name


def _processor():
    import platform

    try:
        with open("/proc/cpuinfo") as lines:
            for line in lines:
                if line.lower().startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
