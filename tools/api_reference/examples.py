"""Extension of griffe, the docstring reader of the site."""

import re
import textwrap
from typing import Any

import griffe

# House style: the lines of an example are not indented below "Example:".
EXAMPLE = re.compile(r"^Example:\n((?:.+\n?)+)", re.M)
INDENT = 4 * " "


class Examples(griffe.Extension):
    """Extension that shows examples, and names that are loaded lazily."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the example in a docstring into a section of griffe."""
        if obj.docstring is not None:
            obj.docstring.value = EXAMPLE.sub(_indent, obj.docstring.value)

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Export the public names of a package.

        `lazy_loader` sets `__all__` when the package is imported. Griffe only
        reads the source, so it would take the names for private imports.
        """
        if pkg.exports is None:
            pkg.exports = [
                name
                for name, member in pkg.members.items()
                if isinstance(member, griffe.Alias)
                and member.target_path.startswith(f"{pkg.name}.")
            ]


def _indent(example: re.Match[str]) -> str:
    return f"Examples:\n{textwrap.indent(example[1], INDENT)}"
