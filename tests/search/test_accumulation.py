"""Accumulated batches are one larger batch, for weights and for logits."""

import keras
import numpy as np
import pytest
from keras import layers

from ntaa_tf import insert_mixed_ops

BATCHES = 3
LINEAR = "conv5x5,conv1x1,avg_pool,identity"


def make_source():
    """A network without batch norm, whose statistics depend on the batch."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3))
    hidden = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    hidden = layers.Conv2D(4, 3, padding="same", name="site")(hidden)
    pooled = layers.GlobalAveragePooling2D()(layers.ReLU()(hidden))
    return keras.Model(inputs, layers.Dense(4)(pooled))


def search(batch_size, accumulation, updates, scaled=False):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(4 * BATCHES * updates, 8, 8, 3))
    supernet = insert_mixed_ops(make_source(), LINEAR)
    optimizer = keras.optimizers.SGD(
        0.1, 0.9, global_clipnorm=1.0, gradient_accumulation_steps=accumulation
    )
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    supernet.compile(
        optimizer,
        architecture_optimizer=keras.optimizers.SGD(
            0.1, 0.9, gradient_accumulation_steps=accumulation
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        source_penalty=0.1,
        start="paper",
        end="paper",
    )
    labels = rng.integers(4, size=len(images))
    supernet.fit(
        images.astype("float32"),
        labels,
        batch_size=batch_size,
        shuffle=False,
        verbose=0,
    )
    return supernet


@pytest.fixture(scope="module")
def large():
    """A supernet that learnt from large batches, without accumulation."""
    return search(4 * BATCHES, None, updates=3)


@pytest.mark.parametrize("scaled", [False, True])
def test_accumulated_batches_are_one_of_their_size(large, scaled):
    small = search(4, BATCHES, updates=3, scaled=scaled)
    for one, other in zip(
        large.trainable_variables, small.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-5, err_msg=one.path)


def test_nothing_moves_before_all_batches_are_there():
    source = insert_mixed_ops(make_source(), LINEAR)
    supernet = search(4 * BATCHES, BATCHES, updates=2)
    for one, other in zip(
        source.trainable_variables, supernet.trainable_variables, strict=True
    ):
        np.testing.assert_array_equal(one, other, err_msg=one.path)
