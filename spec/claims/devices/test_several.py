"""Several GPUs.

DataParallel splits each batch over the GPUs of one machine and brings the results together. DistributedDataParallel has
a process for each GPU, on one machine or on many, and averages the gradients of all.
"""
import numpy as np
import pytest
import torch
from hypothesis import given
from torch import nn

from spec.capabilities import Capability, needs
from spec.claim import Claim, reaches
from spec.claims.devices._helpers import NEIGHBOUR
from spec.claims.devices._processes import RANKS, batch, findings
from spec.oracles import backprop
from spec.oracles.agreement import agrees
from spec.sources import EXAMPLES
from spec.strategies import TwoLayer, two_layer_networks

ALONE = Capability("an accelerator is present, and DataParallel would use it", True,
                   lambda device: not nn.DataParallel(nn.Linear(1, 1)).device_ids)
GROUPS = Capability("this torch was built without process groups", True,
                    lambda device: torch.distributed.is_available())
GPUS = Capability("only GPUs of torch.cuda have process groups of their own here", True,
                  lambda device: torch.device(device).type == "cuda")

DATAPARALLEL = Claim(
    "devices.dataparallel",
    "Several GPUs of one machine are used through torch.nn.DataParallel: the results are those of one device.",
    sources=[EXAMPLES["Pytorch: GPU"]],
    kills=["data-parallel-keeps-half-of-the-batch", "data-parallel-copies-the-model",
           "data-parallel-cuts-the-history"],
)


class TwoLayers(nn.Module):
    """The two-layer network without biases, which notes the device of each batch that it is given."""

    def __init__(self, w1, w2):
        super(TwoLayers, self).__init__()
        self.w1, self.w2 = nn.Parameter(torch.tensor(w1)), nn.Parameter(torch.tensor(w2))
        self.places = []

    def forward(self, x):
        self.places.append(x.device)
        return x.mm(self.w1).clamp(min=0).mm(self.w2)


def check(model, parallel, network, device):
    """Assert that a model in DataParallel yields the results and the gradients of the network, worked out in numpy."""
    expected = backprop.two_layers(*network)
    prediction = parallel(torch.tensor(network.x, device=device))
    agrees(prediction, expected.prediction)
    ((prediction - torch.tensor(network.y, device=device)) ** 2).sum().backward()
    agrees(model.w1.grad, expected.grad_w1)
    agrees(model.w2.grad, expected.grad_w2)


@DATAPARALLEL
@needs(ALONE)
@reaches(one=lambda network: len(network.x) == 1, several=lambda network: len(network.x) > 2)
@given(network=two_layer_networks(exact=True, kinks=False))
def test_without_an_accelerator_a_model_in_data_parallel_computes_what_it_computes_alone(network):
    """
    >>> m = torch.nn.Linear(*network.w1.shape, bias=False).double(); x = torch.tensor(network.x)
    >>> torch.nn.DataParallel(m)(x), m(x)
    """
    model = TwoLayers(network.w1, network.w2)
    parallel = nn.DataParallel(model)
    check(model, parallel, network, "cpu")
    assert len(model.places) == 1


@DATAPARALLEL
@needs(ALONE)
def test_a_model_in_data_parallel_is_its_member_module():
    model = nn.Linear(3, 2)
    parallel = nn.DataParallel(model)
    assert parallel.module is model and list(parallel.state_dict()) == ["module.weight", "module.bias"]
    assert all(one is other for one, other in zip(parallel.parameters(), model.parameters()))


@DATAPARALLEL
@needs(NEIGHBOUR)
@pytest.mark.parametrize("rows", [1, 2, 3, 8])
def test_a_batch_is_split_over_two_accelerators_and_gives_the_results_and_the_gradients_of_one(device, rows):
    random = np.random.RandomState(0)
    network = [random.randint(-3, 4, size).astype("float64") for size in [(rows, 3), (rows, 2), (3, 4), (4, 2)]]
    first = torch.device(torch.device(device).type, 0)
    model = TwoLayers(*network[2:]).to(first)
    check(model, nn.DataParallel(model, device_ids=[0, 1]), TwoLayer(*network), first)
    assert sorted(place.index for place in model.places) == ([0] if rows == 1 else [0, 1])


DISTRIBUTED_DATA_PARALLEL = Claim(
    "devices.distributed-data-parallel",
    "Several GPUs, of more than one machine too, are used through torch.nn.parallel.DistributedDataParallel.",
    sources=[EXAMPLES["Pytorch: GPU"]],
    kills=["each-rank-keeps-its-gradients", "gradients-of-the-ranks-are-summed"],
)


def check_ranks(ranks):
    """Assert that all ranks began with the weights of the first, and took a step by the mean of their gradients."""
    before = np.ones((1, 3))
    gradients = []
    for number in range(RANKS):
        x, y = [np.array(values, "float64") for values in batch(number)]
        gradients.append(2 * (x @ before.T - y).T @ x)
    mean = sum(gradients) / RANKS
    assert len(ranks) == RANKS and (gradients[0] != gradients[1]).any()
    for found in ranks:
        agrees(found["before"], before)
        agrees(found["gradient"], mean)
        agrees(found["after"], before - 0.5 * mean)


@DISTRIBUTED_DATA_PARALLEL
@needs(GROUPS)
def test_two_processes_on_the_cpu_begin_with_the_same_weights_and_step_by_the_mean_of_their_gradients(
        tmp_path, pytestconfig):
    check_ranks(findings("cpu", str(tmp_path), pytestconfig.getoption("mutant"))["ranks"])


@DISTRIBUTED_DATA_PARALLEL
@needs(NEIGHBOUR, GROUPS, GPUS)
def test_two_accelerators_begin_with_the_same_weights_and_step_by_the_mean_of_their_gradients(
        device, tmp_path, pytestconfig):
    check_ranks(findings(torch.device(device).type, str(tmp_path), pytestconfig.getoption("mutant"))["ranks"])
