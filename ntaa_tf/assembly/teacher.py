"""The teacher of a run with distillation."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.values import RETRIEVAL
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.tasks.task import Task
from ntaa_tf.training.distillation import Teacher
from ntaa_tf.training.precision import set_precision


def build_teacher(recipe: Recipe, task: Task, path: Path) -> Teacher:
    """Build the teacher of a run from a file.

    Args:
        recipe: recipe of the run.
        task: task of the recipe, which compares predictions.
        path: the teacher's `.keras` file.
    """
    choices = recipe.distillation
    model = load_model(path)
    set_precision(model, recipe.compute.mixed_precision)

    def measure(teacher: Any, student: Any) -> Any:
        return task.measure_divergence(
            teacher, student, choices.distillation_temperature
        )

    return Teacher(model, choices.distillation_weight, measure)


def check_teacher(recipe: Recipe, task: Task, source: keras.Model) -> None:
    """Raise a ValueError if the file of --teacher can't teach the source.

    Args:
        recipe: recipe of the run.
        task: task of the recipe.
        source: source model with the task's head.
    """
    path = recipe.distillation.teacher
    if path is None:
        return
    try:
        model = keras.models.load_model(path)
    except Exception as error:  # A damaged file can raise anything.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"--teacher={path} can't be loaded ({reason}). Give the .keras "
            "file of a functional model."
        ) from error
    needed, found = _list_shapes(task.finish(source)), _list_shapes(model)
    if not _can_teach(found, needed, recipe.data.task == RETRIEVAL):
        raise ValueError(
            f"--teacher={path} has the inputs {found[0]} and the outputs "
            f"{found[1]}, but the adapted model has the outputs {needed[1]}. "
            "Give a model with one RGB image as input and the same outputs."
        )


def _list_shapes(model: keras.Model) -> tuple[list[Any], list[Any]]:
    """List the shapes of the inputs and of the outputs, without the batch."""
    inputs, outputs = (
        [tuple(tensor.shape[1:]) for tensor in tensors]
        for tensors in (model.inputs, model.outputs)
    )
    return inputs, outputs


def _can_teach(found: Any, needed: Any, embeds: bool) -> bool:
    inputs, outputs = found
    if len(inputs) != 1 or len(inputs[0]) != 3 or inputs[0][-1] != 3:
        return False
    if embeds:
        # Embeddings are compared by their similarities, whatever their size.
        return [len(shape) for shape in outputs] == [1]
    return bool(outputs == needed[1])
