"""A teacher's batches are those of the training, at another size."""

import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.assembly.batches import Batches
from ntaa_tf.assembly.streams import Stream
from ntaa_tf.data import Examples
from ntaa_tf.data import ImageDataset
from ntaa_tf.recipe import make_recipe
from ntaa_tf.tasks.classification import ClassificationTask

NUM_CLASSES = 12


def make_examples(size):
    """One image of each class, whose pixels all hold 20 times the class."""
    labels = np.arange(NUM_CLASSES)
    pixels = np.ones((NUM_CLASSES, size, size, 3), np.uint8)
    return Examples(
        pixels * labels[:, None, None, None].astype("u1") * 20, labels
    )


@pytest.fixture
def batches():
    few = make_examples(8)
    names = tuple(map(str, range(NUM_CLASSES)))
    dataset = ImageDataset("numbers", names, few, few, few)
    recipe = make_recipe(batch_size=4)
    views = make_examples(16)
    return Batches(recipe, dataset, ClassificationTask(), (8, 8), views)


def test_both_see_the_same_images_in_the_order_of_the_training(batches):
    plain, taught = batches.training(1, 3), batches.teaching(1, 3)
    for (images, labels), (small, targets) in zip(plain, taught, strict=True):
        np.testing.assert_array_equal(targets["targets"], labels)
        assert small.shape == images.shape
        assert targets["views"].shape == (4, 16, 16, 3)
        # Reflected borders have the image's one colour, too.
        np.testing.assert_allclose(small, images, atol=1e-3)
        np.testing.assert_allclose(
            targets["views"][:, :8, :8], images, atol=1e-3
        )


def test_the_model_gets_the_resized_view(batches):
    (small, targets), *_ = batches.teaching(0, 1)
    resized = tf.image.resize(targets["views"], (8, 8), antialias=True)
    np.testing.assert_array_equal(small, resized)


def test_images_of_another_domain_have_no_views(batches):
    _, labels = next(iter(batches.teaching(0, 1, Stream(make_examples(8)))))
    assert labels.shape == (4, NUM_CLASSES)
