"""Without a GPU.

Most machines have none. torch.cuda.is_available() tells, and what asks for a GPU all the same raises an error: nothing
is computed on the CPU in secret.
"""
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spec import dtypes
from spec.capabilities import HERE, needs
from spec.claim import Claim, reaches
from spec.claims.devices._helpers import WITHOUT_GPU
from spec.claims.devices._processes import CALLS, VISIBLE, findings
from spec.oracles.agreement import array_of, bitwise, unchanged
from spec.sources import EXAMPLES, FLOYDHUB, INTRODUCTION, TEMPLATE
from spec.strategies import LAYOUTS, tensors

EACH_ENVIRONMENT = pytest.mark.parametrize("visible", sorted(VISIBLE))

IS_AVAILABLE = Claim(
    "devices.is-available",
    "torch.cuda.is_available() is a bool that says whether a GPU can be used; it raises nowhere, and so can guard what "
    "is meant for a GPU.",
    sources=[EXAMPLES["Pytorch: GPU"], FLOYDHUB["Pytorch introduction"]],
    kills=["cuda-is-said-to-be-there", "availability-is-a-number"],
)


@IS_AVAILABLE
def test_a_gpu_can_be_used_exactly_where_one_is_said_to_be_available():
    answer = torch.cuda.is_available()
    assert type(answer) is bool
    if answer:
        assert torch.cuda.device_count() > 0 and torch.ones(2).cuda().is_cuda
    else:
        with pytest.raises((AssertionError, RuntimeError)):
            torch.ones(2).cuda()


@IS_AVAILABLE
@EACH_ENVIRONMENT
def test_the_answer_of_a_new_process_is_true_to_what_it_may_see_and_starts_nothing(
        visible, tmp_path, pytestconfig):
    found = findings("cpu", str(tmp_path), pytestconfig.getoption("mutant"))["absence"][visible]
    assert found["answer"] in ("True", "False") and found["started"] is False
    assert (found["answer"] == "True") is (found["calls"]["tensor.cuda()"] == "moved")
    assert visible == "unchanged" or found["answer"] == "False"


CUDA_WITHOUT_GPU_RAISES = Claim(
    "devices.cuda-without-gpu-raises",
    "What is meant for a GPU runs on a GPU only: without one tensor.cuda(), model.cuda() and a cast to a type of the "
    "GPU raise an error, and leave everything as it was.",
    sources=[
        TEMPLATE["PyTorch for Torch Users"],
        EXAMPLES["PyTorch: LSTM"],
        EXAMPLES["Pytorch: GPU"],
        INTRODUCTION["PyTorch Tensors"],
        INTRODUCTION["Optimization"],
        FLOYDHUB["Tensor"],
    ],
    kills=["cuda-falls-back-on-the-cpu", "models-fall-back-on-the-cpu", "casts-to-the-gpu-fall-back-on-the-cpu"],
)

TENSOR_CALLS = {
    "x.cuda()": lambda x: x.cuda(),
    "x.to('cuda')": lambda x: x.to("cuda"),
    "x.type(torch.cuda.FloatTensor)": lambda x: x.type(torch.cuda.FloatTensor),
}


@CUDA_WITHOUT_GPU_RAISES
@needs(WITHOUT_GPU)
@reaches(empty=lambda t: not t.numel, integer=lambda t: dtypes.is_integer(t.dtype),
         cast=lambda call: "type" in call, method=lambda call: call == "x.cuda()")
@given(t=tensors(dtypes.ALL, layouts=LAYOUTS), call=st.sampled_from(sorted(TENSOR_CALLS)))
def test_a_tensor_is_not_moved_to_a_gpu_that_is_not_there_and_stays_as_it_is(t, call):
    """
    >>> x = t; eval(call)
    """
    x = t.on("cpu")
    before = array_of(x)
    with pytest.raises((AssertionError, RuntimeError)):
        TENSOR_CALLS[call](x)
    assert x.device.type == "cpu"
    bitwise(array_of(x), before)


@CUDA_WITHOUT_GPU_RAISES
@needs(WITHOUT_GPU)
@pytest.mark.parametrize("move", [lambda model: model.cuda(), lambda model: model.to("cuda")], ids=["cuda", "to"])
def test_a_model_is_not_moved_to_a_gpu_that_is_not_there_not_even_in_part(move):
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    before = {name: (id(tensor), array_of(tensor)) for name, tensor in model.state_dict(keep_vars=True).items()}
    with pytest.raises((AssertionError, RuntimeError)):
        move(model)
    after = model.state_dict(keep_vars=True)
    assert len(before) > 4 and list(after) == list(before)
    for name, (identity, values) in before.items():
        assert id(after[name]) == identity and after[name].device.type == "cpu"
        unchanged(after[name], values)
    assert model(torch.ones(4, 3)).shape == (4, 2)


@CUDA_WITHOUT_GPU_RAISES
@needs(WITHOUT_GPU)
def test_the_error_is_an_assertion_up_to_torch_1_6_and_where_torch_was_built_for_the_cpu_alone():
    assertion = HERE <= (1, 6) or torch.version.cuda is None
    with pytest.raises(AssertionError if assertion else RuntimeError, match="CUDA|driver"):
        torch.ones(2).cuda()


@CUDA_WITHOUT_GPU_RAISES
@needs(WITHOUT_GPU)
def test_what_has_no_tensors_is_moved_to_any_gpu_without_an_error():
    criterion = torch.nn.MSELoss()
    assert criterion.cuda() is criterion
    assert criterion(torch.ones(2), torch.zeros(2)).item() == 1


@CUDA_WITHOUT_GPU_RAISES
@pytest.mark.parametrize("call", sorted(CALLS))
def test_a_process_that_may_see_no_gpu_is_refused_each_call(call, tmp_path, pytestconfig):
    absence = findings("cpu", str(tmp_path), pytestconfig.getoption("mutant"))["absence"]
    for visible in ("none", "minus one"):
        assert absence[visible]["calls"][call] in ("AssertionError", "RuntimeError", "TypeError", "AcceleratorError")
