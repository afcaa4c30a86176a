"""Tests of the specification itself: its oracles, strategies, networks and plugin."""
