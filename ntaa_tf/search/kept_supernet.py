"""Files of a supernet that was trained without labels: the paper's Super α0.

Such a supernet is trained once. The searches of many tasks then start from it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.search.supernet import Supernet
from ntaa_tf.storage.files import list_differences
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_atomically
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.model_files import load_model

MODEL_FILE = "super.keras"
RECORD_FILE = "super.json"
FORMAT = 1


def save_supernet(
    features: Supernet,
    directory: Path,
    choices: Mapping[str, Any],
    training: Mapping[str, Any],
    versions: Mapping[str, str],
) -> None:
    """Write a supernet and its record to a directory.

    The record is written last: a directory with a record is complete.

    Args:
        features: a supernet from images to a feature map.
        directory: gets `super.keras` and `super.json`.
        choices: options that a task must share with the supernet, by name.
        training: options of its training, by name.
        versions: versions of the libraries.
    """
    with write_atomically(directory / MODEL_FILE) as unfinished:
        features.save(unfinished, include_optimizer=False)
    record = {
        "format": FORMAT,
        "choices": choices,
        "training": training,
        "versions": versions,
    }
    write_json(directory / RECORD_FILE, record)


def has_supernet(directory: Path) -> bool:
    """Return whether a directory has a complete supernet."""
    return all((directory / f).exists() for f in (MODEL_FILE, RECORD_FILE))


def check_supernet(
    directory: Path,
    choices: Mapping[str, Any],
    training: Mapping[str, Any],
) -> None:
    """Check that the record of a supernet agrees with the options of a task.

    Args:
        directory: the directory of the supernet.
        choices: options of the task that the supernet must share.
        training: options of the training that the task asks for, if any.

    Raises:
        ValueError: if the record can't be read, or options differ. The message
            lists the differences.
    """
    try:
        record = read_json(directory / RECORD_FILE)
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']}")
        trained = {name: record["training"].get(name) for name in training}
        kept = {**record["choices"], **trained}
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"The record of the `supernet` in {directory} can't be read as a "
            f"{RECORD_FILE} of format {FORMAT} ({error}). Train it again, or "
            "choose another --supernet."
        ) from error
    differences = list_differences(kept, {**choices, **training})
    if differences:
        raise ValueError(
            f"The `supernet` in {directory} was trained with other options, "
            f"which differ: {'; '.join(differences)}. Use the supernet's "
            "options, or choose another --supernet."
        )


def load_supernet(supernet: Supernet, directory: Path) -> list[keras.Variable]:
    """Load the weights of a saved supernet into the supernet of a task.

    Args:
        supernet: a supernet of the same source and sites, with a head.
        directory: the directory of the saved supernet.

    Returns:
        The weights that are not trained any more: all but the logits and the
        head.

    Raises:
        ValueError: if a layer of the saved supernet is missing in the task's,
            or has weights of other shapes.
    """
    kept = load_model(directory / MODEL_FILE)
    logits = {id(variable) for variable in supernet.logits}
    own = {layer.name: layer for layer in supernet.layers}
    resting = []
    for layer in (layer for layer in kept.layers if layer.weights):
        weights = layer.get_weights()
        shapes = [weight.shape for weight in weights]
        there = own.get(layer.name)
        if there is None or shapes != [w.shape for w in there.get_weights()]:
            raise ValueError(
                f"The layer {layer.name!r} of the `supernet` in {directory} is "
                "missing here or has other weights. Expected layers of "
                f"{list(own)}. Choose a --supernet of the same source and "
                "sites."
            )
        there.set_weights(weights)
        resting += [w for w in there.weights if id(w) not in logits]
    return resting
