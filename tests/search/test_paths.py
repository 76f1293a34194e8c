"""Paths are drawn with the probabilities of the options, independently."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.layers.choice import GUMBEL
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.layers.choice import Choice
from ntaa_tf.search.paths import draw_paths


@pytest.fixture
def choices(rng):
    choices = [Choice(tuple("abcde"[:size])) for size in (5, 3)]
    for choice in choices:
        choice.build(None)
        choice.set_pulls(0.0, 0.0)
        choice.logits.assign(rng.normal(size=len(choice.options)))
    return choices


def draw(choices, steps, seed=0):
    generator = keras.random.SeedGenerator(seed)
    draw_once = tf.function(lambda: draw_paths(choices, generator))
    drawn = []
    for _ in range(steps):
        draw_once()
        drawn.append([int(choice.drawn) for choice in choices])
    return np.array(drawn)


@pytest.mark.parametrize("relaxation", [GUMBEL, SINGLE_PATH])
def test_options_are_drawn_as_often_as_they_are_probable(choices, relaxation):
    for choice in choices:
        choice.relaxation = relaxation
    steps = 1000
    drawn = draw(choices, steps)
    for choice, column in zip(choices, drawn.T, strict=True):
        shares = np.bincount(column, minlength=len(choice.options)) / steps
        expected = np.array(choice.probabilities())
        deviation = np.sqrt(expected * (1 - expected) / steps)
        assert np.all(np.abs(shares - expected) < 4 * deviation)


def test_choices_and_steps_are_drawn_independently(choices):
    for choice in choices:
        choice.relaxation = SINGLE_PATH
    drawn = draw(choices, 1000)
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < 0.13
    assert abs(np.corrcoef(drawn[1:, 0], drawn[:-1, 0])[0, 1]) < 0.13


def test_the_seed_decides_the_draws(choices):
    for choice in choices:
        choice.relaxation = GUMBEL
    np.testing.assert_array_equal(draw(choices, 20), draw(choices, 20))
    assert np.any(draw(choices, 20) != draw(choices, 20, seed=1))
