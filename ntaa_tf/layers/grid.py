"""Operations whose outputs lie on the sampling grid of a site.

See `Geometry` for the sampling grid: the input pixels on which the outputs of
the source's convolution are centred.
"""

from typing import Any

import keras
from keras import ops

from ntaa_tf.geometry import Geometry
from ntaa_tf.geometry import Pair
from ntaa_tf.layers.depthwise import convolve_each_channel


def convolve(images: Any, kernel: Any, geometry: Geometry) -> Any:
    """Convolve feature maps with an undilated kernel on the sampling grid.

    Args:
        images: feature maps (batch, height, width, input channels).
        kernel: (height, width, input channels, output channels).
        geometry: geometry of the source's convolution.
    """
    return _convolve(ops.conv, images, kernel, geometry)


def convolve_depthwise(images: Any, kernel: Any, geometry: Geometry) -> Any:
    """Convolve each channel with its own kernel on the sampling grid.

    Args:
        images: feature maps (batch, height, width, channels).
        kernel: (height, width, channels, 1).
        geometry: geometry of the source's convolution.
    """
    if tuple(kernel.shape[:2]) == (1, 1):
        return sample(images, geometry) * kernel[0, 0, :, 0]
    return _convolve(convolve_each_channel, images, kernel, geometry)


def convolve_separable(
    images: Any,
    depthwise: Any,
    pointwise: Any,
    geometry: Geometry,
    depthwise_last: bool,
) -> Any:
    """Apply a depthwise and a pointwise convolution on the sampling grid.

    Args:
        images: feature maps (batch, height, width, input channels).
        depthwise: (height, width, channels, 1), or a scalar factor of shape
            (1, 1, 1, 1).
        pointwise: (1, 1, input channels, output channels).
        geometry: geometry of the source's convolution.
        depthwise_last: whether the pointwise convolution comes first.
    """
    if tuple(depthwise.shape) == (1, 1, 1, 1):
        return convolve(images, depthwise * pointwise, geometry)
    if depthwise_last:
        # The pointwise convolution takes the strides and puts its outputs on
        # the grid. The depthwise one follows at stride 1.
        mixed = convolve(images, pointwise, geometry)
        return convolve_depthwise(mixed, depthwise, geometry.behind)
    return ops.conv(convolve_depthwise(images, depthwise, geometry), pointwise)


def sample(images: Any, geometry: Geometry) -> Any:
    """Take the input pixels of the sampling grid.

    Args:
        images: feature maps (batch, height, width, channels).
        geometry: geometry of the source's convolution.
    """
    # This is a 1×1 convolution of ones: padded and strided like one.
    down, right = geometry.strides
    padded = _pad(images, geometry.padding_for((1, 1)))
    return padded[:, ::down, ::right, :]


def pool_maximum(images: Any, size: Pair, geometry: Geometry) -> Any:
    """Apply max pooling on the sampling grid; the border is ignored.

    Args:
        images: feature maps (batch, height, width, channels).
        size: height and width of the window, in pixels.
        geometry: geometry of the source's convolution.
    """
    if geometry.is_same(size):
        return ops.max_pool(images, size, geometry.strides, padding="same")
    # Explicit zeros would win over negative pixels. So pool every pixel with
    # Keras's `same`, which ignores the border, and sample the grid afterwards.
    pooled = ops.max_pool(images, size, (1, 1), padding="same")
    return sample(pooled, geometry)


def padding_layers(
    geometry: Geometry, extent: Pair, name: str
) -> tuple[list[keras.Layer], str]:
    """Build the stock layers that put a kernel on the sampling grid.

    Args:
        geometry: geometry of the source's convolution.
        extent: height and width of the dilated kernel, in pixels.
        name: prefix of the layers' names.

    Returns:
        Layers that pad or crop, possibly none, and the `padding` argument of
        the convolution or pooling layer to put behind them.
    """
    if geometry.is_same(extent):
        return [], "same"
    padding = geometry.padding_for(extent)
    added, cut = _split_signs(padding)
    layers: list[keras.Layer] = []
    if any(map(any, added)):
        layers.append(keras.layers.ZeroPadding2D(added, name=f"{name}_pad"))
    if any(map(any, cut)):
        layers.append(keras.layers.Cropping2D(cut, name=f"{name}_crop"))
    return layers, "valid"


def sampling_layers(geometry: Geometry, name: str) -> list[keras.Layer]:
    """Build stock layers that compute `sample`.

    Args:
        geometry: geometry of the source's convolution.
        name: prefix of the layers' names.
    """
    layers, _ = padding_layers(geometry, (1, 1), name)
    if geometry.strides == (1, 1):
        return layers
    # A pooling window of one pixel is a strided slice.
    pooling = keras.layers.MaxPooling2D(
        1, geometry.strides, name=f"{name}_sample"
    )
    return [*layers, pooling]


def _convolve(
    operation: Any, images: Any, kernel: Any, geometry: Geometry
) -> Any:
    extent = tuple(kernel.shape[:2])
    # `same` where it gives the grid: the backend pads without a copy.
    if geometry.is_same(extent):
        return operation(images, kernel, geometry.strides, padding="same")
    padded = _pad(images, geometry.padding_for(extent))
    return operation(padded, kernel, geometry.strides, padding="valid")


def _pad(images: Any, padding: tuple[Pair, Pair]) -> Any:
    """Pad with zeros, and crop where a number is negative."""
    added, cut = _split_signs(padding)
    if any(map(any, cut)):
        (top, bottom), (left, right) = cut
        height, width = images.shape[1:3]
        images = images[:, top : height - bottom, left : width - right, :]
    if any(map(any, added)):
        images = ops.pad(images, ((0, 0), *added, (0, 0)))
    return images


def _split_signs(
    padding: tuple[Pair, Pair],
) -> tuple[tuple[Pair, Pair], tuple[Pair, Pair]]:
    """Split a signed padding into zeros to add and pixels to crop."""
    (top, bottom), (left, right) = padding
    added = (max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))
    cut = (max(-top, 0), max(-bottom, 0)), (max(-left, 0), max(-right, 0))
    return added, cut
