"""The programs that serve a model: what each needs, and how it is called."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf.export import export_saved_model

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


def open_saved_model(
    model: keras.Model, images: np.ndarray, directory: Path
) -> Infer:
    """Serve the SavedModel that a run exports."""
    export_saved_model(model, directory / "saved_model")
    opened = tf.saved_model.load(directory / "saved_model")
    batch = tf.constant(images)

    def infer() -> np.ndarray:
        serve = opened.signatures["serving_default"]
        return serve(images=batch)["logits"].numpy()

    return infer


def open_litert(
    model: keras.Model, images: np.ndarray, directory: Path
) -> Infer:
    """Serve with LiteRT, on all cores."""
    from ai_edge_litert.interpreter import Interpreter

    file = str(directory / "model.tflite")
    model.export(file, format="litert", verbose=False)
    cores = len(os.sched_getaffinity(0))
    interpreter = Interpreter(file, num_threads=cores)
    (reads,), (gives,) = (
        interpreter.get_input_details(),
        interpreter.get_output_details(),
    )
    interpreter.resize_tensor_input(reads["index"], images.shape)
    interpreter.allocate_tensors()

    def infer() -> np.ndarray:
        interpreter.set_tensor(reads["index"], images)
        interpreter.invoke()
        return interpreter.get_tensor(gives["index"])

    return infer


def open_onnx(model: keras.Model, images: np.ndarray, directory: Path) -> Infer:
    """Serve with ONNX Runtime, which takes all cores."""
    from onnxruntime import InferenceSession

    file = str(directory / "model.onnx")
    model.export(file, format="onnx", verbose=False)
    session = InferenceSession(file, providers=["CPUExecutionProvider"])
    feed: dict[str, Any] = {session.get_inputs()[0].name: images}
    return lambda: session.run(None, feed)[0]


RUNTIMES = {
    "Keras": Runtime(open_keras),
    "SavedModel": Runtime(open_saved_model),
    "LiteRT": Runtime(open_litert, ("ai_edge_litert",)),
    "ONNX Runtime": Runtime(open_onnx, ("onnxruntime", "tf2onnx")),
}
