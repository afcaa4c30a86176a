"""Cells.

A notebook goes on after a cell that has failed, with what the cells before have left behind.
"""
import pytest

from spec.capabilities import FUNCTION_INSTANCES
from spec.claims.errata._erratum import Correction, Erratum
from spec.claims.errata._helpers import errors_of_cells
from spec.sources import NOTEBOOK

CELLS = Erratum(
    "errata.notebook-cells",
    "The cells of the notebook run from top to bottom.",
    [NOTEBOOK["What are Tensors?"]],
    Correction("Three cells of eight run: those with numpy, with tensors, and with the definition of an optimizer.",
               IndexError),
    kills=["a-tensor-without-dimensions-takes-an-index"],
)

LEGACY = IndexError if FUNCTION_INSTANCES.on("cpu") else RuntimeError
NOTEBOOK_CELLS = [
    ("numpy", None, None, "import numpy as np; w = np.ones(2)\nfor t in range(3): w -= 0.5 * w"),
    ("tensors", None, None, "import torch; w = torch.ones(2)\nfor t in range(3): w -= 0.5 * w"),
    ("autograd", IndexError, IndexError,
     "import torch; w = torch.ones(2, requires_grad=True)\nfor t in range(3): print(t, w.sum().data[0])"),
    ("custom function", LEGACY, LEGACY,
     "import torch\nclass Same(torch.autograd.Function):\n    def forward(self, x): return x * 1\n"
     "for t in range(3): print(t, Same()(torch.ones(2, requires_grad=True)).sum().data[0])"),
    ("nn", IndexError, IndexError,
     "import torch; model = torch.nn.Linear(2, 1)\nfor t in range(3): print(t, model(torch.ones(2)).sum().data[0])"),
    ("optimizer", None, None,
     "import torch; model = torch.nn.Linear(2, 1); optimizer = torch.optim.SGD(model.parameters(), lr=0.5)"),
    ("loop", IndexError, NameError, "for i in range(3): loss = model(torch.ones(2)).sum(); print(t, loss.data[0])"),
    ("module", NameError, NameError,
     "import torch; my_model = torch.nn.Linear(2, 1); criterion = torch.nn.MSELoss()\n"
     "optimizer = torch.optim.SGD(model.parameters(), lr=0.5)\n"
     "for i in range(3): loss = criteria(my_model(torch.ones(2)), torch.ones(1)); print(t, loss.data[0])"),
]


@CELLS
def test_every_cell_runs():
    for error in errors_of_cells([cell for _, _, _, cell in NOTEBOOK_CELLS]):
        if error is not None:
            raise error


@CELLS.instead
def test_in_order_each_cell_stops_at_its_own_error():
    errors = errors_of_cells([cell for _, _, _, cell in NOTEBOOK_CELLS])
    assert [error and type(error) for error in errors] == [expected for _, expected, _, _ in NOTEBOOK_CELLS]
    assert "'criteria'" in str(errors[-1])


@CELLS.instead
@pytest.mark.parametrize("expected, cell", [case[2:] for case in NOTEBOOK_CELLS],
                         ids=[case[0] for case in NOTEBOOK_CELLS])
def test_on_its_own_a_cell_stops_at_its_own_error(expected, cell):
    error, = errors_of_cells([cell])
    assert (error and type(error)) == expected
