"""``--mutant=NAME`` puts a fault in before any test is imported; ``--list-mutants`` prints the faults there are."""
import json

import pytest

from spec import mutants


def pytest_addoption(parser):
    group = parser.getgroup("spec")
    group.addoption("--mutant", action="append", default=[], metavar="NAME",
                    help="run with this fault put into torch, numpy or TensorFlow (repeatable)")
    group.addoption("--list-mutants", nargs="?", const="text", choices=["text", "json"],
                    help="print the mutants and the claims that name them, and run nothing")


def pytest_configure(config):
    try:
        known = mutants.catalogue()
    except ValueError as error:
        raise pytest.UsageError("the mutants are not well formed: {}".format(error)) from None
    for name in config.getoption("mutant"):
        if name not in known:
            raise pytest.UsageError(
                "--mutant={}: there is no mutant of that name; --list-mutants prints them".format(name))
        if not known[name].apply():
            raise pytest.UsageError("--mutant={}: this installation has none of {}".format(
                name, ", ".join(known[name].targets)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    form = session.config.getoption("list_mutants")
    if form is None:
        return None
    listing = {
        "mutants": {name: fault.does for name, fault in mutants.catalogue().items()},
        "claims": {claim.id: list(claim.kills) for claim in session.config.spec_claims},
    }
    write = session.config.get_terminal_writer().line
    if form == "json":
        write(json.dumps(listing, indent=1, sort_keys=True))
        return True
    for name, does in listing["mutants"].items():
        write("{}: {}".format(name, does))
        for id in sorted(id for id, names in listing["claims"].items() if name in names):
            write("    {}".format(id))
    return True
