"""InfoNCE has the values and gradients of its definition."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.losses import compute_info_nce


def draw(rng, count, size=16):
    values = rng.normal(size=(count, size)).astype("float32")
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("length", "expected"), [(65_536, 11.0904), (4_096, 8.3180)]
)
def test_of_equal_keys_nothing_is_told(length, expected):
    """ln(K + 1)."""
    keys = np.tile(np.eye(1, 8, dtype="float32"), (length, 1))
    loss = compute_info_nce(keys[:2], keys[:2], keys)
    np.testing.assert_allclose(loss, expected, atol=1e-4)


@pytest.mark.parametrize("temperature", [0.07, 0.2, 1.0])
def test_of_orthogonal_keys_its_own_stands_out(temperature):
    """ln(1 + K exp(−1/τ)) with q = k."""
    keys = np.eye(9, dtype="float32")
    loss = compute_info_nce(keys[:1], keys[:1], keys[1:], temperature)
    expected = np.log1p(8 * np.exp(-1 / temperature))
    np.testing.assert_allclose(loss, [expected], rtol=1e-5, atol=1e-6)


def test_it_is_the_cross_entropy_of_the_first_of_all_keys(rng):
    queries, keys, queue = draw(rng, 4), draw(rng, 4), draw(rng, 32)
    logits = np.concatenate(
        [np.sum(queries * keys, 1, keepdims=True), queries @ queue.T], axis=1
    )
    expected = keras.losses.sparse_categorical_crossentropy(
        np.zeros(4), logits / 0.2, from_logits=True
    )
    loss = compute_info_nce(queries, keys, queue)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_the_order_of_the_queue_does_not_matter(rng):
    queries, keys, queue = draw(rng, 4), draw(rng, 4), draw(rng, 32)
    losses = [
        compute_info_nce(queries, keys, others)
        for others in (queue, queue[rng.permutation(32)])
    ]
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_only_queries_have_a_gradient(rng):
    queries, keys, queue = (
        tf.Variable(draw(rng, count)) for count in (4, 4, 32)
    )
    with tf.GradientTape() as tape:
        loss = compute_info_nce(queries, keys, queue)
    gradients = tape.gradient(loss, [queries, keys, queue])
    assert np.any(gradients[0].numpy())
    assert gradients[1:] == [None, None]
