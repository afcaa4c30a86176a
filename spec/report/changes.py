"""The change log: release by release, which documented behaviour changed, in sentences."""
from collections import OrderedDict

from spec.era import RELEASES
from spec.report.history import NOT_RUN, text_of

_TOLD = ("holds", "deviates", "broken")


def changes(history, device="cpu"):
    """Return release -> list of (claim id, sentence, what was true before, what is true since, issue).

    The release is the text "2.14"; where releases before it were not run, it is "1.5 to 1.8": the change came
    somewhere after 1.4. Releases in which nothing changed are left out.
    """
    found = OrderedDict()
    for version in history.releases.get(device, ()):
        for id in history.claims:
            change = _change(history, id, device, version)
            if change is not None:
                when, entry = change
                found.setdefault(when, []).append(entry)
    return found


def _change(history, id, device, version):
    now = history.entry(id, device, version)
    if now is None or now["verdict"] not in _TOLD:
        return None
    earlier = [one for one in history.releases[device] if one < version
               and (history.entry(id, device, one) or {"verdict": NOT_RUN})["verdict"] in _TOLD]
    if not earlier:
        return None
    before = history.entry(id, device, earlier[-1])
    if (before["verdict"], before.get("instead")) == (now["verdict"], now.get("instead")):
        return None
    gap = _after(earlier[-1])
    when = text_of(version) if gap == version else "{} to {}".format(text_of(gap), text_of(version))
    issue = now.get("issue") or before.get("issue")
    return when, (id, now["says"], _true(before), _true(now), issue)


def _after(version):
    return RELEASES[RELEASES.index(version) + 1]


def _true(entry):
    """Return what is true by an entry: None where the claim holds, else what is true instead."""
    if entry["verdict"] == "broken":
        return "This run could not say what is true."
    return entry.get("instead") if entry["verdict"] == "deviates" else None


def lines(history):
    """Yield the lines of the change log in Markdown: the CPU first, then each other device."""
    yield "# What changed in what PyTorch's tutorials promise"
    yield ""
    yield ("Each entry is a sentence of the documents, and what torch does about it before and since. Both were seen "
           "by running the specification on the releases on either side.")
    for device in history.devices:
        found = changes(history, device)
        if len(history.devices) > 1:
            yield ""
            yield "## On {}".format(device)
        if not found:
            yield ""
            yield "Nothing changed in the releases that were run: {}.".format(
                ", ".join(text_of(one) for one in history.releases[device]))
        for when, entries in found.items():
            yield ""
            yield "{} torch {}".format("##" if len(history.devices) == 1 else "###", when)
            for id, says, before, now, issue in entries:
                yield ""
                yield "**{}** `{}`{}".format(says, id, " ({})".format(issue) if issue else "")
                yield "- before: {}".format(before or "true.")
                yield "- since: {}".format(now or "true.")
