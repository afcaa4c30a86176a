"""Verdict files in; a page, a Markdown table and a change log out.

history    what the files say about each claim, release by release
sections   where a claim stands in the specification: its source text and the mutants that it names
speed      what was measured about speed, for the page
page       the page, one HTML file that needs nothing beside it
markdown   the table
changes    which documented behaviour changed, release by release
conformance  the report on one device, from one verdict file

It takes Jinja2, and no torch.
"""
