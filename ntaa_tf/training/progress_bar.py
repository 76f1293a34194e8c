"""A progress bar of a training, for terminals."""

import contextlib
import logging
import sys
from collections.abc import Iterator
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn
from rich.progress import Progress
from rich.progress import TextColumn
from rich.progress import TimeRemainingColumn

from ntaa_tf.training.epoch_words import describe_epoch

logger = logging.getLogger(__name__)

REDRAWS_PER_SECOND = 4
# The time left follows from the last thousand batches, which rich remembers,
# and not from the last seconds, which may be those of a validation.
ESTIMATED_OVER = 24 * 3600  # In seconds.


@contextlib.contextmanager
def draw_progress(
    name: str,
    first_epoch: int,
    epochs: int,
    steps: int,
    console: Console | None = None,
) -> Iterator["ProgressBar"]:
    """Draw a progress bar while a training runs, and log lines above it.

    Args:
        name: name of the training.
        first_epoch: number of epochs trained by earlier processes.
        epochs: total number of epochs.
        steps: batches per epoch.
        console: terminal; by default that of the standard output.

    Yields:
        The callback that moves the bar.

    Example:
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(loss="mse")
    >>> x, y = keras.ops.ones((8, 2)), keras.ops.ones((8, 1))
    >>> with draw_progress("toy", 0, epochs=2, steps=1) as bar:
    ...     _ = model.fit(x, y, epochs=2, callbacks=[bar], verbose=0)
    toy 2/2 ...
    """
    progress = Progress(
        TextColumn("{task.description}"),
        TextColumn("{task.fields[epoch]}/{task.fields[epochs]}"),
        BarColumn(),
        TextColumn("{task.fields[metrics]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        console=console,
        redirect_stderr=sys.stderr.isatty(),
        refresh_per_second=REDRAWS_PER_SECOND,
        speed_estimate_period=ESTIMATED_OVER,
    )
    with progress:
        yield ProgressBar(progress, name, first_epoch, epochs, steps)


class ProgressBar(keras.callbacks.Callback):
    """Callback that moves a bar with every batch.

    Args:
        progress: rich's display of the bar.
        name: name of the training.
        first_epoch: number of epochs trained by earlier processes.
        epochs: total number of epochs.
        steps: batches per epoch.
    """

    def __init__(
        self,
        progress: Progress,
        name: str,
        first_epoch: int,
        epochs: int,
        steps: int,
    ):
        super().__init__()
        self._progress, self._name, self._steps = progress, name, steps
        self._task = progress.add_task(
            name,
            # The clock starts after the first batch, which compiles.
            start=False,
            total=epochs * steps,
            completed=first_epoch * steps,
            epoch=first_epoch,
            epochs=epochs,
            metrics="compiling the network, once",
        )
        self._epoch, self._started = first_epoch, False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Save the epoch's number."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Move the bar to this batch."""
        if not self._started:
            self._started = True
            self._progress.start_task(self._task)
            self._progress.update(self._task, metrics="")
        completed = self._epoch * self._steps + batch + 1
        self._progress.update(self._task, completed=completed)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Show the loss, and what was validated."""
        metrics = describe_epoch(logs or {})
        self._progress.update(self._task, epoch=epoch + 1, metrics=metrics)
        logger.debug("%s  %d  %s", self._name, epoch + 1, metrics)
