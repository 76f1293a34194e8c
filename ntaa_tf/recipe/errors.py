"""How a wrong choice is told."""

from typing import Any


def invalid(name: str, expected: str, received: Any) -> ValueError:
    """Make the error of a choice.

    Args:
        name: of the choice.
        expected: what it may be.
        received: what it is.
    """
    return ValueError(
        f"Invalid value for `{name}`. Expected {expected}. "
        f"Received: {received!r}."
    )
