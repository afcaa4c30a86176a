"""A program.

The documents' example of an LSTM: a cloud of points, taken one after the other, is classified from the last state.
"""
import pytest
import torch

from spec.capabilities import FLOAT64, needs
from spec.claim import Claim
from spec.claims.rnn._helpers import expected
from spec.oracles.agreement import agrees, array_of
from spec.oracles.running_error import Rounded
from spec.sources import EXAMPLES

SAMPLE1_SHAPE = Claim(
    "rnn.sample1-shape",
    "The documents' network maps (batch, seq, 3) to (batch, 40): an LSTM with 128 hidden units, of which the last step "
    "goes into a linear map.",
    sources=[EXAMPLES["PyTorch: LSTM"]],
    kills=["batch-first-is-ignored", "no-state-is-a-state-of-ones", "lstm-swaps-its-first-two-gates"],
)


class PointClassifier(torch.nn.Module):
    """An LSTM over points of three coordinates, and a linear map of its last output to 40 classes."""

    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.LSTM(input_size=3, hidden_size=128, batch_first=True)
        self.out = torch.nn.Linear(128, 40)

    def forward(self, x):
        """Return the outputs of the LSTM and the scores of the classes."""
        outputs, _ = self.rnn(x, None)
        return outputs, self.out(outputs[:, -1, :])


@SAMPLE1_SHAPE
@needs(FLOAT64)
@pytest.mark.parametrize("batch, seq", [(1, 1), (3, 2), (2, 5)])
def test_the_scores_are_the_linear_map_of_the_last_state_of_the_recurrence(device, batch, seq):
    torch.manual_seed(0)
    model = PointClassifier().to(device, torch.float64)
    x = torch.randn(batch, seq, 3).to(device, torch.float64)
    outputs, scores = model(x)
    assert tuple(outputs.shape) == (batch, seq, 128) and tuple(scores.shape) == (batch, 40)
    last = expected(model.rnn, x.transpose(0, 1)).outputs[-1]
    weight, bias = [Rounded(array_of(parameter), "float64") for parameter in model.out.parameters()]
    right = last @ weight.T + bias
    agrees(scores, right.value, right.bound)


@SAMPLE1_SHAPE
def test_at_the_sizes_of_the_documents_it_maps_32_clouds_of_2048_points_to_32_rows_of_40_scores(device):
    torch.manual_seed(0)
    model = PointClassifier().to(device)
    with torch.no_grad():
        x = torch.randn(32, 2048, 3).to(device)
        outputs, scores = model(x)
        agrees(scores, model.out(outputs[:, -1]))
        _, of_the_end = model(x[:, -200:])
    assert tuple(outputs.shape) == (32, 2048, 128) and tuple(scores.shape) == (32, 40)
    # What lay 1848 steps back is forgotten: at this start the forget gates are about half open.
    agrees(scores, of_the_end, 1e-4)


@SAMPLE1_SHAPE
@needs(FLOAT64)
def test_a_batch_may_be_empty_but_a_sequence_may_not_and_points_have_three_coordinates(device):
    model = PointClassifier().to(device, torch.float64)
    assert tuple(model(torch.zeros(0, 4, 3, dtype=torch.float64, device=device))[1].shape) == (0, 40)
    for size in ((2, 0, 3), (2, 4, 2)):
        with pytest.raises(RuntimeError):
            model(torch.zeros(size, dtype=torch.float64, device=device))
