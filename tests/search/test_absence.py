"""Choices are absent in their share of the steps, and then are the source."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.layers.choice import Choice
from ntaa_tf.search.absence import draw_absences


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
