"""Inception-V2 with batch norm, which `keras.applications` lacks."""

from typing import Any

import keras
from keras import layers

from ntaa_tf.image_size import Size

NAME = "inception_v2"
PREPROCESSING = "torch"
NATIVE_SIZE = 224
MINIMUM_SIZE = 32  # The network halves the image five times.

_EPSILON = 1e-5  # As in the Caffe network; the default of Keras is 1e-3.

# Channels of the four branches of each block, from figure 5 of the paper: 1x1;
# 1x1 and 3x3; 1x1 and twice 3x3; pooling and 1x1. A branch with 0 channels has
# no 1x1 convolution. In the pairs "#3x3 reduce" comes first.
_BLOCKS: dict[str, tuple[int, tuple[int, int], tuple[int, int], int]] = {
    "3a": (64, (64, 64), (64, 96), 32),
    "3b": (64, (64, 96), (64, 96), 64),
    "3c": (0, (128, 160), (64, 96), 0),
    "4a": (224, (64, 96), (96, 128), 128),
    "4b": (192, (96, 128), (96, 128), 128),
    "4c": (160, (128, 160), (128, 160), 128),
    "4d": (96, (128, 192), (160, 192), 128),
    "4e": (0, (128, 192), (192, 256), 0),
    "5a": (352, (192, 320), (160, 224), 128),
    "5b": (352, (192, 320), (192, 224), 128),
}
_REDUCTIONS = ("3c", "4e")
_MAXIMUM_POOLED = "5b"


def build_inception_v2(image_size: Size) -> keras.Model:
    """Build Inception-V2 without its classifier, with random weights.

    Args:
        image_size: height and width in pixels.

    Returns:
        A functional model from normalized images (batch, height, width, 3) to
        the last feature map (batch, height / 32, width / 32, 1024), where
        height and width are rounded up.

    Source: Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network
    Training by Reducing Internal Covariate Shift", 2015, figure 5, in the
    version of Caffe's BN-Inception. Its first layer is the plain 7x7
    convolution of that figure, not the separable one of TF-slim, because the
    published weights and parameter counts are Caffe's. The convolutions have
    no biases, which the batch norm after them would cancel.

    Example:
    >>> build_inception_v2((224, 224)).output.shape
    (None, 7, 7, 1024)
    """
    images = keras.Input((*image_size, 3))
    x = _convolve(images, 64, 7, "conv1", strides=2)
    x = layers.MaxPooling2D(3, 2, "same", name="pool1")(x)
    x = _convolve(x, 64, 1, "conv2_reduce")
    x = _convolve(x, 192, 3, "conv2")
    x = layers.MaxPooling2D(3, 2, "same", name="pool2")(x)
    for name in _BLOCKS:
        x = _add_block(x, name)
    return keras.Model(images, x, name=NAME)


def _add_block(x: Any, name: str) -> Any:
    """Add the parallel branches of one block and concatenate them."""
    single, (reduced, wide), (deep_reduced, deep), pooled = _BLOCKS[name]
    block = f"inception_{name}"
    strides = 2 if name in _REDUCTIONS else 1
    branches = [_convolve(x, single, 1, f"{block}_1x1")] if single else []
    y = _convolve(x, reduced, 1, f"{block}_3x3_reduce")
    branches.append(_convolve(y, wide, 3, f"{block}_3x3", strides))
    y = _convolve(x, deep_reduced, 1, f"{block}_double_reduce")
    y = _convolve(y, deep, 3, f"{block}_double_1")
    branches.append(_convolve(y, deep, 3, f"{block}_double_2", strides))
    y = _pool(x, name, strides)
    if pooled:
        y = _convolve(y, pooled, 1, f"{block}_pool_projection")
    return layers.Concatenate(name=f"{block}_output")([*branches, y])


def _pool(x: Any, name: str, strides: int) -> Any:
    block = f"inception_{name}"
    if strides == 2 or name == _MAXIMUM_POOLED:
        return layers.MaxPooling2D(3, strides, "same", name=f"{block}_pool")(x)
    # Caffe's average includes the zeros of the padding, Keras's excludes them.
    x = layers.ZeroPadding2D(1, name=f"{block}_pool_pad")(x)
    return layers.AveragePooling2D(3, 1, name=f"{block}_pool")(x)


def _convolve(
    x: Any, channels: int, size: int, name: str, strides: int = 1
) -> Any:
    """Apply a convolution with batch norm and ReLU."""
    padding = "same"
    if strides == 2:
        # For even sizes "same" pads more at the bottom and right, Caffe pads
        # all sides equally.
        x = layers.ZeroPadding2D(size // 2, name=f"{name}_pad")(x)
        padding = "valid"
    x = layers.Conv2D(
        channels, size, strides, padding, use_bias=False, name=name
    )(x)
    x = layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
