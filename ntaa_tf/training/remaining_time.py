"""Log the remaining time of a training after every epoch."""

import logging
import statistics
import time
from collections.abc import Callable
from typing import Any

import keras

from ntaa_tf.training.epoch_words import describe_epoch

# Epochs are logged when this share of them or this time has passed.
LOGGED_SHARE = 1 / 3
LOGGED_SECONDS = 60.0
UNITS = {"d": 86400, "h": 3600, "min": 60, "s": 1}  # In seconds.

logger = logging.getLogger(__name__)


class RemainingTime(keras.callbacks.Callback):
    """Callback that logs the progress and the remaining time of a training.

    The estimate is the mean duration of the epochs of this process without
    its first, which includes compilation. After the first epoch it is a lower
    bound, from the batches after the first. Put this callback last, so that
    an epoch's duration includes the other callbacks.

    Args:
        name: name of the training in the log.
        first_epoch: number of epochs trained by earlier processes.
        epochs: total number of epochs.
        steps: batches per epoch.
        later_steps: batches of later trainings on the same data. The total
            time counts them at the speed of this training.
        clock: function that returns the time in seconds.
    """

    def __init__(
        self,
        name: str,
        first_epoch: int,
        epochs: int,
        steps: int,
        later_steps: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ):
        super().__init__()
        self._name, self._clock = name, clock
        self._first_epoch, self._epochs = first_epoch, epochs
        self._steps, self._later_steps = steps, later_steps
        # Number of batches done, and the time, after a call of the compiled
        # function. With steps_per_execution one call runs many batches.
        self._first_call: tuple[int, float] | None = None
        self._last_call = (0, 0.0)
        self._durations: list[float] = []
        self._begin = 0.0
        # Epochs done, and the time, when the log had its last line.
        self._logged = (0, -LOGGED_SECONDS)

    def on_train_begin(self, logs: Any = None) -> None:
        """Log the length of the training."""
        before = self._first_epoch
        logger.info(
            "%s: %d epochs of %d batches%s; compiling the network, once",
            *(self._name, self._epochs, self._steps),
            f", {before} of them already done" if before else "",
        )

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Save the time."""
        self._begin = self._clock()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Save the time after a call of the compiled function."""
        self._last_call = (batch + 1, self._clock())
        if self._first_call is None:
            self._first_call = self._last_call

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Log the metrics and the remaining time; of some epochs as details."""
        now = self._clock()
        self._durations.append(now - self._begin)
        left = self._epochs - epoch - 1
        is_due = not left or self._is_due(epoch + 1, now)
        if is_due:
            self._logged = (epoch + 1, now)
        logger.log(
            logging.INFO if is_due else logging.DEBUG,
            "%s  %d/%d  %s%s",
            *(self._name, epoch + 1, self._epochs),
            describe_epoch(logs or {}),
            self._say_left(left) if left else "",
        )

    def _is_due(self, epoch: int, now: float) -> bool:
        """Return whether an epoch deserves a line."""
        before, then = self._logged
        is_first = len(self._durations) == 1
        share = (epoch - before) / self._epochs
        return is_first or share >= LOGGED_SHARE or now - then >= LOGGED_SECONDS

    def _say_left(self, epochs: int) -> str:
        seconds = self._estimate()
        if seconds is None:
            return ""
        word = "about" if len(self._durations) > 1 else "at least"
        text = f"  {word} {say_duration(epochs * seconds)} left"
        if self._later_steps:
            all_epochs = epochs + self._later_steps / self._steps
            total = say_duration(all_epochs * seconds)
            text += f", {total} including the training that follows"
        return text

    def _estimate(self) -> float | None:
        """Estimate the seconds per epoch; None before anything is known."""
        if len(self._durations) > 1:
            return statistics.fmean(self._durations[1:])
        first, begin = self._first_call or (0, 0.0)
        last, end = self._last_call
        if last <= first:
            return None
        return (end - begin) * self._steps / (last - first)


def say_duration(seconds: float) -> str:
    """Format a duration in its two largest units.

    Args:
        seconds: duration, 0 or more.

    Example:
    >>> [say_duration(seconds) for seconds in (0.4, 59, 84, 7530, 190_000)]
    ['1 s', '59 s', '1 min 24 s', '2 h 5 min', '2 d 4 h']
    """
    whole = max(1, round(seconds))
    units = [name for name, size in UNITS.items() if size <= whole]
    first, *second = units[:2]
    text = f"{whole // UNITS[first]} {first}"
    for name in second:
        rest = whole % UNITS[first] // UNITS[name]
        text += f" {rest} {name}" if rest else ""
    return text
