"""Errata: what is wrong in the documents themselves.

Programs were printed that nobody had run as printed, names were changed on one line and not on the next, and sentences
say other things than the lines below them. Here each of these places stands as the claim that it makes, which the
fewest lines that show the fault refute, with the correction beside it.

Some of the faults were none when they were printed: torch, numpy or Python has moved on since. But a reader of today
meets them all alike, and most are found within a minute by whoever runs the lines.
"""

SECTIONS = ["names", "imports", "article", "syntax", "wording", "comments", "outputs", "loops", "cells", "template",
            "models", "modules", "data", "gpu", "eras", "graphs"]
