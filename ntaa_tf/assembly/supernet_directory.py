"""The directory of a supernet that is pretrained without labels."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf.assembly.run_directory import find_versions
from ntaa_tf.image_size import Size
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.kept_supernet import check_supernet
from ntaa_tf.search.kept_supernet import has_supernet
from ntaa_tf.storage.run_directory import RunDirectory

SUPERNET_STAGE = SUPERNET_FLAG = "supernet"
# Choices that must be the same for a supernet and for the tasks that use it.
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
        path: path of the run directory. The supernet is in its `supernet`
            unless --supernet names another directory.
    """
    if recipe.unsupervised.supernet is not None:
        return Path(recipe.unsupervised.supernet)
    return path / SUPERNET_STAGE


def check_shared_supernet(recipe: Recipe, source: keras.Model) -> None:
    """Check that the supernet of --supernet fits the recipe.

    It must have the same source, sites and candidates. Its training is
    compared only with flags that the user gave. Without --supernet, or if its
    directory has no supernet yet, nothing is checked.

    Args:
        recipe: recipe of the run.
        source: source model.

    Raises:
        ValueError: if choices differ. The message lists them.
    """
    shared = recipe.unsupervised.supernet
    if shared is None or not has_supernet(Path(shared)):
        return
    height, width = source.inputs[0].shape[1:3]
    training: dict[str, Any] = {}
    if "supernet_dataset" in recipe.given:
        training["dataset"] = recipe.unsupervised.supernet_dataset
    choices = recipe.to_dict()
    training |= {name: choices[name] for name in recipe.given & _CONTRAST}
    check_supernet(Path(shared), list_shared(recipe, (height, width)), training)


def list_shared(recipe: Recipe, image_size: Size) -> dict[str, Any]:
    """List the choices that must be the same for a supernet and its tasks.

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
    """Open the directory of a supernet, or create it.

    Args:
        recipe: recipe of the supernet.
        image_size: height and width in pixels.
        path: path of the directory.

    Raises:
        ValueError: if it has a supernet of another recipe.
    """
    choices = {
        **list_shared(recipe, image_size),
        **list_training_choices(recipe),
    }
    return RunDirectory(path, choices, find_versions(), flag=SUPERNET_FLAG)
