"""The nearest gallery items of each query."""

import numpy as np

from ntaa_tf.metrics.distances import CHUNK_SIZE
from ntaa_tf.metrics.distances import list_chunks
from ntaa_tf.metrics.labels import Labels
from ntaa_tf.metrics.labels import compare_labels


def rank_answers(
    distances: np.ndarray, query: Labels, gallery: Labels, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rank the gallery for each query, and return the first items.

    Items that evaluation leaves out of the ranking are left out here as well.

    Args:
        distances: shape `(queries, items)`.
        query: labels of the queries.
        gallery: labels of the gallery.
        count: number of items for each query; fewer if a ranking is shorter.

    Returns:
        The indices of the items, nearest first, and whether each is a match,
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
    # As many as the shortest ranking has, or the infinite ones would be shown.
    count = min(count, int(ranked.sum(axis=1).min()))
    order = np.argsort(placed, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(matches, order, axis=1)


def count_ranked(query: Labels, gallery: Labels) -> np.ndarray:
    """Count the items that are ranked for each query.

    Args:
        query: labels of the queries.
        gallery: labels of the gallery.

    Returns:
        The counts, shape `(queries,)`. Junk is not counted, nor are items of
        the query's identity from the query's camera.

    Example:
    >>> query = Labels.check("query", [1, 2], [1, 1])
    >>> gallery = Labels.check("gallery", [1, 1, 2, -1], [1, 1, 2, 1])
    >>> count_ranked(query, gallery).tolist()
    [1, 3]
    """
    rows = list_chunks(len(query), CHUNK_SIZE)
    ranked = (compare_labels(query, chunk, gallery)[1] for chunk in rows)
    return np.concatenate([chunk.sum(axis=1) for chunk in ranked])
