"""Crops of larger images: random for training, the centre elsewhere."""

import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.data import Examples
from ntaa_tf.data import RawDataset
from ntaa_tf.data import RawSplit
from ntaa_tf.data import crop_center
from ntaa_tf.data import prepare_images
from ntaa_tf.data import training_batches
from ntaa_tf.data.crops import crop_randomly


def number_pixels(count, height, width):
    """Return images whose pixels are their row and column."""
    rows, columns = np.mgrid[:height, :width]
    image = np.stack([rows, columns, rows], axis=-1).astype("uint8")
    return np.repeat(image[None], count, axis=0)


def test_the_centre_is_kept():
    cropped = crop_center(number_pixels(2, 9, 12), (5, 4))
    assert cropped.shape == (2, 5, 4, 3)
    assert cropped[0, 0, 0].tolist() == [2, 4, 2]


def test_random_crops_are_whole_patches_at_every_place():
    images = tf.constant(number_pixels(400, 7, 6), tf.float32)
    cropped = crop_randomly(images, (5, 4), tf.constant([0, 3], tf.int64))
    corners = cropped[:, 0, 0, :2].numpy().astype(int)
    assert {tuple(corner) for corner in corners} == {
        (row, column) for row in range(3) for column in range(3)
    }
    for crop, (row, column) in zip(cropped.numpy(), corners, strict=True):
        expected = images[0, row : row + 5, column : column + 4]
        np.testing.assert_array_equal(crop, expected)


def test_a_resumed_stream_has_the_same_crops():
    examples = Examples(number_pixels(8, 10, 10), np.arange(8) % 2)
    choices = {"augment": "none", "crop": (6, 6)}
    whole = list(training_batches(examples, 2, 4, epochs=2, **choices))
    rest = list(
        training_batches(examples, 2, 4, first_epoch=1, epochs=1, **choices)
    )
    assert rest[0][0].shape == (4, 6, 6, 3)
    np.testing.assert_array_equal(whole[2][0], rest[0][0])
    assert not np.array_equal(whole[0][0], whole[2][0])


@pytest.fixture
def raw():
    images = number_pixels(40, 12, 16)
    return RawDataset(
        "some", ("a", "b"), {"train": RawSplit(images, np.arange(40) % 2)}
    )


def test_training_images_stay_larger_and_the_others_are_cropped(raw):
    prepared = prepare_images(raw, (6, 8), resize=(9, 12))
    assert prepared.train.images.shape[1:] == (9, 12, 3)
    assert prepared.validation.images.shape[1:] == (6, 8, 3)
    assert prepared.test.images.shape[1:] == (6, 8, 3)


def test_a_smaller_size_than_models_take_is_refused(raw):
    with pytest.raises(ValueError, match=r"`resize`. Expected at least .*6x8"):
        prepare_images(raw, (6, 8), resize=(9, 7))
