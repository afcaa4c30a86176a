"""``python -m spec.benchmarks FILE.json`` makes documents of what the benchmarks wrote, or of measurements.

FILE.json is what ``pytest spec/benchmarks --benchmark-only --benchmark-json=FILE.json`` wrote, or a file of
measurements that was made from it.
"""
import argparse
import json
import sys

from spec import measurement_file, records
from spec.benchmarks import documents, markdown, regression
from spec.measurement_file import NotMeasurements

_NEEDED = ("torch", "tensorflow", "hardware", "threads", "benchmarks", "ratios")
"""The fields of measurements of which documents are made."""


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m spec.benchmarks", description="make documents of measured times")
    parser.add_argument("file", metavar="FILE.json", help="what the benchmarks wrote, or measurements made from it")
    parser.add_argument("--measurements", metavar="OUT", help="write the measurements, for pytest --measurements=OUT")
    parser.add_argument("--markdown", metavar="OUT", help="write the table of ratios")
    parser.add_argument("--svg", metavar="OUT", help="draw the time over the size; needs matplotlib")
    parser.add_argument("--compare", metavar="RECORDED.json",
                        help="exit with status 1 where a ratio of the specification's own speed has grown by a fifth")
    chosen = parser.parse_args(arguments)
    try:
        found = _measurements(chosen.file)
        recorded = chosen.compare and _recorded(chosen.compare, found)
        for path, make in ((chosen.measurements, _json), (chosen.markdown, _markdown), (chosen.svg, _svg)):
            if path:
                records.write_text(path, make(found))
    except NotMeasurements as error:
        return _refuse(error)
    except ImportError as error:
        return _refuse("{}; it is named in spec/benchmarks/requirements.txt".format(error))
    except OSError as error:
        return _refuse("{}: it cannot be written: {}".format(error.filename, error.strerror))
    print("\n".join(markdown.lines(found)))
    grown = list(regression.regressions(found, recorded)) if recorded else []
    for line in grown:
        print("slower: " + line, file=sys.stderr)
    return 1 if grown else 0


def _measurements(path):
    """Return the measurements in a file of either kind."""
    data = measurement_file.load(path)
    if isinstance(data, dict) and "schema" in data:
        return measurement_file.check(path, data, _NEEDED)
    return documents.measurements(documents.entries_of(path, data))


def _recorded(path, found):
    recorded = _measurements(path)
    if recorded["torch"] != found["torch"]:
        raise NotMeasurements("{}: torch {} is recorded there, and {} was measured".format(
            path, recorded["torch"], found["torch"]))
    return recorded


def _json(found):
    """Write measurements with a line for each benchmark and each ratio, so that changes show as lines."""
    head = json.dumps({field: value for field, value in found.items() if field not in ("benchmarks", "ratios")},
                      indent=1)
    lists = ["{}: [\n{}\n ]".format(json.dumps(field), ",\n".join("  " + json.dumps(one) for one in found[field]))
             for field in ("benchmarks", "ratios")]
    return "{},\n {}\n}}\n".format(head[:-len("\n}")], ",\n ".join(lists))


def _markdown(found):
    return "\n".join(markdown.lines(found)) + "\n"


def _svg(found):
    from spec.benchmarks import plot

    return plot.svg(found)


def _refuse(reason):
    print("spec.benchmarks: {}".format(reason), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
