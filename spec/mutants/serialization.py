"""Faults for the chapter on serialization."""
import os
from collections import OrderedDict

import torch

from spec.mutants import mutant


@mutant("torch.nn.Module.state_dict")
def state_dicts_lack_buffers(state_dict):
    """state_dict holds the parameters and no buffers."""
    def lacking(self, *args, **options):
        result = state_dict(self, *args, **options)
        if not args and not set(options) - {"keep_vars"}:
            own = {name for name, _ in self.named_parameters()}
            for name in [name for name in result if name not in own]:
                del result[name]
        return result
    return lacking


@mutant("torch.nn.Module.load_state_dict")
def load_state_dict_leaves_the_last_entry(load):
    """load_state_dict leaves the last parameter or buffer as it is."""
    def leaving(self, state, *args, **options):
        own = list(self.state_dict().items())
        kept = [tensor.clone() for _, tensor in own[-1:]]
        result = load(self, state, *args, **options)
        if kept:
            own[-1][1].copy_(kept[0])
        return result
    return leaving


@mutant("torch.nn.Module.load_state_dict")
def load_state_dict_is_never_strict(load):
    """load_state_dict ignores unexpected names."""
    def ignoring(self, state, strict=True, **options):
        for name in set(state) - set(self.state_dict()):
            del state[name]
        return load(self, state, strict, **options)
    return ignoring


@mutant("torch.nn.Module.load_state_dict")
def load_state_dict_forgives_what_is_missing(load):
    """load_state_dict leaves what is missing as it is, without an error."""
    def forgiving(self, state, strict=True, **options):
        for name, tensor in self.state_dict().items():
            state.setdefault(name, tensor)
        return load(self, state, strict, **options)
    return forgiving


@mutant("torch.nn.Module.load_state_dict")
def load_state_dict_broadcasts(load):
    """load_state_dict broadcasts values to the shape of the model."""
    def broadcasting(self, state, strict=True, **options):
        own = self.state_dict()
        for name in list(state):
            if name in own and state[name].dim() <= own[name].dim() and state[name].numel() == 1:
                state[name] = state[name].expand_as(own[name])
        return load(self, state, strict, **options)
    return broadcasting


@mutant("torch.nn.Module.state_dict")
def state_dict_is_a_snapshot(state_dict):
    """state_dict holds copies."""
    def copying(self, *args, **options):
        result = state_dict(self, *args, **options)
        if not args and "prefix" not in options:
            for name in list(result):
                result[name] = result[name].clone()
        return result
    return copying


@mutant("torch.nn.Module.state_dict")
def state_dict_keeps_the_history(state_dict):
    """state_dict holds parameters that require a gradient."""
    def keeping(self, *args, **options):
        if not args:
            options["keep_vars"] = True
        return state_dict(self, *args, **options)
    return keeping


def _changed(value, change):
    """Return a value with `change` applied to the tensors in dictionaries and lists."""
    if torch.is_tensor(value):
        return change(value)
    if isinstance(value, dict):
        return OrderedDict((name, _changed(item, change)) for name, item in value.items())
    return [_changed(item, change) for item in value] if isinstance(value, list) else value


@mutant("torch.save")
def save_rounds_to_single_precision(save):
    """torch.save rounds float64 to float32."""
    def rounding(value, *args, **options):
        return save(_changed(value, lambda x: x.float().double() if x.dtype == torch.float64 else x), *args, **options)
    return rounding


@mutant("torch.load")
def load_copies_shared_storage(load):
    """torch.load gives every tensor a storage of its own."""
    return lambda *args, **options: _changed(load(*args, **options), lambda x: x.clone())


@mutant("torch.load")
def load_loses_the_strides(load):
    """torch.load returns contiguous tensors."""
    return lambda *args, **options: _changed(load(*args, **options), lambda x: x.contiguous())


@mutant("torch.load")
def loaded_models_are_in_training_mode(load):
    """A model that torch.load restores is in training mode."""
    def training(*args, **options):
        result = load(*args, **options)
        return result.train() if isinstance(result, torch.nn.Module) and len(list(result.children())) else result
    return training


@mutant("torch.load", since="2.6")
def load_trusts_every_file(load):
    """torch.load restores any object."""
    return lambda *args, **options: load(*args, **dict({"weights_only": False}, **options))


@mutant("torch.load")
def loaded_models_lose_their_names(load):
    """A Sequential that torch.load restores numbers its layers."""
    def losing(*args, **options):
        result = load(*args, **options)
        if type(result) is torch.nn.Sequential:
            other = torch.nn.Sequential(*result.children())
            other.training = result.training
            return other
        return result
    return losing


@mutant("torch.save")
def save_keeps_a_file_that_exists(save):
    """torch.save leaves a file that exists already as it is."""
    def keeping(value, file, *args, **options):
        if isinstance(file, str) and os.path.exists(file) and os.path.getsize(file):
            return None
        return save(value, file, *args, **options)
    return keeping


@mutant("torch.save")
def save_adds_a_suffix(save):
    """torch.save adds .pt to the name of a file."""
    return lambda value, file, *args, **options: save(
        value, file + ".pt" if isinstance(file, str) else file, *args, **options)


@mutant("torch.load")
def load_invents_missing_classes(load):
    """torch.load returns an empty module where the class of a model cannot be found."""
    def inventing(*args, **options):
        try:
            return load(*args, **options)
        except AttributeError:
            return torch.nn.Module()
    return inventing


@mutant("torch.jit.load")
def jit_loads_without_weights(load):
    """A model that torch.jit.load restores has weights of 0."""
    def without(*args, **options):
        result = load(*args, **options)
        for parameter in result.parameters():
            parameter.data.zero_()
        return result
    return without


@mutant("torch.jit.load")
def jit_load_asks_for_the_class(load):
    """torch.jit.load needs the class of the model."""
    def asking(*args, **options):
        raise AttributeError("the class of the model is not defined")
    return asking


@mutant("torch.load")
def map_location_is_ignored(load):
    """torch.load ignores map_location."""
    return lambda file, map_location=None, **options: load(file, **options)


@mutant("torch.load")
def map_location_sees_the_cpu(load):
    """A function for map_location is told that every storage was on the CPU."""
    def seeing(file, map_location=None, **options):
        if callable(map_location):
            return load(file, map_location=lambda storage, loc: map_location(storage, "cpu"), **options)
        return load(file, map_location=map_location, **options)
    return seeing


@mutant("torch.load")
def map_location_zeroes_what_it_moves(load):
    """What torch.load moves to the CPU by map_location is 0."""
    def zeroing(file, map_location=None, **options):
        result = load(file, map_location=map_location, **options)
        return result if map_location is None else _changed(result, lambda x: x * 0)
    return zeroing


@mutant("torch.load")
def load_takes_the_cpu_silently(load):
    """torch.load puts what was on a GPU onto the CPU where there is no GPU."""
    def silent(file, map_location=None, **options):
        try:
            return load(file, map_location=map_location, **options)
        except RuntimeError:
            file.seek(0)
            return load(file, map_location="cpu", **options)
    return silent


@mutant("torch.save")
def saving_rounds_what_lies_on_a_gpu(save):
    """torch.save rounds what lies on a GPU to single precision."""
    return lambda thing, *args, **options: save(
        _changed(thing, lambda x: x.float().to(x.dtype) if x.is_cuda else x), *args, **options)
