"""Batch norm statistics of a network whose layers have changed."""

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf


def recalibrate_batch_norm(model: keras.Model, batches: Iterable[Any]) -> None:
    """Estimate moving means and variances anew, as plain means over batches.

    Only the moving statistics of the batch normalization layers that train
    are changed.

    Args:
        model: a plain model.
        batches: batches of training images (batch, height, width, 3).
    """
    layers = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
        and layer.trainable
    ]
    momenta = [layer.momentum for layer in layers]
    momentum = tf.Variable(0.0, trainable=False)

    @tf.function(reduce_retracing=True)
    def observe(images: Any) -> None:
        model(images, training=True)

    try:
        for layer in layers:
            layer.momentum = momentum
        for count, images in enumerate(batches):
            # After this batch every batch so far weighs the same.
            momentum.assign(count / (count + 1))
            observe(images)
    finally:
        for layer, value in zip(layers, momenta, strict=True):
            layer.momentum = value
