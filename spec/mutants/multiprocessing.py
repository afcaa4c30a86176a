"""Faults for the chapter on multiprocessing."""
from spec.mutants import mutant

REDUCERS = "multiprocessing.reduction.ForkingPickler._extra_reducers"
"""How objects of each type are sent to another process; torch enters its own for tensors."""


def _reducing_tensors(reducers, prepare):
    """Return the reducers with those of tensors given what `prepare` makes of the tensor."""
    import torch
    import torch.multiprocessing  # it enters its reducers when it is imported

    def faulty(reduce):
        return lambda tensor: reduce(prepare(tensor))

    return {kind: faulty(reduce) if issubclass(kind, torch.Tensor) else reduce for kind, reduce in reducers.items()}


def _copy(tensor):
    return tensor.detach().clone().requires_grad_(tensor.requires_grad) if tensor.is_leaf else tensor


@mutant(REDUCERS)
def sent_tensors_are_copies(reducers):
    """A tensor that is sent is copied before."""
    return _reducing_tensors(reducers, _copy)


@mutant(REDUCERS)
def sent_scalars_are_copies(reducers):
    """A tensor without dimensions that is sent is copied before."""
    return _reducing_tensors(reducers, lambda tensor: tensor if tensor.dim() else _copy(tensor))


@mutant(REDUCERS)
def sent_views_are_copies(reducers):
    """A tensor that does not fill its storage is copied before it is sent."""
    return _reducing_tensors(
        reducers, lambda tensor: tensor if tensor.storage().size() == tensor.numel() else _copy(tensor))


@mutant(REDUCERS)
def sent_views_begin_at_the_start(reducers):
    """A tensor that is sent arrives with the offset 0."""
    return _reducing_tensors(
        reducers, lambda tensor: tensor.as_strided(tensor.size(), tensor.stride(), 0) if tensor.storage_offset()
        else tensor)


@mutant(REDUCERS)
def sent_leaves_require_no_gradient(reducers):
    """A leaf that is sent arrives without its flag."""
    return _reducing_tensors(reducers, lambda tensor: tensor.detach() if tensor.is_leaf else tensor)


@mutant(REDUCERS)
def sent_results_are_detached(reducers):
    """The result of an operation is detached and sent."""
    return _reducing_tensors(reducers, lambda tensor: tensor if tensor.is_leaf else tensor.detach())


@mutant("torch.multiprocessing.Queue")
def torch_queue_is_another_one(queue):
    """torch.multiprocessing has a Queue of its own."""
    return lambda *args, **kwargs: queue(*args, **kwargs)


@mutant("multiprocessing.SimpleQueue")
def python_queue_copies_tensors(queue):
    """The SimpleQueue of Python pickles tensors as a file would."""
    import pickle

    class Copying:
        def __init__(self):
            self._queue = queue()

        def put(self, thing):
            self._queue.put(pickle.dumps(thing))

        def get(self):
            return pickle.loads(self._queue.get())
    return Copying


@mutant("multiprocessing.context.ForkContext.Process")
def fork_shares_its_arguments(process):
    """A forked process shares the tensors among its arguments."""
    class Sharing(process):
        def __init__(self, *details, **options):
            for one in options.get("args", ()):
                for value in one.values() if isinstance(one, dict) else [one]:
                    if hasattr(value, "share_memory_"):
                        value.share_memory_()
            super().__init__(*details, **options)
    return Sharing


@mutant("torch.nn.Module.share_memory")
def share_memory_of_a_model_does_nothing(share_memory):
    """share_memory() leaves a model where it is."""
    return lambda self: self


@mutant("torch.nn.Module.share_memory")
def share_memory_leaves_out_buffers(share_memory):
    """share_memory() moves the parameters of a model, and not its buffers."""
    def faulty(self):
        for parameter in self.parameters():
            parameter.data.share_memory_()
        return self
    return faulty
