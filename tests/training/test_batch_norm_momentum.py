"""Moving statistics follow a short training, and momenta come back."""

import keras
import numpy as np
import pytest

from ntaa_tf.training.batch_norm_momentum import limit_momentum


def make_model(momentum):
    inputs = keras.Input((3,))
    norm = keras.layers.BatchNormalization(momentum=momentum)
    inner = keras.Sequential([keras.Input((3,)), norm])
    return keras.Model(inputs, inner(inputs)), norm


@pytest.mark.parametrize(
    ("momentum", "steps", "expected"),
    [
        (0.999, 60, 0.95),
        (0.999, 1, 0.9),  # Never fewer than ten batches.
        (0.999, 30_000, 0.999),  # A long epoch needs no other momentum.
        (0.9, 60, 0.9),  # The source's own is shorter.
    ],
)
def test_the_memory_is_a_third_of_an_epoch(momentum, steps, expected):
    model, norm = make_model(momentum)
    with limit_momentum(model, steps):
        assert norm.momentum == pytest.approx(expected)
    assert norm.momentum == momentum


def test_a_failed_training_gives_the_momentum_back():
    model, norm = make_model(0.999)
    with pytest.raises(ArithmeticError), limit_momentum(model, 10):
        raise ArithmeticError
    assert norm.momentum == 0.999


def test_statistics_after_an_epoch_are_those_of_its_images(rng):
    """With the layer's own momentum they would still be the initial ones."""
    model, norm = make_model(0.999)
    images = rng.normal(5.0, size=(600, 3)).astype("float32")
    with limit_momentum(model, 60):
        model.compile("sgd", loss="mse")
        model.fit(images, images, batch_size=10, verbose=0)
    np.testing.assert_allclose(norm.moving_mean, 5, atol=0.4)
