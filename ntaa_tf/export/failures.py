"""Readable reasons why an export failed."""

from collections.abc import Mapping
from typing import Any

MOST_LINES, MOST_LETTERS = 6, 160
# Beginnings of lines in which converters locate an error in their own graph.
_PLACES = ("<unknown>", "loc(")


def list_failures(exports: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """List the failures of exports by format.

    Args:
        exports: results by format, as `check_exports` returns them.

    Example:
    >>> list_failures({"onnx": {"failure": "no"}, "keras": {"bytes": 9}})
    {'onnx': 'no'}
    """
    return {
        name: str(result["failure"])
        for name, result in exports.items()
        if "failure" in result
    }


def shorten(message: str) -> str:
    r"""Return the first lines of a converter's or runtime's error message.

    Example:
    >>> shorten("No such operation.<unknown>:0: error: loc(fused)\n  Erf\n")
    'No such operation. Erf'
    """
    lines = [line.split(_PLACES[0])[0].strip() for line in message.splitlines()]
    kept = [line for line in lines if line and not line.startswith(_PLACES)]
    return " ".join(line[:MOST_LETTERS] for line in kept[:MOST_LINES])
