"""Re-ranking equals a reference run, and a plain loop over its definition."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from ntaa_tf.metrics import evaluate_retrieval
from ntaa_tf.metrics import measure_distances
from ntaa_tf.metrics import normalize_features
from ntaa_tf.metrics import re_rank
from ntaa_tf.metrics.neighbors import rank_nearest

QUERY = np.array([(0, 0), (5, 1)])
GALLERY = np.array([(0.5, 0), (0.9, 0.3), (5, 0), (4, 1.5), (2, 2), (0, 1.1)])
# Computed with the authors' code.
REFERENCE = [
    [0.002885, 0.020740, 0.988462, 0.910577, 0.558974, 0.028640],
    [0.945192, 0.899615, 0.011538, 0.154501, 0.733482, 0.988577],
]
OPTIONS = [(20, 6), (1, 1), (3, 2), (5, 1), (5, 3), (4, 9), (9, 4), (2, 100)]


def draw_random(rng, count):
    return rng.normal(size=(count, 4))


def draw_groups(rng, count):
    centers = 3 * rng.normal(size=(max(1, count // 6), 4))
    return rng.normal(size=(count, 4)) + rng.choice(centers, count)


def draw_ties(rng, count):
    """Draw points of a grid, whose squared distances are whole and exact."""
    return rng.integers(0, 3, (count, 2)).astype(float)


def re_rank_slowly(query, gallery, k1, k2, weight):
    """Follow the definition image by image, on dense matrices."""
    features = np.concatenate([query, gallery])
    everyone = range(len(features))
    squared = cdist(features, features, "sqeuclidean")
    largest = squared.max(axis=0)
    distances = np.transpose(squared / np.where(largest > 0, largest, 1))
    ranking = [
        sorted(everyone, key=lambda other: (other != i, squared[i, other]))
        for i in everyone
    ]

    def find_reciprocal(i, k):
        near = ranking[i][: k + 1]
        return {other for other in near if i in ranking[other][: k + 1]}

    def describe(i):
        own = find_reciprocal(i, k1)
        expanded = set(own)
        for other in own:
            theirs = find_reciprocal(other, int(np.around(k1 / 2)))
            if len(theirs & own) > Fraction(2, 3) * len(theirs):
                expanded |= theirs
        description = np.zeros(len(features))
        for other in expanded:
            description[other] = np.exp(-distances[i, other])
        return description / description.sum()

    described = np.array([describe(i) for i in everyone])
    averaged = [described[ranking[i][:k2]].mean(axis=0) for i in everyone]
    result = np.empty((len(query), len(gallery)))
    for i in range(len(query)):
        for j in range(len(gallery)):
            item = len(query) + j
            shared = np.minimum(averaged[i], averaged[item]).sum()
            jaccard = 1 - shared / (2 - shared)
            result[i, j] = (1 - weight) * jaccard + weight * distances[i, item]
    return result


def test_a_reference_run_is_repeated():
    result = re_rank(QUERY, GALLERY, num_neighbors=3, num_averaged=2)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, REFERENCE, atol=1e-6)


def test_the_slow_way_repeats_it_too():
    result = re_rank_slowly(QUERY, GALLERY, 3, 2, 0.3)
    np.testing.assert_allclose(result, REFERENCE, atol=1e-6)


@pytest.mark.parametrize("draw", [draw_random, draw_groups, draw_ties])
@pytest.mark.parametrize(("k1", "k2"), OPTIONS)
def test_the_definition_is_followed(draw, k1, k2):
    for seed in range(4):
        rng = np.random.default_rng((seed, k1, k2))
        query = draw(rng, rng.integers(1, 12))
        gallery = draw(rng, rng.integers(1, 60))
        for weight in (0.0, 0.3):
            result = re_rank(
                query,
                gallery,
                num_neighbors=k1,
                num_averaged=k2,
                distance_weight=weight,
                chunk_size=int(rng.integers(1, 80)),
            )
            expected = re_rank_slowly(query, gallery, k1, k2, weight)
            np.testing.assert_allclose(result, expected, atol=2e-6)


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_galleries_may_be_smaller_than_the_neighborhood(count, rng):
    query, gallery = rng.normal(size=(1, 3)), rng.normal(size=(count, 3))
    np.testing.assert_allclose(
        re_rank(query, gallery),
        re_rank_slowly(query, gallery, 20, 6, 0.3),
        atol=2e-6,
    )


def test_chunks_do_not_matter(rng):
    query, gallery = draw_ties(rng, 30), draw_ties(rng, 70)
    whole = re_rank(query, gallery)
    for chunk_size in (1, 7, 30, 64):
        chunked = re_rank(query, gallery, chunk_size=chunk_size)
        np.testing.assert_array_equal(chunked, whole)


def test_the_euclidean_share_alone_is_the_normalized_distance(rng):
    query, gallery = rng.normal(size=(5, 3)), rng.normal(size=(40, 3))
    squared = measure_distances(query, gallery, squared=True)
    among = measure_distances(query, query, squared=True)
    largest = np.maximum(squared.max(axis=1), among.max(axis=1))
    np.testing.assert_allclose(
        re_rank(query, gallery, distance_weight=1),
        squared / largest[:, np.newaxis],
        rtol=1e-6,
    )


def test_only_ratios_of_distances_matter(rng):
    query, gallery = draw_groups(rng, 5), draw_groups(rng, 40)
    np.testing.assert_array_equal(
        re_rank(4 * query, 4 * gallery), re_rank(query, gallery)
    )


def test_the_order_of_the_gallery_does_not_matter_without_ties(rng):
    query, gallery = draw_groups(rng, 5), draw_groups(rng, 40)
    items = rng.permutation(40)
    np.testing.assert_allclose(
        re_rank(query, gallery[items]),
        re_rank(query, gallery)[:, items],
        atol=1e-6,
    )


@pytest.mark.parametrize("count", [3, 40])
def test_features_that_are_all_equal_give_numbers(count):
    query, gallery = np.ones((2, 3)), np.ones((count, 3))
    result = re_rank(query, gallery)
    assert np.isfinite(result).all()
    np.testing.assert_allclose(
        result, re_rank_slowly(query, gallery, 20, 6, 0.3), atol=2e-6
    )


def test_neighbors_of_neighbors_are_found():
    """Each identity is a chain of images: far ends are linked by neighbors."""
    rng = np.random.default_rng(0)
    identities = np.repeat([1, 2, 3], 30)
    place = np.tile(np.linspace(0, 4, 30), 3)
    angle = 0.35 * identities
    features = np.stack([np.cos(angle), np.sin(angle), place], axis=1)
    features += 0.02 * rng.normal(size=features.shape)
    queries = np.arange(0, 90, 30)
    labels = identities[queries], identities
    query = features[queries]
    before = evaluate_retrieval(measure_distances(query, features), *labels)
    after = evaluate_retrieval(
        re_rank(query, features, num_neighbors=6, distance_weight=0.1), *labels
    )
    assert after.mean_average_precision > before.mean_average_precision


def test_features_stay_as_they_are(rng):
    query = normalize_features(rng.normal(size=(3, 4)))
    gallery = normalize_features(rng.normal(size=(9, 4)))
    before = query.copy(), gallery.copy()
    re_rank(query, gallery)
    np.testing.assert_array_equal(query, before[0])
    np.testing.assert_array_equal(gallery, before[1])


def test_the_nearest_are_those_of_a_stable_sort(rng):
    distances = rng.integers(0, 5, (20, 200)).astype("float32")
    distances[:, 10:30] -= np.eye(20, dtype="float32")
    nearest = rank_nearest(np.maximum(distances, 0), slice(10, 30), 25)
    distances[np.arange(20), np.arange(10, 30)] = -1
    order = np.argsort(distances, axis=1, kind="stable")
    np.testing.assert_array_equal(nearest, order[:, :25])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_neighbors": 0}, r"`num_neighbors`.*Received: 0"),
        ({"num_averaged": -1}, r"`num_averaged`.*Received: -1"),
        ({"distance_weight": 1.1}, r"`distance_weight`.*Received: 1\.1"),
        ({"distance_weight": np.nan}, r"`distance_weight`.*Received: nan"),
        ({"chunk_size": 0}, r"`chunk_size`.*Received: 0"),
        ({"query": np.zeros((0, 2))}, r"`query`.*Received: shape \(0, 2\)"),
        ({"gallery": np.zeros((0, 2))}, r"`gallery`.*shape \(0, 2\)"),
        ({"gallery": np.zeros((4, 3))}, r"`gallery`.*have, 2.*Received: 3"),
        ({"query": np.full((1, 2), np.nan)}, r"`query`.*1 of 1 items"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        re_rank(**{"query": QUERY, "gallery": GALLERY} | change)
