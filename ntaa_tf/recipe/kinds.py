"""The kind of value that a choice takes: a flag, an integer, a number, text."""

import functools
import os
import types
import typing
from dataclasses import dataclass
from typing import Any

_WORDS = {
    bool: "True or False",
    int: "an integer",
    float: "a number",
    str: "text",
}


@dataclass(frozen=True)
class Kind:
    """The type of a choice.

    Args:
        type: bool, int, float or str.
        is_optional: whether None is allowed.
    """

    type: type
    is_optional: bool

    @property
    def words(self) -> str:
        """The type in words, for messages."""
        return _WORDS[self.type]

    def convert(self, value: Any) -> Any:
        """Return a value as plain data; a wrong type stays as it is.

        Args:
            value: value from Python; a scalar of NumPy and a path become the
                plain value that `recipe.json` can keep.
        """
        # NumPy is not imported here, so its scalars are known by their parts.
        if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
            value = value.item()
        if self.type is str and isinstance(value, os.PathLike):
            return os.fspath(value)
        return value

    def allows(self, value: Any) -> bool:
        """Return whether a plain value is of this kind."""
        if value is None:
            return self.is_optional
        # A bool is an int to Python, but no number to a user.
        if isinstance(value, bool) or self.type is bool:
            return isinstance(value, bool) and self.type is bool
        allowed = (int, float) if self.type is float else self.type
        return isinstance(value, allowed)


def find_kinds(section: Any) -> dict[str, Kind]:
    """Find the kind of each field of a section by its annotation."""
    # The cache is typed for hashable objects, which mypy denies of a class.
    return _find_kinds(section)


@functools.cache
def _find_kinds(section: Any) -> dict[str, Kind]:
    hints = typing.get_type_hints(section)
    return {
        name: _find_kind(hint)
        for name, hint in hints.items()
        if typing.get_origin(hint) is not typing.ClassVar
    }


def _find_kind(annotation: Any) -> Kind:
    if isinstance(annotation, types.UnionType):
        kinds = typing.get_args(annotation)
        kind = next(kind for kind in kinds if kind is not types.NoneType)
        return Kind(kind, is_optional=types.NoneType in kinds)
    return Kind(annotation, is_optional=False)
