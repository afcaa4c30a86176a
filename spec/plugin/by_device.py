"""Deviations by device: which tests are recorded to fail on a kind of device, and whether they do in this run.

A test so recorded is run as it is, with other seeds where it draws, until it fails. It must fail, and by the exception
recorded: where it does not, the record is wrong and the claim is ``broken``, as it is where a test fails unrecorded.
"""
import os
import subprocess
import sys

import pytest
import torch
from hypothesis.errors import UnsatisfiedAssumption

from spec import backends
from spec.capabilities import HERE
from spec.claim import Branch
from spec.plugin.collection import device_of, is_claim_module, whole_chapters
from spec.plugin.trial import ROUNDS, Trial

ALONE = "SPEC_TEST_ALONE"
"""The environment variable that a process of its own has which runs a test that is recorded to crash."""


def pytest_addoption(parser):
    parser.getgroup("spec").addoption(
        "--device-deviations", action="append", default=[], metavar="FILE.json",
        help="what is known not to be true on a kind of device, in place of what is recorded for it in spec/backends "
             "(repeatable)")


def pytest_configure(config):
    """Read the files of the kinds of device that this run is for, and those named on the command line."""
    config.spec_known = {}
    try:
        for kind in sorted({torch.device(name).type for name in config.spec_devices}):
            path = backends.recorded(kind)
            if path is not None:
                config.spec_known[kind] = backends.read(path)[1]
        for path in config.getoption("device_deviations"):
            kind, known = backends.read(path)
            config.spec_known[kind] = known
    except backends.NotABackendFile as error:
        raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(config, items):
    """Give each test that is recorded to fail on its device the entry that says so, as ``item.spec_known``.

    An entry of a claim or a test that is not there is a usage error, as far as what was collected can tell.
    """
    claims = {claim.id: claim for claim in config.spec_claims}
    chapters = set(whole_chapters(config.spec_modules))
    whole = set(config.spec_results.expected) - set(config.spec_results.partial)
    ours = [item for item in items if _kind_of(item) in config.spec_known]
    for kind, entries in config.spec_known.items():
        places = {}
        for known in entries:
            _check(known, claims, chapters)
            if HERE in known.era:
                for name in known.tests:
                    if places.setdefault((known.claim, name), known) is not known:
                        raise _wrong(known, "{} stands there twice".format(name))
        unseen = set(places)
        for item in ours:
            if _kind_of(item) == kind:
                for name in (item.originalname, "{}[{}]".format(item.originalname, _case(item))):
                    key = item.function.claim.claim.id, name
                    if key in places:
                        item.spec_known = places[key]
                        unseen.discard(key)
        for id, name in sorted(unseen):
            if id in whole:
                raise _wrong(places[id, name], "there is no test {} of it on this device".format(name))


def _wrong(known, what):
    return pytest.UsageError("{}: the entry of {}: {}".format(known.path, known.claim, what))


def _check(known, claims, chapters):
    if known.claim not in claims and known.claim.split(".")[0] in chapters:
        raise _wrong(known, "there is no such claim")
    if known.claim in claims:
        names = {test.__name__ for test in claims[known.claim].tests}
        for name in known.tests:
            if name.partition("[")[0] not in names:
                raise _wrong(known, "there is no test {} of it".format(name))


def _kind_of(item):
    """Return the kind of device that a test is run on; for a witness that takes none, that of a run of one kind."""
    device = device_of(item)
    if device is not None:
        return torch.device(device).type
    kinds = {torch.device(name).type for name in item.config.spec_devices}
    return kinds.pop() if len(kinds) == 1 and is_claim_module(item.module) else None


def _case(item):
    """Return the id of the case that a test is run on, without the device's name, which stands first in it."""
    if not hasattr(item, "callspec"):
        return ""
    return item.callspec.id if device_of(item) is None else item.callspec.id[len(device_of(item)) + 1:]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    known = getattr(pyfuncitem, "spec_known", None)
    if known is None:
        return None
    trial = pyfuncitem.spec_trial = FailingTrial(pyfuncitem)
    if backends.CRASH not in known.raises:
        trial.run()
        _confirm(known, trial.error)
    elif ALONE in os.environ:
        trial.run()
    else:
        _confirm_crash(pyfuncitem)
        trial.examples = 1
    trial.known, trial.failing = known, None
    return True


class FailingTrial(Trial):
    """One run of a test that is recorded to fail on its device: it goes on, with other seeds, until it has failed.

    error  the exception by which it failed, or None
    """

    def __init__(self, item):
        super(FailingTrial, self).__init__(item)
        self.error, self.rounds = None, ROUNDS
        self.missed = {"a failure": Branch(lambda: self.error is not None)}

    def run(self):
        try:
            super(FailingTrial, self).run()
        except (Exception, pytest.fail.Exception) as error:
            self.error = self.error or _bare(error)

    def _try(self, arguments):
        if self.error is not None:
            return
        try:
            self._call(arguments)
        except UnsatisfiedAssumption:
            raise
        except (Exception, pytest.fail.Exception) as error:
            self.error = _bare(error)

    def _go_on_until_every_branch_is_reached(self):
        try:
            super(FailingTrial, self)._go_on_until_every_branch_is_reached()
        except pytest.fail.Exception:
            pass  # it failed in no round


def _bare(error):
    """Let an exception go of the frames that it passed; a device that puts its work off would do theirs ever again."""
    error.__context__ = error.__cause__ = None
    return error.with_traceback(None)


def _confirm(known, error):
    """Fail the test unless the exception by which it failed, or None, is of a recorded type."""
    if error is None:
        _broken(known, "this holds, although a deviation by device is recorded:\n  {}".format(known.says))
    kinds = ["AssertionError"] if isinstance(error, pytest.fail.Exception) else [
        kind.__name__ for kind in type(error).__mro__]
    if not set(kinds) & set(known.raises):
        _broken(known, "on this device it must fail by {}, not by {!r}".format(" or ".join(known.raises), error))


def _confirm_crash(item):
    """Run a test in a process of its own; fail it unless that process is killed by a signal."""
    words = [word for word in item.config.invocation_params.args if str(word).startswith(("--device", "--hypothesis"))]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", item.nodeid] + words,
        cwd=str(item.config.rootpath), env=dict(os.environ, **{ALONE: "1"}), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    if ended.returncode >= 0:
        _broken(item.spec_known, "it is recorded to crash, but a process that runs it ends with status {}:\n{}".format(
            ended.returncode, ended.stdout.decode("utf-8", "replace")[-2000:]))


def _broken(known, text):
    pytest.fail("{}: {}".format(known.claim, text), pytrace=False)
