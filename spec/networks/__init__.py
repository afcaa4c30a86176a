"""The running example of the documents, once for each way they write it.

A network with one hidden layer is fitted to random data.  It has no biases, its hidden units are rectifiers, and it is
trained by plain gradient descent on the summed squared error::

    hidden = x w1            (n, h)        x   (n, d_in)    inputs, one row for each example
    active = max(hidden, 0)  (n, h)        w1  (d_in, h)    weights of the hidden layer
    output = active w2       (n, d_out)    w2  (h, d_out)   weights of the output layer
    loss   = sum of (output - y) squared   y   (n, d_out)   targets, one row for each example

The chain rule, read from the last line to the first, gives the gradients of the loss.  ``1[...]`` is 1 where the
condition holds and 0 elsewhere, ``*`` multiplies entry by entry, and a prime transposes::

    d_output = 2 (output - y)
    d_w2     = active' d_output
    d_hidden = (d_output w2') * 1[hidden > 0]
    d_w1     = x' d_hidden

and one step of training subtracts ``learning_rate * d_w1`` from ``w1`` and ``learning_rate * d_w2`` from ``w2``.

Each module of this package is that program in another form, from arrays with the chain rule written out to a library
that derives it.  Every form has the same function ``train``, takes the same arrays and returns the same trajectory up
to rounding, so that a difference between two forms is a fault of one of them.  One place is left open: at a hidden unit
of exactly 0 the rectifier has no derivative, and each module says which value its form takes there.

Importing this package imports neither torch nor TensorFlow.

Source: the repository "Learning PyTorch with Examples", sections "Warm-up: numpy" to "PyTorch: Custom nn Modules".
"""

import importlib
from collections import namedtuple

import numpy as np

FORMS = {
    "numpy": "spec.networks.with_numpy",
    "tensors": "spec.networks.with_tensors",
    "autograd": "spec.networks.with_autograd",
    "custom-function": "spec.networks.with_custom_function",
    "sequential": "spec.networks.with_sequential",
    "optimizer": "spec.networks.with_optimizer",
    "module": "spec.networks.with_module",
    "tensorflow": "spec.networks.with_tensorflow",
}
"""The name of each form and the module that holds its ``train``, in the order a learner meets them."""

TORCH_FORMS = ("tensors", "autograd", "custom-function", "sequential", "optimizer", "module")
"""The names of the forms written with torch: their ``train`` also takes ``device``."""

LEARNING_RATE = 1e-6
"""The step size that the documents print for their own sizes and normal data."""

STEPS = 500
"""The number of steps that the documents print."""


class Problem(namedtuple("Problem", ["x", "y", "w1", "w2"])):
    """Data and first weights: numpy arrays of shapes (n, d_in), (n, d_out), (d_in, h), (h, d_out) and one dtype."""

    __slots__ = ()


class Trajectory(namedtuple("Trajectory", ["losses", "w1", "w2"])):
    """What training leaves behind.

    losses: a list of Python floats, one for each step, each measured before that step changes the weights.
    w1, w2: numpy arrays of the shapes and dtype of the first weights, as they are after the last step.
    """

    __slots__ = ()


def random_problem(seed, n=64, d_in=1000, h=100, d_out=10, dtype="float32"):
    """A `Problem` of standard normal entries; the default sizes are those of the documents.

    The entries are drawn as float64 from ``numpy.random.RandomState(seed)``, whose stream no numpy release changes, in
    the order x, y, w1, w2, and then rounded to ``dtype`` (a numpy dtype or its name).  So a float32 problem is the
    rounded float64 problem of the same seed.
    """
    random = np.random.RandomState(seed)
    shapes = [(n, d_in), (n, d_out), (d_in, h), (h, d_out)]
    return Problem(*[random.standard_normal(shape).astype(dtype) for shape in shapes])


def trainer(form):
    """The function ``train`` of a form, by its name in `FORMS`.

    Raises KeyError for an unknown name, and ImportError when the form needs torch and it is not installed (the form
    with TensorFlow raises it when ``train`` is called).
    """
    return importlib.import_module(FORMS[form]).train
