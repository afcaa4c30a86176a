"""What recording costs: autograd against gradients by hand, compiled and static graphs, and inference without it."""
import time

import torch

from spec.benchmarks import networks
from spec.benchmarks.test_sizes import require
from spec.benchmarks.timing import Operation

DOCUMENTED = 1000
"""The inputs of the network in the documents, of 64 examples, 100 hidden units and 10 outputs."""

LAYERS, WIDTH = 30, 32


def test_a_training_step_with_and_without_autograd(measure, device):
    compare(measure, device, "autograd", "tensors")


def test_a_training_step_compiled_and_not(measure, device):
    compare(measure, device, "autograd", "compiled")


def test_a_training_step_of_a_static_graph_and_of_an_eager_one(measure, device):
    compare(measure, device, "autograd", "tensorflow")


def compare(measure, device, *forms):
    for form in forms:
        require(form, device)
    problem = networks.sized(DOCUMENTED)
    measure("training step: {} and {}".format(*forms), [
        Operation(form, networks.STEPS[form](problem, device), work=networks.flop(problem)) for form in forms])


def test_inference_recorded_and_under_no_grad(measure, device):
    layers = torch.nn.Sequential(*[torch.nn.Linear(WIDTH, WIDTH) for _ in range(LAYERS)]).to(device)
    x = torch.randn(8, WIDTH, device=device)

    def unrecorded():
        with torch.no_grad():
            layers(x)
    work = LAYERS * 2 * len(x) * WIDTH**2
    measure("inference", [Operation("recorded", lambda: layers(x), work=work),
                          Operation("no_grad", unrecorded, work=work)],
            budget=1, clock=time.thread_time)  # layers this small are computed by the calling thread alone
