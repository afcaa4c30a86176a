"""Faults for the chapter on working in place: missing forms, names, and adding at an index."""
import torch

from spec.mutants import mutant


@mutant("torch.Tensor.narrow")
def narrow_gives_a_copy(narrow):
    """narrow gives a copy of the range."""
    return lambda self, *args: narrow(self, *args).clone()


@mutant("torch.Tensor.narrow")
def narrow_begins_one_too_late(narrow):
    """narrow begins one element too late where that still fits."""
    def faulty(self, dim, start, length):
        return narrow(self, dim, start + (start + length < self.shape[dim]), length)
    return faulty


@mutant("torch.Tensor")
def narrow_underscore_exists(tensor):
    """Tensors have a method narrow_."""
    tensor.narrow_ = lambda self, *args: self.set_(self.narrow(*args))
    return tensor


@mutant("torch.Tensor")
def a_method_fill_exists(tensor):
    """Tensors have a method fill."""
    tensor.fill = lambda self, value: self.clone().fill_(value)
    return tensor


@mutant("torch.Tensor")
def a_method_normal_exists(tensor):
    """Tensors have a method normal."""
    tensor.normal = lambda self: self.clone().normal_()
    return tensor


@mutant("torch.full_like")
def full_like_fills_its_model(full_like):
    """full_like fills the tensor that it was given."""
    return lambda x, value: x.fill_(value)


@mutant("torch.Tensor.copy_")
def copy_underscore_copies_into_a_copy(copy_):
    """copy_ writes into a copy of its receiver."""
    def faulty(self, *args, **kwargs):
        copy_(self.clone(), *args, **kwargs)
        return self
    return faulty


@mutant("torch.Tensor.map_")
def map_underscore_ignores_the_other_tensor(map_):
    """map_ takes both arguments of the function from its receiver."""
    return lambda self, other, function: map_(self, self.clone(), function)


@mutant("torch.Tensor.uniform_")
def uniform_underscore_leaves_the_last_element(uniform_):
    """uniform_ leaves the last element as it was."""
    def faulty(self, *args, **kwargs):
        last = self.view(-1)[-1:].clone()
        uniform_(self, *args, **kwargs)
        self.view(-1)[-1:] = last
        return self
    return faulty


@mutant("torch.Tensor.index_add_")
def tensors_have_an_index_add_of_lua(index_add_):
    """Tensors have a method indexAdd."""
    torch.Tensor.indexAdd = index_add_
    return index_add_


@mutant("torch.add")
def torch_has_an_index_add_of_lua(add):
    """torch has a function indexAdd."""
    torch.indexAdd = lambda x, *args: x.index_add_(*args)
    return add


@mutant("torch.Tensor.index_add")
def index_add_works_in_place(index_add):
    """index_add changes its receiver."""
    return lambda self, *args, **kwargs: self.index_add_(*args, **kwargs)


@mutant("torch.Tensor.index_add_")
def index_add_underscore_replaces(index_add_):
    """index_add_ puts the slices in place of what was there."""
    return lambda self, dim, index, source: self.index_copy_(dim, index, source)


@mutant("torch.Tensor.index_add_")
def index_add_underscore_mixes_up_rows_and_columns(index_add_):
    """index_add_ on a square matrix adds along the other dimension."""
    def faulty(self, dim, index, source):
        if self.dim() == 2 and self.shape[0] == self.shape[1]:
            return index_add_(self, 1 - dim, index, source.t())
        return index_add_(self, dim, index, source)
    return faulty


@mutant("torch.Tensor.index_add_")
def index_add_underscore_takes_each_index_once(index_add_):
    """index_add_ adds only the last of the slices that go to one place."""
    def faulty(self, dim, index, source):
        last = {place: number for number, place in enumerate(index.tolist())}
        kept = torch.tensor(sorted(last.values()), dtype=torch.int64)
        return index_add_(self, dim, index[kept], source.index_select(dim, kept)) if len(last) else self
    return faulty


@mutant("torch.Tensor.index_add_")
def index_add_underscore_wraps_negative_indices(index_add_):
    """index_add_ counts negative indices from the end."""
    def faulty(self, dim, index, source):
        return index_add_(self, dim, torch.where(index < 0, index + self.shape[dim], index), source)
    return faulty
