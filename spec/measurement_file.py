"""Files of measurements (JSON, schema 1): how they are read. It takes no torch to do so."""
import json

SCHEMA = 1


class NotMeasurements(Exception):
    """A file that cannot be read as measurements; the text names the file and says why."""


def load(path):
    """Return what a JSON file contains, whatever it is; raise NotMeasurements where it cannot be read."""
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise NotMeasurements("{}: {}".format(path, error)) from None


def check(path, data, needed=("torch", "ratios")):
    """Return data if it has the schema and the fields of measurements; raise NotMeasurements otherwise."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or any(field not in data for field in needed):
        raise NotMeasurements("{}: this is not a file of measurements of schema {}".format(path, SCHEMA))
    return data
