"""The mixed input: from which of the preceding layers a site reads."""

import functools
from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.geometry import Pair
from ntaa_tf.layers.channels import adapt_channels
from ntaa_tf.layers.channels import channel_layers
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import Choice


@keras.saving.register_keras_serializable(package="ntaa_tf")
class MixedInput(Choice):
    """A weighted sum of a site's own input and those of sites before it.

    An earlier image is brought to the shape of the site's own by average
    pooling over whole windows and by the parameter-free channel adapters.

    Args:
        options: how many sites back each input is read: `("0", "1", "2")`
            are the site's own input and those of the two sites before.

    Source: NTAA, section III-B, "skip connections to the three preceding
    layers"; that they share one softmax is this project's choice.

    Example:
    >>> own, earlier = np.ones((1, 4, 4, 8)), np.ones((1, 8, 8, 4))
    >>> MixedInput(("0", "1"))([own, earlier]).shape
    TensorShape([1, 4, 4, 8])
    """

    def call(self, images: list) -> Any:
        """Mix images, each (batch, height, width, channels), own first."""
        own = images[0].shape
        images = [ops.cast(image, self.compute_dtype) for image in images]
        if self.relaxation != EXPECTATION:
            branches = [
                functools.partial(_adapt_one, index, own)
                for index in range(len(images))
            ]
            return self.follow(branches, *images)
        coefficients = ops.cast(self.coefficients(), self.compute_dtype)
        adapted = [
            coefficients[index] * _adapt(image, own)
            for index, image in enumerate(images)
        ]
        return sum(adapted[1:], adapted[0])

    def compute_output_shape(self, input_shape: list) -> tuple:
        """Give the shape of the site's own input."""
        return input_shape[0]

    def plain_layers(self, own: tuple, read: tuple) -> list[keras.Layer]:
        """Give the stock layers that bring one input to the site's own shape.

        Args:
            own: shape of the site's own input.
            read: shape of the input to be read instead.
        """
        channels = channel_layers(own[1:3], read[-1], own[-1], self.name)
        return [*_resizing_layers(read[1:3], own[1:3], self.name), *channels]


def fits(own: tuple, read: tuple) -> bool:
    """Whether an image of shape `read` can be brought to the shape `own`."""
    return all(
        large >= small for small, large in zip(own[1:3], read[1:3], strict=True)
    )


def _adapt_one(index: int, own: tuple, *images: Any) -> Any:
    return _adapt(images[index], own)


def _adapt(image: Any, own: tuple) -> Any:
    window, (top, left) = _windows(image.shape[1:3], own[1:3])
    if window != (1, 1) or (top, left) != (0, 0):
        height, width = own[1] * window[0], own[2] * window[1]
        image = image[:, top : top + height, left : left + width]
        image = ops.average_pool(image, window, window)
    return adapt_channels(image, own[-1])


def _resizing_layers(given: Pair, wanted: Pair, name: str) -> list[keras.Layer]:
    window, before = _windows(given, wanted)
    after = (
        given[axis] - before[axis] - wanted[axis] * window[axis]
        for axis in (0, 1)
    )
    cut = tuple(zip(before, after, strict=True))
    layers: list[keras.Layer] = []
    if np.any(cut):
        layers.append(keras.layers.Cropping2D(cut, name=f"{name}_crop"))
    if window != (1, 1):
        pooling = keras.layers.AveragePooling2D(window, name=f"{name}_pool")
        layers.append(pooling)
    return layers


def _windows(given: Pair, wanted: Pair) -> tuple[Pair, Pair]:
    """Give the pooling window of each axis, and the pixels left out before."""
    window = given[0] // wanted[0], given[1] // wanted[1]
    before = (
        (given[0] - wanted[0] * window[0]) // 2,
        (given[1] - wanted[1] * window[1]) // 2,
    )
    return window, before
