"""Ratios of times that the benchmarks measured, for the claims about speed; no test takes a time itself.

``tox run -e bench`` writes what it measured into a file, and ``pytest --measurements=FILE.json`` hands that file to the
tests that judge it. Without one they are ``unverified``. The file is JSON: ``{"schema": 1, "torch": "2.13.0", "ratios":
[{"name", "device", "low", "median", "high"}], …}``; spec/benchmarks tells of the rest of it.
"""
from collections import namedtuple

from spec.capabilities import Capability
from spec.measurement_file import NotMeasurements, check, load

Ratio = namedtuple("Ratio", "low median high")
Ratio.__doc__ = """How many times longer one thing takes than another.

``low`` and ``high`` are the lowest and the highest quotient that repeated measurements allow, ``median`` that of their
medians.
"""

_taken = {}
"""The ratios of this run, by name and device."""


def take(path, version):
    """Read a file of measurements of the torch of this version; raise NotMeasurements for anything else.

    They take the place of those taken before; None instead of a file leaves none.
    """
    _taken.clear()
    if path is None:
        return
    data = check(path, load(path))
    try:
        ratios = {(entry["name"], entry["device"]): Ratio(*[float(entry[field]) for field in Ratio._fields])
                  for entry in data["ratios"]}
    except (KeyError, TypeError, ValueError):
        raise NotMeasurements("{}: this is not a file of measurements".format(path)) from None
    if data["torch"] != version:
        raise NotMeasurements("{}: torch {} was measured, but {} is installed".format(path, data["torch"], version))
    for (name, device), ratio in ratios.items():
        if not 0 < ratio.low <= ratio.median <= ratio.high:
            raise NotMeasurements("{}: {} on {} is no ratio with its spread: {}".format(
                path, name, device, tuple(ratio)))
    _taken.update(ratios)


def measured(name):
    """Return the capability that a test needs which judges the ratio of this name: that it was measured."""
    return Capability("it is about time, which the benchmarks measure (tox run -e bench): " + name, False,
                      lambda device: (name, device) in _taken)


def ratio(name, device):
    """Return the measured ratio of this name on a device."""
    return _taken[name, device]
