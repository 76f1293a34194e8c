"""The log of a command: plain lines for people, and a file with all of them."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

LOG_FILE = "run.log"
PACKAGE = "ntaa_tf"
# Of the file. The console shows the message alone.
FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Console(logging.StreamHandler):
    """Handler that prints messages on what is standard output now.

    A progress bar replaces the standard output while it is drawn. Where it is
    muted, as in workers that follow a chief, warnings go to standard error.
    """

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message; warnings are marked."""
        is_muted = getattr(sys.stdout, "name", "") == os.devnull
        warns = record.levelno >= logging.WARNING
        self.stream = sys.stderr if is_muted and warns else sys.stdout
        super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        """Return the message, without time and place."""
        mark = "Warning: " if record.levelno >= logging.WARNING else ""
        return mark + super().format(record)


def log_plainly() -> None:
    """Print the package's log on the standard output, as plain lines."""
    logger = logging.getLogger(PACKAGE)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    console = _Console()
    console.setLevel(logging.INFO)
    logger.handlers = [console]


@contextlib.contextmanager
def keep_log(directory: Path) -> Iterator[None]:
    """Write the package's log into `run.log` until the block ends.

    The file also gets the traceback of an exception that ends the block.

    Args:
        directory: directory of the file; lines of earlier runs stay.
    """
    logger = logging.getLogger(PACKAGE)
    level = logger.level
    if level == logging.NOTSET:  # From Python, nothing has been set up.
        logger.setLevel(logging.INFO)
    # The file appears with the first line, when the directory is a run's.
    file = logging.FileHandler(directory / LOG_FILE, "a", "utf-8", delay=True)
    file.setFormatter(logging.Formatter(FORM))
    logger.addHandler(file)
    try:
        yield
    except BaseException:
        logger.debug("The run ended early.", exc_info=True)
        raise
    finally:
        logger.removeHandler(file)
        logger.setLevel(level)
        file.close()
