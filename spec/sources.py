"""The five documents whose sentences are verified, and the sections of each.

A claim names where it is made as ``EXAMPLES["PyTorch: Tensors"]``; a section that the document does not have is
an error at once.
"""
from collections import namedtuple

Source = namedtuple("Source", "document section")
Source.__doc__ = "One place in one document: the document's title and the section's heading."


class Document:
    """A tutorial: its title and a short name for it, its author, when it was written, and its headings in order."""

    def __init__(self, short, title, author, date, sections):
        self.short = short
        self.title = title
        self.author = author
        self.date = date
        self.sections = tuple(sections)

    def __getitem__(self, section):
        """Return the Source for a heading; raise KeyError, with the headings there are, for any other text."""
        if section not in self.sections:
            raise KeyError("{!r} has no section {!r}; it has {}".format(self.title, section, list(self.sections)))
        return Source(self.title, section)


TEMPLATE = Document(
    "Template",
    "pytorch-examples, template with notes for Torch users",
    "Justin Johnson and contributors",
    "2017",
    [
        "Opening",
        "Tensors",
        "Variables and autograd",
        "nn: The neural network Library",
        "optim: The optimization library",
        "RNNs",
        "Data Loading",
        "PyTorch for Torch Users",
        "Advanced Topics",
        "Defining new autograd functions",
        "PyTorch vs TensorFlow: Static vs Dynamic Graphs",
        "Control Flow and Weight Sharing",
    ],
)

EXAMPLES = Document(
    "Examples",
    "pytorch-examples, extended README",
    "Justin Johnson and contributors",
    "2018",
    [
        "Opening",
        "Warm-up: numpy",
        "PyTorch: Tensors",
        "PyTorch: Variables and autograd",
        "PyTorch: Defining new autograd functions",
        "TensorFlow: Static Graphs",
        "PyTorch: nn",
        "PyTorch: optim",
        "PyTorch: Custom nn Modules",
        "PyTorch: Control Flow + Weight Sharing",
        "PyTorch: custom dataset",
        "PyTorch: LSTM",
        "Pytorch: GPU",
        "Other references",
        "Official tutorial",
        "Logging and viewing results in Tensorboard",
        "Other tutorials",
    ],
)

INTRODUCTION = Document(
    "Introduction",
    "Introduction to PyTorch (blog)",
    "unsigned",
    "2018-01-20",
    [
        "Opening",
        "PyTorch Tensors",
        "Variables and Autograd",
        "PyTorch nn Module",
        "Optimization",
        "PyTorch DataLoader",
    ],
)

FLOYDHUB = Document(
    "FloydHub",
    "FloydHub Introduction to PyTorch: a DL Framework",
    "FloydHub, with code by Illarion Khlestov and Justin Johnson",
    "2017",
    [
        "Abstract",
        "Introduction",
        "Pytorch introduction",
        "Tensor",
        "Variables and AutoGrad",
        "Defining new autograd functions",
        "Static vs Dynamic Computational Graph",
        "Models Definition",
        "Train model with CUDA",
        "Weight initialization",
        "Excluding subgraphs from backward",
        "Training process",
        "Logging",
        "Data handling",
        "Final architecture overview",
        "Summary",
        "Thanks and Resources",
    ],
)

NOTEBOOK = Document(
    "Notebook",
    "What are Tensors? (notebook)",
    "unsigned",
    "2019",
    [
        "What are Tensors?",
        "PyTorch Tensors",
        "Autograd",
        "PyTorch: Defining new autograd functions",
        "What is a nn module",
        "PyTorch - optim",
        "Custom nn module",
    ],
)

DOCUMENTS = (TEMPLATE, EXAMPLES, INTRODUCTION, FLOYDHUB, NOTEBOOK)

PRINTED_PROGRAMS = [
    EXAMPLES["Warm-up: numpy"],
    EXAMPLES["PyTorch: Tensors"],
    EXAMPLES["PyTorch: Variables and autograd"],
    EXAMPLES["PyTorch: Defining new autograd functions"],
    EXAMPLES["TensorFlow: Static Graphs"],
    EXAMPLES["PyTorch: nn"],
    EXAMPLES["PyTorch: optim"],
    EXAMPLES["PyTorch: Custom nn Modules"],
    EXAMPLES["PyTorch: Control Flow + Weight Sharing"],
    NOTEBOOK["What are Tensors?"],
    NOTEBOOK["PyTorch Tensors"],
    NOTEBOOK["Autograd"],
    NOTEBOOK["PyTorch: Defining new autograd functions"],
    NOTEBOOK["What is a nn module"],
    NOTEBOOK["PyTorch - optim"],
    NOTEBOOK["Custom nn module"],
]
"""Where the training program is printed, in one form after the other, at its full size."""
