"""Why a format can't be served, as a person reads it."""

from collections.abc import Mapping
from typing import Any

MOST_LINES, MOST_LETTERS = 6, 160
# How converters begin the lines that say where in their own graph they are.
_PLACES = ("<unknown>", "loc(")


def list_failures(exports: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """List why formats can't be served, by name.

    Example:
    >>> list_failures({"onnx": {"failure": "no"}, "keras": {"bytes": 9}})
    {'onnx': 'no'}
    """
    return {
        name: str(told["failure"])
        for name, told in exports.items()
        if "failure" in told
    }


def shorten(message: str) -> str:
    r"""Give the first words of what a converter or a runtime says.

    Example:
    >>> shorten("No such operation.<unknown>:0: error: loc(fused)\n  Erf\n")
    'No such operation. Erf'
    """
    lines = [line.split(_PLACES[0])[0].strip() for line in message.splitlines()]
    kept = [line for line in lines if line and not line.startswith(_PLACES)]
    return " ".join(line[:MOST_LETTERS] for line in kept[:MOST_LINES])
