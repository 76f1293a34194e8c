"""Confusion matrices."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def count_confusions(
    classes: Sequence[str], truth: np.ndarray, predicted: np.ndarray
) -> dict[str, Any]:
    """Count the entries of a confusion matrix.

    Args:
        classes: names of the classes, by class index.
        truth: true class of each image, shape `(images,)`.
        predicted: predicted class of each image, shape `(images,)`.

    Returns:
        A sparse matrix that is small as JSON: `classes`, and `counts`, a list
        of `[true class, predicted class, images]` without zeros.

    Example:
    >>> count_confusions(
    ...     ("cat", "dog"), np.array([0, 0, 1]), np.array([0, 1, 1])
    ... )["counts"]
    [[0, 0, 1], [0, 1, 1], [1, 1, 1]]
    """
    pairs, counts = np.unique(
        np.stack([truth, predicted]), axis=1, return_counts=True
    )
    return {
        "classes": [str(name) for name in classes],
        "counts": np.stack([*pairs, counts], axis=1).tolist(),
    }
