"""The teacher of a run with distillation."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf.image_size import Size
from ntaa_tf.image_size import parse_size
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.values import RETRIEVAL
from ntaa_tf.storage.files import find_reason
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.tasks.task import Task
from ntaa_tf.training.distillation import Teacher
from ntaa_tf.training.precision import set_precision

TEACHER_FILE = "teacher.keras"
# Activations whose outputs are no logits.
SQUASHING = ("softmax", "sigmoid", "log_softmax")


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


def find_teacher_size(recipe: Recipe, image_size: Size) -> Size | None:
    """Return the image size of a teacher that is trained at larger images.

    Args:
        recipe: recipe of the run.
        image_size: height and width in pixels of the model's input.

    Raises:
        ValueError: if the size is not larger, or has other proportions.
    """
    text = recipe.distillation.teacher_image_size
    if text is None or not recipe.distillation.distill:
        return None
    height, width = parse_size(text, "teacher_image_size")
    is_alike = height * image_size[1] == width * image_size[0]
    if height <= image_size[0] or not is_alike:
        own = "x".join(map(str, image_size))
        raise ValueError(
            f"--teacher_image_size must be larger than the image size {own}, "
            f"with its proportions. Received: {text}. Without it the baseline "
            "is the teacher."
        )
    return height, width


def load_given_teacher(
    recipe: Recipe, task: Task, source: keras.Model
) -> keras.Model | None:
    """Load and check the model of --teacher; None without one.

    Args:
        recipe: recipe of the run.
        task: task of the recipe.
        source: source model with the task's head.

    Returns:
        A functional model with the outputs of the adapted model.

    Raises:
        ValueError: if the model can't be loaded, or can't teach the source.
    """
    path = recipe.distillation.teacher
    if path is None:
        return None
    try:
        loaded = keras.models.load_model(path)
        outputs = keras.tree.flatten(loaded.outputs)
        model = keras.Model(
            loaded.inputs, outputs[0] if len(outputs) == 1 else outputs
        )
    except Exception as error:  # A damaged file can raise anything.
        raise ValueError(
            f"--teacher={path} can't be loaded ({find_reason(error)}). Give "
            "the .keras file of a functional or Sequential model."
        ) from error
    _check_images(path, model)
    _check_outputs(path, model, task.finish(source), recipe.data.task)
    return model


def _check_images(path: str, model: keras.Model) -> None:
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    if [(len(shape), shape[-1]) for shape in shapes] != [(3, 3)]:
        raise ValueError(
            f"--teacher={path} has the inputs {shapes}. Give a model with one "
            "RGB image (height, width, 3) as input."
        )


def _check_outputs(
    path: str, model: keras.Model, adapted: keras.Model, task: str
) -> None:
    found, needed = (
        [tuple(tensor.shape[1:]) for tensor in each.outputs]
        for each in (model, adapted)
    )
    if task == RETRIEVAL:
        # Embeddings are compared by their similarities, whatever their size.
        if [len(shape) for shape in found] != [1]:
            raise ValueError(
                f"--teacher={path} has the outputs {found}. Give a model with "
                "one embedding (channels,) as output."
            )
        return
    if found != needed:
        raise ValueError(
            f"--teacher={path} has the outputs {found}, but the adapted model "
            f"has the outputs {needed}. Give a model of the same classes."
        )
    if any(map(_is_squashed, model.outputs)):
        raise ValueError(
            f"--teacher={path} ends with a softmax or a sigmoid, but logits "
            "are compared. Remove the activation of its last layer."
        )


def _is_squashed(output: keras.KerasTensor) -> bool:
    """Return whether an output comes from an activation, not from logits."""
    layer = output._keras_history.operation
    names = (
        getattr(getattr(layer, "activation", None), "__name__", ""),
        type(layer).__name__.lower(),
    )
    return any(name in SQUASHING for name in names)
