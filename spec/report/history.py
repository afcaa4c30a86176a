"""What verdict files say about each claim on each device, release by release."""
from collections import OrderedDict, namedtuple

from spec import records
from spec.claims import CHAPTERS
from spec.era import RELEASES, release

Run = namedtuple("Run", "first last releases verdict instead issue reason")
Run.__doc__ = """Neighbouring releases that say the same of a claim: "1.0" to "2.13", ``releases`` of them in number.

The verdict "not-run" stands for releases of which there is no file.
"""

NOT_RUN = "not-run"

WORDS = {
    "holds": "holds", "deviates": "deviates", "not-applicable": "not applicable", "unverified": "unverified",
    "broken": "broken", NOT_RUN: "not run",
}
"""What a reader is shown for a verdict."""


class Contradiction(Exception):
    """Two verdict files that cannot both be right; the text names them."""


class History:
    """The verdicts of all files.

    devices   the names of the devices, the CPU first
    releases  for each device, the releases of which there is a file, in order, as (major, minor)
    hardware  for each device, what it calls itself, by release
    claims    claim id -> the newest entry of it, by chapter in teaching order
    """

    def __init__(self, files):
        self._entries, self._origin, self.releases, self.hardware = {}, {}, {}, {}
        newest = {}
        for path, data in files:
            self._add(path, data, newest)
        if not newest:
            raise Contradiction("there is no claim in these files")
        self.devices = sorted(self.releases, key=lambda device: (device != "cpu", device))
        for device in self.devices:
            self.releases[device].sort()
        ids = sorted(newest, key=lambda id: (chapter_number(newest[id][1]["chapter"]), id))
        self.claims = OrderedDict((id, newest[id][1]) for id in ids)

    def _add(self, path, data, newest):
        device, version = data["device"], _release_of(path, data)
        if version not in self.releases.setdefault(device, []):
            self.releases[device].append(version)
        self.hardware.setdefault(device, {})[version] = data["device_name"]
        for entry in data["claims"]:
            key = entry["id"], device, version
            known = self._entries.get(key)
            if known is None or known["verdict"] == "unverified":
                self._entries[key], self._origin[key] = entry, path
            elif entry["verdict"] not in ("unverified", known["verdict"]):
                raise Contradiction("{} says that {} is {}, {} that it is {}".format(
                    self._origin[key], entry["id"], known["verdict"], path, entry["verdict"]))
            if entry["id"] not in newest or newest[entry["id"]][0] < version:
                newest[entry["id"]] = version, entry

    def entry(self, id, device, version):
        """Return what the file of a release says of a claim, or None."""
        return self._entries.get((id, device, version))

    def runs(self, id, device):
        """Return the Runs of a claim on a device, from the first release to the last, without a gap."""
        runs = []
        for version in RELEASES:
            entry = self.entry(id, device, version)
            said = (NOT_RUN, None, None, None) if entry is None else (
                entry["verdict"], entry.get("instead"), entry.get("issue"), entry.get("reason"))
            if runs and said == runs[-1][3:]:
                runs[-1] = runs[-1]._replace(last=text_of(version), releases=runs[-1].releases + 1)
            else:
                runs.append(Run(text_of(version), text_of(version), 1, *said))
        return runs


def changed(runs):
    """Say whether torch did two different things in the releases that were run."""
    return len({(run.verdict, run.instead) for run in runs if run.verdict in ("holds", "deviates")}) > 1


def kind(runs):
    """Say in one word what the releases that were run make of a claim: true, false, changed or unverified."""
    verdicts = {run.verdict for run in runs} & {"holds", "deviates"}
    if not verdicts:
        return "unverified"
    if len(verdicts) == 2:
        return "changed"
    return "true" if verdicts == {"holds"} else "false"


def _release_of(path, data):
    try:
        version = release(data["torch"])
    except ValueError as error:
        raise records.NotAVerdictFile("{}: {}".format(path, error)) from None
    if version not in RELEASES:
        raise records.NotAVerdictFile("{}: torch {} is not one of the releases {} to {}".format(
            path, data["torch"], text_of(RELEASES[0]), text_of(RELEASES[-1])))
    return version


def chapter_number(chapter):
    return CHAPTERS.index(chapter) if chapter in CHAPTERS else len(CHAPTERS)


def text_of(version):
    """Write a release, (2, 14), as "2.14"."""
    return "{}.{}".format(*version)


def span(run):
    """Write the releases of a Run: "1.0 to 2.13", or "2.14"."""
    return run.first if run.releases == 1 else "{} to {}".format(run.first, run.last)


def read(paths):
    """Read verdict files; raise NotAVerdictFile or Contradiction, with a text that names the file."""
    return History([(path, records.read(path)) for path in paths])
