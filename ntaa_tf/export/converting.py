"""Conversion of models for other runtimes, with Keras's exporters."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf.export.saved_model import IMAGES
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.storage.files import write_atomically

Convert = Callable[[keras.Model, Path, np.ndarray], None]


def name_tensors(model: keras.Model, outputs: Sequence[str]) -> keras.Model:
    """Copy a model and name its input and outputs as they are served.

    Args:
        model: a flat functional model of images; it is not changed.
        outputs: names of the outputs, in the model's order.

    Returns:
        A model from `images` to a dictionary of the outputs.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> model = keras.Model(inputs, keras.layers.Conv2D(2, 3)(inputs))
    >>> sorted(name_tensors(model, ["map"]).output)
    ['map']
    """
    normalizations = {
        layer.name: _as_rescaling(layer)
        for layer in model.layers
        if isinstance(layer, keras.layers.Normalization)
    }
    images = keras.Input(model.inputs[0].shape[1:], name=IMAGES)
    tensors = keras.tree.flatten(rewrite(model, normalizations)(images))
    return keras.Model(images, dict(zip(outputs, tensors, strict=True)))


def _as_rescaling(layer: keras.layers.Normalization) -> keras.layers.Layer:
    """Return a Rescaling that computes the same as a Normalization.

    The converter to ONNX makes inputs of the tensors that Normalization
    derives from its weights. The scale and offset of Rescaling are constants.
    """
    mean, variance = np.asarray(layer.mean), np.asarray(layer.variance)
    deviation = np.maximum(np.sqrt(variance), keras.backend.epsilon())
    scale, offset = 1 / deviation, -mean / deviation
    if layer.invert:
        scale, offset = deviation, mean
    return keras.layers.Rescaling(scale.tolist(), offset.tolist())


def convert_to_onnx(model: keras.Model, file: Path, _: np.ndarray) -> None:
    """Write a model for ONNX Runtime."""
    with write_atomically(file) as unfinished:
        _export(model, unfinished, "onnx")


def convert_to_openvino(model: keras.Model, file: Path, _: np.ndarray) -> None:
    """Write a directory for OpenVINO, with `model.xml` and its weights."""
    with write_atomically(file) as unfinished:
        unfinished.mkdir()
        _export(model, unfinished / "model.xml", "openvino")


def convert_to_litert(model: keras.Model, file: Path, _: np.ndarray) -> None:
    """Write a model for LiteRT."""
    _convert_for_litert(model, file, tf.lite.OpsSet.TFLITE_BUILTINS)


def convert_to_float16(model: keras.Model, file: Path, _: np.ndarray) -> None:
    """Write a model for LiteRT whose weights are stored in float16."""
    _convert_for_litert(
        model, file, tf.lite.OpsSet.TFLITE_BUILTINS, types=[tf.float16]
    )


def convert_to_int8(model: keras.Model, file: Path, images: np.ndarray) -> None:
    """Write a model for LiteRT that computes in 8-bit integers.

    Inputs and outputs stay float32. The images (batch, height, width, 3)
    calibrate the ranges of the integers.
    """

    def represent() -> Iterator[list[np.ndarray]]:
        for image in images:
            yield [image[None].astype("float32")]

    _convert_for_litert(
        model,
        file,
        tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
        representative_dataset=represent,
    )


CONVERTERS: dict[str, Convert] = {
    "onnx": convert_to_onnx,
    "litert": convert_to_litert,
    "litert_float16": convert_to_float16,
    "litert_int8": convert_to_int8,
    "openvino": convert_to_openvino,
}


def _convert_for_litert(
    model: keras.Model,
    file: Path,
    operations: Any,
    types: Sequence[Any] = (),
    **options: Any,
) -> None:
    """Write a model for LiteRT.

    Args:
        model: a model with named input and outputs.
        file: file to write.
        operations: a member of `tf.lite.OpsSet`. TensorFlow's own operations
            are left out, because LiteRT can't run them.
        types: types in which weights may be stored, float32 if empty.
        **options: further attributes of the converter.
    """
    if types or options:
        options["optimizations"] = [tf.lite.Optimize.DEFAULT]
    target = {"supported_ops": [operations], "supported_types": list(types)}
    with write_atomically(file) as unfinished:
        _export(model, unfinished, "litert", target_spec=target, **options)


def _export(
    model: keras.Model, file: Path, format: str, **options: Any
) -> None:
    model.export(
        str(file),
        format=format,
        verbose=False,
        input_signature=[tf.TensorSpec(model.inputs[0].shape, name=IMAGES)],
        **options,
    )
