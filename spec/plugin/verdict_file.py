"""The verdict file (JSON, schema 1): one for one release of torch on one device, written whole or not at all."""
import json
import os
import platform
import tempfile
from collections import OrderedDict

import numpy
import torch

from spec import devices

try:
    from importlib import metadata
except ImportError:  # Python 3.7, where pytest brings the backport
    import importlib_metadata as metadata

SCHEMA = 1
VERDICTS = ("holds", "deviates", "not-applicable", "unverified", "broken")
RECORDS = os.path.join("spec", "verdicts")
"""Where verdicts are recorded, seen from the root of the project."""


class NotAVerdictFile(Exception):
    """A file that cannot be read as verdicts; the text names the file and says why."""


def document(config, device, claims):
    """Return the verdict file of one device, schema 1, as data."""
    return OrderedDict([
        ("schema", SCHEMA),
        ("torch", version()),
        ("python", platform.python_version()),
        ("numpy", numpy.__version__),
        ("tensorflow", _version_of("tensorflow")),
        ("device", device),
        ("device_name", devices.describe(device)),
        ("platform", "{} {}, {}".format(platform.system(), platform.machine(), " ".join(platform.libc_ver()).strip())),
        ("profile", config.spec_profile),
        ("seed", config.spec_seed),
        ("claims", claims),
    ])


def _version_of(package):
    """Return the version of an installed package without importing it, or None."""
    for name in (package, package + "-cpu"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return None


def write_json(path, data):
    """Replace a file by data as JSON, all at once: readers see the old file or the new one."""
    folder = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".verdicts-")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(data, file, indent=1)
            file.write("\n")
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def version():
    """Return the version of the installed torch without the name of its build: "2.13.0", not "2.13.0+cpu"."""
    return torch.__version__.split("+")[0]


def read_json(path):
    """Return the content of a verdict file; raise NotAVerdictFile for anything else."""
    try:
        with open(path) as file:
            data = json.load(file)
    except (OSError, ValueError) as error:
        raise NotAVerdictFile("{}: {}".format(path, error)) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get("claims"), list):
        raise NotAVerdictFile("{}: this is not a verdict file of schema {}".format(path, SCHEMA))
    for entry in data["claims"]:
        if not isinstance(entry, dict) or not {"id", "verdict"} <= set(entry) or entry["verdict"] not in VERDICTS:
            raise NotAVerdictFile("{}: an entry has no id or an unknown verdict: {!r}".format(path, entry)[:300])
    return data


def record_of(device, root):
    """Return the recorded entries, by claim id, for the installed torch on a device; None where none are recorded."""
    path = os.path.join(str(root), RECORDS, "torch-{}-{}.json".format(version(), device.replace(":", "")))
    if not os.path.exists(path):
        return None
    return {entry["id"]: entry for entry in read_json(path)["claims"]}


def disagreements(recorded, claims):
    """Yield a sentence for each claim of which a run says something else than the record.

    What was not verified, in the record or in the run, disagrees with nothing.
    """
    for entry in claims:
        id, now = entry["id"], entry["verdict"]
        if id not in recorded:
            yield "{} is not in the record; in this run it is {}".format(id, now)
            continue
        before = recorded[id]["verdict"]
        if "unverified" in (before, now):
            continue
        if before != now:
            yield "{} is {} in the record, but {} in this run".format(id, before, now)
        for field in ("says", "instead", "since", "issue"):
            if before == now and recorded[id].get(field) != entry[field]:
                yield "{}: the record has another {!r}: {!r}".format(id, field, recorded[id].get(field))
