"""Euclidean distances between features, in chunks that bound the memory."""

from collections.abc import Iterator

import numpy as np

CHUNK_SIZE = 256
# Two vectors of this length have a squared distance that float32 can hold.
LARGEST = 9e18


def normalize_features(features: np.ndarray) -> np.ndarray:
    """Scale each feature vector to length 1.

    Euclidean distances of such vectors rank as cosine distances do: half of
    the squared distance is one minus the cosine.

    Args:
        features: shape `(items, dimensions)`.

    Returns:
        The scaled features, float32, of the same shape; a vector of zeros
        stays as it is.

    Raises:
        ValueError: if the features are no matrix, empty or not finite.

    Example:
    >>> normalize_features(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    features = _check_matrix("features", features)
    # Of what is far from 1, float32 can't hold the squares.
    largest = np.abs(features).max(axis=1, keepdims=True)
    features = features / np.where(largest > 0, largest, np.float32(1))
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.where(lengths > 0, lengths, np.float32(1))


def measure_distances(
    query: np.ndarray,
    gallery: np.ndarray,
    *,
    squared: bool = False,
    chunk_size: int = CHUNK_SIZE,
) -> np.ndarray:
    """Measure the Euclidean distance of every query to every gallery item.

    Squared distances are |a|² + |b|² − 2ab in float32, so they are off by up
    to about a millionth of |a|² + |b|², and never negative.

    Args:
        query: features of the queries, shape `(queries, dimensions)`.
        gallery: features of the gallery, shape `(items, dimensions)`.
        squared: whether the distances stay squared.
        chunk_size: so many queries at a time.

    Returns:
        The distances, float32, shape `(queries, items)`.

    Raises:
        ValueError: if features are no matrix, empty or not finite, or differ
            in their dimensions.

    Example:
    >>> measure_distances(np.array([[0, 0]]), np.array([[3, 4], [0, 1]]))
    array([[5., 1.]], dtype=float32)
    """
    distances = np.empty((len(query), len(gallery)), np.float32)
    for rows, chunk in iterate_distances(
        query, gallery, squared=squared, chunk_size=chunk_size
    ):
        distances[rows] = chunk
    return distances


def iterate_distances(
    query: np.ndarray,
    gallery: np.ndarray,
    *,
    squared: bool = False,
    chunk_size: int = CHUNK_SIZE,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Measure the distances of some queries at a time.

    Args:
        query: as `measure_distances` takes it.
        gallery: as `measure_distances` takes it.
        squared: whether the distances stay squared.
        chunk_size: so many queries at a time.

    Yields:
        Which queries these are, and their distances, float32, shape
        `(at most chunk_size, items)`.

    Raises:
        ValueError: as `measure_distances` does.

    Example:
    >>> points = np.array([[0], [1], [3]])
    >>> for rows, distances in iterate_distances(points, points, chunk_size=2):
    ...     print(rows.start, rows.stop, distances.tolist())
    0 2 [[0.0, 1.0, 3.0], [1.0, 0.0, 2.0]]
    2 3 [[3.0, 2.0, 0.0]]
    """
    query, gallery = check_features(query, gallery)
    query_squares, gallery_squares = map(_sum_squares, (query, gallery))
    for rows in list_chunks(len(query), chunk_size):
        distances = query[rows] @ gallery.T
        distances *= -2
        distances += gallery_squares
        distances += query_squares[rows, np.newaxis]
        np.maximum(distances, 0, out=distances)
        yield rows, distances if squared else np.sqrt(distances, out=distances)


def list_chunks(count: int, size: int) -> list[slice]:
    """Divide a range into chunks.

    Args:
        count: the length of the range.
        size: of all chunks but the last, which may be smaller.

    Returns:
        The chunks, in order.

    Raises:
        ValueError: if the size is not positive.

    Example:
    >>> list_chunks(5, 3)
    [slice(0, 3, None), slice(3, 5, None)]
    """
    if size < 1:
        raise ValueError(
            "Invalid value for `chunk_size`. Expected at least 1. Received: "
            f"{size}."
        )
    return [
        slice(start, min(start + size, count))
        for start in range(0, count, size)
    ]


def check_features(
    query: np.ndarray, gallery: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Check that features can be compared.

    Args:
        query: features of the queries, shape `(queries, dimensions)`.
        gallery: features of the gallery, shape `(items, dimensions)`.

    Returns:
        Both as float32.

    Raises:
        ValueError: if features are no matrix, empty or not finite, too large
            for the squares of their distances, or differ in their dimensions.
    """
    query = _check_matrix("query", query)
    gallery = _check_matrix("gallery", gallery)
    for name, features in (("query", query), ("gallery", gallery)):
        largest = float(np.abs(features).max())
        most = LARGEST / features.shape[1] ** 0.5
        if largest > most:
            raise ValueError(
                f"Invalid value for `{name}`. Expected features of at most "
                f"{most:.3g}, whose distances float32 can square. Received: "
                f"{largest:.3g}. Scale them, as `normalize_features` does."
            )
    if query.shape[1] != gallery.shape[1]:
        raise ValueError(
            "Invalid value for `gallery`. Expected as many dimensions as the "
            f"queries have, {query.shape[1]}. Received: {gallery.shape[1]}."
        )
    return query, gallery


def _check_matrix(name: str, features: np.ndarray) -> np.ndarray:
    """Give features as float32, or raise a ValueError."""
    features = np.asarray(features, np.float32)
    if features.ndim != 2 or 0 in features.shape:
        raise ValueError(
            f"Invalid value for `{name}`. Expected shape (items, dimensions), "
            f"neither of them 0. Received: shape {features.shape}."
        )
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"Invalid value for `{name}`. Expected features that float32 can "
            "hold, none of them NaN or infinite. Received: "
            f"{np.sum(~finite)} of {len(features)} items with such, the first "
            f"at {np.argmin(finite)}."
        )
    return features


def _sum_squares(features: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", features, features)
