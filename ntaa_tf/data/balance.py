"""Weights of classes that make up for unequal numbers of images."""

import numpy as np


def balance_classes(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Return weights by which all classes together count equally.

    The weight of a class is the inverse of its frequency, divided by the
    number of classes that have examples. So the mean weight of the examples
    is 1, and the loss of a balanced data set stays as it is.

    Args:
        labels: class index of each example, shape `(examples,)`.
        num_classes: number of classes.

    Returns:
        The weights, float32, shape `(num_classes,)`; 1 for a class without
        examples.

    Example:
    >>> balance_classes(np.array([0, 0, 1]), 3).tolist()
    [0.75, 1.5, 1.0]
    """
    counts = np.bincount(labels, minlength=num_classes)
    is_met = counts > 0
    share = len(labels) / max(is_met.sum(), 1)
    weights = np.ones(num_classes, "float32")
    weights[is_met] = share / counts[is_met]
    return weights
