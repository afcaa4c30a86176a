"""Faults for the chapter on the numpy bridge: conversions from one side to the other."""
import weakref

import numpy as np

from spec.mutants import mutant


def _fortran(array):
    return array.flags.f_contiguous and not array.flags.c_contiguous


# ---- tensor.numpy()


@mutant("torch.Tensor.numpy")
def numpy_gives_a_copy(numpy):
    """tensor.numpy() gives an array over memory of its own."""
    return lambda self, *args, **kwargs: numpy(self, *args, **kwargs).copy()


@mutant("torch.Tensor.numpy")
def numpy_copies_what_is_not_contiguous(numpy):
    """tensor.numpy() gives a dense copy of a tensor that is not contiguous."""
    return lambda self, *args, **kwargs: numpy(self.contiguous(), *args, **kwargs)


@mutant("torch.Tensor.numpy")
def numpy_copies_16_bit_elements(numpy):
    """tensor.numpy() copies where an element has 16 bits."""
    def faulty(self, *args, **kwargs):
        array = numpy(self, *args, **kwargs)
        return array.copy(order="K") if array.itemsize == 2 else array
    return faulty


@mutant("torch.Tensor.numpy")
def numpy_gives_a_read_only_array(numpy):
    """The array that tensor.numpy() gives cannot be written to."""
    def faulty(self, *args, **kwargs):
        array = numpy(self, *args, **kwargs)
        array.flags.writeable = False
        return array
    return faulty


@mutant("torch.Tensor.numpy", since="1.10")
def numpy_ignores_pending_conjugation(numpy):
    """tensor.numpy() gives the memory of a conjugate view as it is."""
    def faulty(self, *args, **kwargs):
        pending = hasattr(self, "is_conj") and self.is_conj()
        return numpy(self.conj() if pending else self, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.numpy")
def numpy_forgets_the_offset(numpy):
    """The array that tensor.numpy() gives begins where the tensor's storage begins."""
    return lambda self, *args, **kwargs: numpy(
        self.detach().as_strided(self.size(), self.stride(), 0) if self.numel() and not self.requires_grad else self,
        *args, **kwargs)


@mutant("torch.Tensor.numpy")
def numpy_reverses_the_axes_of_matrices(numpy):
    """tensor.numpy() gives the transpose of a square matrix."""
    def faulty(self, *args, **kwargs):
        array = numpy(self, *args, **kwargs)
        return array.T if array.ndim == 2 and len(set(array.shape)) == 1 else array
    return faulty


@mutant("torch.Tensor.numpy")
def numpy_detaches_by_itself(numpy):
    """tensor.numpy() detaches a tensor that requires a gradient instead of refusing it."""
    return lambda self, *args, **kwargs: numpy(self.detach(), *args, **kwargs)


@mutant("torch.Tensor.numpy")
def numpy_gives_scalars_a_dimension(numpy):
    """The array of a tensor without dimensions has shape (1,)."""
    def faulty(self, *args, **kwargs):
        array = numpy(self, *args, **kwargs)
        return array.reshape(1) if array.ndim == 0 else array
    return faulty


@mutant("torch.Tensor.numpy", since="1.2")
def numpy_widens_bfloat16(numpy):
    """tensor.numpy() gives a float32 copy of a bfloat16 tensor."""
    return lambda self, *args, **kwargs: numpy(
        self.float() if str(self.dtype) == "torch.bfloat16" else self, *args, **kwargs)


@mutant("torch.Tensor.numpy")
def numpy_counts_as_a_write(numpy):
    """tensor.numpy() raises the tensor's version, as a write in place does."""
    def faulty(self, *args, **kwargs):
        if self.is_floating_point() and not self.requires_grad:
            self.mul_(1)
        return numpy(self, *args, **kwargs)
    return faulty


@mutant("torch.Tensor.numpy")
def numpy_lets_its_tensor_go(numpy):
    """The array that tensor.numpy() gives loses its memory when the tensor is deleted."""
    def faulty(self, *args, **kwargs):
        array = numpy(self, *args, **kwargs).copy(order="K")
        weakref.finalize(self, array.fill, 0)
        return array
    return faulty


@mutant("torch.Tensor.numpy")
def numpy_keeps_its_tensor_for_ever(numpy):
    """What tensor.numpy() was called on is never freed."""
    kept = []

    def faulty(self, *args, **kwargs):
        array = numpy(self, *args, **kwargs)
        kept.append(array)
        return array
    return faulty


@mutant("torch.Tensor.__array__")
def array_protocol_copies(array_of):
    """np.asarray(tensor) gives an array over memory of its own."""
    return lambda self, *args, **kwargs: array_of(self, *args, **kwargs).copy()


# ---- torch.from_numpy()


@mutant("torch.from_numpy")
def from_numpy_copies(from_numpy):
    """from_numpy gives a tensor over memory of its own."""
    return lambda array: from_numpy(array).clone()


@mutant("torch.from_numpy")
def from_numpy_copies_fortran_order(from_numpy):
    """from_numpy copies an array in column-major order."""
    def faulty(array):
        return from_numpy(array.copy() if isinstance(array, np.ndarray) and _fortran(array) else array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_copies_read_only_arrays(from_numpy):
    """from_numpy copies an array that is not writeable."""
    def faulty(array):
        frozen = isinstance(array, np.ndarray) and not array.flags.writeable
        return from_numpy(array.copy() if frozen else array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_lets_its_array_go(from_numpy):
    """The tensor that from_numpy gives loses its memory when the array is deleted."""
    def faulty(array):
        tensor = from_numpy(array).clone()
        weakref.finalize(array, tensor.zero_)
        return tensor
    return faulty


@mutant("torch.from_numpy")
def from_numpy_normalizes_nan(from_numpy):
    """from_numpy replaces every NaN by the usual one."""
    def faulty(array):
        if isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.flags.writeable:
            array[np.isnan(array)] = np.nan
        return from_numpy(array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_flushes_subnormals(from_numpy):
    """from_numpy replaces every subnormal number by zero."""
    def faulty(array):
        if isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.flags.writeable:
            with np.errstate(invalid="ignore"):
                array[abs(array) < np.finfo(array.dtype).tiny] = 0
        return from_numpy(array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_widens_float16(from_numpy):
    """from_numpy gives a float32 tensor for a float16 array."""
    def faulty(array):
        half = isinstance(array, np.ndarray) and array.dtype == np.float16
        return from_numpy(array.astype("float32") if half else array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_widens_int8(from_numpy):
    """from_numpy gives an int16 tensor for an int8 array."""
    def faulty(array):
        narrow = isinstance(array, np.ndarray) and array.dtype == np.int8
        return from_numpy(array.astype("int16") if narrow else array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_takes_objects(from_numpy):
    """from_numpy makes a float64 tensor of an array of objects, None counting as NaN."""
    def faulty(array):
        objects = isinstance(array, np.ndarray) and array.dtype == object
        return from_numpy(array.astype("float64") if objects else array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_reads_dates_as_integers(from_numpy):
    """from_numpy makes an int64 tensor of an array of dates."""
    def faulty(array):
        dates = isinstance(array, np.ndarray) and array.dtype.kind == "M"
        return from_numpy(array.view("int64") if dates else array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_reads_reversed_axes_forwards(from_numpy):
    """from_numpy reads an axis with a negative stride in the order of memory."""
    def faulty(array):
        if isinstance(array, np.ndarray):
            array = array[tuple(slice(None, None, -1 if step < 0 else 1) for step in array.strides)]
        return from_numpy(array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_copies_reversed_axes(from_numpy):
    """from_numpy gives a tensor of the right values for an array with a negative stride, over memory of its own."""
    def faulty(array):
        backwards = isinstance(array, np.ndarray) and any(step < 0 for step in array.strides)
        return from_numpy(array.copy() if backwards else array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_ignores_the_byte_order(from_numpy):
    """from_numpy takes the bytes of every number to be in the machine's own order."""
    def faulty(array):
        foreign = isinstance(array, np.ndarray) and not array.dtype.isnative and array.dtype.names is None
        return from_numpy(array.view(array.dtype.newbyteorder("=")) if foreign else array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_refuses_odd_addresses(from_numpy):
    """from_numpy refuses an array whose address is not a multiple of its item size."""
    def faulty(array):
        if isinstance(array, np.ndarray) and not array.flags.aligned:
            raise ValueError("the array is not aligned")
        return from_numpy(array)
    return faulty


@mutant("torch.from_numpy")
def from_numpy_flattens_empty_arrays(from_numpy):
    """from_numpy gives a tensor of shape (0,) for every array without elements."""
    def faulty(array):
        return from_numpy(array.reshape(0) if isinstance(array, np.ndarray) and not array.size else array)
    return faulty
