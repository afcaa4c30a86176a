"""What a run writes into a verdict file, and how it is compared with the record."""
import os
import platform
from collections import OrderedDict

import numpy
import torch

from spec import capabilities, devices, records

try:
    from importlib import metadata
except ImportError:  # Python 3.7, where pytest brings the backport
    import importlib_metadata as metadata


def document(config, device, claims):
    """Return the verdict file of one device, schema 1, as data."""
    return OrderedDict([
        ("schema", records.SCHEMA),
        ("torch", version()),
        ("python", platform.python_version()),
        ("numpy", numpy.__version__),
        ("tensorflow", version_of("tensorflow")),
        ("device", device),
        ("device_name", devices.describe(device)),
        ("platform", "{} {}, {}".format(platform.system(), platform.machine(), " ".join(platform.libc_ver()).strip())),
        ("profile", config.spec_profile),
        ("seed", config.spec_seed),
        ("capabilities", capabilities.found(device)),
        ("claims", claims),
    ])


def version_of(package):
    """Return the version of an installed package without importing it, or None."""
    for name in (package, package + "-cpu"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return None


def version():
    """Return the version of the installed torch without the name of its build: "2.13.0", not "2.13.0+cpu"."""
    return torch.__version__.split("+")[0]


def record_of(device, root):
    """Return the recorded entries, by claim id, for the installed torch on a device; None where none are recorded.

    Raises spec.records.NotAVerdictFile for a record that cannot be read.
    """
    name = next((name for name in records.names(version(), device)
                 if os.path.exists(os.path.join(str(root), records.FOLDER, name))), None)
    if name is None:
        return None
    path = os.path.join(str(root), records.FOLDER, name)
    return {entry["id"]: entry for entry in records.read(path)["claims"]}


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
