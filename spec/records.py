"""Verdict files (JSON, schema 1): how they are read and written. It takes no torch to do so."""
import json
import os
import tempfile

SCHEMA = 1
VERDICTS = ("holds", "deviates", "not-applicable", "unverified", "broken")
FOLDER = os.path.join("spec", "verdicts")
"""Where verdicts are recorded, seen from the root of the project."""

_NEEDED = {
    "torch": str, "python": str, "numpy": str, "device": str, "device_name": str, "platform": str, "profile": str,
    "claims": list,
}
_NEEDED_OF_CLAIMS = {"id": str, "chapter": str, "says": str, "sources": list, "verdict": str, "tests": list}


class NotAVerdictFile(Exception):
    """A file that cannot be read as verdicts; the text names the file and says why."""


def names(torch, device):
    """Return the names that the record of a torch, such as "2.9.1", on a device may have: of it, and of its release."""
    device = device.replace(":", "")
    return ["torch-{}-{}.json".format(version, device) for version in (torch, ".".join(torch.split(".")[:2]))]


def read(path):
    """Return the content of a verdict file; raise NotAVerdictFile for anything else."""
    try:
        with open(path) as file:
            data = json.load(file)
    except (OSError, ValueError) as error:
        raise NotAVerdictFile("{}: {}".format(path, error)) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise NotAVerdictFile("{}: this is not a verdict file of schema {}".format(path, SCHEMA))
    _check(path, "it", data, _NEEDED)
    seen = set()
    for entry in data["claims"]:
        if not isinstance(entry, dict):
            raise NotAVerdictFile("{}: an entry is not an object: {!r}".format(path, entry)[:300])
        _check(path, "the entry {!r}".format(entry.get("id")), entry, _NEEDED_OF_CLAIMS)
        if entry["verdict"] not in VERDICTS:
            raise NotAVerdictFile("{}: {} has the unknown verdict {!r}".format(path, entry["id"], entry["verdict"]))
        if entry["id"] in seen:
            raise NotAVerdictFile("{}: {} stands there twice".format(path, entry["id"]))
        seen.add(entry["id"])
    return data


def _check(path, what, found, needed):
    for field, kind in needed.items():
        if not isinstance(found.get(field), kind):
            raise NotAVerdictFile("{}: {} has no {!r}, or one of another type".format(path, what, field))


def write(path, data):
    """Replace a file by verdicts, all at once. A test stands on a line of its own, so that changes show as lines."""
    head = json.dumps({field: value for field, value in data.items() if field != "claims"}, indent=1)
    claims = [json.dumps(dict(claim, tests=[]), indent=1)[:-len("[]\n}")] + _lines(claim["tests"]) + "}"
              for claim in data["claims"]]
    write_text(path, "{},\n \"claims\": [\n{}\n ]\n}}\n".format(head[:-len("\n}")], ",\n".join(claims)))


def _lines(tests):
    return "[\n" + ",\n".join("  " + json.dumps(test) for test in tests) + "\n ]\n"


def write_text(path, text):
    """Replace a file by a text, all at once: readers see the old file or the new one."""
    folder = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".verdicts-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
