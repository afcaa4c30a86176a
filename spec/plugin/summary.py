"""The end of a run: the verdict file, the comparison with the record, and the summary."""
import os

import pytest

from spec import records
from spec.plugin import verdict_file
from spec.plugin.record import KEY
from spec.records import VERDICTS


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    config, results = session.config, session.config.spec_results
    if hasattr(config, "workeroutput"):
        config.workeroutput[KEY] = (results.expected, results.partial)
        return
    config.spec_verdicts, config.spec_disagreements = {}, []
    if not results.claims or session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return  # an interrupted run gives no verdicts, and does not replace a file that has them
    for device in config.spec_devices:
        claims = results.verdicts(device)
        config.spec_verdicts[device] = claims
        if config.getoption("verdicts"):
            path = _path_for(config.getoption("verdicts"), device, len(config.spec_devices) > 1)
            records.write(path, verdict_file.document(config, device, claims))
        if not config.getoption("mutant"):
            config.spec_disagreements += _disagreements(device, claims, config.rootpath)
    broken = any(entry["verdict"] == "broken" for claims in config.spec_verdicts.values() for entry in claims)
    if session.exitstatus == 0 and (config.spec_disagreements or broken):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _path_for(path, device, several):
    if not several:
        return path
    stem, extension = os.path.splitext(path)
    return "{}-{}{}".format(stem, device.replace(":", ""), extension)


def _disagreements(device, claims, root):
    try:
        recorded = verdict_file.record_of(device, root)
    except records.NotAVerdictFile as error:
        return [str(error)]
    return [] if recorded is None else list(verdict_file.disagreements(recorded, claims))


def pytest_terminal_summary(terminalreporter, config):
    write = terminalreporter.write_line
    for device, claims in getattr(config, "spec_verdicts", {}).items():
        terminalreporter.section("verdicts: torch {} on {}".format(verdict_file.version(), device))
        for line in table(config.spec_results.chapters(), claims):
            write(line)
        for verdict in VERDICTS[1:]:
            for line in sentences(verdict, claims):
                write(line)
    if getattr(config, "spec_disagreements", None):
        terminalreporter.section("this run disagrees with the record in spec/verdicts", red=True)
        for line in config.spec_disagreements:
            write(line)


def table(chapters, claims):
    """Yield the lines of a table with a row for each chapter and a column for each verdict."""
    width = max([len(chapter) for chapter in chapters] + [len("together")])
    columns = "  ".join("{:>%d}" % len(verdict) for verdict in VERDICTS)
    yield " " * width + "  " + columns.format(*VERDICTS)
    for name in list(chapters) + ["together"]:
        found = [entry["verdict"] for entry in claims if name in (entry["chapter"], "together")]
        counts = [found.count(verdict) or "." for verdict in VERDICTS]
        yield "{:{}}  {}".format(name, width, columns.format(*counts))


def sentences(verdict, claims):
    """Yield a heading and a line for each claim of this verdict, which says what is true instead, or why."""
    found = [entry for entry in claims if entry["verdict"] == verdict]
    if found:
        yield ""
        yield verdict
    for entry in found:
        text = entry["instead"] or entry["reason"] or entry["says"]
        notes = [note for note in (entry["since"] and "since torch " + entry["since"], entry["issue"]) if note]
        yield "  {}: {}{}".format(entry["id"], text, " ({})".format(", ".join(notes)) if notes else "")
