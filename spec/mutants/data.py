"""Faults for the chapter on data."""
import random

from spec.mutants import mutant

LOADER = "torch.utils.data.DataLoader"


def _with(loader, **replaced):
    """Return a subclass of the loader with other methods, called with the original method first."""
    methods = {}
    for name, method in replaced.items():
        def call(self, *args, _method=method, _name=name, **kwargs):
            return _method(getattr(super(faulty, self), _name), self, *args, **kwargs)
        methods[name] = call
    faulty = type("DataLoader", (loader,), methods)
    return faulty


# ---- Batches


@mutant(LOADER)
def loader_keeps_the_short_batch(loader):
    """drop_last is ignored."""
    def make(init, self, *args, **kwargs):
        init(*args, **dict(kwargs, **({"drop_last": False} if "drop_last" in kwargs else {})))
    return _with(loader, __init__=make)


@mutant(LOADER)
def loader_counts_full_batches_only(loader):
    """The length of a loader leaves the short batch out."""
    return _with(loader, __len__=lambda length, self: len(self.sampler) // (self.batch_size or 1))


@mutant(LOADER)
def loader_asks_for_every_sample_twice(loader):
    """A loader reads every sample twice."""
    def iterate(original, self):
        for _ in original():
            pass
        return original()
    return _with(loader, __iter__=iterate)


@mutant(LOADER)
def loader_gives_every_batch_twice(loader):
    """A loader gives every batch twice."""
    return _with(loader, __iter__=lambda original, self: (batch for batch in original() for _ in range(2)))


@mutant(LOADER)
def loader_keeps_its_first_epoch(loader):
    """A loader gives the batches of its first epoch again and again."""
    def iterate(original, self):
        if "first_epoch" not in self.__dict__:
            self.__dict__["first_epoch"] = list(original())
        return iter(self.__dict__["first_epoch"])
    return _with(loader, __iter__=iterate)


@mutant(LOADER)
def later_epochs_are_shuffled(loader):
    """From its second epoch on a loader gives its batches in another order."""
    def iterate(original, self):
        self.__dict__["epochs_begun"] = self.__dict__.get("epochs_begun", 0) + 1
        return original() if self.__dict__["epochs_begun"] == 1 else iter(list(original())[::-1])
    return _with(loader, __iter__=iterate)


@mutant(LOADER)
def loader_refuses_what_is_no_dataset(loader):
    """A loader refuses a dataset that does not inherit from Dataset."""
    def make(init, self, dataset, *args, **kwargs):
        from torch.utils.data import Dataset

        if not isinstance(dataset, Dataset):
            raise TypeError("not a dataset")
        init(dataset, *args, **kwargs)
    return _with(loader, __init__=make)


def _converting(loader, convert):
    """Return a loader that converts the tensors in its batches."""
    def converted(value):
        import torch

        if isinstance(value, torch.Tensor):
            return convert(value)
        return [converted(one) for one in value] if type(value) is list else value
    return _with(loader, __iter__=lambda original, self: (converted(batch) for batch in original()))


@mutant(LOADER)
def loader_widens_whole_numbers(loader):
    """A loader makes floats of whole numbers."""
    return _converting(loader, lambda tensor: tensor.double() if str(tensor.dtype) == "torch.int64" else tensor)


@mutant(LOADER)
def loader_rounds_to_float32(loader):
    """A loader rounds float64 to float32."""
    return _converting(loader, lambda tensor: tensor.float() if str(tensor.dtype) == "torch.float64" else tensor)


@mutant("torch.nn.functional.linear")
def linear_converts_its_input(linear):
    """A linear layer converts its input to the dtype of its weight."""
    return lambda input, weight, bias=None: linear(input.to(weight.dtype), weight, bias)


# ---- Datasets


@mutant("torch.utils.data.Dataset.__getitem__")
def base_dataset_gives_its_index(getitem):
    """A Dataset that overrides nothing gives the index itself."""
    return lambda self, index: index


@mutant("torch.utils.data.Dataset")
def base_dataset_is_empty(dataset):
    """A Dataset that overrides nothing has the length 0."""
    dataset.__len__ = lambda self: 0
    return dataset


@mutant("torch.utils.data.TensorDataset")
def tensor_dataset_is_a_function(dataset):
    """TensorDataset is a function that makes one."""
    return lambda *tensors: dataset(*tensors)


@mutant("torch.utils.data.TensorDataset.__getitem__")
def tensor_dataset_counts_rows_from_the_end(getitem):
    """The second tensor of a TensorDataset is read from its end."""
    def faulty(self, index):
        row = getitem(self, index)
        return row[:1] + tuple(tensor[-1 - index] for tensor in self.tensors[1:])
    return faulty


@mutant("torch.utils.data.TensorDataset.__init__")
def tensor_dataset_copies(init):
    """A TensorDataset copies its tensors."""
    return lambda self, *tensors: init(self, *[tensor.clone() for tensor in tensors])


@mutant("torch.utils.data.TensorDataset.__init__")
def tensor_dataset_cuts_off_rows(init):
    """A TensorDataset cuts its tensors to one length."""
    def faulty(self, *tensors):
        rows = min([len(tensor) for tensor in tensors])
        init(self, *[tensor if len(tensor) == rows else tensor[:rows] for tensor in tensors])
    return faulty


# ---- Shuffling


@mutant("torch.utils.data.RandomSampler.__iter__")
def shuffling_draws_with_replacement(iterate):
    """Shuffling draws every row anew, so that some come twice."""
    def faulty(self):
        import torch

        rows = list(iterate(self))
        return iter([rows[place] for place in torch.randint(len(rows), (len(rows),)).tolist()])
    return faulty


@mutant("torch.utils.data.RandomSampler.__iter__")
def shuffling_turns_the_rows_round(iterate):
    """Shuffling begins at a random row, and goes on in order."""
    def faulty(self):
        import torch

        rows = sorted(iterate(self))
        start = int(torch.randint(len(rows), (1,)))
        return iter(rows[start:] + rows[:start])
    return faulty


@mutant("torch.utils.data.RandomSampler.__iter__")
def every_epoch_is_shuffled_alike(iterate):
    """Every epoch has the order of the first."""
    def faulty(self):
        if "first_order" not in self.__dict__:
            self.__dict__["first_order"] = list(iterate(self))
        return iter(self.__dict__["first_order"])
    return faulty


# ---- Workers


def _asking_for(loader, workers):
    """Return a loader whose number of workers is that of a function of the number asked for."""
    def make(init, self, *args, **kwargs):
        if kwargs.get("num_workers", 0) > 0 or kwargs.get("num_workers", 0) < 0:
            kwargs["num_workers"] = workers(kwargs["num_workers"])
            if not kwargs["num_workers"]:
                kwargs.pop("timeout", None)
                kwargs.pop("multiprocessing_context", None)
        init(*args, **kwargs)
    return _with(loader, __init__=make)


@mutant(LOADER)
def loader_has_no_workers(loader):
    """num_workers is ignored: the process itself reads the samples."""
    return _asking_for(loader, lambda number: 0)


@mutant(LOADER)
def loader_has_one_worker(loader):
    """A loader starts one worker, however many are asked for."""
    return _asking_for(loader, lambda number: min(number, 1))


@mutant(LOADER)
def num_workers_may_be_negative(loader):
    """A negative number of workers counts as none."""
    return _asking_for(loader, lambda number: max(number, 0))


def _of_workers(loader, change):
    """Return a loader that changes the list of its batches where it has workers."""
    def iterate(original, self):
        batches = list(original())
        return iter(change(batches) if self.num_workers else batches)
    return _with(loader, __iter__=iterate)


@mutant(LOADER)
def workers_batches_come_in_another_order(loader):
    """The first batch that workers read comes last."""
    return _of_workers(loader, lambda batches: batches[1:] + batches[:1])


@mutant(LOADER)
def workers_lose_the_last_batch(loader):
    """The last batch that workers read is lost."""
    return _of_workers(loader, lambda batches: batches[:-1])


def _same_random_state(number):
    import numpy as np
    import torch

    np.random.seed(0)
    torch.manual_seed(0)
    random.seed(0)


@mutant(LOADER)
def all_workers_start_with_one_random_state(loader):
    """The random states of all workers are the same."""
    def make(init, self, *args, **kwargs):
        init(*args, **dict(kwargs, worker_init_fn=_same_random_state))
    return _with(loader, __init__=make)
