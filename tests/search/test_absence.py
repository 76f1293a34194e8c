"""Choices are absent in their share of the steps, and then are the source."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf import insert_mixed_ops
from ntaa_tf.costs.measurement import measure_network
from ntaa_tf.layers.choice import Choice
from ntaa_tf.search.absence import draw_absences
from ntaa_tf.search.burden_of_proof import BurdenOfProof
from ntaa_tf.training.batch_norm_calibration import Recalibration


@pytest.fixture
def choices(rng):
    choices = [Choice(("source", "b", "c")[:size]) for size in (3, 2)]
    for choice in choices:
        choice.build(None)
        choice.set_pulls(0.3, 0.4)
        choice.logits.assign(rng.normal(size=len(choice.options)))
    return choices


def draw(choices, share, steps=1000, seed=0):
    generator = keras.random.SeedGenerator(seed)
    draw_once = tf.function(lambda: draw_absences(choices, share, generator))
    drawn = []
    for _ in range(steps):
        draw_once()
        drawn.append([float(choice.absence) for choice in choices])
    return np.array(drawn)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_choices_are_absent_in_their_share_of_the_steps(choices, share):
    drawn = draw(choices, share)
    assert set(drawn.flat) <= {0.0, 1.0}
    spread = np.sqrt(share * (1 - share) / len(drawn))
    assert np.all(np.abs(drawn.mean(axis=0) - share) <= 4 * spread)


def test_choices_and_steps_are_drawn_independently(choices):
    drawn = draw(choices, 0.5)
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < 0.13
    assert abs(np.corrcoef(drawn[1:, 0], drawn[:-1, 0])[0, 1]) < 0.13


def test_an_absent_choice_is_the_source(choices):
    draw(choices, 1.0, steps=1)
    for choice in choices:
        source = np.eye(len(choice.options))[0]
        np.testing.assert_array_equal(choice.coefficients(), source)
        np.testing.assert_array_equal(choice.probabilities(), source)


def test_setting_the_mixture_ends_the_absence(choices):
    present = [np.array(choice.coefficients()) for choice in choices]
    draw(choices, 1.0, steps=1)
    for choice, coefficients in zip(choices, present, strict=True):
        choice.set_pulls(0.3, 0.4)
        np.testing.assert_array_equal(choice.coefficients(), coefficients)


def make_network():
    """Three convolutions with batch norm, and a classifier of 4 classes."""
    features = images = keras.Input((8, 8, 3))
    for number in range(3):
        features = keras.layers.Conv2D(
            8, 3, padding="same", use_bias=False, name=f"conv{number}"
        )(features)
        features = keras.layers.BatchNormalization()(features)
        features = keras.layers.ReLU()(features)
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    return keras.Model(images, keras.layers.Dense(4)(pooled))


def draw_colours(count, rng):
    """Images of one colour each, which overlap between the classes."""
    labels = rng.integers(4, size=count)
    means = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]])
    colours = means[labels] + 0.6 * rng.normal(size=(count, 3))
    images = np.broadcast_to(colours[:, None, None], (count, 8, 8, 3))
    return images.astype("float32"), np.eye(4, dtype="float32")[labels]


def test_a_change_that_is_worth_nothing_is_not_kept(rng):
    """Larger kernels see nothing more in images of one colour.

    Their logits win from the first step, so the taps around the source's
    kernel learn with it for the whole search.
    """
    keras.utils.set_random_seed(0)
    supernet = insert_mixed_ops(make_network(), "conv5x5")
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    supernet.compile(
        keras.optimizers.SGD(0.05, momentum=0.9),
        architecture_optimizer=keras.optimizers.SGD(0.0),
        absence=0.5,
        loss=loss,
    )
    for choice in supernet.choices:
        choice.logits.assign([0.0, 3.0])
    images, labels = draw_colours(512, rng)
    supernet.fit(images, labels, batch_size=32, epochs=8, verbose=0)
    assert all(choice.changed for choice in supernet.choices)
    recalibration = Recalibration(supernet)
    held_out, truth = draw_colours(500, rng)

    def measure():
        with recalibration.temporarily(np.split(images, 8)):
            return np.array(loss.call(truth, supernet(held_out)))

    network = measure_network(supernet)
    judgements = BurdenOfProof(supernet, measure, 0.1, network).judge()
    assert len(judgements) == len(supernet.choices)
    assert not any(choice.changed for choice in supernet.choices)
