"""The Markdown table: each claim with the releases in which it holds, and what is true in the others."""
from itertools import groupby

from spec.report.history import NOT_RUN, WORDS, kind, span


def lines(history):
    """Yield the lines: a table that counts the claims of each chapter, then a table for each chapter."""
    device = history.devices[0]
    yield "| chapter | claims | true in every release | changed | never true | unverified here |"
    yield "|---|---:|---:|---:|---:|---:|"
    for chapter, ids in _chapters(history):
        kinds = [kind(history.runs(id, device)) for id in ids]
        yield "| {} | {} | {} | {} | {} | {} |".format(
            chapter, len(ids), *[kinds.count(one) or "" for one in ("true", "changed", "false", "unverified")])
    for chapter, ids in _chapters(history):
        yield ""
        yield "## {}".format(chapter)
        yield ""
        yield "| claim | on {} |".format(", on ".join(history.devices))
        yield "|---|---|"
        for id in ids:
            verdicts = "<br>".join(
                "{}{}".format(one + ": " if len(history.devices) > 1 else "", _eras(history.runs(id, one)))
                for one in history.devices)
            yield "| {}<br>`{}` | {} |".format(_cell(history.claims[id]["says"]), id, verdicts)


def _chapters(history):
    for chapter, ids in groupby(history.claims, key=lambda id: history.claims[id]["chapter"]):
        yield chapter, list(ids)


def _eras(runs):
    said = [run for run in runs if run.verdict != NOT_RUN]
    return "; ".join("{} {}{}".format(_word(run), span(run), _why(run)) for run in said) or WORDS[NOT_RUN]


def _word(run):
    return "**broken**" if run.verdict == "broken" else WORDS[run.verdict]


def _why(run):
    text = run.instead or run.reason
    return " ({})".format(_cell(text)) if text else ""


def _cell(text):
    return text.replace("|", "\\|").replace("\n", " ")
