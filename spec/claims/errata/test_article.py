"""Imports of one article.

The FloydHub article opens with a block of imports for all that follows. It lacks three, and stops where torchvision is
not installed.
"""
import math
import sys
import types

import pytest
import torch
import torch.utils.data
from torch.optim import lr_scheduler

from spec.claims.errata._erratum import Correction, Erratum, run, undefined_names
from spec.claims.errata._helpers import errors_of_cells
from spec.sources import FLOYDHUB

CUDA_FLAG = Erratum(
    "errata.torchvision-gates-cuda-flag",
    "The first block sets the flag cuda for all later blocks.",
    [FLOYDHUB[section] for section in ("Pytorch introduction", "Tensor", "Variables and AutoGrad",
                                       "Defining new autograd functions", "Models Definition")],
    Correction("The flag is set after torchvision is imported: where that is not installed, there is no "
               "flag.", NameError),
    kills=["cuda-is-said-to-be-there"],
)

FIRST_BLOCK = "import torch, torchvision as tv\ncuda = torch.cuda.is_available()"
LATER_BLOCK = "dtype = torch.cuda.FloatTensor if cuda else torch.FloatTensor\nx = torch.ones(2).type(dtype)"


@CUDA_FLAG
def test_without_torchvision_a_later_block_knows_whether_there_is_cuda(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    failed, later = errors_of_cells([FIRST_BLOCK, LATER_BLOCK])
    assert isinstance(failed, ImportError)
    if later is not None:
        raise later


@CUDA_FLAG.instead
def test_with_torchvision_a_later_block_makes_tensors_of_the_type_that_the_flag_asks_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", types.ModuleType("torchvision"))
    names = run((FIRST_BLOCK + "\n" + LATER_BLOCK).split("\n"))
    assert names["cuda"] in (True, False) and names["x"].is_cuda is names["cuda"] and names["x"].tolist() == [1, 1]


NN = Erratum(
    "errata.nn-never-imported",
    "The blocks that use nn run after the block of imports.",
    [FLOYDHUB[section] for section in ("Pytorch introduction", "Weight initialization", "Training process",
                                       "Final architecture overview")],
    Correction("torch.nn.functional is imported as F, but torch.nn never as nn.", NameError, "'nn'"),
    kills=["stack-begins-with-the-last"],
)


@NN.printed
def test_after_the_imports_a_sequence_of_layers_can_be_made():
    """
    >>> import torch.nn.functional as F
    >>> from collections import OrderedDict
    >>> nn.Sequential(OrderedDict([("relu1", nn.ReLU())]))
    """


@NN.corrected
def test_with_one_more_import_a_sequence_of_layers_can_be_made():
    """
    >>> from torch import nn
    >>> from collections import OrderedDict
    >>> model = nn.Sequential(OrderedDict([("relu1", nn.ReLU()), ("negative", nn.Threshold(1.5, 0))]))
    >>> rows = [model(torch.tensor([-1.0, 2.0])), model.relu1(torch.tensor([-1.0, 1.0]))]
    >>> assert torch.stack(rows).tolist() == [[0, 2], [0, 1]]
    """


PANDAS = Erratum(
    "errata.pandas-never-imported",
    "Once torchvision is there, the block with the image data runs.",
    [FLOYDHUB["Weight initialization"], FLOYDHUB["Data handling"]],
    Correction("The block needs pandas as pd, which nothing imports, as nothing imports the math that the block on "
               "weights needs.",
               NameError, "'pd'"),
    kills=["the-last-batch-is-never-loaded"],
)


@PANDAS.printed
def test_the_table_of_images_is_read():
    """
    >>> import torch as tv  # stands in for torchvision
    >>> frame = pd.read_csv("path/to/some.csv")
    """


@PANDAS.instead
def test_the_block_needs_torchvision_when_its_class_is_defined_and_pandas_when_it_is_used():
    tv = types.SimpleNamespace(default_loader=lambda path: torch.full((2,), float(path)))
    pd = types.SimpleNamespace(read_csv=lambda path: ["1", "2", "3"])
    found, names = undefined_names(
        ["import torch.utils.data",
         "class Images(torch.utils.data.Dataset):",
         "    def __init__(self, frame, loader=tv.default_loader): self.frame, self.loader = frame, loader",
         "    def __getitem__(self, index): return self.loader(self.frame[index])",
         "    def __len__(self): return len(self.frame)",
         "images = Images(pd.read_csv('path/to/some.csv'))",
         "batches = [batch.tolist() for batch in torch.utils.data.DataLoader(images, batch_size=2)]"],
        tv=tv, pd=pd)
    assert found == ["tv", "pd"] and names["batches"] == [[[1, 1], [2, 2]], [[3, 3]]]


@PANDAS.instead
def test_the_block_on_weights_needs_math():
    found, names = undefined_names(["spread = math.sqrt(2. / 8)"], math=math)
    assert found == ["math"] and names["spread"] == 0.5


TRAINING_BLOCK = Erratum(
    "errata.training-block-undefined-names",
    "The block with the scheduler and the train flag runs as printed.",
    [FLOYDHUB["Training process"]],
    Correction("The block does not define model, train() and validate().", NameError, "'model'"),
    kills=["a-step-scheduler-never-steps"],
)


@TRAINING_BLOCK.printed
def test_an_optimizer_is_made_for_the_model():
    """
    >>> torch.optim.SGD(model.parameters(), lr=0.01)
    """


TRAINING_LINES = ["import torch",
                  "from torch.optim import lr_scheduler",
                  "optimizer = torch.optim.SGD(model.parameters(), lr=0.5)",
                  "scheduler = lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)",
                  "for epoch in range(3):",
                  "    scheduler.step(); train(); validate()"]


@TRAINING_BLOCK.instead
def test_with_its_three_names_supplied_the_block_runs_and_lowers_the_learning_rate():
    found, names = undefined_names(
        TRAINING_LINES, model=torch.nn.Linear(2, 1), train=lambda: None, validate=lambda: None)
    assert found == ["model", "train", "validate"]
    assert isinstance(names["scheduler"], lr_scheduler.StepLR)
    assert [group["lr"] for group in names["optimizer"].param_groups] in ([0.0625], [0.125])


@TRAINING_BLOCK.instead
def test_with_the_flag_train_from_a_later_block_there_is_nothing_to_call():
    with pytest.raises(TypeError, match="bool"):
        run(TRAINING_LINES, model=torch.nn.Linear(2, 1), train=True, validate=lambda: None)
