"""The names of the forms as parameters of a test; a form whose library is not installed is skipped."""

import importlib.util

import pytest

from spec.networks import FORMS, TORCH_FORMS

LACKS_TENSORFLOW = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
)


def parameter(form, *values):
    """The form's name and further values as one `pytest.param`, skipped if the form needs an absent TensorFlow."""
    name = "-".join([form] + [value for value in values if isinstance(value, str)])
    return pytest.param(form, *values, id=name, marks=[LACKS_TENSORFLOW] if form == "tensorflow" else [])


every_form = pytest.mark.parametrize("form", [parameter(form) for form in FORMS])
every_other_form = pytest.mark.parametrize("form", [parameter(form) for form in FORMS if form != "numpy"])
every_torch_form = pytest.mark.parametrize("form", TORCH_FORMS)
