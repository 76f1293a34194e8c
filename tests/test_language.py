"""Docstrings begin with the thing or the verb, and not with a riddle."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path
    for part in ("ntaa_tf", "tools")
    for path in (ROOT / part).rglob("*.py")
)
DARK = ("Give", "Gives", "Of", "What", "For", "With", "Which", "Whose", "By")
DOCUMENTED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)


def find_dark(source):
    """List the docstrings of a module that begin with a word that hides."""
    return [
        docstring.partition("\n")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, DOCUMENTED)
        and (docstring := ast.get_docstring(node))
        and re.split(r"\W", docstring)[0] in DARK
    ]


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: str(path.relative_to(ROOT))
)
def test_docstrings_name_the_thing_first(path):
    assert find_dark(path.read_text("utf-8")) == []


def test_a_dark_docstring_is_found():
    assert find_dark('def f():\n    """Give a thing."""') == ["Give a thing."]
    assert find_dark('class A:\n    """What is given."""')
    assert not find_dark('"""Whatever it is."""')
