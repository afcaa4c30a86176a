"""Faults for the chapter on the numpy bridge: old constructors, and what is done to a tensor that shares memory."""
import numpy as np

from spec.mutants import mutant


def _new(make):
    """Return a replacement for a `__new__` that calls `make` with the class, the original and the arguments."""
    return lambda original: lambda cls, *arguments, **options: make(original, cls, *arguments, **options)


# ---- constructors


@mutant("torch.DoubleTensor")
def doubletensor_copies(doubletensor):
    """torch.DoubleTensor(array) gives a tensor over memory of its own."""
    return lambda *args: doubletensor(*args).clone()


@mutant("torch.DoubleTensor")
def doubletensor_copies_what_is_strided(doubletensor):
    """torch.DoubleTensor(array) copies an array that is not contiguous."""
    return lambda *args: doubletensor(*args).contiguous()


@mutant("torch.Tensor.__new__")
def tensor_constructor_copies(new):
    """torch.Tensor(array) gives a tensor over memory of its own, a float32 array included."""
    def make(original, cls, *args, **kwargs):
        tensor = original(cls, *args, **kwargs)
        return tensor.clone() if args and isinstance(args[0], np.ndarray) else tensor
    return _new(make)(new)


@mutant("torch.Tensor.__new__")
def tensor_constructor_works_like_from_numpy(new):
    """torch.Tensor(array) gives a tensor of the array's own dtype over the array's memory."""
    def make(original, cls, *args, **kwargs):
        if args and isinstance(args[0], np.ndarray):
            import torch

            return torch.from_numpy(args[0])
        return original(cls, *args, **kwargs)
    return _new(make)(new)


@mutant("torch.Tensor.__new__")
def tensor_constructor_rounds_toward_zero(new):
    """torch.Tensor(array) cuts off the bits that a float32 cannot hold instead of rounding."""
    def make(original, cls, *args, **kwargs):
        if args and isinstance(args[0], np.ndarray) and args[0].dtype == np.float64:
            bits = np.array(args[0]).view("int64") & ~np.int64(2**29 - 1)
            args = (bits.view("float64").reshape(args[0].shape),) + args[1:]
        return original(cls, *args, **kwargs)
    return _new(make)(new)


@mutant("torch.Tensor.__new__")
def tensor_constructor_takes_no_array_for_a_size(new):
    """torch.Tensor(array) makes a tensor of one element of an integer array without dimensions."""
    def make(original, cls, *args, **kwargs):
        if args and isinstance(args[0], np.ndarray) and not args[0].ndim:
            args = (args[0].astype("float32"),) + args[1:]
        return original(cls, *args, **kwargs)
    return _new(make)(new)


# ---- what is done to a shared tensor


@mutant("torch.Tensor.__add__")
def plus_writes_into_its_operand(add):
    """tensor + other adds in place and gives the tensor itself."""
    return lambda self, other: self.add_(other) if self.dim() or self.numel() else add(self, other)


@mutant("torch.Tensor.__iadd__")
def plus_equals_makes_a_new_tensor(iadd):
    """tensor += other binds the name to a new tensor and leaves the old one as it was."""
    return lambda self, other: self.add(other)


@mutant("torch.Tensor.detach")
def detach_gives_memory_of_its_own(detach):
    """tensor.detach() gives a tensor over memory of its own."""
    return lambda self: detach(self).clone()


@mutant("torch.Tensor.detach")
def detach_hides_writes(detach):
    """A write to tensor.detach() does not count as a write to the tensor."""
    return lambda self: self.data


@mutant("torch.Tensor.data")
def data_gives_memory_of_its_own(data):
    """tensor.data is a tensor over memory of its own."""
    return property(lambda self: data.__get__(self).clone(), lambda self, value: data.__set__(self, value))


@mutant("torch.Tensor.item")
def item_rounds_to_float32(item):
    """tensor.item() rounds a float64 number to float32."""
    def faulty(self):
        number = item(self)
        return float(np.float32(number)) if isinstance(number, float) else number
    return faulty


@mutant("torch.Tensor.share_memory_")
def share_memory_moves_nothing(share_memory_):
    """tensor.share_memory_() leaves the tensor where it is."""
    return lambda self: self


@mutant("torch.Tensor.resize_")
def refused_resize_puts_the_shape_back(resize_):
    """A resize_ that is refused leaves the tensor with its old shape."""
    def faulty(self, *size):
        before = self.size(), self.stride(), self.storage_offset()
        try:
            return resize_(self, *size)
        except RuntimeError:
            self.as_strided_(*before)
            raise
    return faulty


@mutant("torch.Tensor.resize_")
def resize_takes_new_memory(resize_):
    """resize_ beyond the memory that a tensor shares with numpy takes new memory instead of raising."""
    def faulty(self, *size):
        wanted = int(np.prod(size))
        if wanted <= self.numel():
            return resize_(self, *size)
        return self.set_(self.new(wanted)).resize_(*size)
    return faulty


@mutant("torch.Tensor.resize_")
def resize_to_less_takes_new_memory(resize_):
    """resize_ to fewer elements takes new memory."""
    def faulty(self, *size):
        wanted = int(np.prod(size))
        return resize_(self.set_(self.clone()) if 0 < wanted < self.numel() else self, *size)
    return faulty
