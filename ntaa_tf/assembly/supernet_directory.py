"""The directory of a supernet that learns without labels."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.run_directory import find_versions
from ntaa_tf.image_size import Size
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.kept_supernet import check_supernet
from ntaa_tf.search.kept_supernet import has_supernet
from ntaa_tf.storage.run_directory import RunDirectory

STAGE = FLAG = "supernet"
# Choices that a supernet and the tasks that use it have in common.
_SHARED = (
    *("model", "weights", "preprocessing", "last_stride"),
    *("candidates", "sites", "skip_inputs", "candidate_weights", "start"),
    *("source_lead", "smoke"),
)
# Choices that count for the training of a supernet alone.
_CONTRAST = frozenset(
    ("supernet_epochs", "queue_length", "key_size", "key_temperature")
)
# Further choices that decide the weights of a supernet.
_TRAINING = (
    *("supernet_epochs", "queue_length", "key_size", "key_temperature"),
    *("batch_size", "learning_rate", "weight_decay", "flip", "seed"),
    *("train_examples", "accumulation_steps", "mixed_precision", "task"),
    *("distribute", "sync_batch_norm"),
)


def find_supernet_path(recipe: Recipe, path: Path) -> Path:
    """Return the directory of a run's supernet.

    Args:
        recipe: recipe of the run.
        path: path of its run directory, which has a supernet of its own where
            the recipe names no other.
    """
    if recipe.unsupervised.supernet is not None:
        return Path(recipe.unsupervised.supernet)
    return path / STAGE


def check_shared_supernet(recipe: Recipe, source: keras.Model) -> None:
    """Raise a ValueError if the supernet of --supernet is of another source.

    Args:
        recipe: recipe of the run; there is nothing to check unless it names
            a directory that has a supernet.
        source: source model.
    """
    shared = recipe.unsupervised.supernet
    if shared is None or not has_supernet(Path(shared)):
        return
    height, width = source.inputs[0].shape[1:3]
    asked: dict[str, Any] = {}
    if "supernet_dataset" in recipe.given:
        asked["dataset"] = recipe.unsupervised.supernet_dataset
    choices = recipe.to_dict()
    asked |= {name: choices[name] for name in recipe.given & _CONTRAST}
    check_supernet(Path(shared), list_shared(recipe, (height, width)), asked)


def list_shared(recipe: Recipe, image_size: Size) -> dict[str, Any]:
    """List the choices that a supernet and its tasks have in common.

    Args:
        recipe: recipe of a task, or of the supernet.
        image_size: height and width in pixels.
    """
    choices = recipe.to_dict()
    shared = {name: choices[name] for name in _SHARED}
    return {**shared, "image_size": list(image_size)}


def list_training_choices(recipe: Recipe) -> dict[str, Any]:
    """List the further choices that decide the weights of a supernet.

    Args:
        recipe: recipe of the supernet.
    """
    choices = recipe.to_dict()
    dataset = recipe.domains.source_dataset or recipe.data.dataset
    return {
        "dataset": recipe.unsupervised.supernet_dataset or dataset,
        **{name: choices[name] for name in _TRAINING},
    }


def open_supernet_directory(
    recipe: Recipe, image_size: Size, path: Path
) -> RunDirectory:
    """Open the directory of a supernet, a new one or one of these choices.

    Args:
        recipe: recipe of the supernet.
        image_size: height and width in pixels.
        path: path of the directory.

    Raises:
        ValueError: if it has a supernet of other choices.
    """
    choices = {
        **list_shared(recipe, image_size),
        **list_training_choices(recipe),
    }
    return RunDirectory(path, choices, find_versions(), flag=FLAG)
