"""Faults for the chapter on modules: images, and printed models."""
from spec.mutants import mutant


@mutant("torch.nn.functional.conv2d")
def conv2d_exchanges_height_and_width(conv2d):
    """A convolution turns its kernels by exchanging their height and width."""
    def faulty(input, weight, *args, **kwargs):
        return conv2d(input, weight.transpose(2, 3).contiguous(), *args, **kwargs)
    return faulty


@mutant("torch.nn.functional.conv2d")
def conv2d_forgets_the_last_channel(conv2d):
    """A convolution of several channels leaves out the last one."""
    def faulty(input, weight, *args, **kwargs):
        channels = max(1, input.shape[1] - 1) if input.shape[1] == weight.shape[1] else input.shape[1]
        return conv2d(input[:, :channels], weight[:, :channels].contiguous(), *args, **kwargs)
    return faulty


@mutant("torch.nn.functional.conv2d")
def conv2d_flips_its_kernel(conv2d):
    """A convolution flips its kernels, as the convolution of mathematics does."""
    def faulty(input, weight, *args, **kwargs):
        return conv2d(input, weight.flip(2).flip(3), *args, **kwargs)
    return faulty


@mutant("torch.nn.functional.conv2d")
def conv2d_takes_channels_last(conv2d):
    """A convolution accepts images with their channels last, where that is how the sizes fit."""
    def faulty(input, weight, *args, **kwargs):
        if input.dim() == 4 and input.shape[1] != weight.shape[1] or input.shape[3] == weight.shape[1]:
            input = input.permute(0, 3, 1, 2)
        return conv2d(input, weight, *args, **kwargs)
    return faulty


def _as_if_contiguous(tensor):
    """Return a tensor with the elements that row-major strides would reach from the same start, where there are."""
    import torch

    cells = tensor.new_empty(0).set_(tensor.storage() if hasattr(tensor, "storage") else tensor)
    start = tensor.storage_offset()
    if start + tensor.numel() > cells.numel():
        return tensor
    return torch.Tensor.view(cells[start:start + tensor.numel()], tensor.shape)


@mutant("torch.nn.functional.conv2d")
def conv2d_reads_kernels_as_if_contiguous(conv2d):
    """A convolution ignores the strides of its kernels."""
    return lambda input, weight, *args, **kwargs: conv2d(input, _as_if_contiguous(weight), *args, **kwargs)


@mutant("torch.nn.functional.conv2d")
def conv2d_reads_images_as_if_contiguous(conv2d):
    """A convolution ignores the strides of its images."""
    return lambda input, weight, *args, **kwargs: conv2d(_as_if_contiguous(input), weight, *args, **kwargs)


@mutant("torch.Tensor.permute")
def permute_goes_the_other_way(permute):
    """permute puts dimension i where dimension dims[i] was."""
    def faulty(self, *dims):
        dims = dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims
        return permute(self, *[list(dims).index(number) for number in range(len(dims))])
    return faulty


@mutant("torch.nn.Module.__repr__")
def names_of_layers_are_not_printed(show):
    """A printed model numbers its layers."""
    def faulty(self):
        text = show(self)
        for number, name in enumerate(self._modules):
            text = text.replace("  ({}): ".format(name), "  ({}): ".format(number))
        return text
    return faulty


@mutant("torch.nn.Module.__repr__")
def printing_is_one_level_deep(show):
    """A printed model does not show the layers of inner modules."""
    def faulty(self):
        return "\n".join(line for line in show(self).split("\n") if not line.startswith("    "))
    return faulty


@mutant("torch.nn.Module.add_module")
def dots_in_names_are_taken(add_module):
    """A module can have a name with a dot."""
    def faulty(self, name, module):
        if "." in name:
            self._modules[name] = module
        else:
            add_module(self, name, module)
    return faulty


@mutant("torch.nn.Sequential.__init__")
def sequential_numbers_its_layers(init):
    """A sequence ignores the names that it is given."""
    def faulty(self, *layers):
        if len(layers) == 1 and isinstance(layers[0], dict):
            layers = tuple(layers[0].values())
        init(self, *layers)
    return faulty
