"""The curves: the time of an operation over its size, for each device, as SVG that is the same whenever it is drawn."""
import io
import re

import matplotlib
from matplotlib.figure import Figure

from spec.benchmarks.documents import SWEPT

INK = "#010203"
"""The colour that stands for the reader's own colour of text, which the drawing takes on where it is shown."""

COLOURS = {"cpu": "#c8551b", "numpy": "#9a6fd0", "other": "#2f8f5b"}
"""Colours that are legible on light and on dark paper."""

STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "curves", "font.size": 10, "font.family": "sans-serif",
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": INK, "grid.alpha": 0.15,
}

DARK = "<style>@media (prefers-color-scheme: dark) { :root { color: #e6e8e6 } }</style>"
"""For a drawing that is shown as an image: on a page it takes on the colour of the text around it."""


def svg(found):
    """Return the drawing as text; devices without a measured size are left out."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10.5, 3.6))
        for axes, (group, (name, counted)) in zip(figure.subplots(1, len(SWEPT)), SWEPT.items()):
            _curves(axes, found, group, name)
            axes.set(xscale="log", yscale="log", title=group, xlabel=counted)
            axes.minorticks_off()
            axes.xaxis.grid(False)
        figure.axes[0].set_ylabel("seconds")
        figure.tight_layout()
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={
            "Date": None, "Creator": None, "Format": None, "Type": None})
    return _plain(text.getvalue())


def _curves(axes, found, group, name):
    devices = sorted({one["device"] for one in found["benchmarks"] if one["group"] == group},
                     key=lambda device: (device != "cpu", device))
    shown = [(name, device, device) for device in devices]
    if group == "two-layer network":
        shown.append(("numpy", "cpu", "numpy"))
    for number, (operation, device, label) in enumerate(shown):
        points = sorted((one["size"], one["median"], one["low"], one["high"]) for one in found["benchmarks"]
                        if (one["group"], one["name"], one["device"]) == (group, operation, device))
        if points:
            sizes, medians, low, high = zip(*points)
            colour = COLOURS.get(label, COLOURS["other"])
            axes.plot(sizes, medians, marker="osD^v"[number % 5], markersize=4, color=colour, label=label)
            axes.fill_between(sizes, low, high, color=colour, alpha=0.2, linewidth=0)
    if axes.lines:
        axes.legend(frameon=False)


def _plain(text):
    """Take out what a page does not need: the prologue, metadata and comments; put the reader's colour in."""
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r'^<svg[^>]*viewBox="([^"]*)"[^>]*>', lambda match: (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{}" '
        'role="img" aria-label="Time over size, for each device">\n{}'.format(match.group(1), DARK)), text)
    text = re.sub(r'<g id="[a-zA-Z]+[._a-zA-Z0-9]*">', "<g>", text)
    text = text.replace("*{stroke-linejoin", "svg *{stroke-linejoin").replace(INK, "currentColor")
    return re.sub(r"\n\s*\n+", "\n", text)
