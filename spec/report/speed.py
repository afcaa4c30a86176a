"""What was measured about speed: recorded ratios with their spread, and the curves that lie beside them."""
import glob
import os
from collections import namedtuple

from spec import measurement_file, records
from spec.benchmarks.words import hardware, number

FOLDER = os.path.join(records.FOLDER, "speed")
"""Where measurements are recorded, seen from the root of the project."""

Speed = namedtuple("Speed", "torch hardware rows drawing")
Speed.__doc__ = """One file, for the page: rows of (name, device, ratio, spread), and the drawing as SVG or None."""


def recorded(folder=FOLDER):
    """Return the Speed of each file of measurements in a folder, in order; raise NotAVerdictFile for any other file."""
    return [_read(path) for path in sorted(glob.glob(os.path.join(folder, "*.json")))]


def _read(path):
    drawing = os.path.splitext(path)[0] + ".svg"
    try:
        found = measurement_file.check(path, measurement_file.load(path))
        rows = [(one["name"], one["device"], number(one["median"]), "{} to {}".format(
            number(one["low"]), number(one["high"]))) for one in found["ratios"]]
        return Speed(found["torch"], hardware(found), rows, _text(drawing) if os.path.exists(drawing) else None)
    except measurement_file.NotMeasurements as error:
        raise records.NotAVerdictFile(str(error)) from None
    except (OSError, ValueError) as error:
        raise records.NotAVerdictFile("{}: {}".format(path, error)) from None
    except (KeyError, TypeError, AttributeError):
        raise records.NotAVerdictFile("{}: this is not a file of measurements".format(path)) from None


def _text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()
