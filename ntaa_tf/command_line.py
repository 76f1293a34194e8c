"""What all command lines have in common."""

from collections.abc import Sequence


def refuse_words(words: Sequence[str]) -> None:
    """Raise a ValueError if a command line has words that are no flags."""
    if words:
        raise ValueError(
            "Invalid command line. Expected flags only, as --name=value. "
            f"Received: {' '.join(words)}."
        )
