"""The Markdown table: each claim with the releases in which it holds, and what is true in the others."""
from itertools import groupby

from spec.report.history import NOT_RUN, span

_WORDS = {"holds": "holds", "deviates": "deviates", "not-applicable": "not applicable", "unverified": "unverified",
          "broken": "**broken**"}


def lines(history):
    """Yield the lines: a table that counts the claims of each chapter, then a table for each chapter."""
    device = history.devices[0]
    yield "| chapter | claims | true in every release | changed | never true | unverified here |"
    yield "|---|---:|---:|---:|---:|---:|"
    for chapter, ids in _chapters(history):
        kinds = [kind(history, id, device) for id in ids]
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


def kind(history, id, device):
    """Say in one word what the releases that were run make of a claim: true, false, changed or unverified."""
    verdicts = {run.verdict for run in history.runs(id, device)} & {"holds", "deviates"}
    if not verdicts:
        return "unverified"
    if len(verdicts) == 2:
        return "changed"
    return "true" if verdicts == {"holds"} else "false"


def _chapters(history):
    for chapter, ids in groupby(history.claims, key=lambda id: history.claims[id]["chapter"]):
        yield chapter, list(ids)


def _eras(runs):
    said = [run for run in runs if run.verdict != NOT_RUN]
    return "; ".join("{} {}{}".format(_WORDS[run.verdict], span(run), _why(run)) for run in said) or "not run"


def _why(run):
    text = run.instead or run.reason
    return " ({})".format(_cell(text)) if text else ""


def _cell(text):
    return text.replace("|", "\\|").replace("\n", " ")
