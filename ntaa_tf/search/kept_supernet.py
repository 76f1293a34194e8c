"""A supernet that learnt without labels, kept for all tasks: Super α0."""

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


def keep_super(
    features: Supernet,
    directory: Path,
    choices: Mapping[str, Any],
    training: Mapping[str, Any],
    versions: Mapping[str, str],
) -> None:
    """Keep a supernet, the record last: with it, all is there.

    Args:
        features: from images to a map.
        directory: gets `super.keras` and `super.json`.
        choices: what a task has to share with it, by name.
        training: how it was trained, by name.
        versions: of the libraries.
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


def is_kept(directory: Path) -> bool:
    """Whether a directory has a supernet, all of it."""
    return all((directory / f).exists() for f in (MODEL_FILE, RECORD_FILE))


def check_super(
    directory: Path,
    choices: Mapping[str, Any],
    training: Mapping[str, Any],
) -> None:
    """Raise a ValueError that lists what is otherwise than in a record.

    Args:
        directory: of a supernet.
        choices: those of a task.
        training: what a task asks of how it was trained, if anything.
    """
    try:
        record = read_json(directory / RECORD_FILE)
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']}")
        trained = {name: record["training"].get(name) for name in training}
        kept = {**record["choices"], **trained}
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"Invalid value for `supernet`. Expected a {RECORD_FILE} of format "
            f"{FORMAT}. Received: {directory}, whose record can't be read "
            f"({error})."
        ) from error
    differences = list_differences(kept, {**choices, **training})
    if differences:
        raise ValueError(
            "Invalid value for `supernet`. Expected one of the same source and "
            f"sites. Received: {directory}, of which differ: "
            f"{'; '.join(differences)}. Give the flags of the supernet, or "
            "another --supernet."
        )


def load_super(supernet: Supernet, directory: Path) -> list[keras.Variable]:
    """Give a task's supernet the weights of a kept one.

    Args:
        supernet: of the same source and sites, with a head.
        directory: of the kept one.

    Returns:
        The weights that are to rest: all but the logits and the head.

    Raises:
        ValueError: if a layer of the kept one is missing, or is another.
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
                "Invalid value for `supernet`. Expected layers of "
                f"{list(own)}. Received: {directory}, whose {layer.name!r} is "
                "another."
            )
        there.set_weights(weights)
        resting += [w for w in there.weights if id(w) not in logits]
    return resting
