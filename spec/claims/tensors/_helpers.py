"""What several sections of this chapter need: other devices, and expressions that torch and numpy both understand."""
import warnings

import numpy as np
import torch

from spec import devices, dtypes
from spec.capabilities import Capability

INTEGER_PRODUCTS = Capability("the device multiplies no matrices of integers", True,
                              lambda device: torch.ones(1, 2, device=device).long().mm(
                                  torch.ones(2, 1, device=device).long()).item() == 2)
META = Capability("this torch has no device without memory", True,
                  lambda device: torch.empty(2, device="meta").device.type == "meta")


def accelerator(device):
    """Return the device if it is not the CPU, else the first accelerator of this machine; IndexError without one."""
    return devices.present()[1] if device == "cpu" else device


def evaluate(expression, xp, **names):
    """Return the value of a Python expression in which ``xp`` is the library, torch or numpy.

    Overflow, invalid values and division by zero are as IEEE 754 has them, without a warning.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(expression, {"xp": xp}, names)


def least(dtype):
    """Return the least positive number of a dtype: what one rounding may change a tiny result by."""
    return dtypes.limits(dtype).smallest_subnormal
