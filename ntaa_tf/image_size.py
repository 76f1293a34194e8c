"""Image sizes: height and width in pixels."""

import re
from typing import Any

Size = tuple[int, int]

_WRITTEN = re.compile(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?")


def parse_size(text: Any, name: str = "image_size") -> Size:
    """Parse an image size.

    Args:
        text: height and width such as `256x128`, or the side of a square.
        name: name of the flag or argument for the error message.

    Returns:
        Height and width in pixels.

    Raises:
        ValueError: if `text` has neither form.

    Example:
    >>> parse_size("256x128"), parse_size(32)
    ((256, 128), (32, 32))
    """
    match = _WRITTEN.fullmatch(str(text))
    if match is None:
        raise ValueError(
            f"Invalid value for `{name}`. Expected a size in pixels: the side "
            "of a square such as 224, or height and width such as 256x128. "
            f"Received: {text!r}."
        )
    return int(match[1]), int(match[2] or match[1])


def as_size(size: int | Size) -> Size:
    """Convert a size, or the side of a square, to height and width.

    Example:
    >>> as_size(32), as_size((256, 128))
    ((32, 32), (256, 128))
    """
    if isinstance(size, int):
        return size, size
    height, width = size
    return height, width
