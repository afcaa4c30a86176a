"""Where a claim stands in the specification: the text of its tests and the mutants that it names.

Read from the source files as text, so that neither torch nor the tests are imported.
"""
import ast
import os
import re

SPEC = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_ID = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*$")


class Passage:
    """The place of one claim: its file (from the root of the project), its source text, and the mutants it names."""

    def __init__(self, path, text, kills):
        self.path, self.text, self.kills = path, text, kills


def passages():
    """Return claim id -> Passage for every claim of the specification."""
    found = {}
    for where, _, names in os.walk(os.path.join(SPEC, "claims")):
        for name in sorted(names):
            if name.startswith("test_") and name.endswith(".py"):
                path = os.path.join(where, name)
                with open(path, encoding="utf-8") as file:
                    found.update(_passages_of(file.read(), os.path.relpath(path, os.path.dirname(SPEC))))
    return found


def _passages_of(source, path):
    """Yield (id, Passage) for each top-level statement that names a claim: it, and the tests that it decorates."""
    lines = source.splitlines()
    statements = ast.parse(source).body
    claims = [(_id_in(statement), statement) for statement in statements]
    claims = [(id, statement) for id, statement in claims if id]
    for id, statement in claims:
        names = {target.id for target in getattr(statement, "targets", ()) for target in ast.walk(target)
                 if isinstance(target, ast.Name)}
        pieces = [statement] + [test for test in statements if names & set(_decorators(test))]
        text = "\n\n\n".join("\n".join(lines[_first(piece) - 1:_last(piece, statements, lines)]).rstrip()
                             for piece in pieces)
        yield id, Passage(path, text, _kills_in(statement))


def _id_in(statement):
    """Return the id of the claim that a statement makes, the first text of the form chapter.slug in a call."""
    for node in ast.walk(statement) if isinstance(statement, (ast.Assign, ast.Expr)) else ():
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            text = node.args[0].value
            if isinstance(text, str) and _ID.match(text):
                return text
    return None


def _kills_in(statement):
    for node in ast.walk(statement):
        if isinstance(node, ast.keyword) and node.arg == "kills":
            return [one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
    return []


def _decorators(statement):
    """Yield the name that each decorator of a function begins with: CLAIM for @CLAIM and for @CLAIM.instead."""
    for decorator in getattr(statement, "decorator_list", ()):
        while isinstance(decorator, (ast.Attribute, ast.Call, ast.Subscript)):
            decorator = decorator.func if isinstance(decorator, ast.Call) else decorator.value
        if isinstance(decorator, ast.Name):
            yield decorator.id


def _first(statement):
    return min([statement.lineno] + [one.lineno for one in getattr(statement, "decorator_list", ())])


def _last(statement, statements, lines):
    """Return the last line of a statement: the one before the next statement, without what is blank."""
    following = [_first(other) for other in statements if _first(other) > _first(statement)]
    return min(following) - 1 if following else len(lines)
