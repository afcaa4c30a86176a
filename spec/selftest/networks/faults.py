"""Small realistic faults in the programs of the running example, made by changing one place of their text."""

import inspect
from collections import namedtuple
from importlib import import_module
from types import ModuleType

from spec.networks import FORMS

Fault = namedtuple("Fault", ["form", "name", "right", "wrong"])

FAULTS = [
    Fault("numpy", "gradient-of-w1-transposed", "x.T.dot(grad_hidden)", "grad_hidden.T.dot(x)"),
    Fault("numpy", "negative-units-not-silenced", "grad_hidden[hidden < 0] = 0", "pass"),
    Fault("numpy", "square-without-its-factor-2", "2 * error", "1 * error"),
    Fault("tensors", "gradient-of-w1-transposed", "x.t().mm(grad_hidden)", "grad_hidden.t().mm(x)"),
    Fault("tensors", "negative-units-not-silenced", "grad_hidden[hidden < 0] = 0", "pass"),
    Fault("tensors", "second-weight-not-updated", "w2 -= learning_rate * grad_w2", "pass"),
    Fault("autograd", "gradient-of-w1-not-zeroed", "w1.grad.zero_()", "pass"),
    Fault("autograd", "gradient-of-w2-not-zeroed", "w2.grad.zero_()", "pass"),
    Fault("autograd", "small-negatives-pass", "clamp(min=0)", "clamp(min=-1e-3)"),
    Fault("custom-function", "negative-units-not-silenced", "grad_input[input < 0] = 0", "pass"),
    Fault("custom-function", "backward-off-by-a-thousandth", "grad_output.clone()", "grad_output * 1.001"),
    Fault("custom-function", "gradient-of-w1-not-zeroed", "w1.grad.zero_()", "pass"),
    Fault("sequential", "gradients-not-zeroed", "model.zero_grad()", "pass"),
    Fault("sequential", "mean-for-sum", 'MSELoss(reduction="sum")', 'MSELoss(reduction="mean")'),
    Fault("sequential", "w1-not-transposed", "linear(w1, device)", "linear(w1.T, device)"),
    Fault("optimizer", "gradients-not-zeroed", "optimizer.zero_grad()", "pass"),
    Fault("optimizer", "two-steps-for-one", "optimizer.step()", "optimizer.step(); optimizer.step()"),
    Fault("optimizer", "returned-w1-transposed", "weights_of(model[0])", "weights_of(model[0]).T"),
    Fault("module", "gradients-not-zeroed", "optimizer.zero_grad()", "pass"),
    Fault("module", "small-negatives-pass", "clamp(min=0)", "clamp(min=-1e-3)"),
    Fault("module", "gradients-zeroed-too-late", "loss.backward()", "loss.backward(); optimizer.zero_grad()"),
    Fault("tensorflow", "mean-for-sum", "tf.reduce_sum", "tf.reduce_mean"),
    Fault("tensorflow", "gradient-of-w1-transposed", "learning_rate * grad1", "learning_rate * tf.transpose(grad1)"),
    Fault("tensorflow", "second-weight-not-updated", "[loss, update1, update2]", "[loss, update1, loss]"),
]


def faulty_trainer(form, right="", wrong=""):
    """The function ``train`` of a form, from its source text with ``right`` replaced by ``wrong``.

    Without the two texts nothing is changed.  Raises ValueError unless ``right`` stands in the source exactly once.
    """
    source = inspect.getsource(import_module(FORMS[form]))
    if right and source.count(right) != 1:
        raise ValueError(f"{right!r} stands in the form {form!r} {source.count(right)} times")
    module = ModuleType("faulty")
    text = source.replace(right, wrong) if right else source
    exec(compile(text, "<a faulty form>", "exec"), module.__dict__)  # noqa: S102
    return module.train
