"""CMC and mAP equal values by hand, and a plain loop over the definition."""

import re

import numpy as np
import pytest

from ntaa_tf.metrics import AVERAGE_PRECISIONS
from ntaa_tf.metrics import RetrievalResult
from ntaa_tf.metrics import evaluate_retrieval
from ntaa_tf.metrics import measure_distances

WORKED = {
    "distances": np.array(
        [
            [0.05, 0.4, 0.2, 0.1, 0.3, 0.6, 0.5],
            [0.7, 0.6, 0.3, 0.2, 0.1, 0.5, 0.05],
        ]
    ),
    "query_identities": [1, 2],
    "gallery_identities": [1, 1, 2, -1, 0, 1, 2],
    "query_cameras": [1, 1],
    "gallery_cameras": [1, 2, 2, 3, 2, 3, 1],
    "ranks": (1, 2, 3),
}
NO_CAMERAS = {"query_cameras": None, "gallery_cameras": None}
JUNK_IS_SOMEONE = {"gallery_identities": [1, 1, 2, 9, 0, 1, 2]}


def draw(seed, decimals=6):
    """Draw a random problem. Few decimals make many distances equal."""
    rng = np.random.default_rng(seed)
    queries, items = rng.integers(1, 12), rng.integers(1, 40)
    return {
        "distances": rng.random((queries, items)).round(decimals),
        "query_identities": rng.integers(1, 5, queries),
        "gallery_identities": np.append(rng.integers(-1, 5, items - 1), 1),
        "query_cameras": rng.integers(1, 4, queries),
        # A camera of no query, so that a query of identity 1 has a match.
        "gallery_cameras": np.append(rng.integers(1, 4, items - 1), 4),
    } | {"ranks": (1, 2, 5, 50)}


def has_valid_query(problem):
    return 1 in problem["query_identities"]


PROBLEMS = [
    problem
    for seed in range(40)
    for problem in (draw(seed), draw(seed, decimals=1))
    if has_valid_query(problem)
]


def measure_slowly(problem, average_precision):
    """Follow the definition query by query, item by item."""
    average_precisions, first_hits = [], []
    for query, row in enumerate(problem["distances"]):
        hits = []
        for _, item in sorted((d, item) for item, d in enumerate(row)):
            identity = problem["gallery_identities"][item]
            same = identity == problem["query_identities"][query]
            cameras = problem["gallery_cameras"], problem["query_cameras"]
            same_camera = cameras[0] is not None and (
                cameras[0][item] == cameras[1][query]
            )
            if identity != -1 and not (same and same_camera):
                hits.append(same)
        if any(hits):
            average_precisions.append(average_precision(hits))
            first_hits.append(hits.index(True) + 1)
    return RetrievalResult(
        pytest.approx(np.mean(average_precisions)),
        {
            rank: pytest.approx(np.mean([hit <= rank for hit in first_hits]))
            for rank in problem["ranks"]
        },
        len(first_hits),
        len(problem["distances"]) - len(first_hits),
        np.array(average_precisions),
    )


def average_rectangles(hits):
    precisions = [
        sum(hits[: place + 1]) / (place + 1)
        for place, hit in enumerate(hits)
        if hit
    ]
    return sum(precisions) / len(precisions)


def integrate_trapezoids(hits):
    """Integrate precision over recall, step by step as in `compute_AP.m`."""
    area, old_recall, old_precision, found = 0.0, 0.0, 1.0, 0
    for place, hit in enumerate(hits):
        found += hit
        recall, precision = found / sum(hits), found / (place + 1)
        area += (recall - old_recall) * (old_precision + precision) / 2
        old_recall, old_precision = recall, precision
    return area


SLOW = {
    "rectangular": average_rectangles,
    "trapezoidal": integrate_trapezoids,
}


def test_the_example_worked_by_hand():
    result = evaluate_retrieval(**WORKED)
    assert result.mean_average_precision == pytest.approx(0.433333, abs=1e-6)
    assert result.matching == {1: 0, 2: 0.5, 3: 1}
    assert (result.num_queries, result.num_skipped) == (2, 0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"average_precision": "trapezoidal"}, 0.247917),
        (NO_CAMERAS, 0.75),
        (JUNK_IS_SOMEONE, 0.3125),
        (NO_CAMERAS | JUNK_IS_SOMEONE, 0.679762),
    ],
)
def test_the_example_done_otherwise(change, expected):
    result = evaluate_retrieval(**WORKED | change)
    assert result.mean_average_precision == pytest.approx(expected, abs=1e-6)


def test_every_variant_is_compared():
    assert set(SLOW) == set(AVERAGE_PRECISIONS)
    assert len(PROBLEMS) > 40


@pytest.mark.parametrize("variant", AVERAGE_PRECISIONS)
@pytest.mark.parametrize("cameras", [True, False])
def test_the_definition_is_followed(variant, cameras):
    for drawn in PROBLEMS:
        problem = drawn if cameras else drawn | NO_CAMERAS
        expected = measure_slowly(problem, SLOW[variant])
        for chunk_size in (1, 3, 256):
            result = evaluate_retrieval(
                **problem, average_precision=variant, chunk_size=chunk_size
            )
            assert result == expected


def test_queries_without_a_match_are_skipped_and_counted():
    problem = WORKED | {"query_identities": [1, 7]}
    result = evaluate_retrieval(**problem)
    assert (result.num_queries, result.num_skipped) == (1, 1)
    assert result.mean_average_precision == pytest.approx((1 / 3 + 2 / 5) / 2)
    assert result.matching == {1: 0, 2: 0, 3: 1}


@pytest.mark.parametrize("variant", AVERAGE_PRECISIONS)
def test_a_perfect_ranking_has_precision_one(variant):
    for problem in PROBLEMS:
        same = np.equal.outer(
            problem["query_identities"], problem["gallery_identities"]
        )
        distances = problem["distances"] + 10 * ~same
        result = evaluate_retrieval(
            **problem | {"distances": distances}, average_precision=variant
        )
        assert result.mean_average_precision == 1
        assert set(result.matching.values()) == {1}


def test_trapezoids_are_never_more_than_rectangles():
    for problem in PROBLEMS:
        rectangular, trapezoidal = (
            evaluate_retrieval(**problem, average_precision=variant)
            for variant in ("rectangular", "trapezoidal")
        )
        assert (
            trapezoidal.mean_average_precision
            <= rectangular.mean_average_precision
        )


def test_the_order_of_the_gallery_does_not_matter_without_ties(rng):
    for problem in map(draw, range(20)):
        if has_valid_query(problem):
            items = rng.permutation(len(problem["gallery_identities"]))
            moved = problem | {
                "distances": problem["distances"][:, items],
                "gallery_identities": problem["gallery_identities"][items],
                "gallery_cameras": problem["gallery_cameras"][items],
            }
            assert evaluate_retrieval(**moved) == evaluate_retrieval(**problem)


def test_of_equal_distances_the_first_item_ranks_first():
    distances = np.zeros((1, 3))
    first = evaluate_retrieval(distances, [1], [1, 2, 2], ranks=(1, 2, 3))
    assert first.matching == {1: 1, 2: 1, 3: 1}
    last = evaluate_retrieval(distances, [1], [2, 2, 1], ranks=(1, 2, 3))
    assert last.matching == {1: 0, 2: 0, 3: 1}


@pytest.mark.parametrize("change", [np.exp, np.square, lambda d: 3 * d - 2])
def test_only_the_order_of_distances_matters(change):
    for problem in PROBLEMS:
        changed = problem | {"distances": change(problem["distances"])}
        assert evaluate_retrieval(**changed) == evaluate_retrieval(**problem)


def test_junk_changes_nothing(rng):
    for problem in PROBLEMS:
        more = problem | {
            name: np.concatenate([added, problem[name]], axis=-1)
            for name, added in (
                ("distances", rng.random((len(problem["distances"]), 4)) / 9),
                ("gallery_identities", [-1, -1, -1, -1]),
                ("gallery_cameras", [1, 2, 3, 4]),
            )
        }
        assert evaluate_retrieval(**more) == evaluate_retrieval(**problem)


def test_distractors_are_in_the_way():
    distances = np.array([[0.1, 0.2]])
    result = evaluate_retrieval(distances, [1], [0, 1])
    assert result.matching[1] == 0
    assert result.mean_average_precision == 0.5


def test_a_function_is_asked_for_chunks(rng):
    query, gallery = rng.normal(size=(7, 3)), rng.normal(size=(9, 3))
    labels = rng.integers(1, 3, 7), rng.integers(1, 3, 9)
    asked = []

    def measure(rows):
        asked.append((rows.start, rows.stop))
        return measure_distances(query[rows], gallery)

    result = evaluate_retrieval(measure, *labels, chunk_size=3)
    assert asked == [(0, 3), (3, 6), (6, 7)]
    whole = measure_distances(query, gallery)
    assert result == evaluate_retrieval(whole, *labels)


def test_cameras_may_have_names():
    numbered = evaluate_retrieval(**WORKED)
    names = np.array(["none", "hall", "door", "yard"])
    named = WORKED | {
        side: names[WORKED[side]]
        for side in ("query_cameras", "gallery_cameras")
    }
    assert evaluate_retrieval(**named) == numbered


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gallery_identities": []}, "`gallery_identities`.*shape (0,)"),
        ({"query_identities": []}, "`query_identities`.*shape (0,)"),
        ({"query_identities": [[1, 2]]}, "`query_identities`.*shape (1, 2)"),
        ({"query_identities": [1.0, 2.0]}, "integers. Received: float64"),
        ({"query_cameras": [1]}, "`query_cameras`.*(2,). Received: shape (1,)"),
        ({"query_cameras": None}, "`query_cameras` is missing.*None for both"),
        ({"query_cameras": ["1", "2"]}, "`gallery_cameras`.*queries' cameras"),
        (
            {"gallery_cameras": None},
            "`gallery_cameras` is missing.*None for both",
        ),
        (
            {"distances": np.zeros((2, 6))},
            "`distances`.*shape (2, 7). Received: shape (2, 6)",
        ),
        (
            {"distances": np.zeros((3, 7))},
            "`distances`.*shape (2, 7). Received: shape (3, 7)",
        ),
        (
            {"distances": lambda rows: np.zeros((1, 7))},
            "`distances`.*shape (2, 7). Received: shape (1, 7)",
        ),
        (
            {"distances": np.full((2, 7), np.nan)},
            "`distances`.*NaN in the rows of queries 0 to 1",
        ),
        (
            {"query_identities": [0, 2]},
            "`query_identities`.*1 of 2 queries are",
        ),
        (
            {"query_identities": [-1, 0]},
            "`query_identities`.*2 of 2 queries are",
        ),
        ({"query_identities": [5, 6]}, "Received: 2 queries without a match"),
        (
            {"average_precision": "linear"},
            "['rectangular', 'trapezoidal']. Received: 'linear'",
        ),
        ({"ranks": (0, 1)}, "`ranks`.*Received: [0, 1]"),
        ({"chunk_size": 0}, "`chunk_size`.*Received: 0"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    pattern = re.escape(message).replace(r"\.\*", ".*")
    with pytest.raises(ValueError, match=pattern):
        evaluate_retrieval(**WORKED | change)


def test_each_query_has_its_average_precision():
    distances = np.array([[0.1, 0.4, 0.2], [0.3, 0.4, 0.2]])
    found = evaluate_retrieval(distances, [1, 7], [1, 1, 2])
    np.testing.assert_allclose(
        found.average_precisions, [(1 + 2 / 3) / 2, np.nan]
    )
