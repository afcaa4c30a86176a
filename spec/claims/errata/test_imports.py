"""Imports.

Blocks use names that no line of theirs defines or imports: some are meant to be read after another block, some cannot
have been run by anybody.
"""
import types

import pytest
import torch
import torch.utils.data

from spec.claims.errata._erratum import Correction, Erratum, run, undefined_names
from spec.sources import EXAMPLES, INTRODUCTION, TEMPLATE

TORCH = Erratum(
    "errata.rnn-missing-torch-import",
    "The Elman network is printed as a complete implementation.",
    [TEMPLATE["RNNs"]],
    Correction("The listing calls torch.stack, but imports only torch.nn and torch.nn.functional, as nn and F.",
               NameError, "'torch'"),
    kills=["stack-begins-with-the-last"],
)


@TORCH.printed
def test_with_nn_and_functional_imported_states_can_be_stacked():
    """
    >>> del torch  # the listing has no such import
    >>> import torch.nn as nn, torch.nn.functional as F
    >>> states = [F.relu(nn.Linear(1, 2).bias) for step in range(3)]
    >>> torch.stack(states)
    """


@TORCH.corrected
def test_with_torch_imported_states_can_be_stacked():
    """
    >>> import torch.nn.functional as F
    >>> states = [F.relu(torch.tensor([-1.0, 2.0])), torch.ones(2)]
    >>> assert torch.stack(states).tolist() == [[0, 2], [1, 1]]
    """


SNIPPETS = Erratum(
    "errata.snippets-need-context",
    "The short examples for users of Torch run on their own.",
    [TEMPLATE["PyTorch for Torch Users"]],
    Correction("Each of the examples uses a name that it does not define: a, torch or batches.", NameError),
    kills=["fill-underscore-forgets-the-last-row", "add-writes-into-its-tensor", "integers-count-from-one",
           "index-add-underscore-replaces", "numpy-gives-a-copy"],
)

EXAMPLES_FOR_TORCH_USERS = [
    ("in place", "a", "a.fill_(3.5); b = a.add(4.0)"),
    ("an element", "a", "b = a[0, 3]"),
    ("columns", "a", "b = a[:, 3:5]"),
    ("index_add_", "torch", "x = torch.ones(5, 5); x.index_add_(1, torch.LongTensor([4, 0]), torch.ones(5, 2))"),
    ("to numpy", "torch", "a = torch.ones(5); b = a.numpy(); a.add_(1)"),
    ("from numpy", "torch", "import numpy as np; a = np.ones(5); b = torch.DoubleTensor(a); np.add(a, 1, out=a)"),
    ("CUDA", "torch", "a = torch.LongTensor(10).fill_(3).cuda()"),
    ("batches", "batches", "for batch in batches: model(batch.cuda())"),
]
EACH_EXAMPLE = pytest.mark.parametrize(
    "name, line", [case[1:] for case in EXAMPLES_FOR_TORCH_USERS], ids=[case[0] for case in EXAMPLES_FOR_TORCH_USERS])


@SNIPPETS
@EACH_EXAMPLE
def test_the_example_runs_on_its_own(name, line):
    run([line])


@SNIPPETS.instead
@EACH_EXAMPLE
def test_the_example_lacks_a_name(name, line):
    with pytest.raises(NameError, match="'{}'".format(name)):
        run([line])


@SNIPPETS.instead
def test_with_the_name_supplied_each_example_does_what_its_comments_say():
    lines = [case[2] for case in EXAMPLES_FOR_TORCH_USERS]
    filled = run([lines[0]], a=torch.zeros(2, 3))
    assert filled["a"].tolist() == [[3.5] * 3] * 2 and filled["b"].tolist() == [[7.5] * 3] * 2
    table = torch.arange(24).view(4, 6)
    assert run([lines[1]], a=table)["b"].item() == 3
    assert run([lines[2]], a=table)["b"].tolist() == [[3, 4], [9, 10], [15, 16], [21, 22]]
    assert run([lines[3]], torch=torch)["x"].tolist() == [[2, 1, 1, 1, 2]] * 5
    for line in lines[4:6]:
        assert run([line], torch=torch)["b"].tolist() == [2] * 5


DATASET = Erratum(
    "errata.dataset-listing-names",
    "The listings with the dataset and its transforms run as printed.",
    [EXAMPLES["PyTorch: custom dataset"]],
    Correction("The listings use Dataset, pd, os, io, transform, transforms and np without importing them.",
               NameError, "'Dataset'"),
    kills=["the-last-batch-is-never-loaded"],
)


@DATASET.printed
def test_a_class_derived_from_dataset_can_be_made():
    """
    >>> class Landmarks(Dataset):
    >>>     def __getitem__(self, index): return index
    """


class Stand(types.SimpleNamespace):
    """A stand-in for a package that the listings use: it has the one function that they call."""


@DATASET.instead
def test_with_its_seven_names_supplied_the_dataset_gives_transformed_samples():
    found, names = undefined_names(
        [
            "import torch.utils.data",
            "class Landmarks(Dataset):",
            "    def __init__(self, transform): self.table, self.transform = pd.read_csv('faces.csv'), transform",
            "    def __len__(self): return len(self.table)",
            "    def __getitem__(self, i): return self.transform(io.imread(os.path.join('faces', self.table[i])))",
            "resize, flip = lambda image: transform.resize(image, (2, 2)), lambda image: np.flip(image)",
            "change = transforms.Compose([resize, flip])",
            "loaded = [batch.tolist() for batch in torch.utils.data.DataLoader(Landmarks(change), batch_size=2)]",
        ],
        Dataset=torch.utils.data.Dataset, np=Stand(flip=lambda image: image.flip(0)),
        pd=Stand(read_csv=lambda path: ["1", "2", "3"]), io=Stand(imread=lambda path: int(path[-1])),
        os=Stand(path=Stand(join=lambda folder, name: folder + name)),
        transform=Stand(resize=lambda image, size: torch.tensor([image, 10 * image])),
        transforms=Stand(Compose=lambda steps: lambda image: steps[1](steps[0](image))),
    )
    assert found == ["Dataset", "transforms", "pd", "io", "os", "transform", "np"]
    assert names["loaded"] == [[[10, 1], [20, 2]], [[30, 3]]]


LOADER = Erratum(
    "errata.loader-listing-names",
    "The example of a loader runs as printed.",
    [EXAMPLES["PyTorch: custom dataset"]],
    Correction("ModelNetDataset, root, DataLoader and opt are used without being defined.",
               NameError, "'ModelNetDataset'"),
    kills=["the-last-batch-is-never-loaded"],
)


@LOADER.printed
def test_the_dataset_of_the_loader_example_can_be_made():
    """
    >>> ModelNetDataset(root, train=True)
    """


@LOADER.instead
def test_with_its_four_names_supplied_the_example_loads_every_sample():
    found, names = undefined_names(
        ["dataset = ModelNetDataset(root, train=True)",
         "loader = DataLoader(dataset, batch_size=opt.batchSize, shuffle=True)"],
        root=torch.arange(5), opt=Stand(batchSize=2), DataLoader=torch.utils.data.DataLoader,
        ModelNetDataset=lambda root, train: torch.utils.data.TensorDataset(root),
    )
    assert found == ["ModelNetDataset", "root", "DataLoader", "opt"]
    batches = [batch.tolist() for batch, in names["loader"]]
    assert [len(batch) for batch in batches] == [2, 2, 1] and sorted(sum(batches, [])) == [0, 1, 2, 3, 4]


LSTM = Erratum(
    "errata.lstm-listing-imports",
    "The listing with the LSTM runs as printed.",
    [EXAMPLES["PyTorch: LSTM"]],
    Correction("The listing uses nn, torch and Variable without importing them.", NameError, "'nn'"),
    kills=["variable-requires-grad-by-default"],
)


@LSTM.printed
def test_a_module_with_an_lstm_can_be_defined():
    """
    >>> class Sample(nn.Module):
    >>>     def __init__(self): self.rnn = nn.LSTM(3, 128, batch_first=True)
    """


@LSTM.instead
def test_with_its_three_names_supplied_the_module_makes_its_state():
    found, names = undefined_names(
        ["class Sample(nn.Module):",
         "    def state(self, batch): return Variable(torch.randn(1, batch, 4))",
         "state = Sample().state(2)"],
        nn=torch.nn, torch=torch, Variable=torch.autograd.Variable)
    assert found == ["nn", "Variable", "torch"]
    assert names["state"].shape == (1, 2, 4) and not names["state"].requires_grad


VARIABLE = Erratum(
    "errata.variable-before-import",
    "The examples of requires_grad and volatile run in the order of the document.",
    [INTRODUCTION["Variables and Autograd"]],
    Correction("The examples use Variable before any block has imported it.", NameError, "'Variable'"),
    kills=["variable-requires-grad-by-default"],
)


@VARIABLE.printed
def test_the_first_example_makes_a_variable():
    """
    >>> Variable(torch.randn(5, 5))
    """


@VARIABLE.corrected
def test_once_variable_is_imported_the_sums_have_the_flags_in_the_comments():
    """
    >>> from torch.autograd import Variable
    >>> x, y = Variable(torch.randn(5, 5)), Variable(torch.randn(5, 5))
    >>> z = Variable(torch.randn(5, 5), requires_grad=True)
    >>> assert not (x + y).requires_grad and (x + z).requires_grad
    """


TRAINING_DATA = Erratum(
    "errata.training-data-undefined",
    "The block with the DataLoader runs after the block before it.",
    [INTRODUCTION["PyTorch DataLoader"]],
    Correction("x_train and y_train are defined nowhere, and TwoLayerNN only in the block before.",
               NameError, "'x_train'"),
    kills=["the-last-batch-is-never-loaded"],
)


@TRAINING_DATA.printed
def test_the_training_data_become_a_tensor():
    """
    >>> torch.from_numpy(x_train)
    """


@TRAINING_DATA.instead
def test_with_its_names_supplied_the_block_loads_the_training_data():
    ones = torch.ones(5, 2).numpy()
    found, names = undefined_names(
        ["import torch.utils.data",
         "pairs = torch.utils.data.TensorDataset(torch.from_numpy(x_train), torch.from_numpy(y_train))",
         "loader, model = torch.utils.data.DataLoader(pairs, batch_size=2), TwoLayerNN(2, 3)"],
        x_train=ones, y_train=ones[:, :1], TwoLayerNN=torch.nn.Linear)
    assert found == ["x_train", "y_train", "TwoLayerNN"]
    assert [names["model"](inputs).shape + labels.shape for inputs, labels in names["loader"]] == [
        (2, 3, 2, 1), (2, 3, 2, 1), (1, 3, 1, 1)]
