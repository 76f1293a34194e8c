"""AlexNet, which `keras.applications` lacks."""

from typing import Any

import keras
from keras import layers

from ntaa_tf.image_size import Size

NAME = "alexnet"
PREPROCESSING = "torch"
NATIVE_SIZE = 224
MINIMUM_SIZE = 63  # The pooling layers reduce smaller images to nothing.

_UNITS = 4096


def build_alexnet(image_size: Size) -> keras.Model:
    """Build AlexNet without its classifier, with random weights.

    The network has five convolutions and two dense layers.

    Args:
        image_size: height and width in pixels. The size of the first dense
            layer depends on it.

    Returns:
        A functional model. Its input are normalized images (batch, height,
        width, 3), its output is a feature map of one pixel (batch, 1, 1,
        4096).

    Source: Krizhevsky, "One weird trick for parallelizing convolutional neural
    networks", 2014, in the version of torchvision: one tower, no local
    response normalization.

    Example:
    >>> build_alexnet((224, 224)).count_params()
    57003840
    """
    images = keras.Input((*image_size, 3))
    x = layers.ZeroPadding2D(2, name="conv1_pad")(images)
    x = _convolve(x, 64, 11, "conv1", strides=4, padding="valid")
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)
    x = _convolve(x, 192, 5, "conv2")
    x = layers.MaxPooling2D(3, 2, name="pool2")(x)
    x = _convolve(x, 384, 3, "conv3")
    x = _convolve(x, 256, 3, "conv4")
    x = _convolve(x, 256, 3, "conv5")
    x = layers.MaxPooling2D(3, 2, name="pool5")(x)
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc6", "fc7"):
        x = layers.Dropout(0.5, name=f"{name}_dropout")(x)
        x = layers.Dense(_UNITS, activation="relu", name=name)(x)
    # A source model ends in a feature map, also where it is a vector.
    x = layers.Reshape((1, 1, _UNITS), name="feature_map")(x)
    return keras.Model(images, x, name=NAME)


def _convolve(
    x: Any,
    channels: int,
    size: int,
    name: str,
    strides: int = 1,
    padding: str = "same",
) -> Any:
    """Apply a convolution with ReLU."""
    return layers.Conv2D(
        channels, size, strides, padding, activation="relu", name=name
    )(x)
