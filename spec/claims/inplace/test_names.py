"""Names.

Torch for Lua wrote indexAdd, torch for Python writes index_add. Lower case and underscores are the rule for whatever
can be called.
"""
import inspect
import re

import pytest
import torch
import torch.nn.functional
import torch.nn.init
import torch.optim
import torch.utils.data

from spec.claim import Claim, Deviation
from spec.oracles.agreement import agrees
from spec.sources import TEMPLATE

NAMESPACES = {
    "torch": torch,
    "Tensor": torch.Tensor,
    "nn.functional": torch.nn.functional,
    "nn.init": torch.nn.init,
    "Module": torch.nn.Module,
    "optim": torch.optim,
    "autograd": torch.autograd,
    "utils.data": torch.utils.data,
}
CAMEL_CASE = re.compile(r"[a-z][a-z0-9]*[A-Z]")


def camel_case(namespace):
    """Return the public names of a namespace that begin small and have a capital inside; modules are left out."""
    return sorted(name for name in dir(namespace)
                  if CAMEL_CASE.match(name) and not inspect.ismodule(getattr(namespace, name, None)))


NO_CAMEL_CASE = Claim(
    "inplace.no-camel-case",
    "No public function of torch, tensors, modules, nn.functional, nn.init, optim or autograd is in camelCase.",
    sources=[TEMPLATE["PyTorch for Torch Users"]],
    deviations=[Deviation(
        "Two names of tensors are: mT and mH, the transposes of each matrix in a batch. They are attributes; what is "
        "called is not written in camelCase.",
        since="1.11",
        witness={},
        where=lambda namespace: namespace == "Tensor",
    )],
    kills=["torch-has-an-index-add-of-lua", "tensors-have-an-index-add-of-lua"],
)


@NO_CAMEL_CASE
@pytest.mark.parametrize("namespace", sorted(NAMESPACES))
def test_a_namespace_has_no_name_in_camel_case(namespace):
    assert len(dir(NAMESPACES[namespace])) > 20
    assert camel_case(NAMESPACES[namespace]) == []


@NO_CAMEL_CASE.instead
def test_the_only_names_of_tensors_in_camel_case_are_those_of_two_transposes(device):
    assert camel_case(torch.Tensor) == ["mH", "mT"]
    x = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]], device=device)
    agrees(x.mT, [[[1.0, 3.0], [2.0, 4.0]]])
    agrees(x.mH, [[[1.0, 3.0], [2.0, 4.0]]])
