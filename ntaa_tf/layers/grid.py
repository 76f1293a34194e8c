"""Operations whose outputs lie on the sampling grid of a site."""

from typing import Any

import keras
from keras import ops

from ntaa_tf.geometry import Geometry
from ntaa_tf.geometry import Pair
from ntaa_tf.layers.depthwise import convolve_each_channel


def convolve(images: Any, kernel: Any, geometry: Geometry) -> Any:
    """Convolve images with an undilated kernel, centred on the grid.

    Args:
        images: (batch, height, width, channels in).
        kernel: (height, width, channels in, channels out).
        geometry: the grid.
    """
    return _convolve(ops.conv, images, kernel, geometry)


def convolve_depthwise(images: Any, kernel: Any, geometry: Geometry) -> Any:
    """Convolve each channel by itself, on the grid.

    Args:
        images: (batch, height, width, channels).
        kernel: (height, width, channels, 1).
        geometry: the grid.
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
    """Convolve each channel and mix the channels, before it or after it.

    Args:
        images: (batch, height, width, channels in).
        depthwise: (height, width, channels, 1), or (1, 1, 1, 1), a factor.
        pointwise: (1, 1, channels in, channels out).
        geometry: the grid.
        depthwise_last: whether the channels are mixed first.
    """
    if tuple(depthwise.shape) == (1, 1, 1, 1):
        return convolve(images, depthwise * pointwise, geometry)
    if depthwise_last:
        mixed = convolve(images, pointwise, geometry)
        return convolve_depthwise(mixed, depthwise, geometry.behind)
    return ops.conv(convolve_depthwise(images, depthwise, geometry), pointwise)


def sample(images: Any, geometry: Geometry) -> Any:
    """Take the pixels on which the site's outputs are centred."""
    down, right = geometry.strides
    padded = _pad(images, geometry.padding_for((1, 1)))
    return padded[:, ::down, ::right, :]


def pool_maximum(images: Any, size: Pair, geometry: Geometry) -> Any:
    """Take the maximum over windows of `size`; beyond the border is nothing."""
    if geometry.is_same(size):
        return ops.max_pool(images, size, geometry.strides, padding="same")
    pooled = ops.max_pool(images, size, (1, 1), padding="same")
    return sample(pooled, geometry)


def padding_layers(
    geometry: Geometry, extent: Pair, name: str
) -> tuple[list[keras.Layer], str]:
    """Give the stock layers that put a kernel on the grid.

    Args:
        geometry: the grid.
        extent: pixels that the kernel spans.
        name: prefix of the layers' names.

    Returns:
        Layers that add zeros or cut pixels, none where not needed, and the
        `padding` argument of the convolution or pooling behind them.
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
    """Give `sample` as stock layers."""
    layers, _ = padding_layers(geometry, (1, 1), name)
    if geometry.strides == (1, 1):
        return layers
    pooling = keras.layers.MaxPooling2D(
        1, geometry.strides, name=f"{name}_sample"
    )
    return [*layers, pooling]


def _convolve(
    operation: Any, images: Any, kernel: Any, geometry: Geometry
) -> Any:
    extent = tuple(kernel.shape[:2])
    if geometry.is_same(extent):
        return operation(images, kernel, geometry.strides, padding="same")
    padded = _pad(images, geometry.padding_for(extent))
    return operation(padded, kernel, geometry.strides, padding="valid")


def _pad(images: Any, padding: tuple[Pair, Pair]) -> Any:
    """Add zeros, or cut pixels where a number is negative."""
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
    (top, bottom), (left, right) = padding
    added = (max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))
    cut = (max(-top, 0), max(-bottom, 0)), (max(-left, 0), max(-right, 0))
    return added, cut
