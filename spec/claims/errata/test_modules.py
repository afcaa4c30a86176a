"""Modules.

A wrong keyword, and a constructor that can neither be called nor do what it is for.
"""
import pytest
import torch

from spec.claims.errata._erratum import Correction, Erratum, run
from spec.sources import EXAMPLES, FLOYDHUB

LAYERS = Erratum(
    "errata.num-layer-keyword",
    "The number of layers of an LSTM is its option num_layer, 1 by default.",
    [EXAMPLES["PyTorch: LSTM"]],
    Correction("The option for the number of layers is num_layers.", TypeError, "'num_layer'"),
    kills=["an-lstm-has-two-layers"],
)


@LAYERS.printed
def test_an_lstm_takes_num_layer():
    """
    >>> torch.nn.LSTM(3, 4, num_layer=1)
    """


@LAYERS.instead
def test_an_lstm_has_one_layer_by_default_and_two_have_the_weights_of_two():
    shapes = {layers: [weight.shape for weight in torch.nn.LSTM(3, 4, num_layers=layers).parameters()]
              for layers in (1, 2)}
    assert [weight.shape for weight in torch.nn.LSTM(3, 4).parameters()] == shapes[1]
    assert shapes[1] == [(16, 3), (16, 4), (16,), (16,)] and shapes[2] == shapes[1] + [(16, 4), (16, 4), (16,), (16,)]


SUPER = Erratum(
    "errata.mymodel-missing-super-init",
    "MyModel can be made.",
    [FLOYDHUB["Weight initialization"]],
    Correction("The constructor of MyModel does not call that of Module, without which modules() fails.",
               AttributeError, "_modules"),
    kills=["modules-leaves-out-the-last"],
)


@SUPER.printed
def test_a_model_is_made_whose_constructor_only_looks_for_modules():
    """
    >>> class MyModel(torch.nn.Module):
    >>>     def __init__(self):
    >>>         for m in self.modules(): pass
    >>> MyModel()
    """


@SUPER.corrected
def test_a_model_is_made_whose_constructor_calls_that_of_module():
    """
    >>> class MyModel(torch.nn.Module):
    >>>     def __init__(self): super(MyModel, self).__init__(); self.found = len(list(self.modules()))
    >>> model = MyModel(); model.layer = torch.nn.Linear(2, 1)
    >>> assert model.found == 1 and list(model.modules()) == [model, model.layer]
    """


@SUPER.instead
def test_the_constructor_as_printed_fails_earlier_for_want_of_nn():
    with pytest.raises(NameError, match="'nn'"):
        run(["import torch",
             "class MyModel(torch.nn.Module):",
             "    def __init__(self): print([m for m in self.modules() if isinstance(m, nn.Conv2d)])",
             "MyModel()"])


LOOP = Erratum(
    "errata.mymodel-loop-does-nothing",
    "With the loop over self.modules() in its constructor the weights of MyModel are initialised when it is made.",
    [FLOYDHUB["Weight initialization"]],
    Correction("When the loop over modules() runs there is no layer yet; it belongs at the end of the constructor."),
    kills=["modules-leaves-out-the-last"],
)


@LOOP.printed
def test_the_bias_of_a_later_layer_is_cleared():
    """
    >>> class MyModel(torch.nn.Module):
    >>>     def __init__(self):
    >>>         super(MyModel, self).__init__(); [m.bias.data.zero_() for m in self.modules() if m is not self]
    >>> model = MyModel(); model.layer = torch.nn.Linear(2, 3)
    >>> assert model.layer.bias.tolist() == [0] * 3
    """


@LOOP.corrected
def test_the_bias_of_an_earlier_layer_is_cleared():
    """
    >>> class MyModel(torch.nn.Module):
    >>>     def __init__(self):
    >>>         super(MyModel, self).__init__(); self.layer = torch.nn.Linear(2, 3)
    >>>         for m in self.modules(): m is self or m.bias.data.zero_()
    >>> assert MyModel().layer.bias.tolist() == [0] * 3
    """
