"""Re-ranking by k-reciprocal neighbors.

Source: Zhong et al., "Re-ranking Person Re-identification with k-reciprocal
Encoding", CVPR 2017.
"""

import numpy as np
from scipy import sparse

from ntaa_tf.metrics.distances import CHUNK_SIZE
from ntaa_tf.metrics.distances import check_features
from ntaa_tf.metrics.distances import iterate_distances
from ntaa_tf.metrics.distances import list_chunks
from ntaa_tf.metrics.neighbors import find_expanded
from ntaa_tf.metrics.neighbors import rank_nearest

PAIRS_SIZE = 16384  # Pairs of images whose features are compared at a time.


def re_rank(
    query: np.ndarray,
    gallery: np.ndarray,
    *,
    num_neighbors: int = 20,
    num_averaged: int = 6,
    distance_weight: float = 0.3,
    chunk_size: int = CHUNK_SIZE,
) -> np.ndarray:
    """Measure distances that also compare the neighbors of images.

    1. Find the expanded reciprocal neighbors R*(i) of each image i, among
       queries and gallery together.
    2. Encode image i as a vector V(i) over all images, with
       V(i)[j] ∝ exp(−d(i, j)) for j in R*(i), else 0, and the sum 1. Here d is
       the squared Euclidean distance divided by the largest one of image i.
    3. Replace V(i) by the mean of V over the k₂ nearest images, including i
       (local query expansion).
    4. Return (1 − λ) · J + λ · d, with J the Jaccard distance between the
       vectors of query and gallery image.

    An image is its own nearest neighbor. Among equal distances the order of
    queries, then gallery, decides. If there are fewer images than neighbors,
    all images are neighbors.

    Args:
        query: features of the queries, shape `(queries, dimensions)`.
        gallery: features of the gallery, shape `(items, dimensions)`.
        num_neighbors: number of neighbors that may be reciprocal (k₁).
        num_averaged: number of images in the mean of step 3 (k₂).
        distance_weight: share of the Euclidean distance, 0 to 1 (λ).
        chunk_size: number of images in a chunk of distances.

    Returns:
        The distances, float32, shape `(queries, items)`.

    Raises:
        ValueError: if the features are not matrices, empty, not finite or too
            large, if their dimensions differ, or if a number is out of range.

    Example:
    >>> query = np.array([[0.0, 0.0]])
    >>> gallery = np.array([[1.0, 0.0], [2.0, 0.0], [5.0, 0.0], [6.0, 0.0]])
    >>> print(re_rank(query, gallery, num_neighbors=2, num_averaged=1).round(2))
    [[0.04 0.12 0.91 1.  ]]
    """
    query, gallery = check_features(query, gallery)
    _check_options(num_neighbors, num_averaged, distance_weight)
    num_nearest = max(num_neighbors + 1, num_averaged)
    features = np.concatenate([query, gallery])
    neighbors, largest, distances = _measure_neighbors(
        features, len(query), num_nearest, chunk_size
    )
    expanded = find_expanded(neighbors, num_neighbors)
    encoded = _encode(features, largest, expanded)
    averaged = _average(encoded, neighbors[:, :num_averaged])
    distances *= distance_weight
    _add_jaccard(distances, averaged, 1 - distance_weight)
    return distances


def _measure_neighbors(
    features: np.ndarray, num_queries: int, num_nearest: int, chunk_size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measure all distances chunk by chunk, and reduce each chunk at once.

    The full matrix, all images by all images, is never in memory.

    Returns:
        The nearest images of each image, shape `(images, num_nearest)`; the
        largest squared distance of each image, shape `(images,)`; and d of
        queries and gallery, shape `(queries, items)`.
    """
    num_images = len(features)
    neighbors = np.empty((num_images, min(num_nearest, num_images)), np.int32)
    largest = np.empty(num_images, np.float32)
    kept = np.empty((num_queries, num_images - num_queries), np.float32)
    for rows, squared in iterate_distances(
        features, features, squared=True, chunk_size=chunk_size
    ):
        neighbors[rows] = rank_nearest(squared, rows, num_nearest)
        largest[rows] = squared.max(axis=1)
        # Queries come first. `part` is the rest of them in this chunk; it is
        # empty in chunks of gallery images.
        part = kept[rows]
        part[:] = squared[: len(part), num_queries:]
    # If all images are equal, d is 0 and not NaN.
    largest[largest == 0] = 1
    kept /= largest[:num_queries, np.newaxis]
    return neighbors, largest, kept


def _encode(
    features: np.ndarray, largest: np.ndarray, neighbors: sparse.csr_array
) -> sparse.csr_array:
    """Encode each image by a softmax of −d over its neighbors.

    Only pairs of neighbors are computed. Their distances come from differences
    of features, not from |a|² + |b|² − 2ab, which is inexact for near images.

    Returns:
        The vectors V as rows of a sparse matrix, each with the sum 1.
    """
    images, others = neighbors.nonzero()
    weights = np.empty(len(images))
    for pairs in list_chunks(len(images), PAIRS_SIZE):
        differences = features[images[pairs]] - features[others[pairs]]
        squared = np.einsum("ij,ij->i", differences, differences)
        weights[pairs] = np.exp(-squared / largest[images[pairs]])
    sums = np.bincount(images, weights)
    return sparse.csr_array(
        (weights / sums[images], (images, others)), shape=neighbors.shape
    )


def _average(
    encoded: sparse.csr_array, nearest: np.ndarray
) -> sparse.csr_array:
    """Average the vectors V of the nearest images of each image."""
    # A product with the matrix that has 1/k₂ at the nearest images of each row.
    num_images, count = nearest.shape
    shares = sparse.csr_array(
        (
            np.full(nearest.size, 1 / count),
            nearest.ravel(),
            np.arange(num_images + 1) * count,
        ),
        shape=encoded.shape,
    )
    return shares @ encoded


def _add_jaccard(
    distances: np.ndarray, encoded: sparse.csr_array, weight: float
) -> None:
    """Add the weighted Jaccard distances of queries to gallery, in place.

    For vectors a and b with s = Σ min(aₙ, bₙ) and the sum 1 each,
    Σ max(aₙ, bₙ) = Σ (aₙ + bₙ) − s = 2 − s. So J = 1 − s / (2 − s).
    """
    num_queries, num_items = distances.shape
    # s only has terms where both are positive. CSC stores the gallery by
    # columns: the columns of a query's own entries hold exactly these terms.
    gallery = encoded[num_queries:].tocsc()
    for query, row in enumerate(distances):
        own = slice(*encoded.indptr[query : query + 2])
        sharing = gallery[:, encoded.indices[own]]
        # Repeat each entry of the query for all items in its column, then sum
        # the minima by item.
        weights = np.repeat(encoded.data[own], np.diff(sharing.indptr))
        shared = np.bincount(
            sharing.indices,
            np.minimum(weights, sharing.data),
            minlength=num_items,
        )
        row += weight * (1 - shared / (2 - shared))


def _check_options(
    num_neighbors: int, num_averaged: int, distance_weight: float
) -> None:
    for name, number in (
        ("num_neighbors", num_neighbors),
        ("num_averaged", num_averaged),
    ):
        if number < 1:
            raise ValueError(
                f"Invalid value for `{name}`. Expected at least 1. Received: "
                f"{number}."
            )
    if not 0 <= distance_weight <= 1:
        raise ValueError(
            "Invalid value for `distance_weight`. Expected a number from 0 to "
            f"1. Received: {distance_weight}."
        )
