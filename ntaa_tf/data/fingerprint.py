"""By what a data set is known again when a run goes on."""

import dataclasses
import hashlib
from typing import Any

import numpy as np

from ntaa_tf.storage.files import list_differences


def take_fingerprint(dataset: Any) -> dict[str, str]:
    """Gives the shape and a digest of every array of a data set, by its name.

    Args:
        dataset: a dataclass of arrays, or of such dataclasses.

    Example:
    >>> examples = Examples(np.zeros((2, 1, 1, 3), "uint8"), np.arange(2))
    >>> take_fingerprint(examples)["images"]
    '2x1x1x3 3346a0d3f9b3a626'
    """
    found = {}
    for field in dataclasses.fields(dataset):
        value = getattr(dataset, field.name)
        if isinstance(value, np.ndarray):
            found[field.name] = _digest(value)
        elif dataclasses.is_dataclass(value):
            inner = take_fingerprint(value)
            found |= {f"{field.name}.{name}": inner[name] for name in inner}
    return found


def check_fingerprint(
    name: str, kept: dict[str, str], now: dict[str, str]
) -> None:
    """Raises a ValueError if a data set is not the one a run began with.

    Args:
        name: of the data set.
        kept: the fingerprint of the one that the run began with.
        now: that of the one there is.
    """
    differences = list_differences(kept, now)
    if differences:
        raise ValueError(
            f"Invalid data set `{name}`. Expected the images and "
            "labels that this run began with. Received others: "
            f"{'; '.join(differences)}. Put those back, or choose another "
            "--workdir."
        )


def _digest(array: np.ndarray) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for row in array:  # A split may be larger than memory.
        digest.update(np.ascontiguousarray(row).data)
    return f"{'x'.join(map(str, array.shape))} {digest.hexdigest()}"
