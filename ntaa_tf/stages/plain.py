"""Training of plain models, as finetuning and pretraining do it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.graph.batch_norm import synchronize
from ntaa_tf.graph.precision import set_precision
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.search.remat import Rematerialized
from ntaa_tf.stages.job import Job
from ntaa_tf.training import fit_resumably


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


def freeze_before(model: keras.Model, first: str) -> list[Any]:
    """Freeze the layers of a model before one of them.

    Args:
        model: a flat model.
        first: the first layer that is trained: its name, or the share of the
            layers that have weights before it, such as 0.5.

    Returns:
        The layers that were trainable and are no longer.

    Raises:
        ValueError: if there is no such layer.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> hidden = keras.layers.Conv2D(4, 3, name="a")(inputs)
    >>> model = keras.Model(inputs, keras.layers.Conv2D(4, 3, name="b")(hidden))
    >>> [layer.name for layer in freeze_before(model, "b")]
    ['a']
    """
    weighted = [layer for layer in model.layers if layer.weights]
    names = [layer.name for layer in weighted]
    if first in names:
        count = names.index(first)
    else:
        count = int(_parse_share(first, names) * len(weighted))
    frozen = [layer for layer in weighted[:count] if layer.trainable]
    for layer in frozen:
        layer.trainable = False
    return frozen


def _parse_share(text: str, names: list[str]) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise ValueError(
            "Invalid value for `trainable_from`. Expected a share, 0 or more "
            f"and below 1, or one of the layers {names}. Received: {text!r}."
        )
    return share
