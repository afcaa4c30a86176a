"""Tests of the pytest plugin: each runs a small specification of its own."""
