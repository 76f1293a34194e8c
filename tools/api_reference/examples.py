"""Extension of griffe, the docstring reader of the site, for examples."""

import re
import textwrap
from typing import Any

import griffe

# House style: the lines of an example are not indented below "Example:".
EXAMPLE = re.compile(r"^Example:\n((?:.+\n?)+)", re.M)
INDENT = 4 * " "


class Examples(griffe.Extension):
    """Extension that rewrites examples into the section that griffe knows."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of an object."""
        if obj.docstring is not None:
            obj.docstring.value = EXAMPLE.sub(_indent, obj.docstring.value)


def _indent(example: re.Match[str]) -> str:
    return f"Examples:\n{textwrap.indent(example[1], INDENT)}"
