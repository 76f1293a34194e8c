"""A diverging training stops; a step skipped by loss scaling is fine."""

import keras
import numpy as np
import pytest

from ntaa_tf.training.divergence import DivergenceError
from ntaa_tf.training.divergence import StopOnDivergence

STEPS = 6


def train(bad, tmp_path, initial_scale=None, epochs=1):
    """Train on batches of one image; those numbered in `bad` are infinite."""
    inputs = keras.Input((4,))
    outputs = keras.layers.Dense(1, kernel_initializer="zeros")(inputs)
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.SGD(0.0)
    if initial_scale:
        optimizer = keras.optimizers.LossScaleOptimizer(
            optimizer, initial_scale=initial_scale
        )
    model.compile(optimizer, loss="mse")
    images = np.ones((STEPS, 4), "float32")
    images[bad] = np.inf
    history = model.fit(
        images,
        np.arange(STEPS, dtype="float32"),
        batch_size=1,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[StopOnDivergence(tmp_path)],
    )
    return model, history.history["loss"]


def test_without_loss_scaling_the_first_bad_loss_stops(tmp_path):
    with pytest.raises(DivergenceError, match=r"nan at batch 2.*--learning_ra"):
        train([2], tmp_path)


@pytest.mark.parametrize(
    "bad", [[2], [0], [0, 1], [STEPS - 1], [1, 2, STEPS - 1]]
)
def test_skipped_steps_are_left_out_of_the_mean_loss(bad, tmp_path):
    model, losses = train(bad, tmp_path, initial_scale=2.0**15)
    taken = [step for step in range(STEPS) if step not in bad]
    assert losses == pytest.approx([np.mean(np.square(taken))])
    assert float(model.optimizer.dynamic_scale) == 2.0 ** (15 - len(bad))


def test_a_scale_that_falls_without_end_stops(tmp_path):
    with pytest.raises(DivergenceError, match=r"at every loss scale.*batch 3"):
        train([1, 2, 3], tmp_path, initial_scale=4.0)


def test_an_epoch_of_skipped_steps_stops(tmp_path):
    with pytest.raises(DivergenceError, match="No batch of the epoch"):
        train(list(range(STEPS)), tmp_path, initial_scale=2.0**15)


def test_every_epoch_begins_anew(tmp_path):
    _, losses = train([0], tmp_path, initial_scale=2.0**15, epochs=3)
    assert losses == pytest.approx([np.mean(np.square(range(1, STEPS)))] * 3)


def test_moving_statistics_that_overflow_stop(tmp_path):
    """The training loss does not depend on them."""
    inputs = keras.Input((4,))
    norm = keras.layers.BatchNormalization()
    model = keras.Model(inputs, keras.layers.Dense(1)(norm(inputs)))
    model.compile("sgd", loss="mse")
    norm.moving_variance.assign(np.full(4, np.inf))
    images = np.ones((STEPS, 4), "float32")
    with pytest.raises(DivergenceError, match="moving_variance is no longer"):
        model.fit(
            images,
            np.ones(STEPS),
            verbose=0,
            callbacks=[StopOnDivergence(tmp_path)],
        )
