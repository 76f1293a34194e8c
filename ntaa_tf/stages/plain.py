"""Training of plain models, as finetuning and pretraining do it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.job import Job
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.training.batch_norm_synchronization import synchronize
from ntaa_tf.training.precision import set_precision
from ntaa_tf.training.rematerialization import Rematerialized
from ntaa_tf.training.resumable_fit import fit_resumably


def fit_plainly(
    job: Job,
    model: keras.Model,
    epochs: int,
    directory: Path,
    first_epoch: int = 0,
    one_cosine: bool = False,
    careful: Sequence[keras.Variable] = (),
) -> dict[str, list[float]]:
    """Train a plain model, going on where a killed run stopped.

    Args:
        job: the data, and the choices of the training.
        model: it is trained, and ends in float32.
        epochs: in all.
        directory: where the state is kept.
        first_epoch: how many epochs were trained before, on the same data.
        one_cosine: whether the learning rate goes on from theirs.
        careful: weights that move by a share of their gradient only.

    Returns:
        The value of each metric after each epoch.
    """
    set_precision(model, job.recipe.mixed_precision)
    synchronize(model, job.recipe.sync_batch_norm)
    end = first_epoch + epochs
    before = first_epoch if one_cosine else 0
    optimizer = job.make_optimizer(
        model, (before + epochs) * job.steps, before * job.steps, careful
    )
    trained = Rematerialized(*single_or_list(model))  # The same layers.
    trained.compile(
        optimizer=optimizer,
        **job.execution_options(job.steps),
        **job.task.compile_options(),
    )
    optimizer.build(model.trainable_variables)
    validation_batches = job.validation_batches()
    history = fit_resumably(
        trained,
        lambda first: job.training_batches(first_epoch + first, end),
        epochs=epochs,
        steps_per_epoch=job.steps,
        directory=directory,
        validation_batches=validation_batches,
        callbacks=[] if validation_batches else [Validation(job)],
    )
    set_precision(model)
    synchronize(model, False)
    return history


class Validation(keras.callbacks.Callback):
    """Adds to the logs of every epoch what choices are made by.

    Args:
        job: knows the task and the validation split.
    """

    def __init__(self, job: Job):
        super().__init__()
        self._job = job

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure."""
        score = self._job.task.score
        logs[f"val_{score}"] = self._job.validate(self.model)
