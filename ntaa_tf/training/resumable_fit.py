"""Training that can be killed at any moment and resumed."""

import contextlib
import logging
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from ntaa_tf.distribute import LOST
from ntaa_tf.distribute import check_alike
from ntaa_tf.storage.files import find_reason
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json
from ntaa_tf.training.best_epoch import CHECKPOINTS
from ntaa_tf.training.best_epoch import BestEpoch
from ntaa_tf.training.divergence import StopOnDivergence
from ntaa_tf.training.progress_bar import draw_progress
from ntaa_tf.training.remaining_time import RemainingTime

logger = logging.getLogger(__name__)

CHECKPOINT = "epoch"
# Errors of a checkpoint that is damaged or belongs to another model.
_UNREADABLE = (
    *(AssertionError, IndexError, OSError, ValueError),
    tf.errors.OpError,
)


def choose_steps_per_execution(steps_per_epoch: int, most: int) -> int:
    """Return the largest usable `steps_per_execution`.

    Keras can end an epoch only between two executions, so the number must
    divide the steps of an epoch.

    Args:
        steps_per_epoch: batches per epoch.
        most: upper limit.

    Example:
    >>> choose_steps_per_execution(steps_per_epoch=90, most=32)
    30
    """
    return max(
        steps for steps in range(1, most + 1) if steps_per_epoch % steps == 0
    )


def fit_resumably(
    model: keras.Model,
    make_batches: Any,
    epochs: int,
    steps_per_epoch: int,
    directory: Path,
    callbacks: list[keras.callbacks.Callback],
    validation_batches: Any = None,
    later_steps: int = 0,
    title: str = "",
    best_score: str | None = None,
) -> dict[str, list[float]]:
    """Train a compiled model, starting from its last checkpoint if any.

    A checkpoint after every epoch holds the whole state: weights, optimizers,
    random seeds and history. A killed training loses at most one epoch.

    Args:
        model: compiled model with built optimizers.
        make_batches: function of the first epoch that returns the stream of
            batches from that epoch on. Every call must return the same
            stream, or a resumed training ends differently.
        epochs: total number of epochs.
        steps_per_epoch: batches per epoch.
        directory: directory of the checkpoints, the history and TensorBoard's
            logs.
        callbacks: callbacks to run, and to log, after every epoch.
        validation_batches: batches to evaluate after every epoch, if any.
        later_steps: batches of later trainings on the same data, for the
            remaining time in the log.
        title: title of the training in the log; by default the directory.
        best_score: name of a logged score; the model ends with the weights of
            the epoch in which it was highest, see `find_best`. None ends with
            those of the last epoch.

    Returns:
        The value of every logged quantity after each epoch.

    Raises:
        DivergenceError: if the loss is not finite. The checkpoints are kept.
        ValueError: if the checkpoints belong to another model, a callback
            stopped the training, or the weights of the best epoch are lost.
    """
    state, title = ResumableState(model, directory), title or str(directory)
    first_epoch = state.restore()
    best = best_score and BestEpoch(directory, best_score, state.history)
    if first_epoch < epochs:
        with _show_progress(
            title, first_epoch, epochs, steps_per_epoch, later_steps
        ) as progress:
            model.fit(
                make_batches(first_epoch),
                epochs=epochs,
                initial_epoch=first_epoch,
                steps_per_epoch=steps_per_epoch,
                validation_data=validation_batches,
                callbacks=[
                    *_order(directory, callbacks),
                    *([best] if best else []),
                    state,
                    progress,
                ],
                verbose=0,
                shuffle=False,
            )
        _check_whole(state.history, epochs, title)
    if best and epochs:
        kept = best.restore(model)
        logger.info("%s: kept epoch %d of %d", title, kept, epochs)
    return state.history


def _check_whole(
    history: dict[str, list[float]], epochs: int, title: str
) -> None:
    """Raise a ValueError if a callback stopped a training."""
    trained = max(map(len, history.values()), default=0)
    if trained < epochs:
        raise ValueError(
            f"A callback stopped {title} after {trained} of {epochs} epochs, "
            "and a run can't go on from there. Use callbacks that don't stop "
            "a training."
        )


@contextlib.contextmanager
def _show_progress(
    title: str, first_epoch: int, epochs: int, steps: int, later_steps: int
) -> Iterator[keras.callbacks.Callback]:
    """Yield a callback that draws a bar in a terminal, or logs elsewhere."""
    if not sys.stdout.isatty():
        yield RemainingTime(title, first_epoch, epochs, steps, later_steps)
        return
    with draw_progress(title, first_epoch, epochs, steps) as bar:
        yield bar


def _order(
    directory: Path, callbacks: list[keras.callbacks.Callback]
) -> list[keras.callbacks.Callback]:
    """List the callbacks before those that save, in the order that they need.

    A diverged epoch must stop before it is saved. TensorBoard and the
    checkpoint need the logs of the callbacks before them.
    """
    return [
        StopOnDivergence(directory),
        *callbacks,
        _LearningRates(),
        keras.callbacks.TensorBoard(
            directory / "tensorboard", write_graph=False
        ),
    ]


class ResumableState(keras.callbacks.Callback):
    """Callback that saves the whole state of a training after every epoch.

    Args:
        model: model to train, with built optimizers.
        directory: directory of the checkpoints and the history.
    """

    def __init__(self, model: keras.Model, directory: Path):
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self._directory = directory
        self._history_file = directory / "history.json"
        self._checkpoint = tf.train.Checkpoint(
            state=[variable.value for variable in _list_variables(model)]
        )
        self._checkpoints = directory / "checkpoints"
        # TensorFlow leaves these behind after a kill or on a full disk.
        for unfinished in self._checkpoints.glob("*_temp"):
            shutil.rmtree(unfinished)
        # Two, so that the one before the last is left if the last is damaged.
        self._manager = tf.train.CheckpointManager(
            self._checkpoint,
            str(self._checkpoints),
            max_to_keep=CHECKPOINTS,
            checkpoint_name=CHECKPOINT,
        )

    def restore(self) -> int:
        """Restore the latest readable checkpoint.

        A damaged checkpoint is logged, and the one before it is restored.

        Returns:
            The number of epochs trained so far; 0 without a checkpoint.

        Raises:
            ValueError: if there are checkpoints, but all are damaged or of
                another model; or if this worker restored another epoch than
                the chief.
        """
        epochs = self._restore_latest()
        check_alike("checkpoint", {"epochs": epochs})
        return epochs

    def _restore_latest(self) -> int:
        found = _list_checkpoints(self._checkpoints)
        for path in found:
            try:
                return self._restore(path)
            except LOST:  # An OpError too, but the checkpoint is not to blame.
                raise
            except _UNREADABLE as error:
                reason = find_reason(error)
                logger.warning("%s can't be restored (%s)", path, reason)
        if found:
            raise ValueError(
                f"Invalid checkpoint {found[-1]}: it is damaged or belongs to "
                f"another model ({reason}). Delete {self._directory} to train "
                "this stage again."
            )
        return 0

    def _restore(self, path: str) -> int:
        self._checkpoint.restore(path).assert_consumed()
        history = read_json(self._history_file)
        epochs = _count_epochs(path)
        # The history may be one epoch ahead of the checkpoint.
        self.history = {name: logs[:epochs] for name, logs in history.items()}
        return epochs

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save the state: the history first, since a checkpoint needs it."""
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        write_json(self._history_file, self.history)
        self._manager.save(checkpoint_number=epoch + 1)


def _list_checkpoints(directory: Path) -> list[str]:
    """List the checkpoints in a directory by their files, newest first.

    TensorFlow's own list, the file `checkpoint`, may be damaged or missing.
    """
    files = directory.glob(f"{CHECKPOINT}-*.index")
    found = [str(file.with_suffix("")) for file in files]
    return sorted(found, key=_count_epochs, reverse=True)


def _count_epochs(checkpoint: str) -> int:
    """Return the number of epochs in a checkpoint's name."""
    return int(checkpoint.rsplit("-", 1)[1])


def _list_variables(model: keras.Model) -> list[keras.Variable]:
    """List the weights, random seeds and optimizer state of a model.

    A supernet lists more, such as its second optimizer, as `training_state`.
    """
    other = getattr(model, "training_state", ())
    return [*model.variables, *model.optimizer.variables, *other]


class _LearningRates(keras.callbacks.Callback):
    """Callback that adds the learning rates to the logs of every epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["learning_rate"] = _read_rate(self.model.optimizer)
        second = getattr(self.model, "architecture_optimizer", None)
        if second is not None:
            logs["architecture_learning_rate"] = _read_rate(second)


def _read_rate(optimizer: keras.optimizers.Optimizer) -> float:
    # float() alone fails for the mirrored variable of several replicas.
    return float(tf.convert_to_tensor(optimizer.learning_rate))
