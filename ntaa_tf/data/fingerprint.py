"""Fingerprints that show whether a resumed run has the same data."""

import dataclasses
import hashlib
from typing import Any

import numpy as np

from ntaa_tf.storage.files import list_differences


def take_fingerprint(dataset: Any) -> dict[str, str]:
    """Return the shape and a digest of every array in a data set.

    Args:
        dataset: a dataclass of arrays, or of dataclasses of arrays.

    Returns:
        Shape and digest by field name; names of nested fields have dots.

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
    """Check that a data set is the one that a run began with.

    Args:
        name: name of the data set.
        kept: fingerprint at the beginning of the run.
        now: fingerprint of the data set as it is now.

    Raises:
        ValueError: if the fingerprints differ; the message lists differences.
    """
    differences = list_differences(kept, now)
    if differences:
        raise ValueError(
            f"Invalid data set `{name}`. Its images or labels are not those "
            f"that this run began with: {'; '.join(differences)}. Restore "
            "them, or choose another --workdir."
        )


def _digest(array: np.ndarray) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for row in array:  # Row by row: a mapped split may exceed memory.
        digest.update(np.ascontiguousarray(row).data)
    return f"{'x'.join(map(str, array.shape))} {digest.hexdigest()}"
