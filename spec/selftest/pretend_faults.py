"""Faults of the pretend accelerator: small realistic ones, each of which some claims must notice.

The environment variable PRETEND_FAULT names the one that the device has. A fault is put into the device itself and not
into a function of torch: this is what a builder's own mistake would look like.
"""
import os

import torch

VARIABLE = "PRETEND_FAULT"


class Sound:
    """The device as it should be."""

    def moved(self, values):
        """Return what arrives of a tensor that is moved to the device or from it."""
        return values

    def computed(self, operation, args, kwargs):
        """Return the result of an operation on tensors of the CPU, which hold the values of those of the device."""
        return operation(*args, **kwargs)

    def leaves_on_the_host(self, operation):
        """Say whether the result of an operation is a tensor of the CPU."""
        return False


class LosesTheDtypeOnTheWay(Sound):
    """Room for doubles is room for floats, and what is moved there becomes one."""

    def computed(self, operation, args, kwargs):
        if kwargs.get("dtype") is torch.float64:
            kwargs = dict(kwargs, dtype=torch.float32)
        return operation(*args, **kwargs)


class LeavesWhatIsRectifiedOnTheHost(Sound):
    """The result of relu lies on the CPU."""

    def leaves_on_the_host(self, operation):
        return operation is torch.ops.aten.relu.default


class RoundsWhatIsMoved(Sound):
    """Values are rounded to half precision on their way."""

    def moved(self, values):
        return values.half().to(values.dtype) if values.dtype in (torch.float32, torch.float64) else values


class LosesTheLastElement(Sound):
    """The last element of what is moved stays behind, where there are more than 16."""

    def moved(self, values):
        if values.numel() <= 16 or not values.is_contiguous():
            return values
        values = values.clone()
        values.view(-1)[-1] = 0
        return values


class LosesNegativeZero(Sound):
    """The sign of zero is lost on the way."""

    def moved(self, values):
        return values + 0 if values.dtype.is_floating_point else values


class ChangesACopy(Sound):
    """An addition in place goes to a copy: what was to be changed stays as it was."""

    def computed(self, operation, args, kwargs):
        if operation is torch.ops.aten.add.out and kwargs["out"] is args[0]:
            kwargs = {"out": args[0].clone()}
        return operation(*args, **kwargs)


class AliasesItsClone(Sound):
    """A clone is the same memory."""

    def computed(self, operation, args, kwargs):
        if operation is torch.ops.aten.clone.default:
            return args[0].detach().view(args[0].shape) if args[0].is_contiguous() else args[0].clone()
        return operation(*args, **kwargs)


class MultipliesDoublesAsFloats(Sound):
    """A product of matrices of doubles is computed in single precision."""

    def computed(self, operation, args, kwargs):
        if operation is torch.ops.aten.mm.out and args[0].dtype == torch.float64:
            return kwargs["out"].copy_(args[0].float().mm(args[1].float()))
        return operation(*args, **kwargs)


class IgnoresTheSeed(Sound):
    """Normal numbers go on where they were, whatever seed is set; uniform ones do not."""

    def __init__(self):
        self.generator = torch.Generator()
        self.generator.seed()

    def computed(self, operation, args, kwargs):
        if operation is torch.ops.aten.normal_.default:
            kwargs = dict(kwargs, generator=self.generator)
        return operation(*args, **kwargs)


class SumsInHalfPrecision(Sound):
    """A product of matrices is summed in half precision."""

    def computed(self, operation, args, kwargs):
        if operation is torch.ops.aten.mm.out and args[0].dtype.is_floating_point:
            return kwargs["out"].copy_(args[0].half().mm(args[1].half()))
        return operation(*args, **kwargs)


class PassesTheGradientAtZero(Sound):
    """The gradient of relu at 0 is 1 and not 0."""

    def computed(self, operation, args, kwargs):
        if operation is torch.ops.aten.threshold_backward.grad_input:
            gradient, x = args[:2]
            return kwargs["grad_input"].copy_(torch.where(x >= 0, gradient, torch.zeros_like(gradient)))
        return operation(*args, **kwargs)


FAULTS = {
    "loses-the-dtype-on-the-way": LosesTheDtypeOnTheWay,
    "leaves-what-is-rectified-on-the-host": LeavesWhatIsRectifiedOnTheHost,
    "rounds-what-is-moved": RoundsWhatIsMoved,
    "loses-the-last-element": LosesTheLastElement,
    "loses-negative-zero": LosesNegativeZero,
    "changes-a-copy": ChangesACopy,
    "aliases-its-clone": AliasesItsClone,
    "multiplies-doubles-as-floats": MultipliesDoublesAsFloats,
    "ignores-the-seed-for-normal-numbers": IgnoresTheSeed,
    "sums-in-half-precision": SumsInHalfPrecision,
    "passes-the-gradient-at-zero": PassesTheGradientAtZero,
}


def chosen():
    """Return the fault that the environment names, the sound device where it names none; KeyError for another name."""
    name = os.environ.get(VARIABLE)
    return FAULTS[name]() if name else Sound()
