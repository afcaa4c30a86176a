"""Tests of the report: the history, the change log, the table and the page."""
