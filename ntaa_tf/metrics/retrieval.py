"""Retrieval metrics: mean average precision (mAP) and the CMC curve."""

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

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
    """Retrieval metrics over the queries that have a match in the gallery.

    Args:
        mean_average_precision: mean average precision (mAP).
        matching: the CMC curve: for each rank, the share of queries whose
            first match is at this rank or before.
        num_queries: number of queries with a match.
        num_skipped: number of queries without a match, which don't count.
        average_precisions: average precision of each query, NaN for a skipped
            one (queries,).
    """

    mean_average_precision: float
    matching: dict[int, float]
    num_queries: int
    num_skipped: int
    average_precisions: np.ndarray = field(compare=False, repr=False)


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

    A ranking leaves out gallery items of identity -1 (junk), and items with
    the query's identity from the query's camera. Items of identity 0
    (distractors) are ranked but match no query. Equal distances rank in the
    order of the gallery.

    Args:
        distances: shape `(queries, items)`, or a callback that returns the
            rows for a slice of queries. With a callback only one chunk is in
            memory at a time.
        query_identities: shape `(queries,)`, without -1 and 0.
        gallery_identities: shape `(items,)`.
        query_cameras: shape `(queries,)`. None, for both queries and gallery,
            ignores cameras.
        gallery_cameras: shape `(items,)`, or None.
        ranks: ranks of the CMC curve.
        average_precision: `"rectangular"`, as in torchreid and fast-reid, or
            `"trapezoidal"`, as in Market-1501's MATLAB code, which is lower.
        chunk_size: number of queries in a chunk.

    Returns:
        The metrics, over the queries that have a match.

    Raises:
        ValueError: if the arguments don't fit together, or if no query has a
            match.

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
    """Find the query and the rank of each match, by query, then by rank."""
    # In the order of distances, a running count of the ranked items is the
    # rank: items that are left out don't raise it. A stable sort keeps ties in
    # the order of the gallery.
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
    """Compute CMC and mAP from the query and the rank of each match."""
    # Matches per query. A query without matches has no segment below.
    counts = np.bincount(queries, minlength=num_queries)
    matched = counts > 0
    counts = counts[matched]
    if len(counts) == 0:
        raise ValueError(
            "Invalid value for `query_identities`. Expected a query with a "
            "match: a gallery item of its identity, from another camera. "
            f"Received: {num_queries} queries without a match."
        )
    # Matches lie query after query; `starts` are the first ones. `numbers`
    # count the matches of each query from 1.
    starts = np.cumsum(counts) - counts
    numbers = np.arange(1, len(queries) + 1) - np.repeat(starts, counts)
    precisions = AVERAGE_PRECISIONS[average_precision](numbers, hit_ranks)
    first = hit_ranks[starts]
    # The average precision of a query is the mean over its matches.
    averages = np.full(num_queries, np.nan)
    averages[matched] = np.add.reduceat(precisions, starts) / counts
    return RetrievalResult(
        float(np.mean(averages[matched])),
        {rank: float(np.mean(first <= rank)) for rank in ranks},
        num_queries=len(counts),
        num_skipped=num_queries - len(counts),
        average_precisions=averages,
    )


def _precision_after(numbers: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Compute the precision at each match: i / r for the i-th at rank r."""
    return numbers / ranks


def _precision_around(numbers: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Average the precision directly before and at each match.

    That is ((i − 1) / (r − 1) + i / r) / 2 for the i-th match at rank r. The
    precision before rank 1 is 1 by definition.
    """
    before = np.ones(len(ranks))
    np.divide(numbers - 1, ranks - 1, out=before, where=ranks > 1)
    return (before + numbers / ranks) / 2


# Precisions that are averaged over the matches of a query.
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
            "Invalid value for `ranks`. Expected ranks of 1 or more. Received: "
            f"{list(ranks)}."
        )


def _check_distances(
    distances: np.ndarray | DistanceCallback, num_queries: int, num_items: int
) -> DistanceCallback:
    """Wrap distances in a callback that checks each chunk."""
    if not callable(distances):
        matrix = np.asarray(distances)
        _check_shape(matrix, (num_queries, num_items))
        distances = matrix.__getitem__

    def measure(rows: slice) -> np.ndarray:
        measured = np.asarray(distances(rows))
        _check_shape(measured, (rows.stop - rows.start, num_items))
        if np.isnan(measured).any():
            raise ValueError(
                "Invalid value for `distances`. Received: NaN in the rows of "
                f"queries {rows.start} to {rows.stop - 1}."
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
