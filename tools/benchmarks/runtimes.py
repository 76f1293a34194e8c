"""Runtimes that serve a model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf.export import CONVERTERS
from ntaa_tf.export import LOGITS
from ntaa_tf.export import export_saved_model
from ntaa_tf.export import name_tensors
from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.runtimes import OPENERS

Infer = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Runtime:
    """A runtime that serves a model.

    Args:
        open: function that exports a model into an empty directory, opens it
            there, and returns a function that infers one batch of images.
        modules: modules that must be installed.
    """

    open: Callable[[keras.Model, np.ndarray, Path], Infer]
    modules: tuple[str, ...] = ()


def open_keras(model: keras.Model, images: np.ndarray, _: Path) -> Infer:
    """Serve the Keras model itself, as one graph."""
    serve = tf.function(lambda batch: model(batch, training=False))
    batch = tf.constant(images)
    return lambda: serve(batch).numpy()


def make_runtime(name: str) -> Runtime:
    """Build the runtime of an export format.

    Args:
        name: name of the format, as in `--export` of a run.
    """

    def open_exported(
        model: keras.Model, images: np.ndarray, directory: Path
    ) -> Infer:
        file = directory / FORMATS[name].file
        if name in CONVERTERS:
            CONVERTERS[name](name_tensors(model, LOGITS), file, images)
        else:
            export_saved_model(model, file)
        infer = next(
            iter(OPENERS[name](str(file), {"outputs": LOGITS}).values())
        )
        return lambda: infer(images)["logits"]

    return Runtime(open_exported, FORMATS[name].modules)


RUNTIMES = {
    "Keras": Runtime(open_keras),
    "SavedModel": make_runtime("saved_model"),
    "LiteRT": make_runtime("litert"),
    "ONNX Runtime": make_runtime("onnx"),
    "OpenVINO": make_runtime("openvino"),
}
