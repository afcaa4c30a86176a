"""Which devices a run verifies."""
import importlib

import torch

ACCELERATORS = ("cuda", "mps", "xpu")

_brought = []
"""The modules of ``--device-module``, in the order in which they were imported."""


class NoSuchDevice(Exception):
    """The device asked for is unknown to this torch or absent from this machine; the text says which."""


class NoSuchModule(Exception):
    """A module that should bring a device cannot be imported; the text says why."""


def bring(name):
    """Import a module that brings a device, such as torch_xla; raise NoSuchModule where that fails."""
    try:
        module = importlib.import_module(name)
    except Exception as error:  # what a backend raises where its library or its hardware is absent is its own affair
        said = str(error).strip().splitlines() or [""]
        raise NoSuchModule("{}: it cannot be imported: {}: {}".format(name, type(error).__name__, said[0])) from None
    if module not in _brought:
        _brought.append(module)


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
    that may still be initialized, which is slower than a small test. A module of ``--device-module`` that has a
    function ``manual_seed`` is asked too.
    """
    if name == "cpu":
        return torch.default_generator.manual_seed
    seeds = [torch.manual_seed] + [module.manual_seed for module in _brought if hasattr(module, "manual_seed")]
    return lambda seed: [one(seed) for one in seeds]


def is_lazy(name):
    """Say whether a device may put its work off: whether a module of ``--device-module`` has a function ``sync``."""
    return name != "cpu" and any(hasattr(module, "sync") for module in _brought)


def settle(name):
    """Let a device that puts its work off do it now: call ``sync`` of the modules of ``--device-module`` that have it.

    A test that does one thing thousands of times calls it in between, for such a device may else put off everything.
    What cannot be done does not matter here: it may be left over from another test, and who reads it will know.
    """
    if name != "cpu":
        for module in _brought:
            if hasattr(module, "sync"):
                try:
                    module.sync()
                except RuntimeError:
                    pass


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
