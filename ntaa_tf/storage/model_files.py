"""The models that stages keep for one another."""

from pathlib import Path

import keras

from ntaa_tf.storage.files import write_atomically


def save_model(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file, atomically and without optimizer state."""
    with write_atomically(path) as unfinished:
        model.save(unfinished, include_optimizer=False)


def load_model(path: Path, made_by: Path | None = None) -> keras.Model:
    """Read what `save_model` wrote.

    Args:
        path: of a `.keras` file.
        made_by: what has to be deleted to have it made again; by default the
            directory that it is in.

    Raises:
        ValueError: if it is not there, or damaged.
    """
    try:
        return keras.models.load_model(path)
    except Exception as error:  # Anything may be wrong in a damaged file.
        lines = str(error).splitlines() or [type(error).__name__]
        raise ValueError(
            f"Invalid file {path}. Expected the model that a stage kept. "
            f"Received one that can't be read ({lines[0]}). Delete "
            f"{made_by or path.parent} to have it made again."
        ) from error
