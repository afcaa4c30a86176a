"""What is held fixed while times are taken, what is written down about it, and what the hardware can do at most."""
import functools
import os
import platform
import shutil
import subprocess

import numpy
import threadpoolctl
import torch

from spec import devices
from spec.plugin import verdict_file

CLOCK = 6e9
"""Clock ticks in a second that no processor exceeds."""


def fix():
    """Fix what a process may choose: threads, full float32 precision, and no search for the fastest convolution."""
    threads = torch.get_num_threads()
    torch.set_num_threads(threads)
    threadpoolctl.threadpool_limits(threads, user_api="blas")
    torch.backends.cudnn.benchmark = False
    if hasattr(torch.backends.cudnn, "allow_tf32"):
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False


@functools.lru_cache(maxsize=None)
def described(names):
    """Return the versions, the hardware and the settings under which the devices of these names are measured."""
    return {
        "torch": verdict_file.version(),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "tensorflow": verdict_file.version_of("tensorflow"),
        "platform": "{} {}".format(platform.system(), platform.machine()),
        "hardware": {name: _hardware(name) for name in names},
        "threads": torch.get_num_threads(),
        "settings": {
            "tf32": bool(getattr(torch.backends.cudnn, "allow_tf32", False)),
            "cudnn_benchmark": torch.backends.cudnn.benchmark,
        },
    }


def _hardware(name):
    found = {"name": devices.describe(name)}
    if name == "cpu":
        found.update(cores=os.cpu_count(), mhz=_processor_clock())
    if name.split(":")[0] == "cuda":
        properties = torch.cuda.get_device_properties(torch.device(name))
        found.update(processors=properties.multi_processor_count, memory=properties.total_memory,
                     cuda=torch.version.cuda, cudnn=torch.backends.cudnn.version(), clocks=_clocks_of_gpus())
    return found


def _processor_clock():
    """Return the clock of the first processor in MHz, as the kernel tells it now, or None."""
    try:
        with open("/proc/cpuinfo") as lines:
            return next((float(line.split(":")[1]) for line in lines if line.startswith("cpu MHz")), None)
    except OSError:
        return None


def _clocks_of_gpus():
    """Return what nvidia-smi says of driver and clocks, one line for each GPU, or None where it is not there."""
    if shutil.which("nvidia-smi") is None:
        return None
    done = subprocess.run(
        ["nvidia-smi", "--query-gpu=driver_version,clocks.sm,clocks.max.sm,clocks.mem,clocks.max.mem", "--format=csv"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout.decode().strip() if done.returncode == 0 else None


def synchronizer(name):
    """Return the function that waits until a device has done all it was told to do."""
    kind = name.split(":")[0]
    backend = getattr(torch, kind, None)
    if kind == "cpu":
        return _nothing
    if kind == "cuda":
        return functools.partial(torch.cuda.synchronize, torch.device(name)) if ":" in name else torch.cuda.synchronize
    if not hasattr(backend, "synchronize"):
        raise devices.NoSuchDevice("device {!r} cannot be timed: torch.{} has no synchronize".format(name, kind))
    return backend.synchronize


def _nothing():
    """Wait for the CPU, which has done what it was told to do when a call returns."""


def peaks(name):
    """Return the most of each unit of work that a device can do in a second: bounds, not estimates.

    flop    float32, by all cores: two multiply-and-add units of 16 numbers on a core of the CPU, 128 numbers on a
            multiprocessor of a GPU, at a clock that none exceeds; infinite where a device does not say how large it is
    byte    moved between host and device: a terabyte, which no link between them has reached
    second  waited for: by one process one second
    """
    flop = float("inf")
    if name == "cpu":
        flop = os.cpu_count() * 2 * 16 * 2 * CLOCK
    elif name.split(":")[0] == "cuda":
        flop = torch.cuda.get_device_properties(torch.device(name)).multi_processor_count * 128 * 2 * CLOCK / 2
    return {"flop": flop, "byte": 1e12, "second": 1.0}
