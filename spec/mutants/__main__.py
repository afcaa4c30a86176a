"""``python -m spec.mutants [CHAPTER | CLAIM | MUTANT ...]`` shows which mutants the claims that name them notice.

Torch is imported once; each mutant is put into a forked process of its own, where only the tests of the claims that
name it are run. A mutant is killed by a claim whose verdict becomes ``broken``. The exit status is 1 while one
survives.
"""
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch  # noqa: F401  imported before the processes fork, so that it is paid for once

PLAIN = ["-q", "-p", "no:cacheprovider", "--hypothesis-profile=ci", "--device=cpu"]


def main(words):
    started = time.time()
    with tempfile.TemporaryDirectory() as folder:
        listing = json.loads(_run(["--list-mutants=json"], os.path.join(folder, "list"))[1])
        work = _selected(listing, words)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = [(name, ids, pool.submit(_try, name, ids, folder)) for name, ids in sorted(work.items())]
            survivors = sum(_report(name, ids, run.result()) for name, ids, run in runs)
    print("{} mutants, {} not killed by every claim that names them, {:.0f} s".format(
        len(work), survivors, time.time() - started))
    return 1 if survivors or not work else 0


def _selected(listing, words):
    """Return mutant -> ids of the claims that name it, for the words given (all, if none is)."""
    work = {}
    for id, names in listing["claims"].items():
        for name in names:
            if not words or set(words) & {name, id, id.split(".")[0]}:
                work.setdefault(name, []).append(id)
    known = set(listing["mutants"]) | set(listing["claims"]) | {id.split(".")[0] for id in listing["claims"]}
    unknown = sorted(set(words) - known)
    if unknown:
        sys.exit("{} is not a chapter, a claim or a mutant".format(unknown[0]))
    return work


def _try(name, ids, folder):
    """Return the verdicts by claim id under a mutant, or the text of a run that could not give them."""
    path = os.path.join(folder, name)
    chapters = sorted({"spec/claims/" + id.split(".")[0].replace("-", "_") for id in ids})
    claims = ["--claim=" + id for id in ids]
    status, output = _run(
        ["--mutant=" + name, "--verdicts={}.json".format(path)] + claims + chapters, path)
    try:
        with open(path + ".json") as file:
            return {entry["id"]: entry["verdict"] for entry in json.load(file)["claims"]}
    except OSError:
        return output[-2000:]


def _run(arguments, path):
    """Run pytest in a forked process with its output in a file; return its exit status and the output."""
    child = os.fork()
    if child == 0:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        status = 3
        try:
            status = int(pytest.main(PLAIN + arguments))
        finally:
            sys.stdout.flush()
            os._exit(status)
    status = os.waitpid(child, 0)[1]
    with open(path) as file:
        return status, file.read()


def _report(name, ids, verdicts):
    """Print what happened to one mutant; return 1 if some claim did not notice it."""
    if not isinstance(verdicts, dict):
        if "this installation has none of" in verdicts:
            print("{}: not in this version".format(name))
            return 0
        print("{}: the run failed\n{}".format(name, verdicts))
        return 1
    survived = [id for id in ids if verdicts.get(id) != "broken"]
    print("{}: {}".format(name, "killed" if not survived else "SURVIVED by " + ", ".join(
        "{} ({})".format(id, verdicts.get(id, "no verdict")) for id in survived)))
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
