"""The outline and the list of mutants: documents that are printed without running anything."""
import json
import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

SECTION = """
SMALL = Claim("tensors.small", "x is below 5.", sources=SOURCES, deviations=[Deviation(
    "x may be 5 or more.", witness={'x': 7}, until='1.4', issue="pytorch#1")],
    kills=["mm-loses-the-last-row", "zeros-like-is-on-another-device"])

@SMALL
@given(x=st.integers(0, 9))
def test_x_is_small(device, x):
    '''
    >>> x < 5
    '''
    assert False

@SMALL.instead
def test_x_may_be_large():
    assert False
"""


@pytest.mark.parametrize("form, lines", [
    ("text", ["THE BOOK", "TENSORS", "Section first", "x is below 5.", "*[[]tensors.small[]] FloydHub*: Tensor",
              "  [*] X is small.", "  ! Not in torch up to 1.4: x may be 5 or more. (pytorch#1)",
              "    [*] X may be large.", "  - catches: mm leaves the last row of a product 0 *"]),
    ("markdown", ["# The book", "## Tensors", "### Section first", "[*][*]x is below 5.[*][*]*", "- X is small.",
                  "  x < 5", "- [*]Not in torch up to 1.4:[*] x may be 5 or more. (pytorch#1)",
                  "  - X may be large.", "- <small>Catches: mm leaves the last row of a product 0 *</small>"]),
])
def test_the_outline_is_a_document_and_runs_nothing(book, form, lines):
    result = book(SECTION, "--outline=" + form)
    assert result.ret == 0
    result.stdout.fnmatch_lines(lines)
    assert not any("session starts" in line or "collected" in line for line in result.outlines)


def test_an_error_at_collection_shows_in_an_outline(book):
    result = book("raise ValueError('broken module')", "--outline")
    assert result.ret != 0
    assert "broken module" in "\n".join(result.outlines + result.errlines)


def test_the_list_of_mutants_is_json(book):
    result = book(SECTION, "--list-mutants=json")
    listing = json.loads("\n".join(result.outlines))
    assert set(listing) == {"mutants", "claims"}
    assert listing["claims"] == {"tensors.small": ["mm-loses-the-last-row", "zeros-like-is-on-another-device"]}


def test_the_outline_of_the_specification_does_not_import_tensorflow(pytestconfig):
    code = "import sys, pytest; pytest.main(['--outline', '-p', 'no:cacheprovider', 'spec/claims']);" \
           "print('tensorflow' in sys.modules)"
    folder = str(pytestconfig.rootpath)
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE, check=True)
    lines = run.stdout.decode().splitlines()
    assert lines[-1] == "False"
    assert "WHAT PYTORCH'S TUTORIALS PROMISE" in lines[:5]
