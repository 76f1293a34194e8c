"""Candidates without weights, and their plain layers."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from geometries import make_geometry

from ntaa_tf.layers.weight_free import AveragePooling
from ntaa_tf.layers.weight_free import Globalization
from ntaa_tf.layers.weight_free import Identity
from ntaa_tf.layers.weight_free import MaxPooling
from ntaa_tf.layers.weight_free import Noise
from ntaa_tf.layers.weight_free import Zero


@pytest.fixture
def images(rng):
    return rng.normal(size=(16, 8, 8, 4)).astype("float32")


def test_identity_is_the_image(images):
    np.testing.assert_array_equal(Identity(make_geometry())(images), images)


def test_strided_identity_takes_the_pixels_a_3x3_convolution_centres_on(images):
    # Keras's `same` padding of 3×3 at stride 2 is centred on odd pixels.
    strided = Identity(make_geometry(stride=2))(images)
    np.testing.assert_array_equal(strided, images[:, 1::2, 1::2])
    padded = Identity(make_geometry(stride=2, padding="zeros"))(images)
    np.testing.assert_array_equal(padded, images[:, ::2, ::2])


def test_average_pooling_counts_the_border_s_zeros():
    ones = np.ones((1, 8, 8, 4), "float32")
    pooled = np.array(AveragePooling(make_geometry())(ones))
    np.testing.assert_allclose(pooled[0, 0, 0], 4 / 9, rtol=1e-6)
    np.testing.assert_allclose(pooled[0, 0, 1], 6 / 9, rtol=1e-6)
    np.testing.assert_allclose(pooled[0, 1, 1], 1, rtol=1e-6)


def test_max_pooling_ignores_the_border(images):
    negative = -np.abs(images)
    pooled = np.array(MaxPooling(make_geometry())(negative))
    assert pooled[0, 0, 0, 0] == negative[0, :2, :2, 0].max()


def test_globalization_is_the_mean_everywhere(images):
    outputs = np.array(Globalization(make_geometry(stride=2))(images))
    assert outputs.shape == (16, 4, 4, 4)
    expected = np.broadcast_to(
        images.mean((1, 2), keepdims=True), outputs.shape
    )
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_zero_is_zero(images):
    assert not np.any(Zero(make_geometry())(images))


def test_channels_work_on_the_smaller_count(images):
    widened = np.array(MaxPooling(make_geometry(channels=(4, 8)))(images))
    np.testing.assert_array_equal(widened[..., :4], widened[..., 4:])
    wide = np.concatenate([images, images], axis=-1)
    narrowed = MaxPooling(make_geometry(channels=(8, 4)))(wide)
    np.testing.assert_allclose(narrowed, widened[..., :4], atol=1e-6)


@functools.cache
def draw_noise(seed, steps=200):
    """Draw the noise of one batch in many steps; return it and the batch."""
    noise = Noise(make_geometry(), seed=seed)
    images = np.random.default_rng(1).normal(size=(16, 8, 8, 4))
    images = images.astype("float32")
    step = tf.function(lambda: noise(images, training=True))
    drawn = [step() - images for _ in range(steps)]
    return np.array(drawn), images


class TestNoise:
    def test_inference_has_none(self, images):
        np.testing.assert_array_equal(Noise(make_geometry())(images), images)

    def test_mean_is_zero_and_deviation_a_tenth_of_the_batch_s(self):
        drawn, images = draw_noise(seed=0)
        expected = 0.1 * images.std()
        assert drawn.std() == pytest.approx(expected, rel=0.02)
        assert abs(drawn.mean()) < 0.02 * expected
        assert abs(drawn.mean(axis=0)).max() < 6 * expected / np.sqrt(200)

    def test_examples_steps_and_sites_are_uncorrelated(self):
        drawn, _ = draw_noise(seed=0)
        other, _ = draw_noise(seed=1)
        pairs = [
            (drawn[:, 0], drawn[:, 1]),
            (drawn[:-1], drawn[1:]),
            (drawn, other),
        ]
        for left, right in pairs:
            correlation = np.corrcoef(left.ravel(), right.ravel())[0, 1]
            # One draw and one sign a step: 200 steps leave this to chance.
            assert abs(correlation) < 0.25

    def test_plain_layer_has_the_deviation_seen_in_training(self):
        noise = Noise(make_geometry(), name="noise")
        images = np.random.default_rng(1).normal(size=(16, 8, 8, 4))
        # The moving mean is 1 - 0.9^80 = 99.98 % of the way.
        for _ in range(80):
            noise(images.astype("float32"), training=True)
        (layer,) = noise.plain_layers("site")
        assert isinstance(layer, keras.layers.GaussianNoise)
        assert layer.stddev == pytest.approx(0.1 * images[:8].std(), rel=1e-3)

    def test_plain_layers_hold_a_deviation_above_one(self, images):
        noise = Noise(make_geometry())
        noise.build(images.shape)
        noise.deviation.assign(5.3)
        drawn, clean = 0 * images, 0 * images
        for layer in noise.plain_layers("site"):
            drawn = layer(drawn, training=True)
            clean = layer(clean)
        assert np.std(drawn) == pytest.approx(5.3, rel=0.05)
        assert not np.any(clean)


@pytest.mark.parametrize(
    "candidate",
    [Identity, Zero, AveragePooling, MaxPooling, Globalization, Noise],
)
def test_configuration_is_complete(candidate, images):
    original = candidate(make_geometry(stride=2, channels=(4, 8)))
    copy = candidate.from_config(original.get_config())
    assert copy.geometry == original.geometry
    assert copy.get_config() == original.get_config()
    np.testing.assert_array_equal(copy(images), original(images))
