"""A tensor and all the cells of its storage, before and after an operation in place."""
import numpy as np

from spec.oracles.agreement import agrees, array_of, bitwise


def storage_of(blueprint, tensor):
    """Return the tensor of all cells of the storage over which a Blueprint has put a tensor."""
    return tensor.detach().as_strided((len(blueprint.storage),), (1,), 0)


def changed_only(blueprint, tensor, values, **comparison):
    """Assert that a tensor made from a Blueprint has these values now, and that its other cells are as they were.

    The tensor's elements lie in one cell each, or elements of one cell have one value. The keywords are those of
    agreement.agrees.
    """
    __tracebackhide__ = True
    agrees(tensor, values, **comparison)
    after = array_of(storage_of(blueprint, tensor))
    untouched = np.ones(len(blueprint.storage), dtype=bool)
    untouched[blueprint.indices] = False
    bitwise(after[untouched], np.array(blueprint.storage, dtype=after.dtype)[untouched])
