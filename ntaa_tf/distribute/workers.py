"""Communication between the worker processes of a training.

Worker 0 is the chief: it writes the run directory and the log.
"""

import contextlib
import json
import logging
import os
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ntaa_tf.distribute.cluster import read_cluster
from ntaa_tf.storage.files import list_differences

PACKAGE = __name__.split(".")[0]
# TensorFlow's errors when a worker no longer answers.
LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


class LostWorkerError(RuntimeError):
    """Another worker has ended before the training has."""


def find_workers() -> tf.distribute.Strategy | None:
    """Return the current strategy if it has several workers, else None."""
    strategy = tf.distribute.get_strategy()
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return None
    return strategy if len(read_cluster().workers) > 1 else None


def is_follower() -> bool:
    """Return whether another worker is the chief of the training."""
    return find_workers() is not None and read_cluster().is_follower


def agree(value: Any) -> Any:
    """Broadcast a value from the chief to all workers.

    All workers must call it at the same point.

    Args:
        value: data for JSON; only the chief's value counts.

    Returns:
        The value of the chief, or `value` without several workers.

    Example:
    >>> agree({"seed": 1})
    {'seed': 1}
    """
    if find_workers() is None:
        return value
    # A broadcast as a sum: all workers but the chief add zeros.
    text = b"" if is_follower() else json.dumps(value).encode()
    length = add_over_workers(len(text))
    padded = np.zeros(length, np.int32)
    padded[: len(text)] = list(text)
    return json.loads(bytes(add_over_workers(padded).tolist()))


def check_alike(name: str, values: Mapping[str, Any]) -> None:
    """Raise a ValueError on every worker whose values differ from the chief's.

    All workers must call it at the same point.

    Args:
        name: name of the values, for the error.
        values: data for JSON, by name.
    """
    own = f"on worker {read_cluster().index}" if is_follower() else "here"
    if differences := list_differences(
        agree(values), values, "on worker 0", own
    ):
        raise ValueError(
            f"All workers need the same {name}. {'; '.join(differences)}. "
            "Start all workers with the same command, on the same files."
        )


def wait() -> None:
    """Wait until all workers have called this function (a barrier)."""
    add_over_workers(1)


def add_over_workers(numbers: Any) -> Any:
    """All-reduce int32 numbers of all workers by their sum.

    All workers must call it at the same point.
    """
    numbers = np.asarray(numbers, np.int32)
    workers = find_workers()
    if workers is None:
        return numbers
    total = workers.reduce("SUM", tf.constant(numbers), axis=None)
    return total.numpy()


@contextlib.contextmanager
def work_together(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Enter the scope of a strategy of several workers; only the chief logs.

    Raises:
        LostWorkerError: if another worker ends before the block does.
    """
    try:
        with (
            strategy.scope(),
            _keep_silent(is_silent=read_cluster().is_follower),
        ):
            yield
    except LOST as error:
        raise LostWorkerError(
            "A worker is lost: another process of this training has ended, or "
            "can't be reached. Its own messages say why. Start all workers "
            "with the same command to go on from the last epoch. "
            f"(TensorFlow: {str(error).partition(chr(10))[0]})"
        ) from error


@contextlib.contextmanager
def _keep_silent(is_silent: bool) -> Iterator[None]:
    """Suppress stdout and all log lines below warnings, if `is_silent`."""
    if not is_silent:
        yield
        return
    logger = logging.getLogger(PACKAGE)
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with (
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            contextlib.redirect_stdout(nowhere),
        ):
            yield
    finally:
        logger.setLevel(level)
