"""Load a source model as a feature extractor of raw images."""

import keras
import numpy as np

from ntaa_tf.zoo import embedded
from ntaa_tf.zoo.applications import APPLICATIONS
from ntaa_tf.zoo.applications import build_application
from ntaa_tf.zoo.files import cut_classifier
from ntaa_tf.zoo.files import load_file
from ntaa_tf.zoo.preprocessing import prepend_preprocessing
from ntaa_tf.zoo.source import SourceInfo


def load_source(
    info: SourceInfo, image_size: int, trained: bool = True
) -> keras.Model:
    """Load a source model without its classifier.

    Args:
        info: from `find_source`.
        image_size: height and width of the images, in pixels.
        trained: False where only the graph matters: of a named model no
            weights are downloaded, read or trained, they stay random.

    Returns:
        A flat functional model, all of it trainable, from raw RGB images
        (batch, image_size, image_size, 3), 0 to 255, to the last feature map
        (batch, height, width, channels).

    Raises:
        ValueError: if the image is too small, or the weights or the file
            can't be had or don't fit.
    """
    if image_size < info.minimum_size:
        raise ValueError(
            "Invalid value for `image_size`. Expected at least "
            f"{info.minimum_size} for {info.name!r}. Received: {image_size}."
        )
    if info.name in APPLICATIONS:
        weights = info.weights if trained else "none"
        features = build_application(info.name, weights, image_size)
    elif info.name == embedded.NAME:
        features = cut_classifier(_make_digits(image_size, trained))
    else:
        features = load_file(info.name, image_size)
    model = prepend_preprocessing(features, info.preprocessing)
    # Each by itself: Keras skips a model that is already called trainable.
    for layer in model.layers:
        layer.trainable = True
    return model


def _make_digits(image_size: int, trained: bool) -> keras.Model:
    if trained:
        return embedded.pretrain_digits(image_size)
    return embedded.build_classifier(image_size, np.random.default_rng(0))
