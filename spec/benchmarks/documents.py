"""From pytest-benchmark's file to the file of measurements: medians with their spread, and ratios with theirs.

The spread of a median is the lower and the upper quartile of the rounds. Ratios have two kinds of spread. Where two
operations took turns, each round has a quotient, and ``low``, ``median`` and ``high`` are the quartiles of these. Where
they were measured one after the other, as the CPU and a GPU are, ``median`` is the quotient of the medians, and ``low``
and ``high`` set the low quartile of the one against the high one of the other, which is wider.
"""
from collections import OrderedDict
from statistics import median

from spec.measurement_file import SCHEMA, NotMeasurements

CLAIMED = OrderedDict([
    ("GPU speed-up: convolutional net", ("convolutional network", "forward and backward", None)),
    ("allocation: fresh from the driver over cached", ("allocation", "from the driver", "cached")),
    ("LSTM: loop of cells over the built-in", ("LSTM", "loop of cells", "built-in")),
    ("LSTM: hand-written cell over the built-in", ("LSTM", "hand-written cell", "built-in")),
    ("loading: no worker over two workers", ("loading", "0 workers", "2 workers")),
    ("loading and training: no worker over two workers", ("loading and training", "0 workers", "2 workers")),
    ("transfer: pageable over pinned", ("transfer", "pageable", "pinned")),
    ("transfer: one after the other over overlapped",
     ("transfer and computation", "one after the other", "overlapped")),
    ("inference: recorded over no_grad", ("inference", "recorded", "no_grad")),
    ("static graph: first run over later runs", ("static graph", "first run", "later runs")),
    ("static graph: built anew over rerun", ("static graph", "built anew", "later runs")),
])
"""The ratios that claims are judged by: name -> group, the operation above the line, the one below it.

Below a CPU's time stands the same operation's time on an accelerator where there is None.
"""

TOLD = OrderedDict([
    ("training step: autograd over hand-written gradients",
     ("training step: autograd and tensors", "autograd", "tensors")),
    ("training step: compiled over eager", ("training step: autograd and compiled", "compiled", "autograd")),
    ("training step: static graph over eager", ("training step: autograd and tensorflow", "tensorflow", "autograd")),
    ("allocation: in the loop over preallocated", ("allocation in the loop", "in the loop", "preallocated")),
    ("loading: no worker over one worker", ("loading", "0 workers", "1 worker")),
    ("loading and training: no worker over one worker", ("loading and training", "0 workers", "1 worker")),
])
"""Ratios that settle no claim."""

OWN = OrderedDict([
    ("specification: drawing a tensor over hypothesis.extra.numpy",
     ("drawing a tensor", "spec.strategies", "hypothesis.extra.numpy")),
    ("specification: a property that does nothing over Hypothesis alone",
     ("a property that does nothing", "as a claim", "with Hypothesis alone")),
    ("specification: a quick run of a chapter over importing torch, Hypothesis and pytest",
     ("a quick run of a chapter", "run", "imports")),
])
"""The specification's own speed."""


def quartiles(values):
    """Return (lower quartile, median, upper quartile): the medians of the lower half, of all, and of the upper half.

    The middle one of an odd number of values lies in both halves.
    """
    values = sorted(values)
    half = (len(values) + 1) // 2
    return median(values[:half]), median(values), median(values[-half:])


def entries_of(path, data):
    """Return the entries of pytest-benchmark's file that spec/benchmarks wrote, without those whose time was refused.

    path names the file, and data is what it contains. Raises NotMeasurements for any other, and where nothing is left.
    """
    try:
        entries = [entry["extra_info"] for entry in data["benchmarks"]]
        entries = [entry for entry in entries if not entry["refused"]]
        if not entries:
            raise NotMeasurements("{}: nothing was measured".format(path))
        for entry in entries:
            entry["conditions"], entry["group"], entry["device"], entry["size"], entry["operations"]
    except (KeyError, TypeError):
        raise NotMeasurements("{}: this is not a file that the benchmarks wrote".format(path)) from None
    return entries


def measurements(entries):
    """Return the content of the file of measurements, schema 1."""
    found = OrderedDict([("schema", SCHEMA)])
    found.update(entries[0]["conditions"])
    found["benchmarks"] = sorted(
        (_timed(entry, name, operation) for entry in entries for name, operation in entry["operations"].items()),
        key=lambda one: (one["group"], one["name"], one["device"], one["size"] or 0))
    found["ratios"] = list(_within(entries)) + list(_between(found["benchmarks"]))
    return found


def _timed(entry, name, operation):
    low, middle, high = quartiles(operation["data"])
    return OrderedDict([
        ("group", entry["group"]), ("name", name), ("device", entry["device"]), ("size", entry["size"]),
        ("median", middle), ("low", low), ("high", high), ("rounds", len(operation["data"])),
        ("iterations", operation["iterations"]), ("work", operation["work"]), ("unit", operation["unit"]),
        ("left", operation["checks"]["left"]), ("growth", operation["checks"]["growth"]),
    ])


def _ratio(name, device, low, middle, high, spread):
    return OrderedDict([("name", name), ("device", device), ("low", low), ("median", middle), ("high", high),
                        ("spread", spread)])


def _within(entries):
    """Yield the ratios of operations that took turns."""
    for known in (CLAIMED, TOLD, OWN):
        for name, (group, over, under) in known.items():
            for entry in entries:
                if entry["group"] == group and under is not None:
                    operations = entry["operations"]
                    quotients = [a / b for a, b in zip(operations[over]["data"], operations[under]["data"])]
                    yield _ratio(name, entry["device"], *(quartiles(quotients) + ("quartiles of the rounds",)))


def _between(benchmarks):
    """Yield how many times longer the CPU takes than each accelerator for what both were measured with."""
    single = {name: claimed for claimed, (group, name, under) in CLAIMED.items() if under is None}
    on_the_cpu = {(one["group"], one["name"], one["size"]): one for one in benchmarks if one["device"] == "cpu"}
    for one in benchmarks:
        slow = on_the_cpu.get((one["group"], one["name"], one["size"]))
        if one["device"] != "cpu" and slow is not None:
            name = single.get(one["name"]) or "GPU speed-up: {}, {}{}".format(
                one["group"], one["name"], "" if one["size"] is None else ", {}".format(one["size"]))
            if one["group"] in SWEPT or name in CLAIMED:
                yield _ratio(name, one["device"], slow["low"] / one["high"], slow["median"] / one["median"],
                             slow["high"] / one["low"], "quartiles of the one against those of the other")


SWEPT = OrderedDict([
    ("matrix product", ("mm", "side of the matrices")),
    ("elementwise", ("add", "elements")),
    ("two-layer network", ("autograd", "inputs")),
])
"""The groups that are measured over sizes: the operation whose curve is drawn, and what the size counts."""


def absent(found):
    """Yield (name, why) for each ratio that a claim is judged by and that is not among the measurements."""
    measured = {one["name"] for one in found["ratios"]}
    for name in CLAIMED:
        if name not in measured:
            yield name, _why_absent(name, found)


def _why_absent(name, found):
    if name.startswith("static graph") and found["tensorflow"] is None:
        return "TensorFlow is not installed"
    if name.startswith(("GPU", "transfer", "allocation")) and not any(
            device.startswith("cuda") for device in found["hardware"]):
        return "no CUDA device is present"
    return "it was left out of this run, or its time was refused"


def crossovers(found):
    """Yield (group, operation, device, the least measured size from which on the device is faster, or None)."""
    devices = sorted({one["device"] for one in found["benchmarks"]} - {"cpu"})
    for group, (name, _) in SWEPT.items():
        for device in devices:
            times = {}
            for one in found["benchmarks"]:
                if (one["group"], one["name"]) == (group, name) and one["device"] in ("cpu", device):
                    times.setdefault(one["size"], {})[one["device"]] = one["median"]
            since = None
            for size in sorted(size for size in times if len(times[size]) == 2):
                if times[size][device] < times[size]["cpu"]:
                    since = size if since is None else since
                else:
                    since = None
            if any(len(both) == 2 for both in times.values()):
                yield group, name, device, since
