"""Lets griffe, which reads docstrings for the site, see their examples."""

import re
import textwrap
from typing import Any

import griffe

# Its lines stand below the word, as far left as that.
EXAMPLE = re.compile(r"^Example:\n((?:.+\n?)+)", re.M)
INDENT = 4 * " "


class Examples(griffe.Extension):
    """Writes the examples of docstrings as griffe has them."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of an object."""
        if obj.docstring is not None:
            obj.docstring.value = EXAMPLE.sub(_indent, obj.docstring.value)


def _indent(example: re.Match[str]) -> str:
    return f"Examples:\n{textwrap.indent(example[1], INDENT)}"
