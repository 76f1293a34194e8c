"""Training of plain models, shared by finetuning and transfer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.training.batch_norm_synchronization import synchronize
from ntaa_tf.training.precision import set_precision
from ntaa_tf.training.rematerialization import Rematerialized
from ntaa_tf.training.resumable_fit import fit_resumably


def fit_plain_model(
    assembly: Assembly,
    model: keras.Model,
    epochs: int,
    directory: Path,
    first_epoch: int = 0,
    one_cosine: bool = False,
    careful: Sequence[keras.Variable] = (),
) -> dict[str, list[float]]:
    """Train a plain model, going on where a killed run stopped.

    Args:
        assembly: data, task and choices of the training.
        model: trained model; it ends in float32.
        epochs: number of epochs.
        directory: directory of the training's state.
        first_epoch: number of epochs of earlier training on the same data.
        one_cosine: whether the learning rate goes on from the earlier ones.
        careful: weights that move by a share of their gradient.

    Returns:
        The value of each metric after each epoch.
    """
    compute, steps = assembly.recipe.compute, assembly.steps
    set_precision(model, compute.mixed_precision)
    synchronize(model, compute.sync_batch_norm)
    end = first_epoch + epochs
    before = first_epoch if one_cosine else 0
    optimizer = assembly.make_optimizer(
        model, (before + epochs) * steps, before * steps, careful
    )
    trained = Rematerialized(*single_or_list(model))  # It shares all layers.
    trained.compile(
        optimizer=optimizer,
        **assembly.execution_options(steps),
        **assembly.task.compile_options(),
    )
    optimizer.build(model.trainable_variables)
    batches = assembly.batches
    validation_batches = batches.validation()
    history = fit_resumably(
        trained,
        lambda first: batches.train(first_epoch + first, end),
        epochs=epochs,
        steps_per_epoch=steps,
        directory=directory,
        validation_batches=validation_batches,
        callbacks=[] if validation_batches else [Validation(assembly)],
    )
    set_precision(model)
    synchronize(model, False)
    return history


class Validation(keras.callbacks.Callback):
    """Callback that adds the validation score to the logs of every epoch.

    Args:
        assembly: task and validation split.
    """

    def __init__(self, assembly: Assembly):
        super().__init__()
        self._assembly = assembly

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure the score."""
        name = f"val_{self._assembly.task.score}"
        logs[name] = self._assembly.batches.validate(self.model)
