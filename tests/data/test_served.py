"""A served graph decodes files to the same images as the evaluation."""

import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.data import ServedDecoder
from ntaa_tf.data.examples import decode_split
from ntaa_tf.data.examples import decode_splits
from ntaa_tf.data.raw import RawSplit

SIZES = ((31, 17), (8, 60), (16, 16), (7, 5), (45, 46))


@pytest.fixture
def files(rng):
    """JPEG and PNG, in colour, grey, and with alpha."""
    encoders = tf.io.encode_jpeg, tf.io.encode_png, tf.io.encode_png
    return [
        encode(rng.integers(0, 256, (*size, channels), "uint8")).numpy()
        for size in SIZES
        for encode, channels in zip(encoders, (3, 1, 4), strict=True)
    ]


@pytest.mark.parametrize("resize", [(16, 16), (20, 24)])
def test_files_are_those_of_a_test_split(files, resize):
    split = RawSplit(files, np.zeros(len(files), np.int64))
    expected = decode_splits({"test": split}, (16, 16), resize)["test"]
    decode = tf.function(ServedDecoder((16, 16), resize))
    images = decode(tf.constant(files))
    assert images.dtype == tf.float32
    np.testing.assert_array_equal(images, expected.images)


def test_files_of_a_retrieval_set_are_stretched(files):
    split = RawSplit(files, np.zeros(len(files), np.int64))
    expected = decode_split("test", split, (24, 12), None, crops=False)
    images = ServedDecoder((24, 12), (24, 12), crops=False)(tf.constant(files))
    np.testing.assert_array_equal(images, expected.images)
