import keras
import numpy as np
import pytest

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
