"""Collection: every test under claims/ testifies to a well-formed claim, and the chapters come in teaching order."""
import importlib
import inspect

import pytest

from spec import mutants
from spec.capabilities import HERE
from spec.claim import Claim
from spec.plugin.script import script_lines


def is_claim_module(module):
    """Say whether a test module lies in a chapter, that is, in a package claims.CHAPTER."""
    return module.__name__.split(".")[-3:-2] == ["claims"]


def pytest_generate_tests(metafunc):
    if "device" in metafunc.fixturenames and is_claim_module(metafunc.module):
        metafunc.parametrize("device", metafunc.config.spec_devices)


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    outcome = yield
    module = getattr(collector, "_obj", None)
    if isinstance(collector, pytest.Module) and module is not None and is_claim_module(module):
        outcome.get_result()
        modules = collector.config.__dict__.setdefault("spec_modules", [])
        if module not in modules:
            modules.append(module)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session, config, items):
    modules = config.__dict__.setdefault("spec_modules", [])
    config.spec_claims = [
        claim for module in modules for claim in vars(module).values() if isinstance(claim, Claim)
    ]
    mistakes = list(_mistakes(modules, items))
    if mistakes:
        raise pytest.UsageError("the specification is not well formed\n  " + "\n  ".join(mistakes))
    ours = [item for item in items if is_claim_module(item.module)]
    others = [item for item in items if item not in set(ours)]
    ours.sort(key=_place)
    expected, chosen, left_out = {}, [], []
    wanted = _claims_asked_for(config)
    for item in ours:
        witness = item.function.claim
        spoken_of = witness.claim.deviation_in(HERE)
        out_of_era = witness.role == "instead" and (
            spoken_of is None or witness.deviation not in (None, spoken_of))
        if out_of_era or witness.claim.id not in wanted:
            left_out.append(item)
            continue
        chosen.append(item)
        item.spec_place = _place(item)[0]
        expected.setdefault(witness.claim.id, []).append(item.nodeid)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = chosen + others
    config.spec_results.expected = expected
    config.spec_results.partial = sorted(_partly_collected(config.spec_claims, ours))


def _claims_asked_for(config):
    known = {claim.id for claim in config.spec_claims}
    asked = set(config.getoption("claim"))
    unknown = sorted(asked - known)
    if unknown:
        raise pytest.UsageError("--claim={}: there is no claim of that id here".format(unknown[0]))
    return asked or known


def _partly_collected(claims, items):
    """Yield the ids of claims some of whose tests were not asked for on the command line."""
    collected = {(item.module.__name__, item.originalname) for item in items}
    for claim in claims:
        if any((test.__module__, test.__name__) not in collected for test in claim.tests):
            yield claim.id


def _mistakes(modules, items):
    """Yield a line for each thing that is wrong with the specification as a whole."""
    seen, names = {}, {name for name, fault in mutants.catalogue().items() if not fault.null}
    for module in modules:
        yield from _misplaced(module)
        for claim in (value for value in vars(module).values() if isinstance(value, Claim)):
            where = "{}: {}".format(module.__name__, claim.id)
            if seen.setdefault(claim.id, claim) is not claim:
                yield "{}: another claim has this id".format(where)
            if claim.chapter != _chapter(module):
                yield "{}: the id does not begin with its chapter, {}".format(where, _chapter(module))
            for mistake in claim.mistakes():
                yield "{}: {}".format(where, mistake)
            for name in claim.kills:
                if name not in names:
                    yield "{}: there is no mutant {}".format(where, name)
    looked_at = set()
    for item in items:
        test = getattr(item, "function", None)
        if test in looked_at or not is_claim_module(item.module):
            continue
        looked_at.add(test)
        where = "{}::{}".format(item.module.__name__, item.originalname)
        if not hasattr(test, "claim"):
            yield "{}: the test is a witness of no claim".format(where)
            continue
        for mistake in _test_mistakes(test):
            yield "{}: {}".format(where, mistake)


def _test_mistakes(test):
    drawn = drawn_names(test)
    if drawn and not script_lines(test):
        yield "it draws its input, but no line of its docstring (>>> ...) shows how to reproduce a failure"
    if test.claim.role != "law":
        return
    taken = set(inspect.signature(test).parameters) | set(drawn)
    for deviation in test.claim.claim.deviations:
        for name in deviation.condition_names:
            if name not in taken:
                yield "the deviation in {} is decided by {!r}, which the test does not take".format(deviation.era, name)
        for pinned in deviation.witnesses:
            lacking, unknown = sorted(set(drawn) - set(pinned)), sorted(set(pinned) - taken)
            if lacking or unknown:
                fault = "lacks" if lacking else "gives a value to the unknown"
                yield "the witness of the deviation in {} {} {}".format(
                    deviation.era, fault, ", ".join(lacking or unknown))


def drawn_names(test):
    """Return the names of the arguments that Hypothesis draws for a test, in order."""
    if not hasattr(test, "hypothesis"):
        return []
    outer = inspect.signature(test).parameters
    return [name for name in inspect.signature(test.hypothesis.inner_test).parameters if name not in outer]


def _chapter(module):
    return module.__name__.split(".")[-2].replace("_", "-")


def _section(module):
    name = module.__name__.split(".")[-1]
    return name[len("test_"):] if name.startswith("test_") else name


def _contents(module):
    """Return the chapters in order and the sections of the module's chapter in order."""
    chapter = importlib.import_module(module.__package__)
    book = importlib.import_module(module.__package__.rpartition(".")[0])
    return list(book.CHAPTERS), list(chapter.SECTIONS)


def _misplaced(module):
    chapters, sections = _contents(module)
    if _chapter(module) not in chapters:
        yield "{}: the chapter {} is not in CHAPTERS".format(module.__name__, _chapter(module))
    if _section(module) not in sections:
        yield "{}: the section {} is not in SECTIONS of its chapter".format(module.__name__, _section(module))


def device_of(item):
    """Return the name of the device that a witness is run on, or None for a test that takes none or is no witness."""
    if not is_claim_module(item.module) or not hasattr(item, "callspec"):
        return None
    return item.callspec.params.get("device")


def whole_chapters(modules):
    """Yield the names of the chapters all of whose sections are among the modules of tests."""
    for name in {_chapter(module) for module in modules}:
        found = [module for module in modules if _chapter(module) == name]
        if {_section(module) for module in found} == set(_contents(found[0])[1]):
            yield name


def _place(item):
    chapters, sections = _contents(item.module)
    return chapters.index(_chapter(item.module)), sections.index(_section(item.module))
