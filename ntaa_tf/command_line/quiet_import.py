"""The import of TensorFlow, without its start-up lines."""

import contextlib
import os
import sys
from collections.abc import Iterator


def import_tensorflow() -> None:
    """Import TensorFlow quietly; later imports of it take no time.

    Its libraries write to the standard error while they are loaded, some lines
    in spite of TF_CPP_MIN_LOG_LEVEL. An error of the import is still shown.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _discarding_errors():
        import tensorflow  # noqa: F401


@contextlib.contextmanager
def _discarding_errors() -> Iterator[None]:
    """Point the file descriptor of the standard error to nowhere."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
