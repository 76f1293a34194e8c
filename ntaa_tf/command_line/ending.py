"""How a command ends: with a status, and a sentence if it went wrong."""

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
# As shells have it: 128 and the number of the signal.
STOPPED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
GOES_ON = "stopped; the same command goes on from here"

# What a person who gave the command can mend.
_WRONG_INPUT = (
    ValueError,
    FileExistsError,
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)

_ON_THE_WAY = (RuntimeError, OSError, MemoryError)

logger = logging.getLogger(__name__)


class _TerminatedError(KeyboardInterrupt):
    """SIGTERM came, as from a cluster that wants its machine back."""


def end(
    act: Callable[[], int | None],
    failures: tuple[type[Exception], ...] = (),
    explain: Callable[[Exception], str] = str,
    stopped: str = "stopped",
) -> int:
    """Do what a command is for, and give the status that it ends with.

    What went wrong is told in one message on stderr. Other exceptions than
    these are errors of the program, and keep their trace.

    Args:
        act: does it; its own status, if it has one, is kept.
        failures: what else than RuntimeError, OSError and MemoryError may
            happen to a good command; the first line of it is told.
        explain: puts in words what happened on the way.
        stopped: what to say when it is stopped by hand or by SIGTERM.

    Returns:
        0; 1 for what went wrong on the way; 2 for input that can't be
        followed; 130 if it was stopped by Ctrl-C; 143 if by SIGTERM.

    Example:
    >>> end(lambda: None)
    0
    """
    try:
        with _stopping_on_terminate():
            return act() or DONE
    except _WRONG_INPUT as error:
        return _tell(error, BAD_INPUT)
    except _ON_THE_WAY as error:
        return _tell(explain(error), FAILED)
    except failures as error:
        return _tell(explain(error).partition("\n")[0], FAILED)
    except _TerminatedError:
        return _tell(stopped, TERMINATED)
    except KeyboardInterrupt:
        return _tell(stopped, STOPPED)


@contextlib.contextmanager
def _stopping_on_terminate() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Signals are the main thread's.
        return
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _TerminatedError


def _tell(reason: object, status: int) -> int:
    logger.debug("Where it came from:", exc_info=True)
    print(f"error: {reason}", file=sys.stderr)
    return status
