"""Real drawings in Market-1501's layout; camera = drawer mod 6."""

import numpy as np
import pytest

from ntaa_tf.data.retrieval import hold_out_identities
from ntaa_tf.data.retrieval import open_retrieval


@pytest.fixture
def omniglot(shared_data):
    path = shared_data / "omniglot_retrieval"
    if not path.is_dir():
        pytest.skip(f"no drawings at {path}")
    return open_retrieval(f"market:{path}")


def test_sizes(omniglot, caplog):
    assert {name: len(views) for name, views in omniglot.splits.items()} == {
        "train": 6000,
        "query": 1800,
        "gallery": 4200,
    }
    for name, first in (("train", 1), ("query", 301), ("gallery", 301)):
        views = omniglot.splits[name]
        np.testing.assert_array_equal(
            views.known_identities, np.arange(first, first + 300)
        )
        np.testing.assert_array_equal(np.unique(views.cameras), np.arange(1, 7))
    height, width = omniglot.image_size
    assert height == width >= 28
    assert not caplog.records


def test_a_tenth_is_held_out(omniglot):
    train, query, gallery = hold_out_identities(
        omniglot.splits["train"], 0.1, seed=0
    )
    assert len(train) == 270 * 20
    assert len(query) == 30 * 6
    assert len(gallery) == 30 * 14
