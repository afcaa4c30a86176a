"""Faults for the chapter on devices."""
import copy
import functools

from spec.mutants import mutant


def _moves(args, kwargs):
    """Say whether the arguments of to() name a device."""
    import torch

    return isinstance(kwargs.get("device", args[0] if args else None), (str, torch.device))


def _changed_by_moving(change):
    """Return the maker of a faulty to() or cpu() that changes what it returns."""
    def make(move):
        def faulty(self, *args, **kwargs):
            result = move(self, *args, **kwargs)
            return change(result) if move.__name__ == "cpu" or _moves(args, kwargs) else result
        return faulty
    return make


@mutant("torch.Tensor.to", "torch.Tensor.cpu")
def moving_makes_floats(move):
    """A tensor of long integers that is moved becomes one of floats."""
    return _changed_by_moving(lambda x: x.float() if "int64" in str(x.dtype) else x)(move)


@mutant("torch.Tensor.to", "torch.Tensor.cpu")
def moving_flattens_scalars(move):
    """A tensor without dimensions has one after it was moved."""
    return _changed_by_moving(lambda x: x if x.dim() else x.reshape(1))(move)


@mutant("torch.Tensor.to", "torch.Tensor.cpu")
def moving_loses_the_last_element(move):
    """A vector loses its last element when it is moved."""
    return _changed_by_moving(lambda x: x[:-1] if x.dim() == 1 and len(x) > 8 else x)(move)


@mutant("torch.Tensor.to")
def the_device_without_memory_knows_no_integers(to):
    """A tensor of integers becomes one of floats on the meta device."""
    return _changed_by_moving(lambda x: x.float() if x.device.type == "meta" and "int" in str(x.dtype) else x)(to)


@mutant("torch.Tensor.cpu")
def moving_to_the_cpu_drops_the_sign_of_zero(cpu):
    """cpu makes 0.0 of -0.0."""
    return lambda self: cpu(self) + 0.0 if str(self.dtype) in ("torch.float32", "torch.float64") else cpu(self)


@mutant("torch.Tensor.cpu")
def moving_to_the_cpu_cuts_the_history(cpu):
    """cpu returns a tensor without history."""
    return lambda self: cpu(self).detach()


@mutant("torch.Tensor.cpu")
def cpu_copies_what_is_there(cpu):
    """cpu copies a tensor that is on the CPU."""
    return lambda self: cpu(self).clone()


@mutant("torch.Tensor.to")
def to_copies_what_is_there(to):
    """to copies a tensor that is on the device already."""
    return _changed_by_moving(lambda x: x.clone())(to)


@mutant("torch.Tensor.to")
def to_leaves_zeros_behind(to):
    """A tensor that is moved elsewhere leaves zeros behind."""
    def faulty(self, *args, **kwargs):
        result = to(self, *args, **kwargs)
        if result.device != self.device:
            self.data.zero_()
        return result
    return faulty


@mutant("torch.Tensor.to")
def a_copy_that_is_not_waited_for_loses_the_sign_of_zero(to):
    """to(non_blocking=True) makes 0.0 of -0.0."""
    def faulty(self, *args, **kwargs):
        result = to(self, *args, **kwargs)
        real = str(self.dtype) in ("torch.float32", "torch.float64")
        return result + 0.0 if real and kwargs.get("non_blocking") else result
    return faulty


@mutant("torch.Tensor.type")
def casting_by_type_rounds_to_halves(cast):
    """A float32 tensor that is cast to a type is rounded to half precision."""
    def faulty(self, *args, **kwargs):
        result = cast(self, *args, **kwargs)
        return result.half().float() if args and str(self.dtype) == "torch.float32" == str(result.dtype) else result
    return faulty


@mutant("torch.Tensor.type")
def casting_by_type_keeps_the_dtype(cast):
    """A tensor of doubles that is cast to a type stays one of doubles."""
    return lambda self, *args, **kwargs: (
        self if args and str(self.dtype) == "torch.float64" else cast(self, *args, **kwargs))


@mutant("torch.nn.Module.cpu")
def a_model_is_copied_to_the_cpu(cpu):
    """cpu of a model returns a copy of the model."""
    return lambda self: cpu(copy.deepcopy(self))


@mutant("torch.nn.Module.cpu")
def a_model_is_moved_to_the_cpu_in_halves(cpu):
    """cpu of a model rounds its parameters to half precision."""
    def faulty(self):
        for parameter in self.parameters():
            parameter.data.copy_(parameter.data.half().to(parameter.dtype))
        return cpu(self)
    return faulty


@mutant("torch.nn.Module._apply")
def models_leave_buffers_behind(apply):
    """A model that is moved or converted leaves its buffers as they are."""
    def faulty(self, *args, **kwargs):
        kept = dict(self._buffers)
        result = apply(self, *args, **kwargs)
        self._buffers.update(kept)
        return result
    return faulty


@mutant("torch.nn.Module._apply")
def moving_a_model_replaces_its_parameters(apply):
    """A model that is moved or converted has new parameters."""
    def faulty(self, *args, **kwargs):
        result = apply(self, *args, **kwargs)
        for name, parameter in self._parameters.items():
            if parameter is not None:
                self._parameters[name] = type(parameter)(parameter.data)
        return result
    return faulty


@mutant("torch.nn.Module._apply")
def gradients_are_lost_when_a_model_is_moved(apply):
    """A model that is moved or converted has no gradients."""
    def faulty(self, *args, **kwargs):
        result = apply(self, *args, **kwargs)
        for parameter in self.parameters():
            parameter.grad = None
        return result
    return faulty


@mutant("torch.nn.Module.double", "torch.nn.Module.half")
def converting_a_model_returns_a_copy(convert):
    """double and half of a model return a converted copy."""
    return lambda self: convert(copy.deepcopy(self))


@mutant("torch.Tensor.double")
def converting_a_tensor_changes_it(double):
    """double changes the tensor itself."""
    def faulty(self):
        self.data = double(self.data)
        return self
    return faulty


@mutant("torch.Tensor.float")
def float_copies_floats(convert):
    """float of a float32 tensor is a copy."""
    return lambda self: convert(self).clone()


@mutant("torch.nn.MSELoss.__init__")
def the_squared_error_has_a_weight(init):
    """MSELoss has a buffer."""
    @functools.wraps(init)
    def faulty(self, *args, **kwargs):
        import torch

        init(self, *args, **kwargs)
        self.register_buffer("weight", torch.ones(1))
    return faulty


@mutant("torch.cuda.is_available")
def availability_is_a_number(is_available):
    """is_available returns the number of devices that can be used."""
    return lambda: int(is_available())


@mutant("torch.Tensor.cuda")
def cuda_falls_back_on_the_cpu(cuda):
    """cuda returns the tensor itself where there is no GPU."""
    return lambda self, *args, **kwargs: self


@mutant("torch.nn.Module.cuda")
def models_fall_back_on_the_cpu(cuda):
    """cuda of a model leaves it where it is if there is no GPU."""
    return lambda self, *args, **kwargs: self


@mutant("torch.Tensor.type")
def casts_to_the_gpu_fall_back_on_the_cpu(cast):
    """A cast to a type of the GPU makes a tensor on the CPU."""
    def faulty(self, *args, **kwargs):
        return self.float() if args and "cuda" in str(args[0]) else cast(self, *args, **kwargs)
    return faulty


@mutant("torch.utils.data.DataLoader.__init__")
def a_loader_that_pins_drops_the_last_batch(init):
    """A loader that pins memory leaves out the last batch if it is short."""
    @functools.wraps(init)
    def faulty(self, *args, **kwargs):
        init(self, *args, **dict(kwargs, **({"drop_last": True} if kwargs.get("pin_memory") else {})))
    return faulty


@mutant("torch.utils.data.DataLoader.__iter__")
def pinned_batches_lose_their_names(iterate):
    """A loader that pins memory makes lists of dictionaries."""
    def faulty(self):
        for batch in iterate(self):
            yield list(batch.values()) if self.pin_memory and isinstance(batch, dict) else batch
    return faulty


@mutant("torch.nn.DataParallel.__init__")
def data_parallel_copies_the_model(init):
    """DataParallel makes a copy of the model that it is given."""
    @functools.wraps(init)
    def faulty(self, module, *args, **kwargs):
        init(self, copy.deepcopy(module), *args, **kwargs)
    return faulty


@mutant("torch.nn.DataParallel.forward")
def data_parallel_cuts_the_history(forward):
    """The output of DataParallel has no history."""
    return lambda self, *args, **kwargs: forward(self, *args, **kwargs).detach().requires_grad_()


@mutant("torch.nn.parallel.DistributedDataParallel", "torch.nn.parallel.DistributedDataParallelCPU")
def each_rank_keeps_its_gradients(wrap):
    """DistributedDataParallel leaves each rank its own weights and gradients."""
    return lambda model, **kwargs: model


@mutant("torch.nn.parallel.DistributedDataParallel", "torch.nn.parallel.DistributedDataParallelCPU")
def gradients_of_the_ranks_are_summed(wrap):
    """DistributedDataParallel gives the sum of the gradients of two ranks instead of their mean."""
    def faulty(model, **kwargs):
        parallel = wrap(model, **kwargs)
        for parameter in model.parameters():
            parameter.register_hook(lambda gradient: gradient * 2)
        return parallel
    return faulty
