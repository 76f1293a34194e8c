"""Load a source model as a feature extractor of raw images."""

import keras
import numpy as np

from ntaa_tf.distribute import run_alone
from ntaa_tf.image_size import Size
from ntaa_tf.image_size import as_size
from ntaa_tf.zoo import autoreid
from ntaa_tf.zoo import embedded
from ntaa_tf.zoo.applications import APPLICATIONS
from ntaa_tf.zoo.applications import build_application
from ntaa_tf.zoo.builders import load_built
from ntaa_tf.zoo.builders import names_builder
from ntaa_tf.zoo.cutting import cut_classifier
from ntaa_tf.zoo.files import load_file
from ntaa_tf.zoo.hub import load_preset
from ntaa_tf.zoo.hub import names_preset
from ntaa_tf.zoo.own import NETWORKS
from ntaa_tf.zoo.own import build_network
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
    features = _load_features(info, size, trained)
    model = prepend_preprocessing(features, info.preprocessing)
    # Each by itself: Keras skips a model that is already called trainable.
    for layer in model.layers:
        layer.trainable = True
    return model


def _load_features(info: SourceInfo, size: Size, trained: bool) -> keras.Model:
    """Load what comes behind the preprocessing."""
    weights = info.weights if trained else "none"
    if info.name in APPLICATIONS:
        return build_application(info.name, weights, size)
    if info.name in NETWORKS:
        return build_network(info.name, weights, size)
    if info.name == autoreid.NAME:
        return autoreid.build_cells(size)
    if info.name == embedded.NAME:
        return cut_classifier(_make_digits(size, trained))
    if names_preset(info.name):
        return load_preset(info.name, weights, size)
    if names_builder(info.name):
        return load_built(info.name, weights, size)
    return load_file(info.name, size)


def _make_digits(image_size: Size, trained: bool) -> keras.Model:
    height, width = image_size
    if height != width:
        raise ValueError(
            "Invalid value for `image_size`. Expected the side of a square for "
            f"{embedded.NAME!r}. Received: {height}x{width}."
        )
    if trained:
        return run_alone(embedded.pretrain_digits, height)
    return embedded.build_classifier(height, np.random.default_rng(0))
