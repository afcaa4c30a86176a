"""Without the class.

The file of a whole model holds the parameters and the name of the class, which has to be there when the file is read. A
traced model needs no class at all.
"""
import subprocess
import sys
import types
import warnings

import numpy as np
import pytest
import torch

from spec.claim import Claim, Deviation
from spec.claims.serialization._helpers import TRUSTING, saved
from spec.oracles.agreement import agrees, bitwise
from spec.sources import FLOYDHUB

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit")  # newer releases deprecate it

STATE_DICT_IS_PREFERABLE = Claim(
    "serialization.state-dict-is-preferable",
    "It is better to save the state_dict: the file of a whole model can be read only where the class that it names can "
    "be imported.",
    sources=[FLOYDHUB["Training process"]],
    kills=["load-state-dict-leaves-the-last-entry", "load-invents-missing-classes"],
)

PROGRAM = """
import sys
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.layer, self.norm = torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)

    def forward(self, x):
        return self.norm(self.layer(x)).clamp(min=0)

torch.manual_seed(1)
model = Net()
model(torch.randn(8, 3))
model.eval()
torch.save(model, sys.argv[1] + "/model.ckp")
torch.save(model.state_dict(), sys.argv[1] + "/model_params.ckp")
torch.jit.trace(model, torch.ones(1, 3)).save(sys.argv[1] + "/model.pt")
for rows in (1, 2, 9):
    x = torch.randn(rows, 3)
    torch.save([x, model(x).detach()], "{}/{}.ckp".format(sys.argv[1], rows))
"""
"""Defines a class, saves a model of it in three ways, and what it computes for batches of three sizes."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with what the program saves; it is run in an interpreter of its own, which alone knows the class."""
    path = str(tmp_path_factory.mktemp("saved"))
    subprocess.check_call([sys.executable, "-W", "ignore", "-c", PROGRAM, path], timeout=300)
    return path


class Net(torch.nn.Module):
    """The same layers as in the program, written anew."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)
        self.norm = torch.nn.BatchNorm1d(2)

    def forward(self, x):
        return torch.relu(self.norm(self.layer(x)))


def computes_the_same(model, folder):
    """Assert that a model has the outputs that the program saved."""
    for rows in (1, 2, 9):
        x, expected = torch.load("{}/{}.ckp".format(folder, rows))
        bitwise(model(x), expected)


@STATE_DICT_IS_PREFERABLE
def test_without_the_class_the_file_of_the_whole_model_cannot_be_read(folder):
    with pytest.raises(AttributeError, match="Net"):
        torch.load(folder + "/model.ckp", **TRUSTING)


@STATE_DICT_IS_PREFERABLE
def test_the_file_of_the_state_dict_fits_a_class_that_was_written_anew(folder):
    model, state = Net().eval(), torch.load(folder + "/model_params.ckp")
    model.load_state_dict(state)
    for name, tensor in model.state_dict().items():
        bitwise(tensor, state[name])
    computes_the_same(model, folder)


@STATE_DICT_IS_PREFERABLE
@pytest.mark.filterwarnings("ignore:.*source code of class:torch.serialization.SourceChangeWarning")
@pytest.mark.filterwarnings("ignore:Couldn't retrieve source code")
def test_a_class_of_the_same_name_is_taken_whatever_it_now_computes(monkeypatch):
    module = types.ModuleType("a_module_that_is_edited")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def define(factor):
        class Edited(torch.nn.Module):
            def forward(self, x):
                return factor * x
        Edited.__module__, Edited.__qualname__ = module.__name__, "Edited"
        module.Edited = Edited

    define(2)
    file = saved(module.Edited())
    define(-3)
    agrees(torch.load(file, **TRUSTING)(torch.ones(2)), np.array([-3, -3], dtype="float32"))


DEPLOY_WITHOUT_PYTHON_CLASS = Claim(
    "serialization.deploy-without-python-class",
    "PyTorch is not ready for production: a trained model does not run without its Python definition.",
    sources=[FLOYDHUB["Summary"]],
    deviations=[
        Deviation(
            "A model that was traced and saved by torch.jit runs without its class, for batches of any size. (Newer "
            "releases deprecate torch.jit in favour of torch.export.)",
            witness={},
        )
    ],
    kills=["jit-loads-without-weights", "jit-load-asks-for-the-class"],
)


@DEPLOY_WITHOUT_PYTHON_CLASS
def test_there_is_no_way_to_run_the_model_without_its_class(folder):
    with pytest.raises((AttributeError, RuntimeError)):
        torch.jit.load(folder + "/model.pt")(torch.ones(1, 3))


@DEPLOY_WITHOUT_PYTHON_CLASS.instead
def test_a_traced_model_computes_the_same_where_its_class_is_unknown(folder):
    computes_the_same(torch.jit.load(folder + "/model.pt"), folder)


@DEPLOY_WITHOUT_PYTHON_CLASS.instead
def test_what_depended_on_the_data_while_it_was_traced_is_fixed():
    def absolute(x):
        return x if x.sum() > 0 else -x

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(absolute, torch.ones(2), check_trace=False)
    x = torch.tensor([-1.0, -2.0])
    agrees(absolute(x), np.array([1, 2], dtype="float32"))
    agrees(traced(x), np.array([-1, -2], dtype="float32"))
