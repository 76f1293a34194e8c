"""End of a command: its exit status, and one message if it failed."""

import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from types import FrameType

DONE = 0
FAILED = 1
BAD_INPUT = 2
# A shell's status of a process that a signal ended: 128 + the signal.
STOPPED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
RESUMABLE = "stopped; the same command goes on from here"

# Errors of flags and files that the user can correct.
_WRONG_INPUT = (
    ValueError,
    FileExistsError,
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)
# Errors of the machine or of the training, which a good command may meet.
_RUNTIME_ERRORS = (RuntimeError, OSError, MemoryError)

_Errors = tuple[type[Exception], ...]

logger = logging.getLogger(__name__)


class _TerminatedError(KeyboardInterrupt):
    """SIGTERM was received, for example from a cluster's scheduler."""


def end(
    act: Callable[[], int | None],
    failures: _Errors | Callable[[], _Errors] = (),
    explain: Callable[[Exception], str] = str,
    stopped: str = "stopped",
) -> int:
    """Run a command and return its exit status.

    An expected error prints one message to stderr. Any other exception is an
    error of the program and is raised with its traceback.

    Args:
        act: function that does the work; it may return a status of its own.
        failures: expected errors beside RuntimeError, OSError and MemoryError;
            their first line is printed. A function may return them, for a
            library that only `act` imports.
        explain: function that puts an error during the run into words.
        stopped: message for a run stopped by Ctrl-C or SIGTERM.

    Returns:
        0 for success, 1 for an error during the run, 2 for invalid flags or
        files, 130 after Ctrl-C, 143 after SIGTERM.

    Example:
    >>> end(lambda: None)
    0
    """
    try:
        with _stopping_on_terminate():
            return act() or DONE
    except _WRONG_INPUT as error:
        return _tell(error, BAD_INPUT)
    except _RUNTIME_ERRORS as error:
        return _tell(explain(error), FAILED)
    # Called only after an error, when `act` has imported its libraries.
    except _list_errors(failures) as error:
        return _tell(explain(error).partition("\n")[0], FAILED)
    except _TerminatedError:
        return _tell(stopped, TERMINATED)
    except KeyboardInterrupt:
        return _tell(stopped, STOPPED)


def _list_errors(failures: _Errors | Callable[[], _Errors]) -> _Errors:
    return failures() if callable(failures) else failures


@contextlib.contextmanager
def _stopping_on_terminate() -> Iterator[None]:
    """Let SIGTERM interrupt the block as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python allows signal handlers in the main thread only.
        return
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _TerminatedError


def _tell(reason: object, status: int) -> int:
    logger.debug("Traceback of the error:", exc_info=True)
    print(f"error: {reason}", file=sys.stderr)
    return status
