"""Mixed inputs, and their plain layers."""

import keras
import numpy as np
import pytest

from ntaa_tf.layers.mixed_input import MixedInput
from ntaa_tf.layers.mixed_input import fits

SHAPES = [(4, 4, 8), (8, 8, 4), (9, 11, 12)]


@pytest.fixture
def images(rng):
    return [rng.normal(size=(2, *shape)).astype("float32") for shape in SHAPES]


@pytest.fixture
def mixed_input():
    return MixedInput(("0", "1", "2"), name="site_input")


def test_the_initial_mixture_is_the_own_input(mixed_input, images):
    np.testing.assert_allclose(mixed_input(images), images[0], atol=1e-6)


@pytest.mark.parametrize("reads", [0, 1, 2])
def test_plain_layers_read_what_the_one_hot_mixture_reads(
    reads, mixed_input, images
):
    mixed_input(images)
    mixed_input.choose(str(reads))
    plain = images[reads]
    for layer in mixed_input.plain_layers((2, *SHAPES[0]), plain.shape):
        plain = layer(plain)
    np.testing.assert_allclose(plain, mixed_input(images), atol=1e-6)


def test_larger_images_are_averaged_over_whole_windows(mixed_input, images):
    mixed_input(images)
    mixed_input.choose("1")
    pooled = images[1].reshape(2, 4, 2, 4, 2, 4).mean((2, 4))
    expected = np.concatenate([pooled, pooled], axis=-1)
    np.testing.assert_allclose(mixed_input(images), expected, atol=1e-6)


def test_smaller_images_do_not_fit():
    assert fits((None, 4, 4, 8), (None, 8, 8, 4))
    assert fits((None, 4, 4, 8), (None, 4, 4, 4))
    assert not fits((None, 4, 4, 8), (None, 2, 4, 8))


def test_it_survives_a_file(mixed_input, images, tmp_path):
    inputs = [keras.Input(shape) for shape in SHAPES]
    model = keras.Model(inputs, mixed_input(inputs))
    mixed_input.choose("2")
    model.save(tmp_path / "model.keras")
    reopened = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(reopened(images), model(images))
