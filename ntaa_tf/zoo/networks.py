"""Networks of this package that `keras.applications` lacks."""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from ntaa_tf.image_size import Size
from ntaa_tf.image_size import as_size
from ntaa_tf.zoo import alexnet
from ntaa_tf.zoo import inception_v2
from ntaa_tf.zoo.choices import check_weights_file
from ntaa_tf.zoo.choices import reject_imagenet
from ntaa_tf.zoo.choices import reject_preprocessing
from ntaa_tf.zoo.source import SourceInfo
from ntaa_tf.zoo.weights import load_weights


@dataclass(frozen=True)
class Network:
    """One network of this package.

    Attributes:
        build: function that builds it for an image size, without a classifier.
        preprocessing: a mode of `ntaa_tf.zoo.preprocessing`.
        native_size: image size of the published training, in pixels.
        minimum_size: smallest possible image size, in pixels.
        one_size: whether trained weights fit the native size only.
    """

    build: Callable[[Size], keras.Model]
    preprocessing: str
    native_size: int
    minimum_size: int
    one_size: bool = False


NETWORKS: dict[str, Network] = {
    alexnet.NAME: Network(
        alexnet.build_alexnet,
        alexnet.PREPROCESSING,
        alexnet.NATIVE_SIZE,
        alexnet.MINIMUM_SIZE,
        one_size=True,  # The dense layers fix the size of the weights.
    ),
    inception_v2.NAME: Network(
        inception_v2.build_inception_v2,
        inception_v2.PREPROCESSING,
        inception_v2.NATIVE_SIZE,
        inception_v2.MINIMUM_SIZE,
    ),
}


def find_network(
    name: str, weights: str, preprocessing: str | None
) -> SourceInfo:
    """Check the choice of one of `NETWORKS`; see `find_source`.

    Example:
    >>> find_network("inception_v2", "none", None).minimum_size
    32
    """
    reject_preprocessing(name, preprocessing)
    reject_imagenet(name, weights)
    if weights != "none":
        check_weights_file(weights, "none")
    network = NETWORKS[name]
    return SourceInfo(
        name=name,
        weights=weights,
        preprocessing=network.preprocessing,
        native_size=as_size(network.native_size),
        minimum_size=network.minimum_size,
        fixed_size=network.one_size and weights != "none",
        pretrained=weights != "none",
    )


def build_network(name: str, weights: str, image_size: Size) -> keras.Model:
    """Build one of `NETWORKS` without its classifier.

    Args:
        name: a key of `NETWORKS`.
        weights: "none" or the path of a weights file.
        image_size: height and width in pixels, at least the minimum.

    Returns:
        A functional model from preprocessed images to the last feature map.

    Raises:
        ValueError: if the weights don't fit.
    """
    model = NETWORKS[name].build(image_size)
    if weights != "none":
        load_weights(model, weights, f"{name!r} without its classifier")
    return model
