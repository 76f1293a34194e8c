"""Loading of source models as feature extractors of raw images."""

import keras
import numpy as np

from ntaa_tf.distribute import run_alone
from ntaa_tf.image_size import Size
from ntaa_tf.image_size import as_size
from ntaa_tf.zoo import autoreid
from ntaa_tf.zoo import embedded
from ntaa_tf.zoo.applications import APPLICATIONS
from ntaa_tf.zoo.applications import build_application
from ntaa_tf.zoo.builders import is_builder
from ntaa_tf.zoo.builders import load_from_builder
from ntaa_tf.zoo.cutting import cut_classifier
from ntaa_tf.zoo.files import load_file
from ntaa_tf.zoo.hub import is_preset
from ntaa_tf.zoo.hub import load_preset
from ntaa_tf.zoo.networks import NETWORKS
from ntaa_tf.zoo.networks import build_network
from ntaa_tf.zoo.preprocessing import prepend_preprocessing
from ntaa_tf.zoo.source import SourceInfo


def load_source(
    info: SourceInfo, image_size: int | Size, trained: bool = True
) -> keras.Model:
    """Load a source model without its classifier.

    Args:
        info: facts about the model, from `find_source`.
        image_size: height and width of the images in pixels, or one number
            for both.
        trained: whether to load trained weights. With False a named model
            keeps random weights: nothing is downloaded, read or trained. A
            `.keras` file is always read.

    Returns:
        A flat functional model from raw RGB images (batch, height, width, 3),
        0 to 255, to the last feature map (batch, height, width, channels).
        All its layers are trainable.

    Raises:
        ValueError: if the image is too small, if weights can't be downloaded
            or don't fit, or if the file can't be read.

    Example:
    >>> info = find_source("digits0to4")
    >>> load_source(info, 16, trained=False).output.shape
    (None, 4, 4, 48)
    """
    size = as_size(image_size)
    if min(size) < info.minimum_size:
        height, width = size
        raise ValueError(
            f"Invalid value for `image_size`: {height}x{width} is too small "
            f"for {info.name!r}. Use at least {info.minimum_size} pixels for "
            "each side."
        )
    features = _load_features(info, size, trained)
    model = prepend_preprocessing(features, info.preprocessing)
    # `model.trainable = True` would do nothing, because the flag of the model
    # is set already, even if layers of a file are frozen.
    for layer in model.layers:
        layer.trainable = True
    return model


def _load_features(info: SourceInfo, size: Size, trained: bool) -> keras.Model:
    """Load the model behind its preprocessing."""
    weights = info.weights if trained else "none"
    if info.name in APPLICATIONS:
        return build_application(info.name, weights, size)
    if info.name in NETWORKS:
        return build_network(info.name, weights, size)
    if info.name == autoreid.NAME:
        return autoreid.build_autoreid(size)
    if info.name == embedded.NAME:
        return cut_classifier(_make_digits(size, trained))
    if is_preset(info.name):
        return load_preset(info.name, weights, size)
    if is_builder(info.name):
        return load_from_builder(info.name, weights, size)
    return load_file(info.name, size)


def _make_digits(image_size: Size, trained: bool) -> keras.Model:
    height, width = image_size
    if height != width:
        raise ValueError(
            f"Invalid value for `image_size`: {height}x{width} is no square, "
            f"which {embedded.NAME!r} needs. Use {height}x{height}."
        )
    if trained:
        return run_alone(embedded.pretrain_digits, height)
    return embedded.build_classifier(height, np.random.default_rng(0))
