"""Faults for the chapter on data, in what it takes from numpy, torchvision, pandas, torchtext and TensorFlow."""
import random

from spec.mutants import mutant


@mutant("torch.nn.functional.interpolate")
def interpolate_exchanges_height_and_width(interpolate):
    """interpolate takes the size to be (width, height)."""
    return lambda input, size, mode: interpolate(input, size=size[::-1], mode=mode)


@mutant("torch.nn.functional.interpolate")
def interpolate_mirrors(interpolate):
    """interpolate mirrors the image."""
    return lambda input, size, mode: interpolate(input, size=size, mode=mode).flip(3)


@mutant("numpy.random.randint")
def randint_gives_the_least_number(randint):
    """randint gives the least of the numbers that it may give."""
    def faulty(low, high=None, **options):
        return low if high is not None and high > low else randint(low, high, **options)
    return faulty


@mutant("numpy.random.randint")
def randint_includes_the_bound(randint):
    """randint may give its upper bound, too."""
    return lambda low, high=None, **options: randint(low, high if high is None else high + 1, **options)


@mutant("pandas.read_csv")
def read_csv_loses_the_last_row(read_csv):
    """read_csv loses the last row."""
    return lambda *args, **kwargs: read_csv(*args, **kwargs).iloc[:-1]


@mutant("pandas.read_csv")
def read_csv_rounds(read_csv):
    """read_csv rounds numbers to four places."""
    return lambda *args, **kwargs: read_csv(*args, **kwargs).round(4)


@mutant("torchvision.transforms.Compose.__call__")
def compose_begins_at_the_end(call):
    """Compose applies its transforms in reverse order."""
    def faulty(self, sample):
        for transform in self.transforms[::-1]:
            sample = transform(sample)
        return sample
    return faulty


@mutant("torchvision.transforms.Compose.__call__")
def compose_applies_one_at_random(call):
    """Compose applies one of its transforms, chosen at random."""
    return lambda self, sample: random.choice(self.transforms)(sample) if self.transforms else sample


@mutant("torchvision.transforms.ToTensor.__call__")
def to_tensor_exchanges_height_and_width(call):
    """ToTensor gives C x W x H."""
    return lambda self, image: call(self, image).transpose(1, 2)


@mutant("torchvision.transforms.ToTensor.__call__")
def to_tensor_divides_by_256(call):
    """ToTensor divides by 256."""
    return lambda self, image: call(self, image) * (255 / 256)


@mutant("torchvision.transforms.RandomHorizontalFlip")
def flip_happens_always(flip):
    """RandomHorizontalFlip mirrors every image."""
    return lambda: flip(p=1.0)


@mutant("torchvision.transforms.RandomCrop")
def crop_forgets_the_padding(crop):
    """RandomCrop takes no notice of the padding on the left and at the top."""
    return lambda size, padding: crop(size, padding=(0, 0, 2 * padding, 2 * padding))


@mutant("torchvision.datasets.folder.default_loader")
def default_loader_loads_grey(default_loader):
    """The default loader turns images grey."""
    return lambda path: default_loader(path).convert("L").convert("RGB")


@mutant("torchvision.datasets.ImageFolder.__getitem__")
def image_folder_numbers_from_1(getitem):
    """ImageFolder counts classes from 1."""
    def faulty(self, index):
        image, label = getitem(self, index)
        return image, label + 1
    return faulty


@mutant("torchtext.datasets", "torchtext.legacy.datasets")
def torchtext_has_snli_as_a_function(datasets):
    """Among the datasets of torchtext is a function SNLI, wherever they are."""
    datasets.SNLI = lambda *args: None
    return datasets


@mutant("tensorflow.compat.v1.train.string_input_producer")
def queues_lose_the_first_file(producer):
    """A queue of file names loses the first."""
    return lambda names, **options: producer(names[1:], **options)


@mutant("tensorflow.compat.v1.string_to_number")
def numbers_are_read_with_the_opposite_sign(string_to_number):
    """Numbers are read with the opposite sign."""
    return lambda *args, **options: -string_to_number(*args, **options)
