"""The first answers to queries."""

import numpy as np

from ntaa_tf.metrics.labels import Labels
from ntaa_tf.metrics.labels import compare_labels


def rank_answers(
    distances: np.ndarray, query: Labels, gallery: Labels, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give the nearest items of each query, as a person would see them.

    What evaluation leaves out of a ranking is not among them.

    Args:
        distances: shape `(queries, items)`.
        query: who is looked for.
        gallery: who there is.
        count: how many items; fewer where a ranking is shorter.

    Returns:
        The indices of the items, best first, and whether each is to be found,
        both of shape `(queries, count)`.

    Example:
    >>> query = Labels.check("query", [1], [1])
    >>> gallery = Labels.check("gallery", [1, 1, 2], [1, 2, 1])
    >>> distances = np.array([[0.1, 0.3, 0.2]])
    >>> answers, is_right = rank_answers(distances, query, gallery, 2)
    >>> answers.tolist(), is_right.tolist()
    ([[2, 1]], [[False, True]])
    """
    matches, ranked = compare_labels(query, slice(len(query)), gallery)
    placed = np.where(ranked, distances, np.inf)
    count = min(count, int(ranked.sum(axis=1).min()))
    order = np.argsort(placed, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(matches, order, axis=1)
