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
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch  # noqa: F401  imported before the processes fork, so that it is paid for once
from hypothesis import Phase, settings

from spec import mutants
from spec.claims import CHAPTERS
from spec.plugin import options  # noqa: F401  it defines the profiles

PLAIN = ["-q", "-p", "no:cacheprovider", "--hypothesis-profile=ci", "--device=cpu"]

settings.register_profile("ci", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate))


def main(words):
    started = time.time()
    with tempfile.TemporaryDirectory() as folder:
        claims = _claims(words, folder)
        work = _selected(claims, words)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            nothing = None if words else pool.submit(_try_null, folder)  # first, for it takes longest
            runs = [(name, ids, pool.submit(_try, name, {id: claims[id]["section"] for id in ids}, folder))
                    for name, ids in sorted(work.items())]
            survivors = sum(_report(name, ids, run.result()) for name, ids, run in runs)
            alarms = 0 if nothing is None else _report_null(nothing.result())
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
    output = _run([one for one in paths if os.path.isdir(one)], path + ".txt", Reader(path))
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


def _try(name, sections, folder):
    """Return the verdicts by claim id under a mutant, or the text of a run that could not give them."""
    path = os.path.join(folder, name)
    chosen = ["--claim=" + id for id in sections] + sorted(set(sections.values()))
    output = _run(["--mutant=" + name, "--verdicts={}.json".format(path)] + chosen, path, OneFailureEach())
    return _verdicts(path, output)


def _try_null(folder):
    """Return the names of the null mutants that this version has, and the verdicts or the text of a run with them."""
    names = [name for name, fault in mutants.catalogue().items() if fault.null and fault.fits()]
    path = os.path.join(folder, "null")
    output = _run(["--mutant=" + name for name in names] + ["--verdicts={}.json".format(path)], path, None)
    return names, _verdicts(path, output)


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


def _run(arguments, path, plugin):
    """Run pytest in a forked process with its output in a file, and return the output."""
    child = os.fork()
    if child == 0:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        status = 3
        try:
            status = int(pytest.main(PLAIN + arguments, plugins=[plugin] if plugin else []))
        finally:
            sys.stdout.flush()
            os._exit(status)
    os.waitpid(child, 0)
    with open(path) as file:
        return file.read()


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


def _report_null(result):
    """Print what the null mutants did; return 1 if some claim took offence."""
    names, verdicts = result
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
