import re

import numpy as np
import pytest
from scipy.spatial import distance

from ntaa_tf.metrics import iterate_distances
from ntaa_tf.metrics import measure_distances
from ntaa_tf.metrics import normalize_features
from ntaa_tf.metrics.distances import list_chunks


@pytest.fixture
def features(rng):
    return rng.normal(size=(7, 5)), rng.normal(size=(11, 5))


@pytest.mark.parametrize("chunk_size", [1, 3, 7, 100])
def test_distances_are_euclidean(features, chunk_size):
    measured = measure_distances(*features, chunk_size=chunk_size)
    assert measured.dtype == np.float32
    np.testing.assert_allclose(measured, distance.cdist(*features), rtol=1e-5)
    squared = measure_distances(*features, squared=True, chunk_size=chunk_size)
    np.testing.assert_allclose(squared, measured**2, rtol=1e-5)


def test_half_the_squared_distance_is_one_minus_the_cosine(features):
    unit = map(normalize_features, features)
    np.testing.assert_allclose(
        measure_distances(*unit, squared=True) / 2,
        distance.cdist(*features, "cosine"),
        atol=1e-6,
    )


def test_normalized_features_have_length_one_or_zero(rng):
    features = rng.normal(size=(4, 3))
    features[2] = 0
    unit = normalize_features(features)
    assert unit.dtype == np.float32
    lengths = np.linalg.norm(unit, axis=1)
    np.testing.assert_allclose(lengths, [1, 1, 0, 1], rtol=1e-6)
    np.testing.assert_allclose(
        unit * np.linalg.norm(features, axis=1)[:, None], features, rtol=1e-6
    )


def test_features_of_any_size_get_length_one():
    """Also where float32 can't hold their squares."""
    features = np.array([[3e30, 4e30], [3e-30, 4e-30]])
    np.testing.assert_allclose(
        normalize_features(features), [[0.6, 0.8]] * 2, rtol=1e-6
    )


def test_no_distance_is_below_zero(rng):
    features = 1000 + rng.normal(size=(50, 200))
    squared = measure_distances(features, features, squared=True)
    assert squared.min() >= 0
    assert np.isfinite(measure_distances(features, features)).all()


def test_a_chunk_has_so_many_rows(features):
    chunks = list(iterate_distances(*features, chunk_size=3))
    assert [rows for rows, _ in chunks] == list_chunks(7, 3)
    assert [len(distances) for _, distances in chunks] == [3, 3, 1]


def test_features_stay_as_they_are(features):
    single = [part.astype("float32") for part in features]
    before = [part.copy() for part in single]
    measure_distances(*single)
    normalize_features(single[0])
    np.testing.assert_array_equal(single[0], before[0])
    np.testing.assert_array_equal(single[1], before[1])


@pytest.mark.parametrize("dtype", ["float16", "float64", "int64"])
def test_features_may_be_of_any_type(dtype):
    points = np.array([[0, 0], [3, 4]], dtype)
    np.testing.assert_array_equal(
        measure_distances(points, points), [[0, 5], [5, 0]]
    )


@pytest.mark.parametrize(
    ("query", "gallery", "message"),
    [
        (np.zeros((0, 2)), np.zeros((1, 2)), "`query`.*(0, 2)"),
        (np.zeros((1, 2)), np.zeros((0, 2)), "`gallery`.*(0, 2)"),
        (np.zeros(2), np.zeros((1, 2)), "`query`.*(2,)"),
        (np.zeros((1, 2)), np.zeros((1, 3)), "`gallery`.*have, 2.*: 3"),
        (
            np.zeros((1, 1)),
            np.array([[0], [np.nan], [np.inf]]),
            "`gallery`.*2 of 3 items with NaN or infinite features.*index 1",
        ),
        (np.full((1, 4), 1e19), np.zeros((1, 4)), "`query`.*4.5e+18.*1e+19"),
    ],
)
def test_features_that_can_not_be_compared_are_refused(query, gallery, message):
    pattern = re.escape(message).replace(r"\.\*", ".*")
    with pytest.raises(ValueError, match=pattern):
        measure_distances(query, gallery)


def test_values_beyond_float32_are_refused():
    with (
        np.errstate(over="ignore"),
        pytest.raises(ValueError, match=r"`features`.*float32"),
    ):
        normalize_features(np.array([[1e300]]))


def test_chunks_are_not_empty():
    with pytest.raises(ValueError, match=r"`chunk_size`.*Received: 0"):
        measure_distances(np.zeros((1, 1)), np.zeros((1, 1)), chunk_size=0)
