"""The script template.

The FloydHub article ends with a template for a script, to be filled in, and some blocks that lead to it.
"""
import pytest
import torch
from torch.optim import lr_scheduler

from spec.claims.errata._erratum import Correction, Erratum, run
from spec.sources import FLOYDHUB

CHAIN = Erratum(
    "errata.template-chain",
    "The template runs once its names are filled in.",
    [FLOYDHUB["Final architecture overview"]],
    Correction("Three of the seven places at which it fails are no missing names: a network without layers, a dataset "
               "without methods, and a step of the module in place of the scheduler.", ValueError, "empty"),
    kills=["a-step-scheduler-never-steps"],
)


@CHAIN.printed
def test_an_optimizer_is_made_for_a_network_whose_class_is_empty():
    """
    >>> class Net(torch.nn.Module): pass
    >>> torch.optim.SGD(Net().parameters(), lr=0.01)
    """


TEMPLATE = """
import torch, torch.utils.data
from torch.optim import lr_scheduler
class Images(torch.utils.data.Dataset):
    {methods}
class Net({nn}.Module):
    {layers}
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
scheduler = lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
loader = torch.utils.data.DataLoader(Images({images}), batch_size=2)
for epoch in range({epochs}):
    {scheduler}.step()
    for inputs, labels in loader:
        loss = torch.nn.MSELoss()(net({gpu}(inputs)), {gpu}(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""

REPAIRS = [
    ("nn", "nn", "torch.nn", NameError, "'nn'"),
    ("layers", "pass", "def __init__(self): super(Net, self).__init__(); self.layer = torch.nn.Linear(1, 1)\n"
     "    def forward(self, x): return self.layer(x)", ValueError, "empty parameter list"),
    ("images", "path_to_images", "torch.ones(3, 1)", NameError, "'path_to_images'"),
    ("methods", "pass", "def __init__(self, images): self.images = images\n"
     "    def __len__(self): return len(self.images)\n"
     "    def __getitem__(self, index): return self.images[index], 2 * self.images[index]", TypeError, "argument"),
    ("epochs", "epochs", "3", NameError, "'epochs'"),
    ("scheduler", "lr_scheduler", "scheduler", AttributeError, "'step'"),
    ("gpu", "to_gpu", "torch.Tensor.cpu", NameError, "'to_gpu'"),
]
"""The places at which the template fails, in the order in which one finds them: what is printed there, what repairs
it, and the error until then."""


def template(repaired):
    """Return the lines of the template with the first places repaired, that many."""
    return TEMPLATE.format(**{
        place: repair if number < repaired else printed
        for number, (place, printed, repair, _, _) in enumerate(REPAIRS)}).split("\n")


@CHAIN.instead
@pytest.mark.parametrize("repaired", range(len(REPAIRS)), ids=[repair[0] for repair in REPAIRS])
def test_the_template_fails_at_one_place_after_the_other(repaired):
    _, _, _, error, message = REPAIRS[repaired]
    with pytest.raises(error, match=message):
        run(template(repaired))


@CHAIN.instead
def test_with_seven_repairs_the_template_trains_its_network():
    names = run(template(len(REPAIRS)))
    assert names["loss"].item() < 1e-1
    assert names["optimizer"].param_groups[0]["lr"] < 0.5


SCHEDULER = Erratum(
    "errata.scheduler-step-on-module",
    "lr_scheduler.step() advances the schedule of learning rates.",
    [FLOYDHUB["Final architecture overview"]],
    Correction("lr_scheduler is the module; the scheduler that was made before is what has steps.",
               AttributeError, "'step'"),
    kills=["a-step-scheduler-never-steps"],
)


@SCHEDULER.printed
def test_the_module_advances_the_schedule():
    """
    >>> from torch.optim import lr_scheduler
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1)
    >>> scheduler = lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    >>> lr_scheduler.step()
    """


@SCHEDULER.instead
def test_each_step_of_the_scheduler_halves_the_learning_rate():
    optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    scheduler = lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    rates = []
    for _ in range(6):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates[-5:] in ([1.0, 0.5, 0.5, 0.25, 0.25], [0.5, 0.5, 0.25, 0.25, 0.125])


SAVING = Erratum(
    "errata.unreachable-validation-branch",
    "The template saves the best model after validation.",
    [FLOYDHUB["Final architecture overview"]],
    Correction("train stays True, so that the line that saves the model is never reached; its names are not defined."),
    kills=["clone-is-the-tensor"],
)


@SAVING.printed
def test_a_model_is_saved_when_train_stays_true():
    """
    >>> train, saved = True, []
    >>> for epoch in range(3):
    >>>     if train: loss = torch.ones(2).sum()
    >>>     if not train: saved.append(loss)
    >>> assert saved
    """


@SAVING.corrected
def test_the_best_of_three_models_is_saved_when_each_is_compared():
    """
    >>> w, best, saved = torch.tensor([3.0]), float("inf"), None
    >>> for update in (-2.0, -1.0, 4.0):
    >>>     w += update; loss = w.pow(2).item()
    >>>     if loss < best: best, saved = loss, w.clone()
    >>> assert best == 0 and saved.item() == 0 and w.item() == 4
    """


@SAVING.instead
@pytest.mark.parametrize("defined, missing", [({}, "save_best_model"),
                                              ({"save_best_model": print}, "epoch_validation_accuracy")])
def test_without_training_the_saving_line_lacks_its_names(defined, missing):
    with pytest.raises(NameError, match="'{}'".format(missing)):
        run(["train = False", "if not train: save_best_model(epoch_validation_accuracy)"], **defined)
