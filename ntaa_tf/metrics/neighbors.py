"""Nearest neighbors, and which of them are so of each other."""

import numpy as np
from scipy import sparse

INDEX_BITS = 32
OWN_KEY = -(1 << 62)


def rank_nearest(distances: np.ndarray, rows: slice, count: int) -> np.ndarray:
    """Find the nearest items of some; of equal distances, in their order.

    Args:
        distances: of these to all items, float32, not negative, shape
            `(rows, items)`.
        rows: which of the items these are; each is its own nearest, whatever
            the distance.
        count: how many items are found of each, if there are as many.

    Returns:
        Indices of items, nearest first, shape `(rows, count)`.

    Example:
    >>> distances = np.array([[3, 0, 1, 1], [0, 0, 2, 0]], np.float32)
    >>> rank_nearest(distances, slice(0, 2), 3).tolist()
    [[0, 1, 2], [1, 0, 3]]
    """
    num_items = distances.shape[1]
    count = min(count, num_items)
    # The bits of floats that are not negative rank as the floats do; with the
    # index below them no two keys are equal, so any sort is a stable one.
    keys = distances.view(np.int32).astype(np.int64) << INDEX_BITS
    keys |= np.arange(num_items)
    own = np.arange(rows.start, rows.stop)
    keys[np.arange(len(keys)), own] = OWN_KEY + own
    keys.partition(count - 1, axis=1)
    return np.sort(keys[:, :count], axis=1) & ((1 << INDEX_BITS) - 1)


def find_reciprocal(neighbors: np.ndarray) -> sparse.csr_array:
    """Find the neighbors that have their neighbor among their own.

    Args:
        neighbors: indices of each item's neighbors, itself among them, shape
            `(items, neighbors)`.

    Returns:
        Ones at the reciprocal neighbors, int32, shape `(items, items)`.

    Example:
    >>> find_reciprocal(np.array([[0, 1], [1, 2], [2, 1]])).toarray()
    array([[1, 0, 0],
           [0, 1, 1],
           [0, 1, 1]], dtype=int32)
    """
    num_items, count = neighbors.shape
    starts = np.arange(num_items + 1) * count
    ones = np.ones(neighbors.size, np.int32)
    forward = sparse.csr_array(
        (ones, neighbors.ravel(), starts), shape=(num_items, num_items)
    )
    return forward * forward.T.tocsr()


def find_expanded(neighbors: np.ndarray, count: int) -> sparse.csr_array:
    """Find reciprocal neighbors, and what most of one's own agree on.

    To an item's reciprocal neighbors are added those of each of them, among
    half as many, if the item shares more than two thirds of these.

    Args:
        neighbors: indices of each item's neighbors, nearest first, itself
            before them; shape `(items, more than count)`, or all items.
        count: how many may be reciprocal, itself aside.

    Returns:
        Positive numbers at the neighbors, int32, shape `(items, items)`.

    Example:
    >>> neighbors = np.array([[0, 1, 2], [1, 2, 3], [2, 1, 3], [3, 2, 1]])
    >>> find_expanded(neighbors, 1).toarray().astype(bool).astype(int)
    array([[1, 0, 0, 0],
           [0, 1, 1, 0],
           [0, 1, 1, 0],
           [0, 0, 0, 1]])
    """
    reciprocal = find_reciprocal(neighbors[:, : count + 1])
    # Half to even, as the authors' code rounds.
    half = int(np.around(count / 2))
    theirs = find_reciprocal(neighbors[:, : half + 1])
    shared = (reciprocal * (reciprocal @ theirs)).tocoo()
    agreed = 3 * shared.data > 2 * np.diff(theirs.indptr)[shared.col]
    added = sparse.csr_array(
        (shared.data[agreed], (shared.row[agreed], shared.col[agreed])),
        shape=shared.shape,
    )
    return reciprocal + added @ theirs
