"""Eras.

What was right when it was printed: names that are deprecated today, or gone.
"""
import numpy as np
import pytest
import torch
from hypothesis import given

from spec.capabilities import FLOAT64, HERE, VALUES, Capability, needs
from spec.claim import reaches
from spec.claims.errata._erratum import Correction, Erratum
from spec.oracles import rounding
from spec.oracles.agreement import agrees, bitwise
from spec.sources import FLOYDHUB, INTRODUCTION
from spec.strategies import same_shape

SIZE_AVERAGE = Erratum(
    "errata.size-average-deprecated",
    "MSELoss(size_average=False) is the way to ask for the sum.",
    [INTRODUCTION["PyTorch nn Module"], INTRODUCTION["Optimization"]],
    Correction('size_average works and warns that it is deprecated; reduction="sum" is the way.', UserWarning,
               "reduction='sum'"),
    kills=["mse-loss-is-always-the-mean", "size-average-warns-twice"],
)


@SIZE_AVERAGE.printed
def test_the_sum_is_asked_for_by_size_average():
    """
    >>> import warnings; warnings.simplefilter("error")
    >>> torch.nn.MSELoss(size_average=False)
    """


TINY = 100 * rounding.underflow("float64")


@SIZE_AVERAGE.instead
@needs(FLOAT64)
@reaches(empty=lambda pair: pair[0].numel == 0, several=lambda pair: pair[0].numel > 1,
         strided=lambda pair: not pair[0].contiguous)
@given(pair=same_shape(2, dtype="float64", finite=True, bounded=(-1e6, 1e6), max_elements=32))
def test_size_average_warns_once_and_the_loss_is_that_of_reduction_bit_for_bit(device, pair):
    """
    >>> prediction, y = pair
    >>> torch.nn.MSELoss(size_average=False)(prediction, y), torch.nn.MSELoss(reduction="sum")(prediction, y)
    """
    tensors = [one.on(device) for one in pair]
    with pytest.warns(UserWarning) as caught:
        old = torch.nn.MSELoss(size_average=False)
        loss = old(*tensors)
    assert len(caught) == 1
    bitwise(loss, torch.nn.MSELoss(reduction="sum")(*tensors))
    agrees(loss, np.square(pair[0].array - pair[1].array).sum(),
           bound=rounding.gamma(pair[0].numel + 3, "float64") * np.square(
               np.abs(pair[0].array) + np.abs(pair[1].array)).sum() + TINY)


@SIZE_AVERAGE.instead
@needs(VALUES)
@pytest.mark.filterwarnings("ignore")
def test_reduce_false_gives_each_squared_error_whatever_size_average_says(device):
    loss = torch.nn.MSELoss(size_average=True, reduce=False)
    agrees(loss(torch.tensor([1.0, 5.0], device=device), torch.zeros(2, device=device)), np.array([1, 25], "float32"))


INIT_NORMAL = Erratum(
    "errata.init-normal-renamed",
    "torch.nn.init.normal is the function for normal initialisation.",
    [FLOYDHUB["Weight initialization"]],
    Correction("The function is normal_; the old name works, with a UserWarning.", UserWarning, "normal_",
               until="2.3", issue="pytorch#6093"),
    Correction("The function is normal_; the old name works, with a FutureWarning.", FutureWarning, "normal_",
               since="2.4", issue="pytorch#6093"),
    kills=["the-old-normal-is-uniform"],
)


@INIT_NORMAL.printed
def test_a_tensor_is_initialised_by_normal():
    """
    >>> import warnings; warnings.simplefilter("error")
    >>> torch.nn.init.normal(torch.Tensor(3, 5))
    """


@INIT_NORMAL.corrected
def test_both_names_fill_a_tensor_alike():
    """
    >>> torch.manual_seed(1); old = torch.nn.init.normal(torch.Tensor(3, 5))
    >>> torch.manual_seed(1); new = torch.nn.init.normal_(torch.Tensor(3, 5))
    >>> assert torch.equal(old, new)
    """


@INIT_NORMAL.corrected
def test_both_names_take_a_variable():
    """
    >>> w = torch.autograd.Variable(torch.zeros(30, 50))
    >>> assert torch.nn.init.normal(w) is w and abs(w.pow(2).mean().item() - 1) < 0.5
    >>> assert torch.nn.init.normal_(w.zero_()) is w and abs(w.pow(2).mean().item() - 1) < 0.5
    """


def _numpy_of_its_time(device):
    return hasattr(np, "asscalar") is (HERE < (2, 0))


NUMPY_OF_ITS_TIME = Capability(
    "numpy is not of the time of this torch: before 1.23 for torch 1, which has asscalar, and later for torch 2", False,
    _numpy_of_its_time)

ASSCALAR = Erratum(
    "errata.asscalar",
    "np.asscalar(loss.data.numpy()) is the loss as a number.",
    [FLOYDHUB[section] for section in (
        "Variables and AutoGrad", "Defining new autograd functions", "Models Definition")],
    Correction("numpy 1.23 has removed asscalar; loss.item() is the number.", AttributeError, "asscalar",
               since="2.0", issue="numpy 1.23 release notes"),
    kills=["item-gives-an-array-scalar"],
)


@ASSCALAR.printed
@needs(NUMPY_OF_ITS_TIME)
def test_asscalar_gives_the_loss():
    """
    >>> loss = torch.nn.MSELoss()(torch.tensor([3.0, 5.0]), torch.zeros(2))
    >>> assert np.asscalar(loss.data.numpy()) == 17
    """


@ASSCALAR.corrected
@needs(NUMPY_OF_ITS_TIME)
def test_item_gives_the_loss_where_asscalar_is_gone():
    """
    >>> loss = torch.nn.MSELoss()(torch.tensor([3.0, 5.0]), torch.zeros(2))
    >>> assert loss.item() == 17 and not hasattr(np, "asscalar")
    """


@ASSCALAR.regardless
def test_item_gives_a_number_of_python():
    assert type(torch.nn.MSELoss()(torch.ones(2), torch.zeros(2)).item()) is float


LEGACY = Erratum(
    "errata.legacy-function-program",
    "The program with a rectifier of its own runs as printed.",
    [FLOYDHUB["Defining new autograd functions"]],
    Correction("Functions whose forward is an ordinary method are refused; as static methods they work.",
               RuntimeError, "static", since="1.5", issue="torch 1.5.0"),
    kills=["calling-an-instance-is-apply", "a-called-instance-does-not-record",
           "apply-cuts-its-second-tensor-off-since-instances-are-refused"],
)


@LEGACY.printed
def test_an_instance_rectifies():
    """
    >>> class MyReLU(torch.autograd.Function):
    >>>     def forward(self, x): self.save_for_backward(x); return x.clamp(min=0)
    >>>     def backward(self, gradient): return gradient * (self.saved_tensors[0] > 0).type_as(gradient)
    >>> w = torch.tensor([-1.0, 2.0], requires_grad=True)
    >>> MyReLU()(w * 3).sum().backward(); assert w.grad.tolist() == [0, 3]
    """


@LEGACY.corrected
def test_the_class_rectifies_with_static_methods():
    """
    >>> class MyReLU(torch.autograd.Function):
    >>>     forward = staticmethod(lambda ctx, x, y: ctx.save_for_backward(x) or (x.clamp(min=0) + y))
    >>>     backward = staticmethod(lambda ctx, g: (g * (ctx.saved_tensors[0] > 0).type_as(g), g))
    >>> w = torch.tensor([-1.0, 2.0], requires_grad=True)
    >>> MyReLU.apply(w * 3, w).sum().backward(); assert w.grad.tolist() == [1, 4]
    """
