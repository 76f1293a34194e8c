"""Small images and data sets for the tests of data."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.data import Examples
from ntaa_tf.data import RawDataset
from ntaa_tf.data import RawSplit

SHARED_DATA = pathlib.Path(__file__).parents[2] / "../shared/data"


def _write_png(path, height=8, width=8, channels=3, value=None):
    shape = (height, width, channels)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    if value is not None:
        pixels = np.full(shape, value, np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tf.io.encode_png(pixels).numpy())
    return pixels


@pytest.fixture
def write_png():
    """Writes a PNG of 1 to 4 channels and returns its pixels."""
    return _write_png


@pytest.fixture
def image_folder(tmp_path):
    """`train`, `validation` and `test` of the classes `cat` and `dog`."""
    for split, count in (("train", 6), ("validation", 2), ("test", 3)):
        for class_name in ("cat", "dog"):
            for index in range(count):
                _write_png(tmp_path / split / class_name / f"{index}.png")
    return tmp_path


@pytest.fixture
def raw_dataset():
    """120 images of three classes (80, 30 and 10), no splits of their own.

    Every pixel of an image is its index, so that images can be told apart.
    """
    labels = np.repeat([0, 1, 2], [80, 30, 10])
    images = np.zeros((120, 4, 4, 3), np.uint8)
    images += np.arange(120, dtype=np.uint8)[:, None, None, None]
    return RawDataset(
        "numbers", ("a", "b", "c"), {"train": RawSplit(images, labels)}
    )


@pytest.fixture
def examples():
    """20 random images of 16 pixels and 3 classes."""
    generator = np.random.default_rng(0)
    return Examples(
        generator.integers(1, 256, (20, 16, 16, 3), np.uint8),
        generator.integers(0, 3, 20),
    )


@pytest.fixture
def shared_data():
    """The directory of real data; skips where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real data at {SHARED_DATA}")
    return SHARED_DATA
