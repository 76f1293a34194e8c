"""How well queries find their identities in a gallery: CMC and mAP."""

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntaa_tf.metrics.distances import CHUNK_SIZE
from ntaa_tf.metrics.distances import list_chunks
from ntaa_tf.metrics.labels import Labels
from ntaa_tf.metrics.labels import check_together
from ntaa_tf.metrics.labels import compare_labels

RANKS = (1, 5, 10)

DistanceCallback = Callable[[slice], np.ndarray]


@dataclass(frozen=True)
class RetrievalResult:
    """How well queries found their identities.

    Args:
        mean_average_precision: over the queries that count.
        matching: by rank, the share of them whose first hit is at that rank
            or before (the CMC curve).
        num_queries: those that count: with an item to be found.
        num_skipped: those without.
    """

    mean_average_precision: float
    matching: dict[int, float]
    num_queries: int
    num_skipped: int


def evaluate_retrieval(
    distances: np.ndarray | DistanceCallback,
    query_identities: Sequence[int] | np.ndarray,
    gallery_identities: Sequence[int] | np.ndarray,
    query_cameras: Sequence[int] | np.ndarray | None = None,
    gallery_cameras: Sequence[int] | np.ndarray | None = None,
    *,
    ranks: Sequence[int] = RANKS,
    average_precision: str = "rectangular",
    chunk_size: int = CHUNK_SIZE,
) -> RetrievalResult:
    """Rank the gallery for every query, and measure CMC and mAP.

    A ranking leaves out the items of identity -1 (junk) and those of the
    query's own identity by its own camera. Items of identity 0 (distractors)
    stay in it, but are nobody's. Equal distances rank in the gallery's order.

    Args:
        distances: shape `(queries, items)`; or a function that gives the rows
            of a slice of the queries, so that never all are in memory.
        query_identities: shape `(queries,)`; none is -1 or 0.
        gallery_identities: shape `(items,)`.
        query_cameras: shape `(queries,)`; None, as for the gallery, removes
            no item for its camera.
        gallery_cameras: shape `(items,)`, or None.
        ranks: of the CMC curve.
        average_precision: `"rectangular"` as torchreid and fast-reid have it,
            or `"trapezoidal"` as Market-1501's MATLAB code does, which is
            lower.
        chunk_size: so many queries at a time.

    Returns:
        The measures, over the queries that have an item to be found.

    Raises:
        ValueError: if arguments do not fit one another, or no query has an
            item to be found.

    Source: Zheng et al., "Scalable Person Re-identification: A Benchmark",
    ICCV 2015, and its code.

    Example:
    >>> distances = np.array([[0.1, 0.4, 0.2, 0.3], [0.3, 0.4, 0.2, 0.1]])
    >>> cameras = [1, 1], [1, 2, 1, 2]
    >>> found = evaluate_retrieval(distances, [1, 2], [1, 1, 0, 2], *cameras)
    >>> round(found.mean_average_precision, 4), found.matching
    (0.6667, {1: 0.5, 5: 1.0, 10: 1.0})
    >>> def measure_rows(rows):
    ...     return distances[rows]
    >>> found = evaluate_retrieval(measure_rows, [1, 5], [1, 1, 0, 2])
    >>> found.mean_average_precision, found.num_queries, found.num_skipped
    (0.75, 1, 1)
    """
    query = Labels.check("query", query_identities, query_cameras)
    gallery = Labels.check("gallery", gallery_identities, gallery_cameras)
    check_together(query, gallery)
    _check_options(ranks, average_precision)
    measure = _check_distances(distances, len(query), len(gallery))
    hits = []
    for rows in list_chunks(len(query), chunk_size):
        matches, ranked = compare_labels(query, rows, gallery)
        queries, hit_ranks = _find_hits(measure(rows), matches, ranked)
        hits.append((rows.start + queries, hit_ranks))
    queries, hit_ranks = map(np.concatenate, zip(*hits, strict=True))
    return _summarize(queries, hit_ranks, len(query), ranks, average_precision)


def _find_hits(
    distances: np.ndarray, matches: np.ndarray, ranked: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give the query and the rank of each match, by query, then by rank."""
    order = np.argsort(distances, axis=1, kind="stable")
    ranks = np.cumsum(
        np.take_along_axis(ranked, order, axis=1), axis=1, dtype=np.int32
    )
    queries, places = np.nonzero(np.take_along_axis(matches, order, axis=1))
    return queries, ranks[queries, places]


def _summarize(
    queries: np.ndarray,
    hit_ranks: np.ndarray,
    num_queries: int,
    ranks: Sequence[int],
    average_precision: str,
) -> RetrievalResult:
    """Measure CMC and mAP from the query and the rank of each match."""
    counts = np.bincount(queries, minlength=num_queries)
    counts = counts[counts > 0]
    if len(counts) == 0:
        raise ValueError(
            "Invalid value for `query_identities`. Expected at least one query "
            "whose identity the gallery has by another camera. Received: "
            f"{num_queries} queries without."
        )
    starts = np.cumsum(counts) - counts
    numbers = np.arange(1, len(queries) + 1) - np.repeat(starts, counts)
    precisions = AVERAGE_PRECISIONS[average_precision](numbers, hit_ranks)
    first = hit_ranks[starts]
    return RetrievalResult(
        float(np.mean(np.add.reduceat(precisions, starts) / counts)),
        {rank: float(np.mean(first <= rank)) for rank in ranks},
        num_queries=len(counts),
        num_skipped=num_queries - len(counts),
    )


def _precision_after(numbers: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Give the precision at each hit, the i-th of its query at rank r: i/r."""
    return numbers / ranks


def _precision_around(numbers: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Give the mean of the precisions before and at each hit; of none, 1."""
    before = np.ones(len(ranks))
    np.divide(numbers - 1, ranks - 1, out=before, where=ranks > 1)
    return (before + numbers / ranks) / 2


# What is averaged over the matches of a query.
AVERAGE_PRECISIONS = {
    "rectangular": _precision_after,
    "trapezoidal": _precision_around,
}


def _check_options(ranks: Sequence[int], average_precision: str) -> None:
    if average_precision not in AVERAGE_PRECISIONS:
        raise ValueError(
            "Invalid value for `average_precision`. Expected one of "
            f"{list(AVERAGE_PRECISIONS)}. Received: {average_precision!r}."
        )
    if any(rank < 1 for rank in ranks):
        raise ValueError(
            "Invalid value for `ranks`. Expected ranks from 1. Received: "
            f"{list(ranks)}."
        )


def _check_distances(
    distances: np.ndarray | DistanceCallback, num_queries: int, num_items: int
) -> DistanceCallback:
    """Give a function that measures some rows and checks them."""
    if not callable(distances):
        matrix = np.asarray(distances)
        _check_shape(matrix, (num_queries, num_items))
        distances = matrix.__getitem__

    def measure(rows: slice) -> np.ndarray:
        measured = np.asarray(distances(rows))
        _check_shape(measured, (rows.stop - rows.start, num_items))
        if np.isnan(measured).any():
            raise ValueError(
                "Invalid value for `distances`. Expected numbers. Received: "
                f"NaN between queries {rows.start} and {rows.stop}."
            )
        return measured

    return measure


def _check_shape(distances: np.ndarray, shape: tuple[int, int]) -> None:
    if distances.shape != shape:
        raise ValueError(
            "Invalid value for `distances`. Expected a row for each query and "
            f"a column for each gallery item, shape {shape}. Received: shape "
            f"{distances.shape}."
        )
