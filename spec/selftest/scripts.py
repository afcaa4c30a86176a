"""``python -m spec.selftest.scripts`` runs the script of every test that draws, on one drawn input.

It prints those that are too long or use a name that is not defined, and ends with status 1 if there is one. It is a
process of its own because the scripts, made to be pasted, clean up nothing.
"""
import contextlib
import importlib
import io
import os
import sys

import pytest
from hypothesis import Phase, settings

from spec.plugin.collection import drawn_names
from spec.plugin.script import LONGEST, script

BOOK = os.path.dirname(importlib.import_module("spec.claims").__file__)


class _Catcher:
    """A pytest plugin that keeps the items and claims that a collection finds."""

    def pytest_collection_finish(self, session):
        self.items, self.claims = session.items, session.config.spec_claims


def collect():
    """Return an object with the items and the claims of the specification; raise RuntimeError if it is not sound."""
    catcher, output = _Catcher(), io.StringIO()
    with contextlib.redirect_stdout(output):
        status = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", BOOK],
                             plugins=[catcher])
    if status != 0:
        raise RuntimeError(output.getvalue())
    return catcher


def one_example(item):
    """Return the arguments of one call of a test that draws: its parameters and the first input drawn."""
    test, seen = item.function, {}
    body, test.hypothesis.inner_test = test.hypothesis.inner_test, lambda **arguments: seen.update(arguments)
    try:
        test._hypothesis_internal_use_settings = settings(
            max_examples=1, phases=[Phase.generate], database=None, derandomize=True, deadline=None)
        parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
        names = set(item.fixturenames) - {"leaves_no_trace", "request"}
        test(**{name: parameters.get(name) for name in names})
    finally:
        test.hypothesis.inner_test = body
    return seen


def wrong_scripts():
    """Yield a text for each script that is too long or uses what is not defined."""
    tried = set()
    for item in collect().items:
        if item.function in tried or not drawn_names(item.function):
            continue
        tried.add(item.function)
        lines = script(item.function, one_example(item))
        if len(lines) > LONGEST:
            yield "{}: {} lines".format(item.nodeid, len(lines))
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile("\n".join(lines), item.nodeid, "exec"), {})
        except (SyntaxError, NameError, ImportError) as error:
            yield "{}: {!r}\n  {}".format(item.nodeid, error, "\n  ".join(lines))
        except Exception:
            pass  # many a claim is that something raises, and its script shows it


if __name__ == "__main__":
    wrong = list(wrong_scripts())
    print("\n".join(wrong))
    sys.exit(bool(wrong))
