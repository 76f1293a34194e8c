"""Contrastive views are those of MoCo v2, and resume by seed and step."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.data import Examples
from ntaa_tf.data import contrasting_batches
from ntaa_tf.data.augment import ResumableSeeds
from ntaa_tf.data.contrast import RandomResizedCrop
from ntaa_tf.data.contrast import list_contrasting

COUNT = 400


def apply(layer, images, batches=20):
    """Augment in batches, as one width of the blur is drawn for a batch."""
    layer.generator = ResumableSeeds()
    augmented = []
    for step, part in enumerate(np.split(images, batches)):
        layer.generator.restart(tf.constant([0, step], tf.int64))
        batch = {
            "images": tf.constant(part, tf.float32),
            "labels": tf.zeros((len(part), 1)),
        }
        augmented.append(layer(batch, training=True)["images"].numpy())
    return np.concatenate(augmented)


@pytest.fixture
def colours(rng):
    """One colourful image, many times."""
    image = rng.uniform(30, 220, (1, 16, 16, 3)).astype("float32")
    return np.repeat(image, COUNT, axis=0)


def test_crops_have_the_published_areas_and_aspects():
    """The pixels of a ramp are their own coordinates."""
    rows, columns = np.mgrid[0:64, 0:64].astype("float32")
    ramp = np.stack([rows, columns, rows], axis=-1)[None].repeat(COUNT, 0)
    cropped = apply(RandomResizedCrop(), ramp)
    heights = (np.ptp(cropped[..., 0], axis=(1, 2))) / 63
    widths = (np.ptp(cropped[..., 1], axis=(1, 2))) / 63
    areas, aspects = heights * widths, widths / heights
    whole = (heights > 0.999) | (widths > 0.999)  # Where a side was cut.
    assert areas.min() > 0.199
    assert areas.max() <= 1.0 + 1e-6
    assert aspects[~whole].min() > 0.75 - 1e-3
    assert aspects[~whole].max() < 4 / 3 + 1e-3
    assert 0.5 < np.mean(areas) < 0.62
    tops, lefts = cropped[:, 0, 0, 0], cropped[:, 0, 0, 1]
    assert tops.min() >= 0
    assert np.std(tops) > 5
    assert np.std(lefts) > 5


@pytest.mark.parametrize(
    ("index", "share"), [(1, 0.8), (2, 0.2), (3, 0.5), (4, 0.5)]
)
def test_each_step_changes_its_share_of_images(index, share, colours):
    changed = apply(list_contrasting(flip=True)[index], colours)
    is_changed = np.any(np.abs(changed - colours) > 0.5, axis=(1, 2, 3))
    assert np.mean(is_changed) == pytest.approx(share, abs=0.08)


def test_jitter_is_as_strong_as_published():
    """Contrast and saturation 0.6 to 1.4 times, hues a tenth of the circle."""
    jitter = list_contrasting(flip=True)[1]._layer
    contrast, saturation, hue, brightness = (
        np.array(getattr(jitter, f"random_{name}").factor)
        for name in ("contrast", "saturation", "hue", "brightness")
    )
    np.testing.assert_allclose(1 - contrast[0], 0.6)
    np.testing.assert_allclose(1 + contrast[1], 1.4)
    np.testing.assert_allclose(saturation / (1 - saturation), [0.6, 1.4])
    # Half of Keras's factor is the share of the circle.
    np.testing.assert_allclose(hue[1] / 2, 0.1)
    np.testing.assert_allclose(brightness, [-0.4, 0.4])


def test_few_views_are_grey(colours):
    changed = colours
    for layer in list_contrasting(flip=True)[1:3]:
        changed = apply(layer, changed)
    grey = np.ptp(changed, axis=-1).max(axis=(1, 2)) < 1
    assert np.mean(grey) == pytest.approx(0.2, abs=0.08)


def test_grey_images_are_grey(colours):
    changed = apply(list_contrasting(flip=True)[2], colours)
    spread = np.ptp(changed, axis=-1).max(axis=(1, 2))
    assert set(np.round(spread[spread < 1])) == {0}
    assert np.mean(spread < 1) == pytest.approx(0.2, abs=0.08)


def test_mirroring_can_be_turned_off():
    assert len(list_contrasting(flip=False)) == 4


def test_views_of_an_image_differ_and_are_of_that_image(rng):
    """Each image has its own shade, which both views roughly keep."""
    shades = np.linspace(0, 250, 200).astype("uint8")
    images = np.ones((200, 16, 16, 3), "uint8") * shades[:, None, None, None]
    examples = Examples(images, np.zeros(200, np.int64))
    first, second = next(iter(contrasting_batches(examples, 200)))
    means = np.stack(
        [np.mean(view, axis=(1, 2, 3)) for view in (first, second)]
    )
    assert np.corrcoef(means)[0, 1] > 0.4
    assert np.any(np.abs(first - second) > 1)


def test_a_resumed_stream_is_the_tail(rng):
    images = rng.integers(0, 256, (10, 12, 12, 3)).astype("uint8")
    examples = Examples(images, np.zeros(10, np.int64))
    whole = list(contrasting_batches(examples, 4, seed=3, epochs=2))
    assert len(whole) == 4
    rest = contrasting_batches(examples, 4, seed=3, first_epoch=1, epochs=1)
    for expected, received in zip(whole[2:], rest, strict=True):
        for one, other in zip(expected, received, strict=True):
            np.testing.assert_array_equal(one, other)
    for before, after in itertools.pairwise(whole):
        assert np.any(before[0] != after[0])
    other_seed = next(iter(contrasting_batches(examples, 4, seed=4)))
    assert np.any(other_seed[0] != whole[0][0])
