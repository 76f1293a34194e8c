"""Preprocessing inside the model, in stock Keras layers."""

from typing import Any

import keras
import numpy as np

from ntaa_tf.graph.rewrite import flatten

FILE_MODES = ("none", "tf", "torch", "caffe")

_MEAN = np.array([0.485, 0.456, 0.406])
_STD = np.array([0.229, 0.224, 0.225])
_CAFFE_MEAN_BGR = np.array([103.939, 116.779, 123.68])

# Scale and offset by mode. EfficientNet's published weights need the factor
# a = 1 / sqrt(std) behind the model's normalization. Keras adds a layer for it
# only when it downloads these weights itself. For the same weights from a file,
# "efficientnet" moves the factor in front of the normalization (x/255 - mean):
# with b = 255·mean·(1 - a), (a·x + b)/255 - mean = a·(x/255 - mean).
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
        mode: "none", "tf" (-1 to 1), "torch" (mean 0 and standard deviation 1
            on ImageNet), "caffe" (BGR, mean 0 on ImageNet) or "efficientnet"
            (raw images for Keras's published EfficientNet weights).

    Returns:
        The symbolic tensor of preprocessed images, of the same shape.
    """
    if mode == "none":
        return images
    if mode == "caffe":
        images = keras.ops.flip(images, axis=-1)
    return _rescale(images, *_RESCALINGS[mode])


def prepend_preprocessing(model: keras.Model, mode: str) -> keras.Model:
    """Copy a model, put its preprocessing in front and flatten it.

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
    """Copy a model and put images · scale + offset in front of it.

    Args:
        model: a functional model with one image input.
        scale: factor, a number or one for each channel; None for 1.
        offset: summand, a number or one for each channel; None for 0.

    Returns:
        A flat functional model of images that are not rescaled yet.
    """
    images = keras.Input(model.inputs[0].shape[1:], name="images")
    rescaled = _rescale(
        images,
        1.0 if scale is None else scale,
        0.0 if offset is None else offset,
    )
    return flatten(keras.Model(images, model(rescaled), name=model.name))


def _rescale(images: Any, scale: Any, offset: Any) -> Any:
    # Float32 also under mixed precision: bfloat16 has eight significant bits,
    # which the images fill already, so the sum would be rounded.
    return keras.layers.Rescaling(
        np.asarray(scale).tolist(),
        np.asarray(offset).tolist(),
        dtype="float32",
        name="preprocess",
    )(images)
