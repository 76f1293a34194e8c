"""What the workers of a training agree on, and what each does alone."""

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
# What TensorFlow says when a worker no longer answers.
LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


class LostWorkerError(RuntimeError):
    """Says that a worker has ended before the others."""


def find_workers() -> tf.distribute.Strategy | None:
    """Find the strategy of several workers that this is called in, if any."""
    strategy = tf.distribute.get_strategy()
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return None
    return strategy if len(read_cluster().workers) > 1 else None


def is_led() -> bool:
    """Whether another worker is the chief of the training."""
    return find_workers() is not None and read_cluster().is_led


def agree(value: Any) -> Any:
    """Give all workers what the chief has; all have to call it.

    Args:
        value: what JSON can hold; that of the chief counts.

    Returns:
        The value of the chief, or `value` where there are no workers.

    Example:
    >>> agree({"seed": 1})
    {'seed': 1}
    """
    if find_workers() is None:
        return value
    text = b"" if is_led() else json.dumps(value).encode()
    length = add_up(len(text))
    padded = np.zeros(length, np.int32)
    padded[: len(text)] = list(text)
    return json.loads(bytes(add_up(padded).tolist()))


def check_alike(what: str, values: Mapping[str, Any]) -> None:
    """Raise a ValueError on a worker that has not what the chief has.

    Args:
        what: is compared.
        values: by their names; what JSON can hold.
    """
    if differences := list_differences(agree(values), values):
        raise ValueError(
            f"Invalid {what} of worker {read_cluster().index}. Expected those "
            f"of worker 0. Received others: {'; '.join(differences)}."
        )


def wait() -> None:
    """Wait until all workers have come here."""
    add_up(1)


def add_up(numbers: Any) -> Any:
    """Add up the numbers of all workers, int32; all have to call it."""
    numbers = np.asarray(numbers, np.int32)
    workers = find_workers()
    if workers is None:
        return numbers
    total = workers.reduce("SUM", tf.constant(numbers), axis=None)
    return total.numpy()


@contextlib.contextmanager
def work_together(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Enter the strategy of several workers; the chief speaks for all.

    Raises:
        LostWorkerError: if another worker ends before the block does.
    """
    try:
        with strategy.scope(), _keep_silent(is_silent=read_cluster().is_led):
            yield
    except LOST as error:
        raise LostWorkerError(
            "A worker is lost: another process of this training has ended, or "
            "can't be reached. What went wrong is in its own messages. The "
            "same command for all workers goes on from the last epoch. "
            f"(TensorFlow: {str(error).partition(chr(10))[0]})"
        ) from error


@contextlib.contextmanager
def _keep_silent(is_silent: bool) -> Iterator[None]:
    """Say nothing but warnings and errors."""
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
