"""Parameter-free adapters between channel counts.

More channels: the channels are tiled. Fewer channels: groups of equal size
are averaged. If neither count divides the other, channels of zeros are
appended or the last channels are dropped.
"""

from typing import Any

import keras
import numpy as np
from keras import ops


def adapt_channels(images: Any, channels: int) -> Any:
    """Convert feature maps to another channel count.

    Args:
        images: feature maps (batch, height, width, input channels).
        channels: number of output channels.

    Returns:
        Feature maps (batch, height, width, channels).
    """
    given = images.shape[-1]
    if channels % given == 0:
        return ops.tile(images, (1, 1, 1, channels // given))
    if given % channels == 0:
        # Group k holds channels k · channels and following, so output j is
        # the mean of inputs j, j + channels, ...: averaging undoes tiling.
        groups = ops.split(images, given // channels, axis=-1)
        return sum(groups[1:], groups[0]) * (channels / given)
    if channels > given:
        return ops.pad(images, ((0, 0), (0, 0), (0, 0), (0, channels - given)))
    return images[..., :channels]


def channel_matrix(given: int, channels: int) -> np.ndarray:
    """Return the matrix that `adapt_channels` multiplies each pixel by.

    Args:
        given: number of input channels.
        channels: number of output channels.

    Returns:
        A float32 matrix (given, channels).
    """
    matrix = np.zeros((given, channels), "float32")
    if max(given, channels) % min(given, channels) == 0:
        # Let l run over the larger count. Tiling has output l = input l mod
        # given; averaging adds input l to output l mod channels. The larger
        # modulus does nothing, so one line covers both. The weight is 1 for
        # tiling and channels / given, one over the group's size, for means.
        longest = np.arange(max(given, channels))
        matrix[longest % given, longest % channels] = min(1, channels / given)
    else:
        shared = np.arange(min(given, channels))
        matrix[shared, shared] = 1
    return matrix


def channel_layers(
    size: tuple[int, int], given: int, channels: int, name: str
) -> list[keras.Layer]:
    """Build stock layers that compute `adapt_channels`.

    Args:
        size: height and width of the feature maps, in pixels.
        given: number of input channels.
        channels: number of output channels.
        name: prefix of the layers' names.

    Returns:
        Layers to apply in this order. Empty if the counts are equal.
    """
    if given == channels:
        return []
    # Stock layers act on rows and columns, not on channels. So each pixel's
    # channels are laid out along the column axis: as (1, given) to repeat the
    # whole row, as (groups, channels) to average over groups, and as
    # (given, 1) to pad or crop single channels. Reading the result row by row
    # gives the order of `adapt_channels`.
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
