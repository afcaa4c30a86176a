"""A conformance report for one device, from one verdict file: as Markdown, or as a page without anything beside it."""
from collections import Counter, OrderedDict
from itertools import groupby

from spec import backends, records
from spec.report.history import WORDS, chapter_number

MEANINGS = OrderedDict([
    ("holds", "every test of the claim that applies to the device passed"),
    ("deviates", "not true on this device or in this release, exactly as recorded: its tests failed in this very run"),
    ("not-applicable", "the device or this torch lacks by nature what the claim is about"),
    ("unverified", "not run in full: hardware or a package was absent, or only a part was asked for"),
    ("broken", "a test failed that is not recorded to, or one passed that is recorded to fail"),
])


class Conformance:
    """What one verdict file says of one device.

    data          the content of the file
    chapters      list of (chapter, entries sorted by id), in teaching order
    counts        list of (chapter, verdict -> number), "together" last
    capabilities  name -> whether it was found; None where the file is of a time when it was not recorded
    reasons       list of (reason, its meaning, ids of claims), for the deviations by device
    not_run       list of (why, claims), a claim being an entry and the names of its tests that were not run
    """

    def __init__(self, path):
        self.data = records.read(path)
        if not self.data["claims"]:
            raise records.NotAVerdictFile("{}: there is no claim in it".format(path))
        claims = sorted(self.data["claims"], key=lambda entry: (chapter_number(entry["chapter"]), entry["id"]))
        self.chapters = [(chapter, list(entries)) for chapter, entries in groupby(claims, lambda one: one["chapter"])]
        self.counts = [(chapter, Counter(one["verdict"] for one in entries)) for chapter, entries in self.chapters]
        self.counts.append(("together", Counter(one["verdict"] for one in claims)))
        found = self.data.get("capabilities")
        self.capabilities = found if isinstance(found, dict) else None
        self.reasons = [(reason, meaning, [one["id"] for one in claims if reason in reasons_of(one)])
                        for reason, meaning in sorted(backends.REASONS.items())]
        self.reasons = [(reason, meaning, ids) for reason, meaning, ids in self.reasons if ids]
        self.not_run = _not_run(claims)
        self.title = "torch {} on {}".format(self.data["torch"], self.data["device"])


def reasons_of(entry):
    """Return the reasons of a deviation by device, in the words of spec.backends; none for any other entry."""
    if entry["verdict"] != "deviates" or not entry.get("reason"):
        return []
    return [word for word in entry["reason"].partition(";")[0].split(", ") if word in backends.REASONS]


def _not_run(claims):
    found = OrderedDict()
    for entry in claims:
        skipped = [test["nodeid"].rpartition("::")[2] for test in entry["tests"] if test["outcome"] == "skipped"]
        if not skipped and entry["verdict"] != "unverified":
            continue
        why = entry.get("reason") or "no reason is recorded"
        if reasons_of(entry):
            why = why.partition("; ")[2] or "no reason is recorded"
        found.setdefault(why, []).append((entry, skipped))
    return sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def facts(told):
    """Yield (what, its value) for the head of the report."""
    data = told.data
    yield "torch", data["torch"]
    yield "device", "{} ({})".format(data["device"], data["device_name"]) if (
        data["device"] != data["device_name"]) else data["device"]
    yield "python, numpy", "{}, {}".format(data["python"], data["numpy"])
    yield "platform", data["platform"]
    yield "examples", "profile {}, seed {}".format(data["profile"], data.get("seed"))


def remark(entry):
    """Return what is true instead of a claim, and why, as text; empty where it holds without a remark."""
    texts = [entry.get("instead"), entry.get("reason") and "({})".format(entry["reason"]),
             entry.get("since") and "Since torch {}.".format(entry["since"]), entry.get("issue")]
    return " ".join(text for text in texts if text)


def markdown(told):
    """Return the report in Markdown."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told):
    yield "# Conformance: {}".format(told.title)
    yield ""
    for name, value in facts(told):
        yield "- {}: {}".format(name, value)
    yield ""
    yield "| chapter | {} |".format(" | ".join(WORDS[verdict] for verdict in records.VERDICTS))
    yield "|---|" + "---:|" * len(records.VERDICTS)
    for chapter, counts in told.counts:
        yield "| {} | {} |".format(chapter, " | ".join(str(counts[verdict] or "") for verdict in records.VERDICTS))
    yield ""
    yield "## What the device can do"
    yield ""
    if told.capabilities is None:
        yield "The file does not say."
    for name, has in (told.capabilities or {}).items():
        yield "- {} {}".format("yes:" if has else "**no:**", name)
    if told.reasons:
        yield ""
        yield "## Why claims are not true on it"
        yield ""
        yield "| reason | it means | claims |"
        yield "|---|---|---:|"
        for reason, meaning, ids in told.reasons:
            yield "| {} | {} | {} |".format(reason, meaning, len(ids))
    yield ""
    yield "## What was not run"
    yield ""
    for why, claims in told.not_run:
        yield "- {}: {}".format(why, ", ".join("`{}`".format(entry["id"]) for entry, _ in claims))
    if not told.not_run:
        yield "Everything was run."
    for chapter, entries in told.chapters:
        yield ""
        yield "## {}".format(chapter)
        yield ""
        yield "| claim | verdict | |"
        yield "|---|---|---|"
        for entry in entries:
            word = WORDS[entry["verdict"]]
            yield "| {}<br>`{}` | {} | {} |".format(
                _cell(entry["says"]), entry["id"], "**{}**".format(word) if entry["verdict"] == "broken" else word,
                _cell(remark(entry)))


def _cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def html(told):
    """Return the report as one HTML page."""
    from spec.report import templates

    style = templates.source("page.css") + templates.source("conformance.css")
    return templates.environment().get_template("conformance.html").render(
        told=told, facts=list(facts(told)), words=WORDS, verdicts=records.VERDICTS, meanings=MEANINGS, remark=remark,
        style=style, total=len([entry for _, entries in told.chapters for entry in entries]))
