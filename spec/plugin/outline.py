"""``--outline``: the specification as a document, printed without running anything."""
import importlib
import inspect
import textwrap
from collections import namedtuple

import pytest

from spec import mutants
from spec.claim import Claim
from spec.plugin.script import script_lines
from spec.sources import DOCUMENTS

WIDTH = 100

Part = namedtuple("Part", "level title prose claims")
Part.__doc__ = "A piece of the book: the book itself (level 1), a chapter (2) or a section (3), with its claims."


def pytest_addoption(parser):
    parser.getgroup("spec").addoption(
        "--outline", nargs="?", const="text", choices=["text", "markdown"],
        help="print the specification as a document, and run nothing")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    form = session.config.getoption("outline")
    if form is None:
        return None
    write = session.config.get_terminal_writer().line
    for line in (markdown if form == "markdown" else text)(session.config.spec_modules):
        write(line)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Keep pytest's own header and footer out of a printed document; errors at collection are still shown."""
    if config.getoption("outline") or config.getoption("list_mutants"):
        config.option.verbose = -2


def parts(modules):
    """Yield the book, its chapters and their sections, in teaching order, from the modules of the tests."""
    opened = []
    for module in sorted(modules, key=_place):
        chapter = module.__package__
        for level, name in ((1, chapter.rpartition(".")[0]), (2, chapter)):
            if name not in opened:
                opened.append(name)
                yield _part(level, importlib.import_module(name))
        yield _part(3, module)


def _place(module):
    chapter = importlib.import_module(module.__package__)
    book = importlib.import_module(module.__package__.rpartition(".")[0])
    return (
        book.CHAPTERS.index(module.__package__.rpartition(".")[2].replace("_", "-")),
        chapter.SECTIONS.index(module.__name__.rpartition(".")[2].replace("test_", "", 1)),
    )


def _part(level, module):
    title, _, prose = (inspect.getdoc(module) or module.__name__).partition("\n")
    claims = [value for value in vars(module).values() if isinstance(value, Claim)] if level == 3 else []
    return Part(level, title.rstrip("."), prose.strip(), claims)


def sentence(test):
    """Return the name of a test as a sentence; one that states what is never true is marked as refuted."""
    words = test.__name__.replace("test_", "", 1).replace("_", " ")
    always = [one for one in test.claim.claim.deviations if one.always] if test.claim.role == "law" else []
    mark = "" if not always else "Refuted in part: " if always[0].where else "Refuted: "
    return mark + words[0].upper() + words[1:] + "."


def origins(claim):
    """Return where a claim is stated, as text: the short name of each document once, with its sections."""
    found = []
    for document in DOCUMENTS:
        sections = [source.section for source in claim.sources if source.document == document.title]
        if sections:
            found.append("{}: {}".format(document.short, ", ".join(sections)))
    return "; ".join(found)


def catches(claim):
    """Return which faults the claim's tests are known to notice, as text: what each of its mutants does."""
    return " ".join(mutants.catalogue()[name].does for name in claim.kills)


def bibliography():
    """Return, for each document, its short name and what it is."""
    return [(one.short, "{}. {}, {}.".format(one.title, one.author, one.date)) for one in DOCUMENTS]


def text(modules):
    """Yield the lines of the specification as plain text."""
    for part in parts(modules):
        yield ""
        yield part.title.upper() if part.level < 3 else part.title
        yield {1: "=", 2: "=", 3: "-"}[part.level] * len(part.title)
        for paragraph in filter(None, part.prose.split("\n\n")):
            yield from _wrapped(paragraph)
            yield ""
        for short, document in bibliography() if part.level == 1 else ():
            yield from _wrapped("{}: {}".format(short, document), "  ", "      ")
        for claim in part.claims:
            yield ""
            yield from _wrapped(claim.says)
            yield from _wrapped("[{}]  {}".format(claim.id, origins(claim)), "    ")
            for test in (test for test in claim.tests if test.claim.role != "instead"):
                yield from _wrapped("* " + sentence(test), "  ", "    ")
            for deviation in claim.deviations:
                yield from _wrapped("{}: {}{}".format(
                    _untrue(deviation), deviation.instead_says, _issue(deviation)), "  ! ", "    ")
                for test in _instead(claim, deviation):
                    yield from _wrapped("* " + sentence(test), "    ", "      ")
            if claim.kills:
                yield from _wrapped("catches: " + catches(claim), "  - ", "    ")


def markdown(modules):
    """Yield the lines of the specification as Markdown."""
    for part in parts(modules):
        yield "{} {}".format("#" * part.level, part.title)
        yield ""
        if part.prose:
            yield part.prose
            yield ""
        for short, document in bibliography() if part.level == 1 else ():
            yield "- *{}*: {}".format(short, document)
        if part.level == 1:
            yield ""
        for claim in part.claims:
            yield "**{}**  ".format(claim.says)
            yield "`{}` <small>{}</small>".format(claim.id, origins(claim))
            yield ""
            for test in (test for test in claim.tests if test.claim.role != "instead"):
                yield from _item(test, "")
            for deviation in claim.deviations:
                yield "- *{}:* {}{}".format(_untrue(deviation), deviation.instead_says, _issue(deviation))
                for test in _instead(claim, deviation):
                    yield from _item(test, "  ")
            if claim.kills:
                yield "- <small>Catches: {}</small>".format(catches(claim))
            yield ""


def _item(test, indent):
    yield "{}- {}".format(indent, sentence(test))
    lines = script_lines(test)
    if lines:
        yield "{}  ```python".format(indent)
        for line in lines:
            yield "{}  {}".format(indent, line)
        yield "{}  ```".format(indent)


def _instead(claim, deviation):
    return [test for test in claim.tests
            if test.claim.role == "instead" and test.claim.deviation in (None, deviation)]


def _untrue(deviation):
    return "Not true" if deviation.always else "Not in {}".format(deviation.era)


def _issue(deviation):
    return " ({})".format(deviation.issue) if deviation.issue else ""


def _wrapped(paragraph, first="", rest=None):
    return textwrap.wrap(" ".join(paragraph.split()), WIDTH, initial_indent=first,
                         subsequent_indent=first if rest is None else rest, break_long_words=False,
                         break_on_hyphens=False)
