"""Coefficients, probabilities and winner of a choice."""

import keras
import numpy as np
import pytest

from ntaa_tf.layers.choice import GUMBEL
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.layers.choice import Choice


@pytest.fixture
def choice():
    choice = Choice(("source", *"abcdefg"))
    choice.build(None)
    return choice


def test_exact_start_is_one_hot_at_the_source(choice):
    expected = np.eye(8)[0]
    np.testing.assert_allclose(choice.coefficients(), expected, atol=1e-7)


def test_paper_s_start_is_the_softmax_of_one_and_zeros(choice):
    choice.set_pulls(0.0, 0.0)
    coefficients = np.array(choice.coefficients())
    assert coefficients[0] == pytest.approx(0.2797, abs=1e-4)
    np.testing.assert_allclose(coefficients[1:], 0.1029, atol=1e-4)


def test_exact_end_is_one_hot_at_the_largest_logit(choice):
    choice.logits.assign([1, 2, 3, 4, 3, 2, 1, 0])
    choice.set_pulls(0.0, 1.0)
    np.testing.assert_allclose(choice.coefficients(), np.eye(8)[3], atol=1e-7)
    assert choice.winner == "c"
    assert choice.changed


@pytest.mark.parametrize("start_pull", [0, 0.3, 1])
@pytest.mark.parametrize("end_pull", [0, 0.6, 1])
def test_coefficients_always_sum_to_one(choice, start_pull, end_pull, rng):
    choice.logits.assign(rng.normal(size=8))
    choice.set_pulls(start_pull, end_pull)
    assert np.sum(choice.coefficients()) == pytest.approx(1, abs=1e-6)


def test_equal_logits_keep_the_first(choice):
    choice.logits.assign(np.zeros(8))
    assert choice.winner == "source"
    assert not choice.changed


def test_choosing_ends_the_mixing_there(choice):
    choice.choose("g")
    np.testing.assert_allclose(choice.coefficients(), np.eye(8)[7], atol=1e-7)


def test_start_pull_leaves_the_gradient_that_of_the_softmax(choice):
    import tensorflow as tf

    gradients = []
    for start_pull in (0.0, 1.0):
        choice.set_pulls(start_pull, 0.0)
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(choice.coefficients() * np.arange(8.0))
        gradients.append(tape.gradient(value, choice.logits.value))
    np.testing.assert_allclose(*gradients, atol=1e-7)


def test_only_the_logits_train(choice):
    assert choice.trainable_variables == [choice.logits]
    assert isinstance(choice, keras.Layer)


@pytest.mark.parametrize("start_pull", [0, 0.3, 1])
@pytest.mark.parametrize("end_pull", [0, 0.6, 1])
@pytest.mark.parametrize("relaxation", [GUMBEL, SINGLE_PATH])
def test_probabilities_are_a_distribution(
    choice, start_pull, end_pull, relaxation, rng
):
    choice.relaxation = relaxation
    choice.logits.assign(3 * rng.normal(size=8))
    choice.set_pulls(start_pull, end_pull, 0.1)
    probabilities = np.array(choice.probabilities())
    assert probabilities.min() >= 0
    assert probabilities.sum() == pytest.approx(1, abs=1e-6)


def test_paths_begin_at_the_source_and_end_at_the_winner(choice):
    choice.relaxation = GUMBEL
    choice.logits.assign(np.arange(8))
    np.testing.assert_array_equal(choice.probabilities(), np.eye(8)[0])
    choice.set_pulls(0.0, 1.0)
    np.testing.assert_array_equal(choice.probabilities(), np.eye(8)[7])


def test_a_low_temperature_draws_the_winner(choice):
    choice.relaxation = GUMBEL
    choice.logits.assign([1, 2, 0, 0, 0, 0, 0, 0])
    winner = []
    for temperature in (1.0, 0.3, 0.1):
        choice.set_pulls(0.0, 0.0, temperature)
        winner.append(float(choice.probabilities()[1]))
    assert winner == sorted(winner)
    assert winner[-1] > 0.99


def test_single_paths_know_no_logits(choice):
    choice.relaxation = SINGLE_PATH
    choice.logits.assign(np.arange(8))
    choice.set_pulls(0.0, 0.0)
    np.testing.assert_allclose(choice.probabilities(), np.full(8, 1 / 8))


def test_only_the_drawn_option_is_evaluated(choice):
    evaluated = []
    branches = [
        lambda x, index=index: evaluated.append(index) or x + index
        for index in range(8)
    ]
    choice.relaxation = GUMBEL
    choice.set_pulls(0.0, 0.0)
    choice.drawn.assign(5)
    np.testing.assert_array_equal(choice.follow(branches, np.ones(3)), 6)
    assert evaluated == [5]


def test_drawing_estimates_the_logits_gradient_without_bias(choice, rng):
    """For a loss that is linear in the outputs, by all draws in turn."""
    import tensorflow as tf

    outputs = rng.normal(size=(8, 6)).astype("float32")
    slope = rng.normal(size=6).astype("float32")
    branches = [lambda x, row=row: x * row for row in outputs]
    choice.relaxation = GUMBEL
    logits = rng.normal(size=8)
    choice.set_pulls(0.3, 0.2, 0.7)

    def expect_loss(logits):
        choice.logits.assign(logits)
        return np.array(choice.probabilities()) @ (outputs @ slope)

    expect_loss(logits)
    estimate = np.zeros(8)
    for index, probability in enumerate(np.array(choice.probabilities())):
        choice.drawn.assign(index)
        with tf.GradientTape() as tape:
            drawn = choice.follow(branches, np.ones(6, "float32"))
            loss = tf.tensordot(drawn, slope, 1)
        gradient = tape.gradient(loss, choice.logits.value)
        estimate += probability * gradient.numpy()
    step = 1e-2
    expected = [
        (expect_loss(logits + moved) - expect_loss(logits - moved)) / (2 * step)
        for moved in step * np.eye(8)
    ]
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(estimate, expected, atol=2e-3)
