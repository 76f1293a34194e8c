"""The triplet loss has the values and gradients of its definition."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.losses import BatchHardTriplet


def make_batch(rng, identities=4, images=3, channels=5):
    labels = np.repeat(np.arange(identities), images)
    embeddings = rng.normal(size=(len(labels), channels)).astype("float32")
    return np.eye(identities, dtype="float32")[labels], embeddings


def compute_plainly(labels, embeddings, margin):
    """Compute the loss by its definition, example by example."""
    labels = labels.argmax(axis=1)
    distances = np.linalg.norm(embeddings[:, None] - embeddings[None], axis=2)
    losses = []
    for label, row in zip(labels, distances, strict=True):
        others = row[labels != label]
        hinge = margin + row[labels == label].max() - others.min(initial=1e9)
        losses.append(max(0.0, hinge))
    return np.array(losses)


@pytest.mark.parametrize("margin", [0.0, 0.3, 5.0])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_it_is_defined_as(margin, seed):
    labels, embeddings = make_batch(np.random.default_rng(seed))
    loss = BatchHardTriplet(margin, reduction="none")
    np.testing.assert_allclose(
        loss(labels, embeddings),
        compute_plainly(labels, embeddings, margin),
        rtol=1e-5,
        atol=1e-6,
    )


def test_the_value_of_the_protocol():
    """The hinge as misprinted in the paper has the value 0.625."""
    embeddings = np.array([[0.0], [1.0], [1.1], [2.2]], "float32")
    labels = np.eye(2)[[0, 0, 1, 1]]
    loss = BatchHardTriplet(0.3)(labels, embeddings)
    assert float(loss) == pytest.approx(0.725, abs=1e-6)


@pytest.mark.parametrize("offset", [1e3, 1e4])
def test_the_value_far_from_the_origin(offset):
    """Far away, rounding of the squares exceeds their differences."""
    embeddings = np.array([[0.0], [1.0], [1.1], [2.2]], "float32")
    labels = np.eye(2)[[0, 0, 1, 1]]
    loss = BatchHardTriplet(0.3)(labels, embeddings + np.float32(offset))
    assert float(loss) == pytest.approx(0.725, abs=2e-3)


def test_triplets_that_are_right_cost_nothing_and_pull_nothing(rng):
    labels, _ = make_batch(rng, identities=2, images=2, channels=2)
    embeddings = tf.constant(labels * 10)
    with tf.GradientTape() as tape:
        tape.watch(embeddings)
        loss = BatchHardTriplet(0.3)(labels, embeddings)
    assert float(loss) == 0
    np.testing.assert_array_equal(tape.gradient(loss, embeddings), 0)


def differentiate(labels, embeddings):
    embeddings = tf.constant(embeddings)
    with tf.GradientTape() as tape:
        tape.watch(embeddings)
        loss = BatchHardTriplet(1.0)(labels, embeddings)
    return tape.gradient(loss, embeddings).numpy()


def test_gradients_are_those_of_finite_differences(rng):
    labels, embeddings = make_batch(rng, identities=3, images=2, channels=2)
    embeddings = embeddings.astype("float64")
    expected = np.empty_like(embeddings)
    for index in np.ndindex(*embeddings.shape):
        step = np.zeros_like(embeddings)
        step[index] = 1e-5
        above, below = (
            compute_plainly(labels, embeddings + sign * step, 1.0).mean()
            for sign in (1, -1)
        )
        expected[index] = (above - below) / 2e-5
    received = differentiate(labels, embeddings.astype("float32"))
    np.testing.assert_allclose(received, expected, rtol=1e-3, atol=1e-4)


def test_gradients_of_duplicates_are_finite(rng):
    labels, embeddings = make_batch(rng, images=2)
    embeddings[1] = embeddings[0]
    embeddings[4] = embeddings[0]  # Of another identity.
    assert np.isfinite(differentiate(labels, embeddings)).all()
    assert np.isfinite(differentiate(labels, 0 * embeddings)).all()


def test_one_identity_alone_costs_nothing(rng):
    _, embeddings = make_batch(rng)
    labels = np.ones((len(embeddings), 1))
    assert float(BatchHardTriplet()(labels, embeddings)) == 0
    assert np.isfinite(differentiate(labels, embeddings)).all()


def test_it_is_saved_whole():
    loss = BatchHardTriplet(0.7, name="hard")
    restored = keras.losses.deserialize(keras.losses.serialize(loss))
    assert (restored.margin, restored.name) == (0.7, "hard")


@pytest.mark.parametrize("margin", [-0.1, float("nan")])
def test_a_negative_margin_is_refused(margin):
    with pytest.raises(ValueError, match=r"`margin`. Expected 0 or more"):
        BatchHardTriplet(margin)
