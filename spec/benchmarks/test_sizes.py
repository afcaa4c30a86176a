"""Over decades of size: matrix product, elementwise operation, two-layer network; and a convolutional network."""
import os
import shutil

import pytest
import torch

from spec.benchmarks import networks
from spec.benchmarks.timing import Operation
from spec.tensorflow_beside import tensorflow_major

ACCELERATED = 8192
"""The side of matrices whose product takes too long on a CPU to be measured there."""


@pytest.mark.parametrize("side", [10, 32, 100, 316, 1000, 2000, ACCELERATED])
def test_matrix_product(measure, device, side):
    if side == ACCELERATED and device == "cpu":
        pytest.skip("products of this size are measured on accelerators only")
    a, b = torch.randn(side, side, device=device), torch.randn(side, side, device=device)
    out = torch.empty(side, side, device=device)
    measure("matrix product", [Operation("mm", lambda: torch.mm(a, b, out=out), work=2 * side**3)], size=side)


@pytest.mark.parametrize("elements", [10**power for power in range(2, 8)])
def test_elementwise(measure, device, elements):
    x, y, out = torch.randn(elements, device=device), torch.randn(elements, device=device), torch.empty(
        elements, device=device)
    measure("elementwise", [Operation("add", lambda: torch.add(x, y, out=out), work=elements)], size=elements)


@pytest.mark.parametrize("form", networks.STEPS)
@pytest.mark.parametrize("inputs", [100, 316, 1000, 3162, 10000])
def test_network(measure, device, inputs, form):
    if inputs in (316, 3162) and form != "autograd":
        pytest.skip("the sizes between the decades are measured with autograd only")
    require(form, device)
    problem = networks.sized(inputs)
    step = networks.STEPS[form](problem, device)
    measure("two-layer network", [Operation(form, step, work=networks.flop(problem))], size=inputs)


def test_convolutional_network(measure, device):
    step = networks.convolutional_step(device)
    least = 2 * networks.convolutional_flop() // 4  # backwards at least as much as forwards
    measure("convolutional network", [Operation("forward and backward", step, work=least)], budget=3)


def require(form, device):
    """Skip a benchmark of a form of the network where it cannot be run."""
    if form in networks.ON_THE_CPU and device != "cpu":
        pytest.skip("this form is measured on the CPU only")
    if form == "tensorflow" and tensorflow_major() is None:
        pytest.skip("tensorflow is not installed")
    if form == "compiled" and not hasattr(torch, "compile"):
        pytest.skip("this torch has no torch.compile")
    if form == "compiled" and shutil.which(os.environ.get("CXX", "g++")) is None:
        pytest.skip("no C++ compiler is installed")
