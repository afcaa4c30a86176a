"""Faults for the chapter on performance: the right results, by more work."""
import functools

from spec.mutants import mutant


def _on_a_gpu(value):
    return getattr(value, "is_cuda", False)


def _waiting(make):
    """Return a function that makes a tensor, and waits for the GPU where that is on one."""
    @functools.wraps(make)
    def faulty(*args, **kwargs):
        import torch

        result = make(*args, **kwargs)
        if _on_a_gpu(result):
            torch.cuda.synchronize()
        return result
    return faulty


@mutant("torch.empty")
def the_cache_of_the_gpu_is_emptied_all_the_time(empty):
    """torch.empty has the allocator give all memory that is not in use back to the driver first."""
    @functools.wraps(empty)
    def faulty(*args, **kwargs):
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return empty(*args, **kwargs)
    return faulty


@mutant("torch.empty", "torch.zeros")
def making_a_tensor_waits_for_the_gpu(make):
    """To make a tensor on a GPU waits until the GPU has nothing more to do."""
    return _waiting(make)


@mutant("torch.Tensor.to", "torch.Tensor.cuda")
def what_is_moved_to_a_gpu_is_kept(move):
    """A tensor that is moved to a GPU stays there for ever."""
    kept = []

    @functools.wraps(move)
    def faulty(self, *args, **kwargs):
        result = move(self, *args, **kwargs)
        if _on_a_gpu(result):
            kept.append(result)
        return result
    return faulty


@mutant("torch.Tensor.to", "torch.Tensor.cuda", "torch.Tensor.copy_")
def a_copy_that_is_not_waited_for_waits_for_the_gpu(move):
    """A copy with non_blocking=True waits until the GPU has nothing more to do."""
    @functools.wraps(move)
    def faulty(self, *args, **kwargs):
        result = move(self, *args, **kwargs)
        if kwargs.get("non_blocking") and _on_a_gpu(result):
            import torch

            torch.cuda.synchronize()
        return result
    return faulty


@mutant("tensorflow.compat.v1.Session.run")
def running_a_graph_adds_to_it(run):
    """Each run of a session adds an operation to the graph, and so has the graph taken in again."""
    @functools.wraps(run)
    def faulty(self, *args, **kwargs):
        import tensorflow

        with self.graph.as_default():
            tensorflow.no_op()
        return run(self, *args, **kwargs)
    return faulty


def _compiling(change):
    """Return the maker of a torch.compile of whose functions another function makes the ones that are called."""
    def make(compile):
        @functools.wraps(compile)
        def faulty(function, **options):
            return change(compile(function, **options))
        return faulty
    return make


@mutant("torch.compile")
def compiled_functions_forget_their_graphs(compile):
    """A compiled function is compiled again in each call."""
    def change(compiled):
        def call(*args):
            import torch

            torch._dynamo.reset()
            return compiled(*args)
        return call
    return _compiling(change)(compile)


@mutant("torch.compile")
def compiled_functions_return_their_first_result(compile):
    """A compiled function that is called again with the same shapes returns what it returned the first time."""
    def change(compiled):
        results = {}

        def call(*args):
            key = tuple(tuple(arg.shape) for arg in args)
            if key not in results:
                results[key] = compiled(*args)
            return results[key]
        return call
    return _compiling(change)(compile)
