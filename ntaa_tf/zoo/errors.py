"""Keras's long messages, cut down to the part that says what is wrong."""

import re
import textwrap

_BEFORE = ("Exception encountered: ", "Example error message for object ")
_AFTER = r"Target variable:|List of objects|Full object config|If you trust"
_LENGTH = 300


def reason(error: Exception) -> str:
    """Give the core of an error's message, in one line.

    Args:
        error: as raised by Keras, whose messages may wrap other messages and
            print whole variables and configurations.

    Returns:
        One line of at most 300 characters, without a full stop.
    """
    message = str(error)
    for words in _BEFORE:
        message = message.rpartition(words)[2]
    message = re.split(_AFTER, message)[0]
    return textwrap.shorten(message, _LENGTH).rstrip(".")


def invalid_model(expected: str, received: str) -> ValueError:
    """Make the error of a model that can't be a source.

    Args:
        expected: what would be one.
        received: what was asked for, and what is wrong with it.
    """
    return ValueError(
        f"Invalid value for `model`. Expected {expected}. Received: {received}."
    )
