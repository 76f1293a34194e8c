"""Small retrieval data sets; nearly all of their files are empty."""

import numpy as np
import pytest

from ntaa_tf.data.retrieval import RawRetrieval
from ntaa_tf.data.retrieval import RawViews

# (identity, camera) of the views in each split.
VIEWS = {
    "train": [(1, 1), (1, 2), (1, 2), (2, 1), (2, 3)],
    "query": [(3, 1), (4, 2)],
    "gallery": [(3, 2), (4, 1), (4, 2)],
}


MARKET_NAME = "{identity:04d}_c{camera}s1_{number:06d}_00.jpg"


def _write_views(folder, pairs, pattern=MARKET_NAME):
    folder.mkdir(parents=True, exist_ok=True)
    for number, (identity, camera) in enumerate(pairs):
        name = pattern.format(identity=identity, camera=camera, number=number)
        (folder / name).touch()


@pytest.fixture
def pairs_of_splits():
    """The (identity, camera) pairs that small data sets are made of."""
    return VIEWS


@pytest.fixture
def write_views():
    """Makes empty files, named after their identity and camera."""
    return _write_views


@pytest.fixture
def market_folder(tmp_path):
    """A folder in Market-1501's layout."""
    _write_views(tmp_path / "bounding_box_train", VIEWS["train"])
    _write_views(tmp_path / "query", VIEWS["query"])
    _write_views(tmp_path / "bounding_box_test", VIEWS["gallery"])
    return tmp_path


@pytest.fixture
def make_views(tmp_path):
    """Makes views of (identity, camera) pairs; no files."""

    def make(pairs):
        identities, cameras = np.array(pairs, np.int64).reshape(-1, 2).T
        images = [tmp_path / f"{index}.jpg" for index in range(len(pairs))]
        return RawViews(images, identities, cameras)

    return make


@pytest.fixture
def make_retrieval(make_views):
    """Makes a data set of (identity, camera) pairs by split; no files."""

    def make(name="set", **pairs):
        splits = {split: make_views(pairs[split]) for split in pairs}
        return RawRetrieval(name, splits)

    return make
