"""Divergences are those of the definition, and 0 for equal predictions."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from ntaa_tf.losses import compare_embeddings
from ntaa_tf.losses import compare_logits
from ntaa_tf.losses.teacher_divergence import SIMILARITY_TEMPERATURE


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_logits_diverge_as_scipy_says(temperature, rng):
    teacher, student = rng.normal(size=(2, 5, 7)) * 6
    expected = [
        temperature**2 * scipy.stats.entropy(*pair)
        for pair in zip(
            scipy.special.softmax(teacher / temperature, -1),
            scipy.special.softmax(student / temperature, -1),
            strict=True,
        )
    ]
    found = compare_logits(tf.constant(teacher), student, temperature)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_gradient_is_the_difference_of_the_softmaxes(rng):
    """At temperature T: d/dz of T² · KL is T · (softmax_s − softmax_t)."""
    teacher, student = (
        tf.constant(part, tf.float32) for part in rng.normal(size=(2, 3, 4))
    )
    with tf.GradientTape() as tape:
        tape.watch(student)
        loss = tf.reduce_sum(compare_logits(teacher, student, 2.0))
    expected = 2 * (tf.nn.softmax(student / 2) - tf.nn.softmax(teacher / 2))
    np.testing.assert_allclose(
        tape.gradient(loss, student), expected, atol=1e-6
    )


def test_embeddings_diverge_as_scipy_says(rng):
    teacher, student = rng.normal(size=(5, 3)), rng.normal(size=(5, 8))

    def distribute(embeddings, image):
        unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        others = np.delete(unit @ unit[image], image)
        return scipy.special.softmax(others / SIMILARITY_TEMPERATURE)

    expected = [
        scipy.stats.entropy(distribute(teacher, i), distribute(student, i))
        for i in range(5)
    ]
    found = compare_embeddings(tf.constant(teacher), tf.constant(student))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_length_and_rotation_of_embeddings_do_not_count(rng):
    teacher = rng.normal(size=(6, 4)).astype("float32")
    rotation, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    student = (3 * teacher @ rotation).astype("float32")
    found = compare_embeddings(tf.constant(teacher), tf.constant(student))
    np.testing.assert_allclose(found, 0, atol=1e-4)


def test_an_embedding_of_zeros_has_finite_gradients(rng):
    student = tf.zeros((3, 4))
    with tf.GradientTape() as tape:
        tape.watch(student)
        teacher = tf.constant(rng.normal(size=(3, 4)), tf.float32)
        loss = tf.reduce_sum(compare_embeddings(teacher, student))
    assert np.isfinite(tape.gradient(loss, student)).all()
