"""What went wrong outside of this program, told in a line."""

import errno
import re

import tensorflow as tf

_FULL = "No space left on device"
_GO_ON = "the same command goes on from the last epoch that was kept"
# What TensorFlow puts around a message of the operating system.
_NODE = re.compile(r"\{\{.*?\}\}|\[Op:\w+\](?: name:)?")


def explain(error: BaseException) -> str:
    """Say what went wrong, and where it helps what to do.

    Args:
        error: of the operating system, or of TensorFlow's runtime; the text of
            any other is left as it is.

    Example:
    >>> explain(OSError(28, "No space left on device", "runs/source.keras"))
    'No space left on device (runs/source.keras). Free some: the same ...'
    """
    text = str(error)
    if isinstance(error, tf.errors.OpError):
        text = " ".join(_NODE.sub("", text.partition("\n")[0]).split())
    if _FULL in text or getattr(error, "errno", None) == errno.ENOSPC:
        file = getattr(error, "filename", None) or _find_path(text)
        where = f" ({file})" if file else ""
        return f"{_FULL}{where}. Free some: {_GO_ON}."
    if getattr(error, "errno", None) == errno.EROFS:
        return f"{text}. Give a directory that can be written, by --workdir."
    if isinstance(error, tf.errors.ResourceExhaustedError):
        return (
            f"Memory ran out ({text}). In another work directory, give a "
            "smaller --batch_size, and --accumulation_steps, or --remat."
        )
    return text or type(error).__name__


def _find_path(text: str) -> str:
    """Find the path that TensorFlow names before what the system said."""
    found = re.search(r"(/\S+);", text)
    return found.group(1) if found else ""
