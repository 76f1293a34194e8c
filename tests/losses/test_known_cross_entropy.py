"""Missing labels have the loss 0 and the gradient 0."""

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf.losses import KnownCrossEntropy


def test_known_labels_cost_what_keras_says(rng):
    labels = np.eye(4, dtype="float32")[rng.integers(4, size=6)]
    mixed = 0.3 * labels + 0.7 * labels[::-1]
    logits = rng.normal(size=(6, 4)).astype("float32")
    expected = keras.losses.CategoricalCrossentropy(from_logits=True)
    for known in (labels, mixed):
        np.testing.assert_allclose(
            KnownCrossEntropy()(known, logits),
            expected(known, logits),
            rtol=1e-5,
        )


def test_missing_labels_have_no_gradient(rng):
    labels = np.eye(3, dtype="float32")[[0, 1, 2]]
    labels[1] = 0
    logits = tf.constant(rng.normal(size=(3, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = KnownCrossEntropy()(labels, logits)
    gradient = tape.gradient(loss, logits).numpy()
    assert not gradient[1].any()
    assert gradient[[0, 2]].any(axis=1).all()


def test_half_precision_logits_are_taken():
    logits = tf.zeros((2, 3), tf.bfloat16)
    assert np.isfinite(float(KnownCrossEntropy()(np.eye(2, 3), logits)))
