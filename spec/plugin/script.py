"""The short script that shows a claim, or reproduces its failure, with nothing but torch and numpy.

The lines after ``>>>`` in a test's docstring are such a script; they may use the names that the test draws and those
of its parameters. A drawn tuple with field names is unpacked, so its fields can be used by name.
"""
import ast
import inspect
import re

LONGEST = 6


def script_lines(test):
    """Return the lines that follow ``>>>`` in a test's docstring."""
    text = inspect.getdoc(test) or ""
    return [line.strip()[4:] for line in text.splitlines() if line.strip().startswith(">>> ")]


def script(test, arguments):
    """Return at most six lines of Python that show the test's claim on these arguments (a dictionary by name)."""
    from spec.strategies.source_text import expression

    lines = script_lines(test)
    used = set(re.findall(r"\w+", " ".join(lines + list(_texts(arguments.values())))))
    definitions = []
    for name, value in arguments.items():
        fields = getattr(value, "_fields", None)
        if name not in used and fields and used & set(fields):
            definitions += [(field, getattr(value, field)) for field in fields if field in used]
        elif name in used:
            definitions.append((name, value))
    statements = ["{} = {}".format(name, expression(value)) for name, value in definitions]
    body = lines[:-1] + [_shown(lines[-1])] if lines else []
    while len(statements) > 1 and 1 + len(statements) + len(body) > LONGEST:
        statements[-2:] = ["; ".join(statements[-2:])]
    needs_numpy = re.search(r"\bnp\b", " ".join(statements + body))
    imports = "import numpy as np, torch" if needs_numpy else "import torch"
    return [imports] + statements + body


def _texts(values):
    """Yield the texts among values, which may be code that the script runs; tuples and lists are looked into."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _texts(value)


def _shown(line):
    """Wrap a last line that is an expression in print()."""
    try:
        ast.parse(line, mode="eval")
    except SyntaxError:
        return line
    return line if line.startswith(("print(", "assert")) else "print({})".format(line)
