"""The table of ratios in Markdown."""
from spec.benchmarks.documents import SWEPT, absent, crossovers
from spec.benchmarks.words import hardware, number


def lines(found):
    """Yield the lines: the hardware, the table, where accelerators begin to win, and what was not measured."""
    yield "Measured with " + hardware(found)
    yield ""
    yield "| times as long | device | ratio | spread |"
    yield "|---|---|---:|---|"
    for one in found["ratios"]:
        yield "| {} | {} | {} | {} to {} |".format(
            one["name"], one["device"], number(one["median"]), number(one["low"]), number(one["high"]))
    for group, _, device, since in crossovers(found):
        yield ""
        yield "{}, size as {}: {}.".format(
            group.capitalize(), SWEPT[group][1],
            "{} is faster than the CPU from {} on".format(device, since) if since is not None else
            "{} is not faster than the CPU at the largest size".format(device))
    missing = list(absent(found))
    if missing:
        yield ""
        yield "Not measured here, so the claims about it are unverified:"
        yield ""
        for name, why in missing:
            yield "- {} ({})".format(name, why)
