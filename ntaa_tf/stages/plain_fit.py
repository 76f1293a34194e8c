"""Training of models without mixed ops, shared by finetune and transfer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.training.batch_norm_momentum import limit_momentum
from ntaa_tf.training.batch_norm_synchronization import synchronize
from ntaa_tf.training.distillation import Student
from ntaa_tf.training.distillation import Teacher
from ntaa_tf.training.precision import set_precision
from ntaa_tf.training.resumable_fit import fit_resumably


def fit_plain_model(
    assembly: Assembly,
    model: keras.Model,
    epochs: int,
    directory: Path,
    first_epoch: int = 0,
    one_cosine: bool = False,
    careful: Sequence[keras.Variable] = (),
    teacher: Teacher | None = None,
    best_score: str | None = None,
) -> dict[str, list[float]]:
    """Train a model without mixed ops, from its last checkpoint if any.

    Args:
        assembly: data, task and choices of the training.
        model: model to train; it is in float32 afterwards.
        epochs: number of epochs.
        directory: directory of the checkpoints.
        first_epoch: number of epochs of earlier training on the same data.
        one_cosine: whether the cosine of learning rates began with the earlier
            training.
        careful: weights with scaled-down gradients, see `CarefulSGD`.
        teacher: teacher of the weights; None learns from labels alone.
        best_score: see `fit_resumably`.

    Returns:
        The value of each metric after each epoch.
    """
    compute, steps = assembly.recipe.compute, assembly.steps
    set_precision(model, compute.mixed_precision)
    synchronize(model, compute.sync_batch_norm)
    end = first_epoch + epochs
    earlier = first_epoch if one_cosine else 0
    optimizer = assembly.make_optimizer(
        model, (earlier + epochs) * steps, earlier * steps, careful
    )
    # It shares all layers with `model`, which is saved without this class.
    trained = Student(*single_or_list(model))
    trained.compile(
        optimizer=optimizer,
        teacher=teacher,
        **assembly.execution_options(steps),
        **assembly.compile_options(),
    )
    optimizer.build(model.trainable_variables)
    batches = assembly.batches
    validation_batches = batches.validation()
    with limit_momentum(model, steps):
        history = fit_resumably(
            trained,
            lambda first: batches.teaching(first_epoch + first, end),
            epochs=epochs,
            steps_per_epoch=steps,
            directory=directory,
            validation_batches=validation_batches,
            title=assembly.run_directory.name_stage(directory.name),
            best_score=best_score,
            callbacks=[
                *(
                    [_Validation(assembly)]
                    if validation_batches is None
                    else []
                ),
                *assembly.callbacks,
            ],
        )
    set_precision(model)
    synchronize(model, False)
    return history


class _Validation(keras.callbacks.Callback):
    """Callback that adds the validation score to the logs of every epoch.

    It stands in for Keras's validation if the loss has no validation batches.

    Args:
        assembly: task and validation split.
    """

    def __init__(self, assembly: Assembly):
        super().__init__()
        self._assembly = assembly

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Add the score."""
        name = f"val_{self._assembly.task.score}"
        logs[name] = self._assembly.validate(self.model)
