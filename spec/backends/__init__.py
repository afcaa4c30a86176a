"""What is known not to be true on a kind of device: one file of data for each, ``KIND.json``, and how it is read.

    {"schema": 1, "device": "xla", "deviations": [
      {"claim": "inplace.b", "tests": ["test_of_the_claim", "test_of_cases[a case]"], "reason": "functional-storage",
       "says": "What is true there, as a sentence.", "raises": "AssertionError", "issue": "pytorch/xla#1",
       "since": "2.9", "until": "2.9"}]}

``tests`` are the names of those tests of the claim that fail there, with the id of a case, without the device's name,
where only this case fails; a test that takes no device counts too, where a run is for one kind of device. ``raises`` is
the type of the exception by which they fail (left out, an assertion), a list of types, or ``crash`` where the process
is killed by a signal. ``since`` and ``until`` are releases of torch, and like ``issue`` may be left out. It takes no
torch to read a file.
"""
import json
import os
from collections import namedtuple

from spec.era import Era

FOLDER = os.path.dirname(os.path.abspath(__file__))
SCHEMA = 1
CRASH = "crash"

REASONS = {
    "accepts-more": "it computes where the CPU refuses with an error",
    "backend-fault": "a fault of the backend, which nobody intends",
    "flushes-subnormals": "it takes subnormal numbers for zero",
    "functional-storage": "its tensors are values and not memory: views, aliases, addresses and strides are simulated",
    "lacks-operation": "it does not have an operation, or not for these types or sizes",
    "late-errors": "an error shows when the result is read, not when the operation is called",
    "mixes-devices": "it takes tensors of the CPU among its own, or of its own where the CPU's are due",
    "new-parameters": "a model that is moved gets new parameters, or a parameter new data",
    "own-conversions": "it converts, names or orders types in its own way",
    "own-kinks": "it has another convention where a function has no single derivative",
    "own-random-numbers": "it draws random numbers in its own way, or seeds them in its own way",
    "own-saving": "it is saved and copied in its own way",
    "own-special-values": "it treats NaN, infinities, the sign of zero or overflow in its own way",
    "replaces-torch": "importing it changes functions or classes of torch itself",
    "rounds-by-context": "the same operation may round differently in another computation",
    "rounds-more": "its results lie outside the bounds of a correctly rounded sum or function",
}
"""The reasons there are for a deviation by device."""

_FIELDS = {"claim": str, "tests": list, "reason": str, "says": str, "raises": (str, list), "issue": str,
           "since": str, "until": str}
_NEEDED = ("claim", "tests", "reason", "says")

Known = namedtuple("Known", "claim tests reason says raises issue era path")
Known.__doc__ = """One deviation by device: the fields of its entry; ``raises`` is a tuple of names."""


class NotABackendFile(Exception):
    """A file that cannot be read as deviations by device; the text names the file and says why."""


def read(path):
    """Return (kind of device, list of Known) as a file has them; raise NotABackendFile for anything else."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except (OSError, ValueError) as error:
        raise NotABackendFile("{}: {}".format(path, error)) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get("device"), str) or not (
            isinstance(data.get("deviations"), list)):
        raise NotABackendFile("{}: this is not a file of deviations by device, schema {}".format(path, SCHEMA))
    return data["device"], [_known(path, entry) for entry in data["deviations"]]


def _known(path, entry):
    if not isinstance(entry, dict):
        raise NotABackendFile("{}: an entry is not an object: {!r}".format(path, entry)[:300])
    where = "{}: the entry of {}".format(path, entry.get("claim"))
    for field, value in entry.items():
        if field not in _FIELDS:
            raise NotABackendFile("{} has an unknown field {!r}".format(where, field))
        if not isinstance(value, _FIELDS[field]):
            raise NotABackendFile("{}: {!r} is of another type".format(where, field))
    for field in _NEEDED:
        if not entry.get(field):
            raise NotABackendFile("{} has no {!r}".format(where, field))
    if entry["reason"] not in REASONS:
        raise NotABackendFile("{}: there is no reason {!r}; there are {}".format(
            where, entry["reason"], ", ".join(sorted(REASONS))))
    if not all(isinstance(name, str) for name in entry["tests"]):
        raise NotABackendFile("{}: {!r} is of another type".format(where, "tests"))
    if entry["says"][-1] not in ".)":
        raise NotABackendFile("{}: what it says is not a sentence".format(where))
    raises = entry.get("raises", "AssertionError")
    try:
        era = Era(entry.get("since"), entry.get("until"))
    except ValueError as error:
        raise NotABackendFile("{}: {}".format(where, error)) from None
    return Known(entry["claim"], tuple(entry["tests"]), entry["reason"], entry["says"],
                 (raises,) if isinstance(raises, str) else tuple(raises), entry.get("issue"), era, path)


def recorded(kind):
    """Return the path of the recorded file for a kind of device, or None."""
    path = os.path.join(FOLDER, kind + ".json")
    return path if os.path.exists(path) else None
