"""The programs that serve a model: what each needs, and how it is called."""

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
    """A program that serves a model.

    Args:
        open: exports a model into an empty directory, opens it there, and
            gives the function that answers one batch of images.
        modules: what must be installed for it.
    """

    open: Callable[[keras.Model, np.ndarray, Path], Infer]
    modules: tuple[str, ...] = ()


def open_keras(model: keras.Model, images: np.ndarray, _: Path) -> Infer:
    """Serve the live model as one graph."""
    serve = tf.function(lambda batch: model(batch, training=False))
    batch = tf.constant(images)
    return lambda: serve(batch).numpy()


def serve_by(name: str) -> Runtime:
    """Serve by the runtime of a format, what a run exports in it."""

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
    "SavedModel": serve_by("saved_model"),
    "LiteRT": serve_by("litert"),
    "ONNX Runtime": serve_by("onnx"),
    "OpenVINO": serve_by("openvino"),
}
