import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.data import AUGMENTATIONS
from ntaa_tf.data import augment
from ntaa_tf.data.augment import Augmentation
from ntaa_tf.data.augment import ResumableSeeds
from ntaa_tf.data.augment import SelectiveRandAugment

RANDOM = [name for name in AUGMENTATIONS if name != "none"]


@pytest.fixture(scope="module")
def images():
    """One random image, twelve times."""
    image = np.random.default_rng(0).integers(1, 256, (1, 16, 16, 3))
    return tf.constant(np.repeat(image, 12, axis=0), tf.float32)


@pytest.fixture(scope="module")
def labels():
    return tf.one_hot(np.arange(12) % 3, 3)


@functools.cache
def _trace(name):
    """Trace an augmentation once for all tests; RandAugment takes seconds."""
    return tf.function(Augmentation(name))


def _augment(name, images, labels, key):
    """Augment inside a graph, as `tf.data` does."""
    return _trace(name)(images, labels, tf.constant(key, tf.int64))


def _augment_afresh(name, images, labels, key, flip=True):
    """Augment inside a newly traced graph."""
    augmentation = tf.function(Augmentation(name, flip))
    return augmentation(images, labels, tf.constant(key, tf.int64))


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_shape_type_and_range_stay(name, images, labels):
    augmented, mixed = _augment(name, images, labels, (0, 0))
    assert augmented.shape == images.shape
    assert augmented.dtype == mixed.dtype == tf.float32
    assert 0 <= augmented.numpy().min() <= augmented.numpy().max() <= 255
    np.testing.assert_allclose(mixed.numpy().sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("name", RANDOM)
def test_key_alone_decides(name, images, labels):
    first, step, seed, again = (
        _augment(name, images, labels, key)[0].numpy()
        for key in [(0, 7), (0, 8), (1, 7), (0, 7)]
    )
    fresh = _augment_afresh(name, images, labels, (0, 7))[0].numpy()
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, fresh)
    assert (first != step).any()
    assert (first != seed).any()


@pytest.mark.parametrize("name", RANDOM)
def test_images_of_a_batch_differ(name, images, labels):
    augmented = _augment(name, images, labels, (0, 0))[0].numpy()
    assert len(np.unique(augmented.reshape(12, -1), axis=0)) > 6


def test_none_changes_nothing(images, labels):
    augmented, same_labels = _augment("none", images, labels, (0, 0))
    np.testing.assert_array_equal(augmented, images)
    np.testing.assert_array_equal(same_labels, labels)


def test_standard_shifts_by_an_eighth_and_reflects_the_border():
    """Each row holds its number, so a moved image tells how it was filled."""
    rows = np.arange(1, 17, dtype=np.float32)
    numbered = np.broadcast_to(rows[:, None, None], (200, 16, 16, 3))
    moved, _ = _augment("standard", numbered, tf.ones((200, 1)), (0, 0))
    down, up = {1: [1], 2: [2, 1]}, {1: [16], 2: [16, 15]}
    expected = {
        (*down.get(shift, ()), *rows[: 16 - shift]) for shift in range(3)
    } | {(*rows[shift:], *up.get(shift, ())) for shift in range(3)}
    assert {tuple(image[:, 8, 0]) for image in moved.numpy()} == expected


def test_flip_can_be_turned_off():
    left = np.zeros((100, 16, 16, 3), np.float32)
    left[:, :, :4] = 255
    for flip in (False, True):
        moved, _ = _augment_afresh(
            "standard", left, tf.ones((100, 1)), (0, 0), flip
        )
        flipped = moved.numpy()[:, 8, 12:].max(axis=(1, 2)) > 0
        assert flipped.any() == flip
        assert not flipped.all()


def test_cutmix_mixes_labels_as_it_mixes_images(monkeypatch):
    """Black and white images: the white label's share is the white area."""
    cutmix_alone = {"cutmix": lambda flip: AUGMENTATIONS["cutmix"](flip)[-1:]}
    monkeypatch.setattr(augment, "AUGMENTATIONS", cutmix_alone)
    white = np.arange(32) % 2
    images = np.ones((32, 64, 64, 3), np.float32) * white[:, None, None, None]
    mixed, labels = _augment_afresh(
        "cutmix", images, tf.one_hot(white, 2), (0, 0)
    )
    area = mixed.numpy().mean(axis=(1, 2, 3))
    # Boxes are cut at whole pixels, labels are not.
    np.testing.assert_allclose(labels.numpy()[:, 1], area, atol=2 / 64)
    assert ((area > 0) & (area < 1)).any()


@pytest.mark.parametrize("seed", range(8))
def test_rand_augment_equals_keras(seed, images):
    ours = SelectiveRandAugment(seed=seed)(images, training=True)
    theirs = keras.layers.RandAugment(seed=seed)(images, training=True)
    np.testing.assert_array_equal(ours, theirs)
    assert (ours.numpy() != images.numpy()).any()


def test_rand_augment_leaves_inference_alone(images):
    same = SelectiveRandAugment()(images, training=False)
    np.testing.assert_array_equal(same, images)


def test_mixed_precision_does_not_reach_the_images(images, labels):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        augmented, mixed = _augment_afresh("cutmix", images, labels, (0, 0))
    finally:
        keras.config.set_dtype_policy("float32")
    assert augmented.dtype == mixed.dtype == tf.float32


def test_seeds_restart_with_their_key():
    seeds = ResumableSeeds()
    drawn = []
    for key in [(0, 0), (0, 1), (0, 0)]:
        seeds.restart(tf.constant(key, tf.int64))
        drawn.append([tuple(seeds.next().numpy()) for _ in range(3)])
    assert drawn[0] == drawn[2]
    assert len({*drawn[0], *drawn[1]}) == 6


def test_unknown_name_lists_the_choices():
    expected = "rand, cutmix, erase, contrast. Received: 'mixup'"
    with pytest.raises(ValueError, match=expected):
        Augmentation("mixup")
