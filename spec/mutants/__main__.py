"""``python -m spec.mutants [CHAPTER | CLAIM | MUTANT ...]`` shows which mutants the claims that name them notice.

Torch is imported once; each mutant is put into a forked process of its own, where only the sections are read in which a
claim names it, and only the tests of those claims are run, each claim's until one fails. A mutant is killed by a claim
whose verdict becomes ``broken``. The null mutants, which change nothing, are put in together, and the whole
specification is run. The exit status is 1 while a mutant survives or a null mutant is noticed.
"""
import json
import os
import sys
import tempfile
import time
from collections import namedtuple
from itertools import islice

import pytest
import torch  # noqa: F401  imported before the processes fork, so that it is paid for once
from hypothesis import Phase, settings

from spec import mutants
from spec.claims import CHAPTERS
from spec.plugin import options  # noqa: F401  it defines the profiles

PLAIN = ["-q", "-p", "no:cacheprovider", "--hypothesis-profile=ci", "--device=cpu"]

settings.register_profile("ci", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate))


Run = namedtuple("Run", "mutants claims arguments path plugin")
Run.__doc__ = """A run of pytest with some mutants: what it is told, and the path without ending of the files it writes.

claims are the ids of those that name the mutant; there are none where it is about the null mutants.
"""


def main(words):
    started = time.time()
    with tempfile.TemporaryDirectory() as folder:
        claims = _claims(words, folder)
        work = _selected(claims, words)
        runs = [] if words else [_with_null(folder)]  # first, for it takes longest
        runs += [_with_one(name, {id: claims[id]["section"] for id in ids}, folder)
                 for name, ids in sorted(work.items())]
        survivors = alarms = 0
        for run, output in _outputs(runs):
            verdicts = _verdicts(run.path, output)
            if run.claims:
                survivors += _report(run.mutants[0], run.claims, verdicts)
            else:
                alarms += _report_null(run.mutants, verdicts)
    print("{} mutants, {} not killed by every claim that names them, {:.0f} s".format(
        len(work), survivors, time.time() - started))
    return 1 if survivors or alarms or not work else 0


class Reader:
    """A plugin that writes which claims there are, the mutants that each names and its section file, and runs none."""

    def __init__(self, path):
        self._path = path

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        claims = {
            claim.id: {"kills": claim.kills, "section": sys.modules[claim.tests[0].__module__].__file__}
            for claim in session.config.spec_claims
        }
        with open(self._path, "w") as file:
            json.dump(claims, file)
        return True


class OneFailureEach:
    """A plugin that skips what is left of a claim's tests once one of them has failed."""

    def __init__(self):
        self._failed = set()

    def pytest_runtest_setup(self, item):
        if item.function.claim.claim.id in self._failed:
            pytest.skip("the mutant is noticed")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item):
        outcome = yield
        if outcome.get_result().failed:
            self._failed.add(item.function.claim.claim.id)


def _claims(words, folder):
    """Return claim id -> {"kills", "section"}, read from the chapters of the words, or from all if one names none."""
    chapters = [word.split(".")[0].replace("-", "_") for word in words]
    if not words or any(word.split(".")[0] not in CHAPTERS for word in words):
        chapters = [chapter.replace("-", "_") for chapter in CHAPTERS]
    paths = [os.path.join("spec", "claims", chapter) for chapter in chapters]
    path = os.path.join(folder, "claims")
    reading = Run([], [], [one for one in paths if os.path.isdir(one)], path + ".txt", Reader(path))
    (_, output), = _outputs([reading])
    try:
        with open(path) as file:
            return json.load(file)
    except OSError:
        sys.exit(output)


def _selected(claims, words):
    """Return mutant -> ids of the claims that name it, for the words given (all, if none is)."""
    work, known = {}, set()
    for id, claim in claims.items():
        for name in claim["kills"]:
            known |= {name, id, id.split(".")[0]}
            if not words or set(words) & {name, id, id.split(".")[0]}:
                work.setdefault(name, []).append(id)
    unknown = sorted(set(words) - known)
    if unknown:
        print("{} is not a chapter, a claim or a mutant that some claim names".format(unknown[0]), file=sys.stderr)
        sys.exit(4)
    return work


def _with_one(name, sections, folder):
    """Return the Run of one mutant, for the claims whose sections are given by their ids."""
    path = os.path.join(folder, name)
    chosen = ["--claim=" + id for id in sections] + sorted(set(sections.values()))
    arguments = ["--mutant=" + name, "--verdicts={}.json".format(path)] + chosen
    return Run([name], list(sections), arguments, path, OneFailureEach())


def _with_null(folder):
    """Return the Run of all null mutants that this version has, for all claims."""
    names = [name for name, fault in mutants.catalogue().items() if fault.null and fault.fits()]
    path = os.path.join(folder, "null")
    return Run(names, [], ["--mutant=" + name for name in names] + ["--verdicts={}.json".format(path)], path, None)


def _outputs(runs):
    """Carry out runs, as many at a time as there are processors; yield each and its output when it has ended.

    All processes fork from this thread. One that forked from a thread of a pool would end with an error, and so would
    those that the specification forks in turn: Python would wait there for the threads of the pool.
    """
    runs, running = iter(runs), {}
    while True:
        for run in islice(runs, os.cpu_count() - len(running)):
            running[_start(run)] = run
        if not running:
            return
        run = running.pop(os.wait()[0])
        with open(run.path) as file:
            yield run, file.read()


def _verdicts(path, output):
    """Return the verdicts by claim id that a run has written, or else the end of its output."""
    try:
        with open(path + ".json") as file:
            return {entry["id"]: _summary(entry) for entry in json.load(file)["claims"]}
    except OSError:
        return output[-2000:]


def _summary(entry):
    """Return the verdict of a claim, or "not tried" where none of its tests could be run on this machine."""
    skipped = all(test["outcome"] == "skipped" for test in entry["tests"])
    return "not tried" if skipped and entry["verdict"] in ("unverified", "not-applicable") else entry["verdict"]


def _start(run):
    """Run pytest in a forked process with its output in a file; return its process id."""
    child = os.fork()
    if child:
        return child
    handle = os.open(run.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    status = 3
    try:
        status = int(pytest.main(PLAIN + run.arguments, plugins=[run.plugin] if run.plugin else []))
    finally:
        sys.stdout.flush()
        os._exit(status)


def _report(name, ids, verdicts):
    """Print what happened to one mutant; return 1 if some claim did not notice it."""
    if not isinstance(verdicts, dict):
        if "this installation has none of" in verdicts:
            print("{}: not in this version".format(name))
            return 0
        print("{}: the run failed\n{}".format(name, verdicts))
        return 1
    tried = [id for id in ids if verdicts.get(id) != "not tried"]
    survived = [id for id in tried if verdicts.get(id) != "broken"]
    if survived:
        said = "SURVIVED by " + ", ".join("{} ({})".format(id, verdicts.get(id, "no verdict")) for id in survived)
    else:
        said = "killed" if tried else "not tried: what its claims are about is absent here"
    print("{}: {}".format(name, said), flush=True)
    return 1 if survived else 0


def _report_null(names, verdicts):
    """Print what the null mutants did; return 1 if some claim took offence."""
    if not isinstance(verdicts, dict):
        print("null mutants: the run failed\n{}".format(verdicts))
        return 1
    noticed = sorted(id for id, verdict in verdicts.items() if verdict == "broken")
    print("{} null mutants: {}".format(
        len(names), "noticed by none of {} claims".format(len(verdicts)) if not noticed else
        "NOTICED by " + ", ".join(noticed)))
    return 1 if noticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
