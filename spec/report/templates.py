"""The templates of pages, which lie beside this module."""
import os

import jinja2

FOLDER = os.path.dirname(os.path.abspath(__file__))


def environment():
    """Return Jinja2's environment: what is put into a page is text and not markup, and has to be there."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True)


def source(name):
    """Return the text of a file that lies beside this module."""
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()
