"""What is timed computes what it should, and does as much as is said of it."""
import numpy as np
import pytest
import torch

from spec import networks as documented
from spec.benchmarks import conditions, networks, recurrent
from spec.capabilities import HERE
from spec.tensorflow_beside import tensorflow_major

RATE, STEPS = 1e-6, 4


@pytest.mark.parametrize("form", networks.STEPS)
def test_a_step_is_a_step_of_the_program_of_the_same_name(form):
    if form == "tensorflow" and tensorflow_major() is None:
        pytest.skip("tensorflow is not installed")
    if form == "compiled" and not hasattr(torch, "compile"):
        pytest.skip("this torch has no torch.compile")
    problem = networks.sized(50)
    make = networks.STEPS[form]
    if form == "compiled":  # the compiler itself is no matter of this test, and takes a while
        step = networks.recorded_step(problem, "cpu", RATE, torch.compile(networks._squared_error, backend="eager"))
    else:
        step = make(problem, "cpu", learning_rate=RATE)
    losses = [step() for _ in range(STEPS)]
    expected = documented.trainer("autograd" if form == "compiled" else form)(
        *problem, learning_rate=RATE, steps=STEPS).losses
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    assert losses[-1] < losses[0]


def test_a_step_that_is_timed_leaves_the_loss_as_it_is():
    step = networks.STEPS["autograd"](networks.sized(50), "cpu")
    assert abs(step() / [step() for _ in range(20)][-1] - 1) < 1e-5


def test_the_three_ways_of_an_lstm_give_the_same_states_and_gradients():
    torch.manual_seed(0)
    sequence, found = torch.randn(2, 9, recurrent.INPUTS), []
    for way, parameters in recurrent.ways("cpu").values():
        recurrent.pass_over(way, parameters, sequence)()
        found.append([way(sequence).detach()] + [parameter.grad for parameter in parameters])
    for other in found[1:]:
        for ours, theirs in zip(found[0], other):
            np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-3, atol=1e-5)


def counted(run):
    """Return the floating-point operations that torch itself counts."""
    flop_counter = pytest.importorskip("torch.utils.flop_counter")
    with flop_counter.FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


@pytest.mark.skipif(HERE < (2, 1), reason="torch counts no operations before 2.1")
@pytest.mark.parametrize("form", ["autograd", "module", "tensors", "custom-function"])
def test_the_operations_of_a_step_are_those_that_torch_counts(form):
    problem = networks.sized(100)
    assert counted(networks.STEPS[form](problem, "cpu")) == networks.flop(problem)


@pytest.mark.skipif(HERE < (2, 1), reason="torch counts no operations before 2.1")
def test_the_operations_of_the_convolutions_are_those_that_torch_counts():
    model, images = networks.convolutional(), torch.zeros(1, 3, networks.SIDE, networks.SIDE)
    with torch.no_grad():
        found = counted(lambda: model(images))
    assert abs(found * networks.BATCH / networks.convolutional_flop() - 1) < 1e-3


@pytest.mark.skipif(HERE < (2, 1), reason="torch counts no operations before 2.1")
def test_the_operations_of_a_loop_of_cells_are_those_that_torch_counts():
    sequence = torch.randn(2, 9, recurrent.INPUTS)
    way, parameters = recurrent.hand_written(recurrent.built_in("cpu"))
    found = counted(recurrent.pass_over(way, parameters, sequence))
    assert 0.9 < found / recurrent.flop(sequence) < 1.1


def test_a_processor_can_do_less_than_its_peak():
    peaks = conditions.peaks("cpu")
    assert peaks["second"] == 1 and 1e9 < peaks["flop"] < 1e15


def test_what_is_held_fixed_is_written_down():
    found = conditions.described(("cpu",))
    assert found["threads"] == torch.get_num_threads()
    assert found["hardware"]["cpu"]["name"] and found["torch"].count(".") == 2
    assert set(found["settings"]) == {"tf32", "cudnn_benchmark"}
