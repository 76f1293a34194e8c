"""A supernet that learnt without labels, kept for all tasks: Super α0."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from ntaa_tf.files import read_json
from ntaa_tf.files import write_atomically
from ntaa_tf.files import write_json
from ntaa_tf.layers.choice import Choice
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.search.joint import Supernet

MODEL_FILE = "super.keras"
RECORD_FILE = "super.json"
FORMAT = 1


def keep_super(
    features: Supernet,
    directory: Path,
    choices: Mapping[str, Any],
    versions: Mapping[str, str],
) -> None:
    """Keep a supernet, the record last: with it, all is there.

    Args:
        features: from images to a map.
        directory: gets `super.keras` and `super.json`.
        choices: what a task has to share with it, by name.
        versions: of the libraries.
    """
    with write_atomically(directory / MODEL_FILE) as unfinished:
        features.save(unfinished, include_optimizer=False)
    record = {"format": FORMAT, "choices": choices, "versions": versions}
    write_json(directory / RECORD_FILE, record)


def is_kept(directory: Path) -> bool:
    """Whether a directory has a supernet."""
    return (directory / RECORD_FILE).exists()


def check_super(directory: Path, choices: Mapping[str, Any]) -> None:
    """Raise a ValueError that lists what is otherwise than in a record.

    Args:
        directory: of a supernet.
        choices: those of a task.
    """
    try:
        record = read_json(directory / RECORD_FILE)
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']}")
        kept = dict(record["choices"])
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"Invalid value for `supernet`. Expected a {RECORD_FILE} of format "
            f"{FORMAT}. Received: {directory}, whose record can't be read "
            f"({error})."
        ) from error
    differences = [
        f"{name}: {kept.get(name)!r} there, {choices.get(name)!r} now"
        for name in sorted({*kept, *choices})
        if kept.get(name) != choices.get(name)
    ]
    if differences:
        raise ValueError(
            "Invalid value for `supernet`. Expected one of the same source and "
            f"sites. Received: {directory}, of which differ: "
            f"{'; '.join(differences)}. Give the flags of the supernet, or "
            "another --supernet."
        )


def load_super(supernet: Supernet, directory: Path) -> None:
    """Give a task's supernet the weights of a kept one, and freeze them.

    What the kept one lacks, the head, and the logits go on learning.

    Args:
        supernet: of the same source and sites, with a head.
        directory: of the kept one.
    """
    kept = keras.models.load_model(directory / MODEL_FILE)
    known = {layer.name: layer for layer in kept.layers}
    for layer in supernet.layers:
        if layer.name in known:
            layer.set_weights(known[layer.name].get_weights())
            set_trainable(layer, False)


def set_trainable(layer: keras.Layer, trainable: bool) -> None:
    """Freeze what a layer has of weights, or let it learn; logits always do."""
    if isinstance(layer, MixedOp):
        for candidate in layer.candidates:
            candidate.trainable = trainable
    elif not isinstance(layer, Choice):
        layer.trainable = trainable
