"""Names.

A variable is given one name and used under another. Such a line passes where an earlier cell has left the other name.
"""
import pytest
import torch

from spec.capabilities import FLOAT64, needs
from spec.claims.errata._erratum import Correction, Erratum, run
from spec.claims.errata._helpers import SIZES, linear_of, whole_numbers
from spec.oracles.agreement import agrees
from spec.oracles.recurrences import Weights, relu_rnn, unrolled
from spec.sources import EXAMPLES, INTRODUCTION, NOTEBOOK, TEMPLATE

OUTPUTS = Erratum(
    "errata.rnn-outputs-name",
    "The Elman network runs and collects its hidden states.",
    [TEMPLATE["RNNs"]],
    Correction("The list is made under the name output, and what is appended to is called "
               "outputs.", NameError, "'outputs'"),
    kills=["stack-begins-with-the-last"],
)


@OUTPUTS.printed
def test_the_elman_network_collects_its_hidden_states():
    """
    >>> output, hidden = [], torch.zeros(2, 3)
    >>> for step in torch.ones(4, 2, 3):
    >>>     hidden = torch.relu(step + hidden)
    >>>     outputs.append(hidden)
    """


class Elman(torch.nn.Module):
    """The network of the document, with one name for its list."""

    def __init__(self, ih, hh):
        super().__init__()
        self.ih, self.hh = ih, hh

    def forward(self, inputs, hidden):
        """Return the hidden states after each of the inputs, stacked, and the last one."""
        states = []
        for step in inputs:
            hidden = torch.relu(self.ih(step) + self.hh(hidden))
            states.append(hidden)
        return torch.stack(states), hidden


@OUTPUTS.instead
@needs(FLOAT64)
@pytest.mark.parametrize("length, n, d, h", SIZES)
def test_with_one_name_the_elman_network_returns_the_states_of_the_recurrence(device, length, n, d, h):
    x, start, *arrays = whole_numbers(length, (length, n, d), (n, h), (d, h), (h, h), (h,), (h,))
    w = Weights(*arrays)
    elman = Elman(linear_of(w.ih, w.b_ih, device), linear_of(w.hh, w.b_hh, device))
    outputs, last = elman(torch.tensor(x, device=device), torch.tensor(start, device=device))
    expected = [state for state, in unrolled(relu_rnn, x, (start,), w)]
    agrees(outputs, expected)
    agrees(last, expected[-1])


@OUTPUTS.instead
def test_an_empty_sequence_leaves_the_elman_network_nothing_to_stack():
    elman = Elman(torch.nn.Linear(2, 3), torch.nn.Linear(3, 3))
    with pytest.raises(RuntimeError):
        elman(torch.zeros(0, 1, 2), torch.zeros(1, 3))


DTYPE = Erratum(
    "errata.dtype-typo",
    "The first block on tensors runs up to the line that needs a GPU.",
    [INTRODUCTION["PyTorch Tensors"]],
    Correction("The type is assigned to dytpe and read from dtype.", NameError, "'dtype'"),
    kills=["casting-to-the-same-type-copies"],
)


@DTYPE.printed
def test_a_random_tensor_takes_the_type_that_the_line_before_chose():
    """
    >>> dytpe = torch.FloatTensor
    >>> torch.randn(2, 3).type(dtype)
    """


@DTYPE.corrected
def test_under_one_name_the_type_is_that_which_a_random_tensor_has_anyway():
    """
    >>> dtype = torch.FloatTensor
    >>> tensor = torch.randn(2, 3)
    >>> assert tensor.type(dtype) is tensor and tensor.size() == torch.Size([2, 3])
    """


CRITERIA = Erratum(
    "errata.module-cell-criteria-name",
    "The cell with the custom module computes its loss.",
    [NOTEBOOK["Custom nn module"]],
    Correction("The loss function is defined as criterion and called as criteria.", NameError, "'criteria'"),
    kills=["mse-loss-keeps-a-dimension"],
)


@CRITERIA.printed
def test_criteria_is_the_loss_function_that_was_made():
    """
    >>> criterion = torch.nn.MSELoss()
    >>> criteria(torch.ones(2), torch.zeros(2))
    """


@CRITERIA.corrected
def test_criterion_is_the_loss_function_that_was_made():
    """
    >>> criterion = torch.nn.MSELoss()
    >>> loss = criterion(torch.tensor([3.0, 5.0]), torch.zeros(2))
    >>> assert loss.item() == 17 and loss.dim() == 0
    """


LABEL = Erratum(
    "errata.gpu-snippet-label-target",
    "The GPU example moves data and label to the GPU.",
    [EXAMPLES["Pytorch: GPU"]],
    Correction("What is moved is called target, and the result label.", NameError, "'target'"),
    kills=["moving-to-the-cpu-narrows-doubles"],
)


@LABEL.printed
def test_data_and_label_are_moved():
    """
    >>> data, label = torch.ones(2, 3), torch.zeros(2)
    >>> data, label = data.cpu(), target.cpu()
    """


@LABEL.corrected
def test_data_and_label_are_moved_under_their_own_names():
    """
    >>> data, label = torch.ones(2, 3), torch.tensor([0.1, 0.2], dtype=torch.float64)
    >>> data, label = data.cpu(), label.cpu()
    >>> assert data.tolist() == [[1, 1, 1], [1, 1, 1]] and label.tolist() == [0.1, 0.2]
    """


@LABEL.instead
def test_where_a_target_exists_it_takes_the_place_of_the_label():
    names = run(["data, label = data.cpu(), target.cpu()"], data=torch.ones(2, 3), label=torch.zeros(2),
                target=torch.tensor([7.0, 8.0]))
    assert names["label"].tolist() == [7, 8]


STALE_T = Erratum(
    "errata.notebook-stale-t",
    "The last two loops print the number of the iteration.",
    [NOTEBOOK["PyTorch - optim"], NOTEBOOK["Custom nn module"]],
    Correction("The loops count with i and print t, which an earlier loop has left at its end."),
    kills=["sum-of-nothing-is-not-a-number"],
)


@STALE_T.printed
def test_each_line_shows_the_number_of_its_iteration():
    """
    >>> for t in range(500): pass  # the loop of an earlier cell
    >>> shown = []
    >>> for i in range(3): shown.append((t, torch.ones(i).sum().item()))
    >>> assert shown == [(0, 0), (1, 1), (2, 2)]
    """


@STALE_T.corrected
def test_the_loop_variable_is_the_number_of_the_iteration():
    """
    >>> shown = []
    >>> for i in range(3): shown.append((i, torch.ones(i).sum().item()))
    >>> assert shown == [(0, 0), (1, 1), (2, 2)]
    """


@STALE_T.instead
def test_each_line_shows_the_last_number_of_the_earlier_loop_or_without_it_none():
    lines = ["shown = []", "for i in range(3): shown.append(t)"]
    assert run(["for t in range(500): pass"] + lines)["shown"] == [499, 499, 499]
    with pytest.raises(NameError, match="'t'"):
        run(lines)
