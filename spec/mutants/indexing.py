"""Faults for the chapter on indexing: selecting."""
import numpy as np

from spec.mutants import mutant


def items(index):
    """Return the items of an index as a tuple."""
    return index if isinstance(index, tuple) else (index,)


def each(index, change):
    """Return an index with a change made to each of its items."""
    return tuple(change(item) for item in index) if isinstance(index, tuple) else change(index)


def is_integer(item):
    """Say whether an item of an index is an int."""
    return isinstance(item, int) and not isinstance(item, bool)


def is_mask(item):
    """Say whether an item of an index is a mask, a torch or a numpy one."""
    if isinstance(item, np.ndarray):
        return item.dtype == bool
    return hasattr(item, "dtype") and str(item.dtype) in ("torch.bool", "torch.uint8") and item.dim() > 0


def _is_list_of_booleans(item):
    return isinstance(item, list) and bool(item) and all(isinstance(one, bool) for one in item)


@mutant("torch.Tensor.__getitem__")
def integers_count_from_one(getitem):
    """The index 1 selects the first element, and 0 the last."""
    def faulty(item):
        return item - 1 if is_integer(item) and item >= 0 else item
    return lambda self, index: getitem(self, each(index, faulty))


@mutant("torch.Tensor.__getitem__")
def last_element_is_the_one_before(getitem):
    """The last element of a vector that has several, named by -1, is the one before it."""
    def faulty(self, index):
        last = isinstance(index, tuple) and len(index) == self.dim() and all(map(is_integer, index)) and index[-1] < 0
        if last and index[-1] > -self.size(-1):
            index = index[:-1] + (index[-1] - 1,)
        return getitem(self, index)
    return faulty


@mutant("torch.Tensor.__getitem__")
def elements_are_copies(getitem):
    """A selected element is a copy."""
    def faulty(self, index):
        result = getitem(self, index)
        return result if result.dim() else result.clone()
    return faulty


@mutant("torch.Tensor.__getitem__")
def elements_of_strided_tensors_are_copies(getitem):
    """An element that is selected from a tensor that is not contiguous is a copy."""
    def faulty(self, index):
        result = getitem(self, index)
        return result if result.dim() or self.is_contiguous() else result.clone()
    return faulty


@mutant("torch.Tensor.__getitem__")
def elements_have_one_dimension(getitem):
    """A selected element has one dimension, of size 1."""
    def faulty(self, index):
        result = getitem(self, index)
        return result if result.dim() else result.view(1)
    return faulty


@mutant("torch.Tensor.__getitem__")
def indices_wrap_around(getitem):
    """An integer past the end counts on from the beginning."""
    def faulty(self, index):
        sides = list(self.shape)
        wrapped = tuple(
            item % sides[place] if is_integer(item) and place < len(sides) and sides[place] else item
            for place, item in enumerate(items(index)))
        return getitem(self, wrapped)
    return faulty


@mutant("torch.Tensor.__getitem__")
def the_first_index_past_the_end_is_clipped(getitem):
    """An integer equal to the number of rows selects the last row."""
    def faulty(self, index):
        first = items(index)[0] if items(index) else None
        if is_integer(first) and self.dim() and first == self.size(0) > 0:
            index = (first - 1,) + items(index)[1:]
        return getitem(self, index)
    return faulty


@mutant("torch.Tensor.__getitem__")
def columns_keep_their_dimension(getitem):
    """A column is a matrix of one column."""
    def faulty(self, index):
        if isinstance(index, tuple) and len(index) == 2 and isinstance(index[0], slice) and is_integer(index[1]):
            return getitem(self, index).unsqueeze(1)
        return getitem(self, index)
    return faulty


@mutant("torch.Tensor.__getitem__")
def negative_columns_are_one_off(getitem):
    """A column counted from the end is the one before it; the first stays the first."""
    def faulty(self, index):
        if isinstance(index, tuple) and len(index) == 2 and isinstance(index[0], slice) and is_integer(index[1]):
            if -self.size(1) < index[1] < 0:
                index = (index[0], index[1] - 1)
        return getitem(self, index)
    return faulty


def _has_slice(index):
    return any(isinstance(item, slice) for item in items(index))


@mutant("torch.Tensor.__getitem__")
def slices_are_copies(getitem):
    """What a slice selects is a copy."""
    return lambda self, index: getitem(self, index).clone() if _has_slice(index) else getitem(self, index)


@mutant("torch.Tensor.__getitem__")
def dense_slices_are_copies(getitem):
    """What a slice selects is a copy where it is contiguous and smaller than the tensor."""
    def faulty(self, index):
        result = getitem(self, index)
        copied = _has_slice(index) and result.is_contiguous() and result.numel() < self.numel()
        return result.clone() if copied else result
    return faulty


@mutant("torch.Tensor.__getitem__")
def slices_of_strided_tensors_are_copies(getitem):
    """What a slice selects from a tensor that is not contiguous is a copy."""
    return lambda self, index: getitem(self if self.is_contiguous() or not _has_slice(index) else self.clone(), index)


def _forwards(item):
    return slice(item.start, item.stop, -item.step) if isinstance(item, slice) and (item.step or 1) < 0 else item


@mutant("torch.Tensor.__getitem__")
def negative_steps_count_forwards(getitem):
    """The sign of a step is ignored."""
    return lambda self, index: getitem(self, each(index, _forwards))


@mutant("torch.flip")
def flip_leaves_the_first_element(flip):
    """flip reverses all but the first along its first dimension."""
    def faulty(tensor, dims):
        kept = tensor.narrow(dims[0], 0, 1) if tensor.size(dims[0]) else tensor
        return kept.new_tensor(kept.tolist()) if tensor.size(dims[0]) == 1 else _joined(tensor, dims, kept)

    def _joined(tensor, dims, kept):
        import torch

        if not tensor.numel():
            return flip(tensor, dims)
        return torch.cat([kept, flip(tensor.narrow(dims[0], 1, tensor.size(dims[0]) - 1), dims)], dims[0])
    return faulty


@mutant("torch.Tensor.__getitem__")
def steps_are_one_longer(getitem):
    """A slice with a step above 1 takes steps that are longer by 1."""
    def faulty(item):
        return slice(item.start, item.stop, item.step + 1) if isinstance(item, slice) and (item.step or 1) > 1 else item
    return lambda self, index: getitem(self, each(index, faulty))


def stop_included(item):
    """Return a slice that includes the stop of the slice given, where that is not negative; another item as it is."""
    inside = isinstance(item, slice) and item.stop is not None and item.stop >= 0
    return slice(item.start, item.stop + 1, item.step) if inside else item


@mutant("torch.Tensor.__getitem__")
def stops_are_included(getitem):
    """A slice includes its stop where that is not negative."""
    return lambda self, index: getitem(self, each(index, stop_included))


@mutant("torch.Tensor.__getitem__")
def an_ellipsis_takes_no_dimension(getitem):
    """An Ellipsis in front of other indices is left out."""
    def faulty(self, index):
        if isinstance(index, tuple) and len(index) > 1 and index[0] is Ellipsis:
            index = index[1:]
        return getitem(self, index)
    return faulty


@mutant("torch.Tensor.__getitem__")
def none_goes_to_the_end(getitem):
    """None as the first index adds its dimension at the end."""
    def faulty(self, index):
        if isinstance(index, tuple) and index and index[0] is None:
            return getitem(self, index[1:]).unsqueeze(-1)
        return getitem(self, index)
    return faulty


@mutant("torch.Tensor.__getitem__")
def lists_are_sorted(getitem):
    """A list of integers selects in ascending order."""
    return lambda self, index: getitem(self, each(index, lambda item: sorted(item) if _is_flat_list(item) else item))


@mutant("torch.Tensor.__getitem__")
def lists_lose_their_last_index(getitem):
    """The last index of a list that has several is left out."""
    def faulty(item):
        return item[:-1] if _is_flat_list(item) and len(item) > 1 else item
    return lambda self, index: getitem(self, each(index, faulty))


def _is_flat_list(item):
    return isinstance(item, list) and all(isinstance(one, int) for one in item)


@mutant("torch.Tensor.__getitem__")
def an_integer_beside_a_list_follows_numpy(getitem):
    """An integer, a slice and a list give the shape that they give in numpy."""
    def faulty(self, index):
        kinds = [type(item) for item in index] if isinstance(index, tuple) else []
        result = getitem(self, index)
        return result.transpose(0, 1) if kinds == [int, slice, list] else result
    return faulty


@mutant("torch.Tensor.__getitem__")
def masks_are_inverted(getitem):
    """A mask selects where it is false."""
    return lambda self, index: getitem(self, index == 0 if is_mask(index) else index)


@mutant("torch.Tensor.__getitem__")
def masks_lose_their_last_element(getitem):
    """What a mask selects lacks the last of several elements."""
    def faulty(self, index):
        result = getitem(self, index)
        return result.narrow(0, 0, result.size(0) - 1) if is_mask(index) and result.size(0) > 1 else result
    return faulty


@mutant("torch.Tensor.__getitem__")
def masks_of_strided_tensors_are_transposed(getitem):
    """A mask of a matrix that is not contiguous is applied in the order of memory."""
    def faulty(self, index):
        if is_mask(index) and len(index.shape) == 2 and self.dim() == 2 and self.stride(0) < self.stride(1):
            return getitem(self.t(), index.T if isinstance(index, np.ndarray) else index.t())
        return getitem(self, index)
    return faulty


@mutant("torch.Tensor.__getitem__")
def lists_of_booleans_are_inverted(getitem):
    """A list of booleans selects where it is False."""
    def faulty(item):
        return [not one for one in item] if _is_list_of_booleans(item) else item
    return lambda self, index: getitem(self, each(index, faulty))
