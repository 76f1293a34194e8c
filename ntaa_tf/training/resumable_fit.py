"""Training that can be killed at any moment and goes on."""

import logging
import shutil
import sys
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from ntaa_tf.distribute import LOST
from ntaa_tf.distribute import check_alike
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json
from ntaa_tf.training.divergence import StopOnDivergence
from ntaa_tf.training.remaining_time import RemainingTime

logger = logging.getLogger(__name__)

CHECKPOINT = "epoch"
_UNREADABLE = (
    *(AssertionError, IndexError, OSError, ValueError),
    tf.errors.OpError,
)


def fit_execution(steps_per_epoch: int, most: int) -> int:
    """Give how many steps one call of the compiled function may run.

    Keras ends an epoch between two of these calls only; so the number divides
    the steps of an epoch.

    Args:
        steps_per_epoch: batches of an epoch.
        most: the largest number wanted.

    Example:
    >>> fit_execution(steps_per_epoch=90, most=32)
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
) -> dict[str, list[float]]:
    """Train a compiled model, going on where a killed run stopped.

    After every epoch the whole state is kept in `directory`: weights,
    optimizers, random seeds, history. At most one epoch is lost.

    Args:
        model: compiled, its optimizers built.
        make_batches: function of the first epoch that gives one stream of
            batches from there on; the same stream whenever it is called.
        epochs: in all.
        steps_per_epoch: batches.
        directory: where the state and TensorBoard's logs are kept.
        callbacks: what else is done, and logged, after every epoch.
        validation_batches: evaluated after every epoch, if any.
        later_steps: batches of what is trained on the same data afterwards,
            for the time that is told to be left.

    Returns:
        For every logged quantity its value after each epoch.

    Raises:
        DivergenceError: if the loss is not finite. The checkpoints stay.
        ValueError: if the state in `directory` is of another model.
    """
    state = ResumableState(model, directory)
    first_epoch = state.restore()
    if first_epoch < epochs:
        model.fit(
            make_batches(first_epoch),
            epochs=epochs,
            initial_epoch=first_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_data=validation_batches,
            callbacks=[
                StopOnDivergence(directory),
                *callbacks,
                _LearningRates(),
                keras.callbacks.TensorBoard(
                    directory / "tensorboard", write_graph=False
                ),
                state,
                RemainingTime(
                    str(directory),
                    first_epoch,
                    epochs,
                    steps_per_epoch,
                    later_steps,
                ),
            ],
            verbose=1 if sys.stdout.isatty() else 2,
            shuffle=False,
        )
    return state.history


class ResumableState(keras.callbacks.Callback):
    """The state of a training, kept after every epoch.

    Args:
        model: what is trained, its optimizers built.
        directory: gets the checkpoints and the history.
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
        # What a kill, or a full disk, left.
        for unfinished in self._checkpoints.glob("*_temp"):
            shutil.rmtree(unfinished)
        self._manager = tf.train.CheckpointManager(
            self._checkpoint,
            str(self._checkpoints),
            max_to_keep=2,
            checkpoint_name=CHECKPOINT,
        )

    def restore(self) -> int:
        """Restore the latest state that can be, and give the epochs it has.

        A damaged state is told of, and the one before it taken.

        Raises:
            ValueError: if all there are of another model, or damaged; or, of
                several workers, if this one has another than the chief.
        """
        epochs = self._restore_latest()
        check_alike("checkpoint", {"epochs": epochs})
        return epochs

    def _restore_latest(self) -> int:
        found = _list_checkpoints(self._checkpoints)
        for path in found:
            try:
                return self._restore(path)
            except LOST:
                raise
            except _UNREADABLE as error:
                reason = str(error).partition("\n")[0] or type(error).__name__
                logger.warning("%s can't be restored (%s)", path, reason)
        if found:
            raise ValueError(
                f"Invalid checkpoint {found[-1]}. Expected the state of this "
                "very model after an epoch. Received something that can't be "
                f"restored ({reason}). Delete {self._directory} to train this "
                "stage again."
            )
        return 0

    def _restore(self, path: str) -> int:
        self._checkpoint.restore(path).assert_consumed()
        history = read_json(self._history_file)
        epochs = _count_epochs(path)
        self.history = {name: logs[:epochs] for name, logs in history.items()}
        return epochs

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep the state: the history first, as a checkpoint refers to it."""
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        write_json(self._history_file, self.history)
        self._manager.save(checkpoint_number=epoch + 1)


def _list_checkpoints(directory: Path) -> list[str]:
    """List the checkpoints of a directory by their files, the newest first.

    TensorFlow's own list of them may be damaged.
    """
    files = directory.glob(f"{CHECKPOINT}-*.index")
    found = [str(file.with_suffix("")) for file in files]
    return sorted(found, key=_count_epochs, reverse=True)


def _count_epochs(checkpoint: str) -> int:
    """Give the epochs of a checkpoint by its name."""
    return int(checkpoint.rsplit("-", 1)[1])


def _list_variables(model: keras.Model) -> list[keras.Variable]:
    """List weights, random seeds and the state of the optimizers."""
    beside = getattr(
        model, "training_state", ()
    )  # A supernet has a second one.
    return [*model.variables, *model.optimizer.variables, *beside]


class _LearningRates(keras.callbacks.Callback):
    """Adds the learning rates to the logs of every epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["learning_rate"] = _read_rate(self.model.optimizer)
        second = getattr(self.model, "architecture_optimizer", None)
        if second is not None:
            logs["architecture_learning_rate"] = _read_rate(second)


def _read_rate(optimizer: keras.optimizers.Optimizer) -> float:
    # A mirrored variable is no number by itself.
    return float(tf.convert_to_tensor(optimizer.learning_rate))
