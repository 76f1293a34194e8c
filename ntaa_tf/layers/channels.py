"""Parameter-free adapters between channel counts.

Channels are repeated in turn where there are more to give, averaged in equal
groups where there are fewer; where the counts don't divide, zeros are added
or the last channels dropped.
"""

from typing import Any

import keras
import numpy as np
from keras import ops


def adapt_channels(images: Any, channels: int) -> Any:
    """Give images another channel count.

    Args:
        images: (batch, height, width, channels read).
        channels: channels wanted.

    Returns:
        (batch, height, width, channels).
    """
    given = images.shape[-1]
    if channels % given == 0:
        return ops.tile(images, (1, 1, 1, channels // given))
    if given % channels == 0:
        groups = ops.split(images, given // channels, axis=-1)
        return sum(groups[1:], groups[0]) * (channels / given)
    if channels > given:
        return ops.pad(images, ((0, 0), (0, 0), (0, 0), (0, channels - given)))
    return images[..., :channels]


def channel_matrix(given: int, channels: int) -> np.ndarray:
    """Give the matrix (given, channels) that `adapt_channels` multiplies by."""
    matrix = np.zeros((given, channels), "float32")
    if max(given, channels) % min(given, channels) == 0:
        longest = np.arange(max(given, channels))
        matrix[longest % given, longest % channels] = min(1, channels / given)
    else:
        shared = np.arange(min(given, channels))
        matrix[shared, shared] = 1
    return matrix


def channel_layers(
    size: tuple[int, int], given: int, channels: int, name: str
) -> list[keras.Layer]:
    """Give `adapt_channels` as stock layers, to be applied in turn.

    Args:
        size: height and width of the images, in pixels.
        given: channels read.
        channels: channels wanted.
        name: prefix of the layers' names.
    """
    if given == channels:
        return []
    pixels = size[0] * size[1]
    layers = keras.layers
    if channels % given == 0:
        shape = (pixels, 1, given)
        adapter = layers.UpSampling2D((1, channels // given))
    elif given % channels == 0:
        shape = (pixels, given // channels, channels)
        adapter = layers.AveragePooling2D((1, given // channels))
    elif channels > given:
        shape = (pixels, given, 1)
        adapter = layers.ZeroPadding2D(((0, 0), (0, channels - given)))
    else:
        shape = (pixels, given, 1)
        adapter = layers.Cropping2D(((0, 0), (0, given - channels)))
    adapter.name = f"{name}_channels"
    return [
        layers.Reshape(shape, name=f"{name}_split"),
        adapter,
        layers.Reshape((*size, channels), name=f"{name}_join"),
    ]
