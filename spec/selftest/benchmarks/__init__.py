"""Tests of the benchmarks: wrong times are caught, what is timed computes what it should, documents say what was found.

No test here looks at the time of this machine: clocks and devices are made up.
"""
