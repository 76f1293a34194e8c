"""Mixed input: searches which of the preceding sites' inputs a site reads."""

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
    """Weighted sum of a site's own input and the inputs of earlier sites.

    Each earlier input is converted to the shape of the own one: average
    pooling over whole windows for the size, and parameter-free adapters for
    the channels. See `Choice` for the coefficients.

    Args:
        options: for each input, the number of sites it lies back.
            `("0", "1", "2")` are the site's own input and those of the two
            sites before.

    Call arguments:
        images: list of feature maps, the site's own input first.

    Input shape:
        A list of `(batch, height, width, channels)`. Later entries are not
        smaller than the first one in height or width.

    Output shape:
        The shape of the first input.

    Source: NTAA, section III-B, "skip connections to the three preceding
    layers". One common softmax over them is this project's choice.

    Example:
    >>> own, earlier = np.ones((1, 4, 4, 8)), np.ones((1, 8, 8, 4))
    >>> print(MixedInput(("0", "1"))([own, earlier]).shape)
    (1, 4, 4, 8)
    """

    def call(self, images: list) -> Any:
        """Mix all inputs, or read the drawn one; see `Choice`."""
        own = images[0].shape
        images = [ops.cast(image, self.compute_dtype) for image in images]
        if self.relaxation != EXPECTATION:
            branches = [
                functools.partial(_convert_one, index, own)
                for index in range(len(images))
            ]
            return self.follow(branches, *images)
        coefficients = ops.cast(self.coefficients(), self.compute_dtype)
        # Pooling and adapters are linear, but act on maps of different sizes.
        # So the inputs are weighted after the conversion, at the own size.
        converted = [
            coefficients[index] * _convert(image, own)
            for index, image in enumerate(images)
        ]
        return sum(converted[1:], converted[0])

    def compute_output_shape(self, input_shape: list) -> tuple:
        """Return the shape of the site's own input."""
        return input_shape[0]

    def plain_layers(self, own: tuple, read: tuple) -> list[keras.Layer]:
        """Build stock layers that convert one input to the own shape.

        Args:
            own: shape of the site's own input.
            read: shape of the input to read instead.

        Returns:
            Layers to apply in this order.
        """
        channels = channel_layers(own[1:3], read[-1], own[-1], self.name)
        return [*_resizing_layers(read[1:3], own[1:3], self.name), *channels]


def fits(own: tuple, read: tuple) -> bool:
    """Return whether one input can be converted to the shape of another.

    Args:
        own: shape to convert to, (batch, height, width, channels).
        read: shape to convert from. It must not be smaller than `own` in
            height or width; pooling can't enlarge.
    """
    return all(
        large >= small for small, large in zip(own[1:3], read[1:3], strict=True)
    )


def _convert_one(index: int, own: tuple, *images: Any) -> Any:
    return _convert(images[index], own)


def _convert(image: Any, own: tuple) -> Any:
    """Convert feature maps to the shape `own` by pooling and adapters."""
    window, (top, left) = _fit_windows(image.shape[1:3], own[1:3])
    if window != (1, 1) or (top, left) != (0, 0):
        height, width = own[1] * window[0], own[2] * window[1]
        image = image[:, top : top + height, left : left + width]
        image = ops.average_pool(image, window, window)
    return adapt_channels(image, own[-1])


def _resizing_layers(given: Pair, wanted: Pair, name: str) -> list[keras.Layer]:
    """Build the cropping and pooling of `_convert` as stock layers."""
    # Keras crops by the pixels on both sides: `after` completes the axis.
    window, before = _fit_windows(given, wanted)
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


def _fit_windows(given: Pair, wanted: Pair) -> tuple[Pair, Pair]:
    """Find the pooling window, and the pixels to crop before each axis.

    The windows tile the middle of the map: `wanted` windows of the largest
    size that fits, with the remaining pixels cropped on both sides.
    """
    # E.g. from 9 to 4 pixels: windows of 9 // 4 = 2 cover 8, and the remaining
    # pixel is dropped at the end, since (9 - 8) // 2 = 0 are before.
    window = given[0] // wanted[0], given[1] // wanted[1]
    before = (
        (given[0] - wanted[0] * window[0]) // 2,
        (given[1] - wanted[1] * window[1]) // 2,
    )
    return window, before
