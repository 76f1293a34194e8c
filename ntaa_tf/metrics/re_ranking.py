"""Re-ranking by reciprocal neighbors.

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

PAIRS_SIZE = 16384


def re_rank(
    query: np.ndarray,
    gallery: np.ndarray,
    *,
    num_neighbors: int = 20,
    num_averaged: int = 6,
    distance_weight: float = 0.3,
    chunk_size: int = CHUNK_SIZE,
) -> np.ndarray:
    """Measure distances that also compare whom the images are near to.

    Each image, of queries and gallery, is described by weights of its
    reciprocal neighbors. The Jaccard distance of two descriptions is mixed
    with the squared Euclidean one, divided by the largest of that query to
    any image. Nearest to an image is itself, then, of equal distances, what
    comes first in queries and gallery. Where there are fewer images than
    neighbors are asked for, all are neighbors.

    Args:
        query: features of the queries, shape `(queries, dimensions)`.
        gallery: features of the gallery, shape `(items, dimensions)`.
        num_neighbors: how many may be reciprocal neighbors of one (k₁).
        num_averaged: how many nearest images' descriptions make up one's own,
            which counts as the first (k₂).
        distance_weight: share of the Euclidean distance, 0 to 1 (λ).
        chunk_size: so many images at a time.

    Returns:
        The distances, float32, shape `(queries, items)`.

    Raises:
        ValueError: if features are no matrix, empty or not finite, or differ
            in their dimensions, or if a number is out of its range.

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
    neighbors, largest, distances = _survey(
        features, len(query), num_nearest, chunk_size
    )
    expanded = find_expanded(neighbors, num_neighbors)
    described = _describe(features, largest, expanded)
    averaged = _average(described, neighbors[:, :num_averaged])
    distances *= distance_weight
    _add_jaccard(distances, averaged, 1 - distance_weight)
    return distances


def _survey(
    features: np.ndarray, num_queries: int, num_nearest: int, chunk_size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measure all distances, and keep few.

    Returns:
        Of each image the nearest ones and the largest squared distance; and
        of queries to gallery the squared distances over each query's largest.
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
        part = kept[rows]
        part[:] = squared[: len(part), num_queries:]
    # Where all images are equal, all distances stay 0.
    largest[largest == 0] = 1
    kept /= largest[:num_queries, np.newaxis]
    return neighbors, largest, kept


def _describe(
    features: np.ndarray, largest: np.ndarray, neighbors: sparse.csr_array
) -> sparse.csr_array:
    """Weigh each image's neighbors by the softmax of minus their distance."""
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
    described: sparse.csr_array, nearest: np.ndarray
) -> sparse.csr_array:
    """Give each image the mean of its nearest ones' descriptions."""
    num_images, count = nearest.shape
    shares = sparse.csr_array(
        (
            np.full(nearest.size, 1 / count),
            nearest.ravel(),
            np.arange(num_images + 1) * count,
        ),
        shape=described.shape,
    )
    return shares @ described


def _add_jaccard(
    distances: np.ndarray, described: sparse.csr_array, weight: float
) -> None:
    """Add weighted Jaccard distances of queries to gallery, in place."""
    num_queries, num_items = distances.shape
    # By columns: who shares a query's neighbors is all that has to be read.
    gallery = described[num_queries:].tocsc()
    for query, row in enumerate(distances):
        own = slice(*described.indptr[query : query + 2])
        sharing = gallery[:, described.indices[own]]
        weights = np.repeat(described.data[own], np.diff(sharing.indptr))
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
            "Invalid value for `distance_weight`. Expected a share from 0 to "
            f"1. Received: {distance_weight}."
        )
