"""What was taken for what."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def count_confusions(
    classes: Sequence[str], truth: np.ndarray, predicted: np.ndarray
) -> dict[str, Any]:
    """Count how many images of each class were taken for which.

    Args:
        classes: their names, by their numbers.
        truth: the class of each image, shape `(images,)`.
        predicted: what it was taken for, shape `(images,)`.

    Returns:
        The `classes`, and under `counts` lists of a class, what it was taken
        for, and of how many images, without zeros. As JSON it is small for
        many classes too.

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
