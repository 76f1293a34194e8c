"""The gradient of wide depthwise kernels, taken in strips, is exact."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.layers.depthwise import convolve_each_channel


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("size", [(3, 3), (5, 5), (1, 7), (7, 5)])
@pytest.mark.parametrize("strides", [(1, 1), (2, 2)])
def test_value_and_gradients_are_keras_s(size, padding, strides, rng):
    images = tf.constant(rng.normal(size=(2, 9, 8, 3)).astype("float32"))
    kernel = tf.constant(rng.normal(size=(*size, 3, 1)).astype("float32"))
    results = []
    for convolve in (convolve_each_channel, keras.ops.depthwise_conv):
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            outputs = convolve(images, kernel, strides, padding)
            loss = tf.reduce_sum(outputs**3)
        results.append([outputs, *tape.gradient(loss, [images, kernel])])
    for ours, theirs in zip(*results, strict=True):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * scale)
