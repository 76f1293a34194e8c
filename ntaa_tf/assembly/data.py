"""The data of a recipe: opened by name, joined over domains, decoded."""

from pathlib import Path
from typing import Any

from ntaa_tf import data
from ntaa_tf.data import attributes
from ntaa_tf.data import retrieval
from ntaa_tf.data.datasets import Dataset
from ntaa_tf.data.datasets import OpenedDataset
from ntaa_tf.distribute import check_alike
from ntaa_tf.image_size import Size
from ntaa_tf.image_size import parse_size
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe import count_smoke_examples
from ntaa_tf.recipe.methods import ACROSS_DOMAINS
from ntaa_tf.recipe.values import ATTRIBUTES
from ntaa_tf.recipe.values import RETRIEVAL


def open_data(recipe: Recipe) -> OpenedDataset:
    """Open the data set of a recipe, or join its source and target domains.

    No image is decoded.

    Args:
        recipe: recipe of the run.

    Returns:
        A raw data set of the task.

    Raises:
        ValueError: if a data set can't be opened, or the domains have
            different classes.
    """
    target = open_by_task(recipe, recipe.data.dataset, recipe.data.data_dir)
    domains = recipe.domains
    if domains.source_dataset is None:
        return target
    directory = domains.source_data_dir or recipe.data.data_dir
    try:
        names = domains.source_dataset.split(",")
        sources = [open_by_task(recipe, name, directory) for name in names]
    except ValueError as error:
        raise ValueError(f"In --source_dataset: {error}") from error
    # With this method the target's training images train the logits; all
    # others only test on the target domain.
    with_target = recipe.adaptation.method == ACROSS_DOMAINS
    if recipe.data.task == RETRIEVAL:
        return retrieval.join_retrieval_domains(
            sources,
            target,
            recipe.output.seed,
            domains.target_images_per_class,
            with_target=with_target,
        )
    return data.join_domains(
        sources,
        target,
        validation_share=recipe.data.validation_share,
        seed=recipe.output.seed,
        images_per_class=domains.target_images_per_class,
        with_target=with_target,
    )


def open_by_task(recipe: Recipe, name: str, data_dir: str | None) -> Any:
    """Open a data set by name, for the recipe's task.

    Args:
        recipe: recipe of the run.
        name: name of the data set, such as `cifar10` or `folder:PATH`.
        data_dir: directory in which data sets are found by name.

    Raises:
        ValueError: if it can't be opened.
    """
    if recipe.data.task == RETRIEVAL:
        return retrieval.open_retrieval(name, data_dir)
    if recipe.data.task == ATTRIBUTES:
        chosen = recipe.attributes
        return attributes.open_attributes(
            name, data_dir, chosen.attributes, chosen.ordinal, chosen.fold
        )
    return data.open_dataset(name, data_dir)


def prepare_data(
    recipe: Recipe,
    raw: Any,
    image_size: Size,
    path: Path,
    train_examples: int | None = None,
) -> Dataset:
    """Split and decode a data set; a smoke run keeps few images.

    Args:
        recipe: recipe of the run.
        raw: opened data set.
        image_size: height and width in pixels of the model's input.
        path: run directory; its `data` gets pixels that do not fit into
            memory.
        train_examples: number of training images; all when None.

    Returns:
        A data set of the task, with decoded splits.
    """
    few = None
    if recipe.output.smoke:
        few = count_smoke_examples(recipe, raw.num_classes)
    choices: dict[str, Any] = {
        "validation_share": recipe.data.validation_share,
        "seed": recipe.output.seed,
        "train_examples": few or train_examples,
        "evaluation_examples": few,
        "cache_dir": path / "data",
    }
    if recipe.data.task == RETRIEVAL:
        return retrieval.prepare_retrieval(raw, image_size, **choices)
    if recipe.data.resize is not None:
        choices["resize"] = parse_size(recipe.data.resize)
    if recipe.data.task == ATTRIBUTES:
        return attributes.prepare_attributes(raw, image_size, **choices)
    return data.prepare_images(raw, image_size, **choices)


def identify_data(dataset: Dataset) -> dict[str, str]:
    """Take the fingerprint of a data set, the same on all workers.

    Args:
        dataset: data set, decoded and split.

    Raises:
        ValueError: if this worker has other images or labels than the chief.
    """
    fingerprint = data.take_fingerprint(dataset)
    check_alike("data", fingerprint)
    return fingerprint
