"""What shows on a GPU only: whether a test has one, and work that keeps it busy."""
from contextlib import contextmanager

import torch

from spec.capabilities import Capability

ON_GPU = Capability("the device is not one of CUDA, and this shows on such a device only", False,
                    lambda device: torch.ones(1, device=device).is_cuda)

SIDE, PRODUCTS = 4096, 25
"""The size of the matrices, and the number of products, that keep a GPU busy: far longer than some hundred calls."""


@contextmanager
def selected(device):
    """Make a GPU the current one: what names no device is on it then."""
    with torch.cuda.device_of(torch.empty(1, device=device)):
        yield


def keep_busy(device):
    """Return a function that gives the GPU much to compute and returns an event, which is over when that is done.

    The function calls for no memory; it was called once, so that nothing is set up in later calls.
    """
    a, out = torch.ones(SIDE, SIDE, device=device), torch.empty(SIDE, SIDE, device=device)

    def work(products=PRODUCTS):
        for _ in range(products):
            torch.mm(a, a, out=out)
        event = torch.cuda.Event()
        event.record()
        return event

    work(1).synchronize()
    return work
