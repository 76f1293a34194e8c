"""The size of an image: its height and width in pixels."""

import re
from typing import Any

Size = tuple[int, int]

_WRITTEN = re.compile(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?")


def parse_size(text: Any, name: str = "image_size") -> Size:
    """Read a size as a person writes it.

    Args:
        text: height and width, such as `256x128`, or the side of a square.
        name: what it is called, if it is neither.

    Returns:
        Height and width in pixels.

    Raises:
        ValueError: if it is neither.

    Example:
    >>> parse_size("256x128"), parse_size(32)
    ((256, 128), (32, 32))
    """
    match = _WRITTEN.fullmatch(str(text))
    if match is None:
        raise ValueError(
            f"Invalid value for `{name}`. Expected pixels, at least 1: the "
            "side of a square, such as 224, or height and width, such as "
            f"256x128. Received: {text!r}."
        )
    return int(match[1]), int(match[2] or match[1])


def as_size(size: int | Size) -> Size:
    """Give height and width of a size that may be the side of a square.

    Example:
    >>> as_size(32), as_size((256, 128))
    ((32, 32), (256, 128))
    """
    if isinstance(size, int):
        return size, size
    height, width = size
    return height, width
