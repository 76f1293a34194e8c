"""The data of a run: one data set, or a source and a target domain."""

from pathlib import Path
from typing import Any

from ntaa_tf.assembly.task import make_task
from ntaa_tf.data import take_fingerprint
from ntaa_tf.distribute import check_alike
from ntaa_tf.image_size import Size
from ntaa_tf.image_size import parse_size
from ntaa_tf.recipe import CLASSIFICATION
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe.methods import ACROSS_DOMAINS

SMOKE_EXAMPLES = 32


def open_data(recipe: Recipe) -> Any:
    """Open what a recipe trains on and is measured on; decode nothing.

    Raises:
        ValueError: if a data set can't be opened, or two domains differ in
            their classes.
    """
    task = make_task(recipe)
    target = task.open(recipe.dataset, recipe.data_dir)
    if recipe.source_dataset is None:
        return target
    directory = recipe.source_data_dir or recipe.data_dir
    try:
        names = recipe.source_dataset.split(",")
        sources = [task.open(name, directory) for name in names]
    except ValueError as error:
        raise ValueError(f"In --source_dataset: {error}") from error
    return task.join_domains(
        sources,
        target,
        judges=recipe.method == ACROSS_DOMAINS,
        images_per_class=recipe.target_images_per_class,
        validation_share=recipe.validation_share,
        seed=recipe.seed,
    )


def prepare_data(
    recipe: Recipe,
    raw: Any,
    image_size: Size,
    path: Path,
    train_examples: int | None,
) -> Any:
    """Split and decode a data set; few images in a smoke run.

    Args:
        recipe: the choices.
        raw: the data set.
        image_size: height and width in pixels.
        path: where pixels go that are too many for memory.
        train_examples: how many of the training images are taken.
    """
    task = make_task(recipe)
    few = SMOKE_EXAMPLES
    if recipe.task == CLASSIFICATION:
        few = max(few, 2 * raw.num_classes)
    choices = {}
    if recipe.resize is not None:
        choices["resize"] = parse_size(recipe.resize)
    return task.prepare(
        raw,
        image_size,
        validation_share=recipe.validation_share,
        seed=recipe.seed,
        train_examples=few if recipe.smoke else train_examples,
        evaluation_examples=few if recipe.smoke else None,
        cache_dir=path / "data",
        **choices,
    )


def identify_data(dataset: Any) -> dict[str, str]:
    """Take the fingerprint of a data set, which all workers have to have.

    Args:
        dataset: decoded and split.

    Raises:
        ValueError: if this worker has other images or labels than the chief.
    """
    fingerprint = take_fingerprint(dataset)
    check_alike("data", fingerprint)
    return fingerprint
