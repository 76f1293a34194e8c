"""The directory of a supernet that learns without labels, and whose it is."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.runs import find_versions
from ntaa_tf.image_size import Size
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.kept_supernet import check_supernet
from ntaa_tf.search.kept_supernet import has_supernet
from ntaa_tf.storage.run_directory import RunDirectory

STAGE = FLAG = "supernet"


def find_super(recipe: Recipe, workdir: Path) -> Path:
    """Give the directory of the supernet of a run."""
    if recipe.supernet is not None:
        return Path(recipe.supernet)
    return workdir / STAGE


def check_kept(recipe: Recipe, source: keras.Model) -> None:
    """Raise a ValueError if the supernet that is there is of another source."""
    if recipe.supernet is None or not has_supernet(Path(recipe.supernet)):
        return
    height, width = source.inputs[0].shape[1:3]
    asked: dict[str, Any] = {}
    if recipe.supernet_dataset is not None:
        asked["dataset"] = recipe.supernet_dataset
    if recipe.supernet_epochs != Recipe().supernet_epochs:
        asked["supernet_epochs"] = recipe.supernet_epochs
    shared = list_shared(recipe, (height, width))
    check_supernet(Path(recipe.supernet), shared, asked)


def list_shared(recipe: Recipe, image_size: Size) -> dict[str, Any]:
    """List what a supernet and the tasks that use it have in common."""
    names = (
        *("model", "weights", "preprocessing", "last_stride"),
        *("candidates", "sites", "skip_inputs", "candidate_weights", "start"),
        *("source_lead", "smoke"),
    )
    shared = {name: getattr(recipe, name) for name in names}
    return {**shared, "image_size": list(image_size)}


def list_training_choices(recipe: Recipe) -> dict[str, Any]:
    """List what else decides what a supernet has learnt."""
    names = (
        *("supernet_epochs", "queue_length", "key_size", "key_temperature"),
        *("batch_size", "learning_rate", "weight_decay", "flip", "seed"),
        *("train_examples", "accumulation_steps", "mixed_precision", "task"),
        *("distribute", "sync_batch_norm"),
    )
    dataset = recipe.source_dataset or recipe.dataset
    return {
        "dataset": recipe.supernet_dataset or dataset,
        **{name: getattr(recipe, name) for name in names},
    }


def open_super(recipe: Recipe, image_size: Size, path: Path) -> RunDirectory:
    """Open the directory of a supernet: a new one, or of these choices.

    Raises:
        ValueError: if it is of others.
    """
    choices = {
        **list_shared(recipe, image_size),
        **list_training_choices(recipe),
    }
    return RunDirectory(path, choices, find_versions(), flag=FLAG)
