"""Contrastive learning: keys are constant, logits rest, weights learn."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from search.small_models import make_residual
from search.small_models import randomize

from ntaa_tf import insert_mixed_ops
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.losses import compute_info_nce
from ntaa_tf.search.contrastive import ContrastiveSupernet
from ntaa_tf.search.contrastive import KeySpace
from ntaa_tf.search.contrastive import attach_query_head
from ntaa_tf.search.contrastive import build_key_encoder
from ntaa_tf.search.key_queue import KeyQueue

LENGTH, SIZE = 24, 5


def make_features(rng):
    """A small source from images to a map."""
    model = randomize(make_residual(), rng)
    maps = [x for x in model.layers if len(x.output.shape) == 4]
    return keras.Model(model.input, maps[-1].output)


def make_learner(rng, **kwargs):
    source = make_features(rng)
    features = insert_mixed_ops(
        source,
        "conv5x5,max_pool,identity",
        "first|second|padded",
        source_lead=0.0,
    )
    learner = ContrastiveSupernet(
        features.input, attach_query_head(features, SIZE)
    )
    encoder = build_key_encoder(source, SIZE)
    learner.compile(
        keras.optimizers.SGD(0.1),
        key_space=KeySpace(
            lambda images: encoder(images, training=False),
            KeyQueue(LENGTH, SIZE),
        ),
        end="paper",
        **kwargs,
    )
    return learner, encoder, source


def make_views(rng, source, count=16):
    shape = (count, *source.input.shape[1:])
    return tuple(rng.normal(size=shape).astype("float32") for _ in range(2))


def fit(learner, views, epochs=1, batch_size=8):
    batches = tf.data.Dataset.from_tensor_slices(views).batch(
        batch_size, drop_remainder=True
    )
    return learner.fit(batches, epochs=epochs, verbose=0).history["loss"]


def test_keys_are_those_of_the_source_in_inference_and_stay(rng):
    learner, encoder, source = make_learner(rng)
    before = [variable.numpy() for variable in encoder.variables]
    first, second = make_views(rng, source)
    fit(learner, (first, second), epochs=2)
    assert not encoder.trainable_variables
    for variable, value in zip(encoder.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    maps = np.asarray(source(second, training=False)).mean((1, 2))
    projection = np.asarray(encoder.get_layer("key_projection").kernel)
    keys = maps @ projection
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder(second), keys, atol=1e-5)
    # Of four batches of eight the last three are in the queue.
    held = np.roll(learner.key_space.queue.keys.numpy(), -8, axis=0)
    np.testing.assert_allclose(held[8:], keys, atol=1e-5)


def test_pooled_features_are_keys_where_there_are_few_channels(rng):
    source = make_features(rng)
    channels = source.output.shape[-1]
    encoder = build_key_encoder(source, channels)
    images, _ = make_views(rng, source)
    keys = np.asarray(source(images)).mean((1, 2))
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder(images), keys, atol=1e-5)


def test_a_batch_is_compared_with_the_queue_before_it_comes_into_it(rng):
    learner, encoder, source = make_learner(rng)
    queue = learner.key_space.queue.keys.numpy()
    views = make_views(rng, source, 8)
    queries = learner(views[0], training=True)
    expected = np.mean(compute_info_nce(queries, encoder(views[1]), queue))
    assert fit(learner, views)[0] == pytest.approx(expected, rel=1e-4)


def test_it_begins_at_the_source_and_ends_in_the_even_mixture(rng):
    learner, _, source = make_learner(rng)
    views = make_views(rng, source)
    names = [layer.name for layer in learner.layers]
    features = keras.Model(
        learner.input,
        learner.layers[names.index("query_pooling")].input,
    )
    np.testing.assert_allclose(features(views[0]), source(views[0]), atol=1e-4)
    fit(learner, views, epochs=4)
    for choice in learner.choices:
        np.testing.assert_array_equal(choice.logits, choice.logits[0])
        even = np.full(len(choice.options), 1 / len(choice.options))
        np.testing.assert_allclose(choice.coefficients(), even, atol=1e-6)


def test_weights_learn_and_find_their_keys(rng):
    learner, _, source = make_learner(rng)
    before = [variable.numpy() for variable in learner.network_variables]
    losses = fit(learner, make_views(rng, source), epochs=30)
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    moved = [
        np.any(variable.numpy() != value)
        for variable, value in zip(
            learner.network_variables, before, strict=True
        )
    ]
    assert np.mean(moved) > 0.9
    inputs, _ = single_or_list(learner)
    assert inputs.shape == source.input.shape


def test_without_keys_there_is_nothing_to_find(rng):
    features = insert_mixed_ops(make_features(rng))
    learner = ContrastiveSupernet(*single_or_list(features))
    with pytest.raises(ValueError, match="`key_space`"):
        learner.compile()
