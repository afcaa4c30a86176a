"""GPUs.

Lines that need a GPU without asking for one, or would not use it.
"""
import pytest
import torch

from spec import devices
from spec.capabilities import ACCELERATOR, FLOAT64, HERE, Capability, needs
from spec.claims.errata._erratum import WITHOUT_CUDA, Correction, Erratum
from spec.oracles.agreement import agrees, array_of
from spec.sources import EXAMPLES, INTRODUCTION

PARALLEL = Erratum(
    "errata.nn-parallel",
    "torch.nn.Parallel runs a model on several GPUs.",
    [EXAMPLES["Pytorch: GPU"]],
    Correction("torch.nn.Parallel does not exist; DataParallel is meant.", AttributeError, "Parallel"),
    kills=["data-parallel-keeps-half-of-the-batch"],
)


@PARALLEL.printed
def test_a_model_is_made_parallel():
    """
    >>> torch.nn.Parallel(torch.nn.Linear(2, 1))
    """


@PARALLEL.corrected
def test_data_parallel_gives_what_its_model_gives():
    """
    >>> device = "cuda" if torch.cuda.is_available() else "cpu"
    >>> net, x = torch.nn.Linear(2, 1).to(device), torch.ones(4, 2, device=device)
    >>> assert torch.equal(torch.nn.DataParallel(net)(x), net(x))
    """


FACTORY = Erratum(
    "errata.gpu-snippet-wraps-factory",
    "The GPU example spreads its network over several GPUs.",
    [EXAMPLES["Pytorch: GPU"]],
    Correction("What is wrapped is model, the function that makes networks, in place of net, the network.", TypeError),
    kills=["data-parallel-keeps-half-of-the-batch"],
)


@FACTORY.printed
@needs(WITHOUT_CUDA)
def test_what_is_spread_takes_an_input():
    """
    >>> model = lambda: torch.nn.Linear(2, 1)
    >>> net = torch.nn.DataParallel(model)
    >>> net(torch.ones(4, 2))
    """


@FACTORY.corrected
@needs(WITHOUT_CUDA)
def test_the_network_itself_takes_an_input():
    """
    >>> model = lambda: torch.nn.Linear(2, 1)
    >>> net = torch.nn.DataParallel(model())
    >>> assert net(torch.ones(4, 2)).shape == (4, 1)
    """


UNGUARDED = Erratum(
    "errata.unguarded-cuda",
    "The blocks that call cuda() run on any machine.",
    [INTRODUCTION["PyTorch Tensors"], INTRODUCTION["Optimization"], INTRODUCTION["PyTorch DataLoader"]],
    Correction("The blocks call cuda() without a condition, and fail where there is no "
               "GPU.", (AssertionError, RuntimeError)),
    kills=["moving-to-the-cpu-narrows-doubles"],
)


@UNGUARDED.printed
@needs(WITHOUT_CUDA)
def test_a_tensor_is_moved_to_the_gpu():
    """
    >>> torch.randn(10, 20).cuda()
    """


@UNGUARDED.instead
@needs(WITHOUT_CUDA)
@pytest.mark.parametrize("move", [lambda: torch.nn.Linear(2, 1).cuda(),
                                  lambda: torch.autograd.Variable(torch.ones(2)).cuda()],
                         ids=["model", "Variable"])
def test_a_model_or_a_variable_cannot_be_moved_either(move):
    with pytest.raises((AssertionError, RuntimeError)):
        move()


@UNGUARDED.instead
@needs(FLOAT64)
def test_a_block_that_is_told_the_device_runs_on_each(device):
    tensor = torch.tensor([0.1, 0.2], dtype=torch.float64, device=device)
    assert tensor.cpu().tolist() == [0.1, 0.2] and tensor.size() == torch.Size([2])
    assert torch.nn.Linear(2, 1).to(device)(torch.ones(3, 2, device=device)).shape == (3, 1)


BATCHES = Erratum(
    "errata.loader-batches-stay-on-cpu",
    "To train on a GPU with a DataLoader it is enough to move the model.",
    [INTRODUCTION["PyTorch DataLoader"]],
    Correction("The batches stay on the CPU, and a model on a GPU refuses them.", RuntimeError),
    kills=["a-layer-fetches-its-input"],
)


def train_on(place, moves_batches):
    """Train a model that lies on a device for one batch of a loader; return the model."""
    model = torch.nn.Linear(2, 1).to(place)
    for inputs, in torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(2, 2)), batch_size=2):
        model(inputs.to(place) if moves_batches else inputs).sum().backward()
    return model


@BATCHES
@needs(ACCELERATOR)
def test_a_model_that_was_moved_takes_the_batches_of_its_loader():
    train_on(devices.present()[1], moves_batches=False)


@BATCHES.instead
@needs(ACCELERATOR)
def test_a_model_that_was_moved_takes_batches_that_were_moved_too():
    agrees(array_of(train_on(devices.present()[1], moves_batches=True).bias.grad), [2.0])


META = Capability("torch 1 has no meta device, or mixes its tensors with others", True, lambda device: HERE >= (2, 0))


@BATCHES.regardless
@needs(META)
def test_a_model_on_the_meta_device_refuses_the_batches_too():
    with pytest.raises(RuntimeError):
        train_on("meta", moves_batches=False)


@BATCHES.regardless
def test_a_model_that_was_not_moved_takes_the_batches_of_its_loader():
    agrees(array_of(train_on("cpu", moves_batches=False).bias.grad), [2.0])
