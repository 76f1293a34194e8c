"""Messages for failures of the machine: a full disk, too little memory.

TensorFlow is not imported here, so that a command can show its help at once.
"""

import errno
import re
import sys

_FULL = "No space left on device"
# Parts of TensorFlow's messages that name its own nodes and operations.
_NODE = re.compile(r"\{\{.*?\}\}|\[Op:\w+\](?: name:)?")


def explain(error: BaseException) -> str:
    """Return a message for an error, with advice where advice helps.

    Args:
        error: error of the operating system or of TensorFlow's runtime. Any
            other error keeps its own text.

    Example:
    >>> explain(OSError(28, "No space left on device", "runs/source.keras"))
    'No space left on device (runs/source.keras). Free some space; ...'
    """
    text = str(error)
    if isinstance(error, list_runtime_errors()):
        text = " ".join(_NODE.sub("", text.partition("\n")[0]).split())
    number = getattr(error, "errno", None)
    if _FULL in text or number == errno.ENOSPC:
        file = getattr(error, "filename", None) or _find_path(text)
        where = f" ({file})" if file else ""
        return (
            f"{_FULL}{where}. Free some space; the same command goes on from "
            "the last saved epoch."
        )
    if number == errno.EROFS:
        return f"{text}. Choose a writable directory by --workdir."
    if isinstance(error, list_runtime_errors("ResourceExhaustedError")):
        return (
            f"Memory ran out ({text}). Choose a smaller --batch_size with "
            "--accumulation_steps, or --remat, in another --workdir."
        )
    return text or type(error).__name__


def list_runtime_errors(name: str = "OpError") -> tuple[type[Exception], ...]:
    """List the errors of TensorFlow's runtime, if TensorFlow is imported.

    Args:
        name: class in `tf.errors`; `OpError` is the base of all.

    Returns:
        The class alone. Nothing before TensorFlow has been imported: no error
        can be one of its errors then.
    """
    errors = getattr(sys.modules.get("tensorflow"), "errors", None)
    return () if errors is None else (getattr(errors, name),)


def _find_path(text: str) -> str:
    """Find the path that TensorFlow puts before the system's message."""
    found = re.search(r"(/\S+);", text)
    return found.group(1) if found else ""
