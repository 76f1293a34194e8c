import dataclasses
import json
import types

import benchmark
import numpy as np
import pytest
from benchmarks import retrieval

SIZES = retrieval.Sizes(queries=20, items=300, dimensions=8)


@pytest.fixture
def at_once(monkeypatch):
    """Measure in this process, without the imports of a new one."""
    monkeypatch.setattr(
        retrieval, "run_apart", lambda function, *rest: function(*rest)
    )


def test_every_step_is_measured_with_every_kind_of_features(at_once):
    report = retrieval.run(SIZES)
    measured = report.results["measured"]
    assert [(row["features"], row["step"]) for row in measured] == [
        ("random", "evaluation"),
        ("random", "re-ranking"),
        ("by identity", "evaluation"),
        ("by identity", "re-ranking"),
    ]
    for row in measured:
        assert row["wall_seconds"] > 0
        assert row["peak_mib"] > row["net_mib"] >= 0
    assert json.loads(json.dumps(report.results)) == report.results
    assert "20 queries, 300 gallery items, 8 dimensions." in report.text


def test_the_sizes_are_flags(at_once, monkeypatch):
    values = types.SimpleNamespace(models=None, **dataclasses.asdict(SIZES))
    monkeypatch.setattr(benchmark.flags, "FLAGS", values)
    report = benchmark.measure(["retrieval"])
    assert report.command == "retrieval"
    assert report.results.items() >= dataclasses.asdict(SIZES).items()


@pytest.mark.long
def test_the_memory_is_that_of_a_process_of_its_own():
    sizes = retrieval.Sizes(queries=100, items=1000, dimensions=512)
    row = retrieval.run_apart(retrieval.measure, "random", "re-ranking", sizes)
    features_mib = 1100 * 512 * 4 / 2**20
    assert features_mib < row["net_mib"] < 500


@pytest.mark.parametrize("kind", retrieval.FEATURES)
def test_the_gallery_is_made_up_as_that_of_market_1501(kind):
    query, gallery = retrieval.draw_images(kind, retrieval.Sizes(dimensions=1))
    assert gallery.features.dtype == np.float32
    assert query.features.shape == (3368, 1)
    assert query.identities.min() == 1
    assert 3500 < np.sum(gallery.identities == -1) < 4100
    assert 2500 < np.sum(gallery.identities == 0) < 3100
    assert set(gallery.cameras) == set(range(1, 7))


def test_features_by_identity_are_near_to_those_of_their_identity():
    query, gallery = retrieval.draw_images("by identity", SIZES)
    everyone = np.concatenate([query.identities, gallery.identities])
    features = np.concatenate([query.features, gallery.features])
    someone = np.bincount(everyone[everyone > 0]).argmax()
    own = features[everyone == someone]
    assert own.var(axis=0).mean() < features.var(axis=0).mean()


def test_the_table_has_the_seconds_and_the_memory():
    row = {
        "features": "random",
        "step": "evaluation",
        "wall_seconds": 1.5,
        "cpu_seconds": 3.0,
        "peak_mib": 1000.0,
        "net_mib": 400.0,
    }
    sizes = {"queries": 3368, "items": 19732, "dimensions": 512}
    text = retrieval.describe({**sizes, "measured": [row]})
    assert "| random | evaluation | 1.5 | 3 | 1,000 | 400 |" in text
    assert "3,368 queries, 19,732 gallery items" in text
