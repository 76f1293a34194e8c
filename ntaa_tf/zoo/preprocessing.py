"""Preprocessing as part of the model, in stock Keras layers."""

from typing import Any

import keras
import numpy as np

from ntaa_tf.graph.rewrite import flatten

FILE_MODES = ("none", "tf", "torch", "caffe")

_MEAN = np.array([0.485, 0.456, 0.406])
_STD = np.array([0.229, 0.224, 0.225])
_CAFFE_MEAN_BGR = np.array([103.939, 116.779, 123.68])

# Scale and offset by mode. Keras's own EfficientNet divides by the square
# root of the deviation after its normalization, but only when it downloads
# the ImageNet weights itself: "efficientnet" is the same factor, moved to
# the front of the normalization, for those weights read from a file.
_RESCALINGS = {
    "tf": (1 / 127.5, -1.0),
    "torch": (1 / (255 * _STD), -_MEAN / _STD),
    "caffe": (1.0, -_CAFFE_MEAN_BGR),
    "efficientnet": (_STD**-0.5, 255 * _MEAN * (1 - _STD**-0.5)),
}


def preprocess(images: Any, mode: str) -> Any:
    """Apply one of the preprocessing modes of `keras.applications`.

    Args:
        images: symbolic tensor (batch, height, width, 3), RGB, 0 to 255.
        mode: "none", "tf" (-1 to 1), "torch" (mean 0, deviation 1 on
            ImageNet), "caffe" (BGR, mean 0 on ImageNet) or "efficientnet".

    Returns:
        The symbolic tensor that a network trained in this mode expects.
    """
    if mode == "none":
        return images
    if mode == "caffe":
        images = keras.ops.flip(images, axis=-1)
    return _rescale(images, *_RESCALINGS[mode])


def prepend_preprocessing(model: keras.Model, mode: str) -> keras.Model:
    """Copy a model, with its preprocessing in front and no nested models.

    Args:
        model: a functional model with one image input.
        mode: see `preprocess`.

    Returns:
        A flat functional model that takes raw RGB images, 0 to 255.
    """
    images = keras.Input(model.inputs[0].shape[1:], name="images")
    outputs = model(preprocess(images, mode))
    return flatten(keras.Model(images, outputs, name=model.name))


def prepend_rescaling(
    model: keras.Model, scale: Any, offset: Any
) -> keras.Model:
    """Copy a model, with a rescaling of its images in front.

    Args:
        model: a functional model with one image input.
        scale: what images are multiplied by, a number or one for each
            channel; None for 1.
        offset: what is added then; None for 0.

    Returns:
        A flat functional model of the images before they are rescaled.
    """
    images = keras.Input(model.inputs[0].shape[1:], name="images")
    rescaled = _rescale(
        images,
        1.0 if scale is None else scale,
        0.0 if offset is None else offset,
    )
    return flatten(keras.Model(images, model(rescaled), name=model.name))


def _rescale(images: Any, scale: Any, offset: Any) -> Any:
    # Float32 also under mixed precision: the image has eight bits already.
    return keras.layers.Rescaling(
        np.asarray(scale).tolist(),
        np.asarray(offset).tolist(),
        dtype="float32",
        name="preprocess",
    )(images)
