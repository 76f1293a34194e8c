"""Load a source model as a feature extractor of raw images."""

import keras
import numpy as np

from ntaa_tf.size import Size
from ntaa_tf.size import as_size
from ntaa_tf.zoo import autoreid
from ntaa_tf.zoo import embedded
from ntaa_tf.zoo.applications import APPLICATIONS
from ntaa_tf.zoo.applications import build_application
from ntaa_tf.zoo.applications import load_weights
from ntaa_tf.zoo.cutting import cut_classifier
from ntaa_tf.zoo.files import load_file
from ntaa_tf.zoo.own import NETWORKS
from ntaa_tf.zoo.preprocessing import prepend_preprocessing
from ntaa_tf.zoo.source import SourceInfo


def load_source(
    info: SourceInfo, image_size: int | Size, trained: bool = True
) -> keras.Model:
    """Load a source model without its classifier.

    Args:
        info: from `find_source`.
        image_size: height and width of the images in pixels, or both in one.
        trained: False where only the graph matters: of a named model no
            weights are downloaded, read or trained, they stay random.

    Returns:
        A flat functional model, all of it trainable, from raw RGB images
        (batch, height, width, 3), 0 to 255, to the last feature map (batch,
        height, width, channels).

    Raises:
        ValueError: if the image is too small, or the weights or the file
            can't be had or don't fit.
    """
    size = as_size(image_size)
    if min(size) < info.minimum_size:
        raise ValueError(
            "Invalid value for `image_size`. Expected at least "
            f"{info.minimum_size} for {info.name!r}. Received: {image_size}."
        )
    if info.name in APPLICATIONS:
        weights = info.weights if trained else "none"
        features = build_application(info.name, weights, size)
    elif info.name in NETWORKS:
        features = NETWORKS[info.name].build(size)
        if trained and info.pretrained:
            load_weights(features, info.weights)
    elif info.name == autoreid.NAME:
        features = autoreid.build_cells(size)
    elif info.name == embedded.NAME:
        features = cut_classifier(_make_digits(size, trained))
    else:
        features = load_file(info.name, size)
    model = prepend_preprocessing(features, info.preprocessing)
    # Each by itself: Keras skips a model that is already called trainable.
    for layer in model.layers:
        layer.trainable = True
    return model


def _make_digits(image_size: Size, trained: bool) -> keras.Model:
    height, width = image_size
    if height != width:
        raise ValueError(
            "Invalid value for `image_size`. Expected the side of a square for "
            f"{embedded.NAME!r}. Received: {height}x{width}."
        )
    if trained:
        return embedded.pretrain_digits(height)
    return embedded.build_classifier(height, np.random.default_rng(0))
