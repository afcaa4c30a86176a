"""Syntax.

Lines that are no Python, or no longer.
"""
import glob
import os

import pytest
import torch

from spec.claims.errata._erratum import Correction, Erratum, run
from spec.networks import TORCH_FORMS, random_problem, trainer
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES, FLOYDHUB, TEMPLATE

INCLUDE = Erratum(
    "errata.include-directives",
    "The eight listings that stand for whole programs are Python.",
    [TEMPLATE[section] for section in (
        "Tensors", "Variables and autograd", "nn: The neural network Library", "optim: The optimization library",
        "Data Loading", "Defining new autograd functions", "PyTorch vs TensorFlow: Static vs Dynamic Graphs",
        "Control Flow and Weight Sharing")],
    Correction("In place of each listing stands an instruction to include a file, which is no Python.", SyntaxError),
    kills=["minus-equals-has-no-effect"],
)

LISTINGS = ["tensor/two_layer_net_tensor.py", "autograd/two_layer_net_autograd.py", "nn/two_layer_net_nn.py",
            "nn/two_layer_net_optim.py", "nn/data_loading.py", "autograd/two_layer_net_custom_function.py",
            "autograd/tf_two_layer_net.py", "nn/dynamic_net.py"]


@INCLUDE
@pytest.mark.parametrize("file", LISTINGS)
def test_the_listing_is_a_program(file):
    run([":INCLUDE " + file])


@INCLUDE.instead
@pytest.mark.parametrize("form", TORCH_FORMS)
def test_the_programs_that_are_meant_lower_the_loss(form):
    problem = random_problem(1, n=4, d_in=5, h=6, d_out=2, dtype="float64")
    losses = trainer(form)(*problem, learning_rate=1e-3, steps=3).losses
    assert losses[0] > losses[1] > losses[2]


INDENTATION = Erratum(
    "errata.gpu-snippet-indentation",
    "The GPU example is valid Python.",
    [EXAMPLES["Pytorch: GPU"]],
    Correction("After the ellipsis a block is indented that belongs to "
               "nothing.", IndentationError, "unexpected indent"),
    kills=["linear-keeps-its-weight-untransposed"],
)


@INDENTATION.printed
def test_the_second_condition_is_part_of_the_program():
    """
    >>> net, use_cuda = torch.nn.Linear(2, 3), torch.cuda.is_available()
    >>> if use_cuda: net = net.cuda()
    >>> ...
    >>>     if use_cuda: data = data.cuda()
    """


@INDENTATION.corrected
def test_with_both_conditions_at_the_margin_the_program_runs():
    """
    >>> net, data, use_cuda = torch.nn.Linear(2, 3), torch.ones(4, 2), torch.cuda.is_available()
    >>> if use_cuda: net = net.cuda()
    >>> ...
    >>> if use_cuda: data = data.cuda()
    >>> assert net(data).shape == (4, 3) and net.weight.shape == (3, 2)
    """


LABEL = Erratum(
    "errata.mean-label",
    "The printed label, y * y * * 3 = z, is the expression that is computed.",
    [FLOYDHUB["Variables and AutoGrad"]],
    Correction("y * y * * 3 is no expression; what is computed is y * y * 3.", SyntaxError),
    kills=["mean-divides-by-one-more", "backward-flips-the-sign"],
)


@LABEL.printed
def test_the_label_can_be_computed():
    """
    >>> y = torch.ones(2, 2) + 2
    >>> z = y * y * * 3
    """


@LABEL.corrected
def test_z_is_27_its_mean_is_27_and_the_gradient_is_4_and_a_half():
    """
    >>> x = torch.ones(2, 2, requires_grad=True)
    >>> y = x + 2
    >>> z = y * y * 3
    >>> z.mean().backward()
    >>> assert z.tolist() == [[27] * 2] * 2 and z.mean().item() == 27 and x.grad.tolist() == [[4.5] * 2] * 2
    """


ARROWS = Erratum(
    "errata.arrow-annotations",
    "The walk through a training with CUDA is Python.",
    [FLOYDHUB["Train model with CUDA"]],
    Correction("Four of its lines are explained behind an arrow, <== or <=, that begins no comment.", SyntaxError),
    kills=["moving-to-the-cpu-narrows-doubles"],
)

EXPLAINED = [
    ("x, y = x.cpu(), y.cpu()", "<== CUDA Variable"),
    ("model.cpu()", "<== CUDA model"),
    ("loss_fn.cpu()", "<= compute loss between cuda Tensor"),
    ("loss = loss.cpu()", "<= From CUDA to CPU Tensor"),
]
EACH_LINE = pytest.mark.parametrize("line, explanation", EXPLAINED, ids=[line for line, _ in EXPLAINED])


def names():
    return {"x": torch.ones(2, 2), "y": torch.zeros(2, 1), "model": torch.nn.Linear(2, 1),
            "loss_fn": torch.nn.MSELoss(), "loss": torch.tensor([0.1], dtype=torch.float64)}


@ARROWS
@EACH_LINE
def test_the_line_runs_with_its_explanation(line, explanation):
    run([line + " " + explanation], **names())


@ARROWS.instead
@EACH_LINE
def test_the_line_runs_with_its_explanation_as_a_comment(line, explanation):
    before = names()
    after = run([line + "  # " + explanation], **before)
    agrees(after["loss"], before["loss"])
    agrees(after["x"], before["x"])


SHELL = Erratum(
    "errata.notebook-shell-line",
    "!ls model* can be run as the rest of the code, and the images need import torchivision as tv.",
    [FLOYDHUB["Training process"], FLOYDHUB["Data handling"]],
    Correction("!ls model* is a line for notebooks only, and the package is called torchvision.", SyntaxError),
    kills=["what-is-saved-goes-to-another-file"],
)


@SHELL.printed
def test_the_saved_files_can_be_listed_by_a_line_for_the_shell():
    """
    >>> !ls model*
    """


@SHELL.instead
def test_glob_lists_the_saved_files(tmp_path):
    for name in ("model_params.ckp", "model.ckp"):
        torch.save(torch.ones(2), str(tmp_path / name))
    found = [os.path.basename(path) for path in glob.glob(str(tmp_path / "model*"))]
    assert sorted(found) == ["model.ckp", "model_params.ckp"]


@SHELL.instead
def test_no_package_is_called_torchivision():
    with pytest.raises(ImportError, match="torchivision"):
        run(["import torchivision as tv"])


ASYNC = Erratum(
    "errata.async-keyword",
    "x.cuda(async=True) asks for a copy that is not waited for.",
    [FLOYDHUB["Data handling"]],
    Correction("async is a keyword of Python since 3.7: the argument is called non_blocking.", SyntaxError),
    kills=["a-copy-that-is-not-waited-for-is-not-made"],
)


@ASYNC.printed
def test_an_argument_can_be_called_async():
    """
    >>> torch.ones(2).cuda(async=True)
    """


@ASYNC.corrected
def test_an_argument_called_non_blocking_is_taken():
    """
    >>> x = torch.tensor([1.5, 2.5])
    >>> if torch.cuda.is_available(): x = x.cuda(non_blocking=True)
    >>> assert x.to(torch.float64, non_blocking=True).tolist() == [1.5, 2.5]
    """


@ASYNC.instead
@pytest.mark.filterwarnings("ignore")
def test_torch_itself_still_takes_the_old_name_in_type():
    converted = torch.tensor([1.5, 2.5]).type(torch.DoubleTensor, **{"async": True})
    assert converted.dtype is torch.float64 and converted.tolist() == [1.5, 2.5]
