"""Error messages about source models."""

import re
import textwrap

# Keras wraps the message of the real error, and appends dumps of variables
# and configurations.
_BEFORE = ("Exception encountered: ", "Example error message for object ")
_AFTER = r"Target variable:|List of objects|Full object config|If you trust"
_LENGTH = 300


def summarize(error: Exception) -> str:
    """Return the essential part of an error message, in one line.

    Args:
        error: an error that Keras raised.

    Returns:
        One line of at most 300 characters, without a full stop.

    Example:
    >>> summarize(ValueError("Failed. Exception encountered: No such layer."))
    'No such layer'
    """
    message = str(error)
    for words in _BEFORE:
        message = message.rpartition(words)[2]
    message = re.split(_AFTER, message)[0]
    return textwrap.shorten(message, _LENGTH).rstrip(".")


def invalid_model(name: str, problem: str, remedy: str) -> ValueError:
    """Build the error for a model that can't be a source.

    Args:
        name: name or path of the model, as the user gave it.
        problem: the rest of a sentence that begins with the name.
        remedy: a sentence, without a full stop.

    Example:
    >>> str(invalid_model("a.keras", "is damaged", "Save it again"))
    "Invalid value for `model`: 'a.keras' is damaged. Save it again."
    """
    return ValueError(
        f"Invalid value for `model`: {name!r} {problem}. {remedy}."
    )
