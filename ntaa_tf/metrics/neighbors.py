"""Nearest neighbors and reciprocal neighbors, as sparse matrices."""

import numpy as np
from scipy import sparse

INDEX_BITS = 32
OWN_KEY = -(1 << 62)  # Below all keys of distances, with all index bits 0.


def rank_nearest(distances: np.ndarray, rows: slice, count: int) -> np.ndarray:
    """Find the nearest items of each row, ties in the order of the items.

    Args:
        distances: distances of some items to all items, float32, not
            negative, shape `(rows, items)`.
        rows: the slice of these items. Each is its own nearest neighbor, even
            if another item has the distance 0.
        count: number of neighbors, at most all items.

    Returns:
        Indices of items, nearest first, shape `(rows, count)`.

    Example:
    >>> distances = np.array([[3, 0, 1, 1], [0, 0, 2, 0]], np.float32)
    >>> rank_nearest(distances, slice(0, 2), 3).tolist()
    [[0, 1, 2], [1, 0, 3]]
    """
    num_items = distances.shape[1]
    count = min(count, num_items)
    # A key is an int64: the bits of the distance above the index of the item.
    # The bits of non-negative floats, read as an integer, rank as the floats
    # do. Among equal distances the index decides. So no two keys are equal, and
    # `partition`, which is linear but not stable, finds the right ones: only
    # `count` keys of each row are sorted, not the whole gallery.
    keys = distances.view(np.int32).astype(np.int64) << INDEX_BITS
    keys |= np.arange(num_items)
    own = np.arange(rows.start, rows.stop)
    keys[np.arange(len(keys)), own] = OWN_KEY + own
    keys.partition(count - 1, axis=1)
    # The low bits are the indices.
    return np.sort(keys[:, :count], axis=1) & ((1 << INDEX_BITS) - 1)


def find_reciprocal(neighbors: np.ndarray) -> sparse.csr_array:
    """Find pairs of items that are neighbors of each other.

    Args:
        neighbors: indices of the neighbors of each item, which include the
            item, shape `(items, neighbors)`.

    Returns:
        A symmetric sparse matrix with ones at reciprocal neighbors, int32,
        shape `(items, items)`.

    Example:
    >>> find_reciprocal(np.array([[0, 1], [1, 2], [2, 1]])).toarray()
    array([[1, 0, 0],
           [0, 1, 1],
           [0, 1, 1]], dtype=int32)
    """
    # Row i of the CSR matrix N has ones at the neighbors of i. All rows have
    # `count` entries, so `neighbors` is the array of column indices. An entry
    # of N ∘ Nᵀ (elementwise) is 1 where i is near j and j is near i.
    num_items, count = neighbors.shape
    starts = np.arange(num_items + 1) * count
    ones = np.ones(neighbors.size, np.int32)
    forward = sparse.csr_array(
        (ones, neighbors.ravel(), starts), shape=(num_items, num_items)
    )
    return forward * forward.T.tocsr()


def find_expanded(neighbors: np.ndarray, count: int) -> sparse.csr_array:
    """Find the expanded reciprocal neighbors of each item.

    Let R(i, k) be the reciprocal neighbors of i among its k nearest items. The
    expanded set of item i is R(i, k) and the union of all R(j, k/2) with j in
    R(i, k) and |R(i, k) ∩ R(j, k/2)| > ⅔ |R(j, k/2)|.

    Args:
        neighbors: indices of the neighbors of each item, the item itself
            first, then by distance; shape `(items, more than count)`, or all
            items.
        count: k, the number of neighbors besides the item itself.

    Returns:
        A sparse matrix with positive numbers at the expanded neighbors,
        int32, shape `(items, items)`.

    Example:
    >>> neighbors = np.array([[0, 1, 2], [1, 2, 3], [2, 1, 3], [3, 2, 1]])
    >>> find_expanded(neighbors, 1).toarray().astype(bool).astype(int)
    array([[1, 0, 0, 0],
           [0, 1, 1, 0],
           [0, 1, 1, 0],
           [0, 0, 0, 1]])
    """
    reciprocal = find_reciprocal(neighbors[:, : count + 1])
    # Half to even, as the authors' code rounds: 2 for k = 5.
    half = int(np.around(count / 2))
    theirs = find_reciprocal(neighbors[:, : half + 1])
    # With 0/1 matrices R of k and T of k/2, and T symmetric, (R @ T)[i, j] is
    # |R(i) ∩ T(j)|. The elementwise factor R keeps the pairs with j in R(i).
    shared = (reciprocal * (reciprocal @ theirs)).tocoo()
    # |T(j)| is the number of entries in row j. Whole numbers, as 2/3 of a
    # float would decide the case of exactly two thirds by rounding.
    agreed = 3 * shared.data > 2 * np.diff(theirs.indptr)[shared.col]
    added = sparse.csr_array(
        (shared.data[agreed], (shared.row[agreed], shared.col[agreed])),
        shape=shared.shape,
    )
    # Row i of `added` has entries at the j that i agrees with, so row i of
    # `added @ theirs` has entries at the union of their T(j).
    return reciprocal + added @ theirs
