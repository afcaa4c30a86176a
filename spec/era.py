"""Releases of torch, and eras: ranges of them."""
import re

RELEASES = tuple((1, minor) for minor in range(14)) + tuple((2, minor) for minor in range(16))
"""The 30 minor releases that the specification is run on, 1.0 to 2.15, as (major, minor)."""


def release(version):
    """Return (major, minor) of a version text such as ``2.13.0+cpu``; raise ValueError for any other text."""
    match = re.match(r"(\d+)\.(\d+)", version)
    if match is None:
        raise ValueError("not a version: {!r}".format(version))
    return int(match.group(1)), int(match.group(2))


class Era:
    """A range of minor releases, both ends included; None leaves an end open.

    Raises ValueError for an end that is not one of RELEASES and for a range without a release in it.
    """

    def __init__(self, since=None, until=None):
        self.since, self.until = since, until
        self._first = RELEASES[0] if since is None else release(since)
        self._last = (10**6, 0) if until is None else release(until)
        for text, end in ((since, self._first), (until, self._last)):
            if text is not None and (end not in RELEASES or text != "{}.{}".format(*end)):
                raise ValueError("{!r} is not a minor release of torch, such as '1.13'".format(text))
        if self._first > self._last:
            raise ValueError("the era from {} until {} is empty".format(since, until))

    def __contains__(self, version):
        """Say whether a release, (major, minor), lies in the era."""
        return self._first <= version <= self._last

    def overlaps(self, other):
        """Say whether some release lies in both eras."""
        return self._first <= other._last and other._first <= self._last

    def __str__(self):
        if self.since and self.until:
            return "torch " + self.since + ("" if self.since == self.until else " to " + self.until)
        if self.since:
            return "torch {} on".format(self.since)
        return "torch up to {}".format(self.until) if self.until else "every torch"

    def __repr__(self):
        return "Era(since={!r}, until={!r})".format(self.since, self.until)
