"""Keras models that one stage saves and another stage loads."""

from pathlib import Path

import keras

from ntaa_tf.storage.files import find_reason
from ntaa_tf.storage.files import write_atomically

ADAPTED_FILE = "adapted.keras"  # The network that is handed over.


def save_model(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file, atomically and without optimizer state."""
    with write_atomically(path) as unfinished:
        model.save(unfinished, include_optimizer=False)


def load_model(path: Path, made_by: Path | None = None) -> keras.Model:
    """Load a model that `save_model` wrote.

    Args:
        path: a `.keras` file.
        made_by: directory to delete so that the model is made again, for the
            error; by default the directory of `path`.

    Raises:
        ValueError: if the file is missing or damaged.
    """
    try:
        return keras.models.load_model(path)
    except Exception as error:  # A damaged file can raise anything.
        raise ValueError(
            f"The model {path} can't be loaded ({find_reason(error)}). Delete "
            f"{made_by or path.parent} to make it again."
        ) from error
