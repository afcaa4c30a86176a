"""Devices that keep no values, and devices that put their work off."""
import importlib
import json
from types import SimpleNamespace

import pytest
import torch

from spec import capabilities, devices
from spec.capabilities import HERE

pytest_plugins = ["pytester"]

SECTION = """
CLAIM = Claim("tensors.small", "It is so.", sources=SOURCES)

@CLAIM
def test_it_is_so(device):
    x = torch.ones(2, 3, device=device)
    {}
"""


@pytest.fixture(scope="module", autouse=True)
def imported_once():
    """Import what torch imports when operations are watched for the first time: it cannot be imported anew."""
    if HERE >= (2, 0):
        importlib.import_module("torch._dynamo")


def nothing_known(pytester):
    """Return the option by which what is recorded of the meta device, for other claims, is left aside."""
    pytester.path.joinpath("none.json").write_text('{"schema": 1, "device": "meta", "deviations": []}')
    return "--device-deviations=none.json"


needs_meta = pytest.mark.skipif(HERE < (2, 0), reason="torch has no meta device that could be watched")


@needs_meta
@pytest.mark.parametrize("body, verdict", [
    ("assert x.t().shape == (3, 2)", "holds"),
    ("assert x.t().shape == (2, 3)", "broken"),
    ("assert x.sum().item() == 6", "not-applicable"),
    ("assert x.tolist()", "not-applicable"),
    ("assert x.sum() == 6", "not-applicable"),
    ("assert x.cpu().sum() == 6", "not-applicable"),
    ("assert x.numpy() is not None", "not-applicable"),
    ("assert torch.equal(x, x)", "not-applicable"),
    ("assert len(x[x > 0]) == 6", "not-applicable"),
    ("torch.zeros(2, 3).copy_(x)", "not-applicable"),
    ("assert '{:.1f}'.format(x.sum()) == '6.0'", "not-applicable"),
    ("with pytest.raises(Exception): x.sum().item()", "not-applicable"),
    ("with pytest.raises(RuntimeError): x.view(5)", "holds"),
], ids=str)
def test_on_a_device_without_values_what_asks_for_one_is_not_applicable(book, pytester, body, verdict):
    book(SECTION.format(body), "--device=meta", "--verdicts=v.json", nothing_known(pytester))
    claim, = json.loads(pytester.path.joinpath("v.json").read_text())["claims"]
    assert claim["verdict"] == verdict
    if verdict == "not-applicable":
        assert claim["reason"] == capabilities.VALUES.lacking


@needs_meta
def test_what_a_device_can_do_stands_in_its_verdict_file(book, pytester):
    book(SECTION.format("assert x.dim() == 2"), "--device=cpu", "--device=meta", "--verdicts=v.json",
         nothing_known(pytester))
    found = {device: json.loads(pytester.path.joinpath("v-{}.json".format(device)).read_text())["capabilities"]
             for device in ("cpu", "meta")}
    assert set(found["cpu"]) == set(found["meta"]) == set(capabilities.PROBED)
    for name in ("keeps values", "shares memory with numpy", "shows addresses and strides", "has float64"):
        assert found["cpu"][name] is True
        assert found["meta"][name] is (name == "has float64")


def test_a_device_that_puts_its_work_off_is_asked_to_do_it_and_its_left_overs_do_no_harm(monkeypatch):
    calls = []

    def sync():
        calls.append("sync")
        raise RuntimeError("left over")

    monkeypatch.setattr(devices, "_brought", [SimpleNamespace(sync=sync), SimpleNamespace()])
    assert devices.is_lazy("xla") and not devices.is_lazy("cpu")
    devices.settle("cpu")
    assert calls == []
    devices.settle("xla")
    assert calls == ["sync"]


def test_a_module_that_brings_a_device_seeds_it_too(monkeypatch):
    seeds = []
    monkeypatch.setattr(devices, "_brought", [SimpleNamespace(manual_seed=seeds.append)])
    with torch.random.fork_rng(devices=[]):
        devices.seeder("xla")(7)
        devices.seeder("cpu")(8)
    assert seeds == [7]
