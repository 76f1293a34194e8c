"""Runtimes that open, run and time exported models.

This module imports nothing of the package. It is also a program, `python
runtimes.py REQUEST`, for a process in which the package can't be imported.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

# From uint8 images (batch, height, width, 3) to outputs by name.
Infer = Callable[[np.ndarray], dict[str, np.ndarray]]
Request = Mapping[str, Any]


def open_keras(path: str, request: Request) -> dict[str, Infer]:
    """Open a `.keras` file, under any backend of Keras."""
    import keras

    model = keras.saving.load_model(path, compile=False, safe_mode=True)

    def infer(images: np.ndarray) -> dict[str, np.ndarray]:
        outputs = keras.tree.flatten(
            model.predict_on_batch(images.astype("float32"))
        )
        return dict(zip(request["outputs"], outputs, strict=True))

    return {"keras": infer}


def open_saved_model(path: str, request: Request) -> dict[str, Infer]:
    """Open a SavedModel and return a function for each of its signatures."""
    import tensorflow as tf

    served = tf.saved_model.load(path)

    def serve_by(name: str) -> Infer:
        signature = served.signatures[name]
        ((argument, spec),) = signature.structured_input_signature[1].items()

        def infer(images: np.ndarray) -> dict[str, np.ndarray]:
            if spec.dtype == tf.string:
                # The signature crops the centre, which must be `images`.
                larger = surround(images, request["file_size"])
                batch = tf.stack([tf.io.encode_png(image) for image in larger])
            else:
                batch = tf.cast(images, spec.dtype)
            outputs = signature(**{argument: batch})
            return {name: _read(value) for name, value in outputs.items()}

        return infer

    first = "serving_default"  # The durations are those of the first one.
    names = sorted(served.signatures, key=lambda name: (name != first, name))
    return {name: serve_by(name) for name in names}


def _read(tensor: Any) -> np.ndarray:
    """Return a tensor as an array; strings as Unicode, not as objects.

    NumPy saves objects only as a pickle.
    """
    array: np.ndarray = tensor.numpy()
    return np.char.decode(array.astype("S")) if array.dtype == object else array


def open_onnx(path: str, request: Request) -> dict[str, Infer]:
    """Open a file with ONNX Runtime, which uses all cores by default."""
    from onnxruntime import InferenceSession

    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    (argument,) = (tensor.name for tensor in session.get_inputs())
    names = [tensor.name for tensor in session.get_outputs()]

    def infer(images: np.ndarray) -> dict[str, np.ndarray]:
        outputs = session.run(names, {argument: images.astype("float32")})
        return dict(zip(names, outputs, strict=True))

    return {"onnx": infer}


def open_litert(path: str, request: Request) -> dict[str, Infer]:
    """Open a file with LiteRT, on all cores."""
    from ai_edge_litert.interpreter import Interpreter

    cores = len(os.sched_getaffinity(0))
    runner = Interpreter(path, num_threads=cores).get_signature_runner()
    (argument,) = runner.get_input_details()

    def infer(images: np.ndarray) -> dict[str, np.ndarray]:
        outputs: dict[str, np.ndarray] = runner(
            **{argument: images.astype("float32")}
        )
        return outputs

    return {"litert": infer}


def open_openvino(path: str, request: Request) -> dict[str, Infer]:
    """Open a directory with OpenVINO, on all cores and in float32.

    By default OpenVINO computes in bfloat16 on processors that support it.
    """
    import openvino

    model = openvino.Core().compile_model(
        f"{path}/model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )

    def infer(images: np.ndarray) -> dict[str, np.ndarray]:
        outputs = model([images.astype("float32")])
        return {name: outputs[name] for name in request["outputs"]}

    return {"openvino": infer}


OPENERS: dict[str, Callable[[str, Request], dict[str, Infer]]] = {
    "keras": open_keras,
    "saved_model": open_saved_model,
    "onnx": open_onnx,
    "litert": open_litert,
    "litert_float16": open_litert,
    "litert_int8": open_litert,
    "openvino": open_openvino,
}


def surround(images: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Enlarge images by repeating their borders; their centre stays.

    Args:
        images: (batch, height, width, 3).
        size: height and width of the result in pixels.

    Example:
    >>> surround(np.zeros((1, 4, 4, 3), "uint8"), (5, 8)).shape
    (1, 5, 8, 3)
    """
    added = [w - k for w, k in zip(size, images.shape[1:3], strict=True)]
    # An odd number of added pixels puts the larger half behind, as the crop
    # of served files expects.
    margins = [(side // 2, side - side // 2) for side in added]
    return np.pad(images, [(0, 0), *margins, (0, 0)], mode="edge")


def run(
    name: str, images: np.ndarray, request: Request
) -> tuple[dict[str, np.ndarray], float]:
    """Run an exported model on one image at a time, and measure its duration.

    Args:
        name: name of the format.
        images: uint8, (batch, height, width, 3).
        request: a mapping with the `files` by format, the names of the
            `outputs` in the model's order, and the `file_size`, height and
            width of decoded image files before they are cropped.

    Returns:
        The outputs by signature and name, joined by a slash, and the median
        milliseconds of a batch of one image with the first signature.
    """
    signatures = OPENERS[name](request["files"][name], request)
    outputs, durations = {}, []
    for signature, infer in signatures.items():
        timed = [_time(infer, image[None]) for image in images]
        batches = [batch for batch, _ in timed]
        for output in batches[0]:
            outputs[f"{signature}/{output}"] = np.concatenate(
                [batch[output] for batch in batches]
            )
        durations.append(statistics.median(seconds for _, seconds in timed))
    return outputs, 1000 * durations[0]


def _time(
    infer: Infer, images: np.ndarray
) -> tuple[dict[str, np.ndarray], float]:
    begin = time.perf_counter()
    outputs = infer(images)
    return outputs, time.perf_counter() - begin


def main(request_file: Path) -> None:
    """Run the exports of a request and write the results beside it.

    `request_file` and `images.npz` lie in one directory. It gets
    `results.json`, with the `milliseconds` or the `failure` of each format,
    and `<format>.npz`, with the outputs.
    """
    # None makes every import of the package fail.
    sys.modules["ntaa_tf"] = None  # type: ignore[assignment]
    request = json.loads(request_file.read_text("utf-8"))
    with np.load(request_file.with_name("images.npz")) as arrays:
        images = arrays["images"]
    results: dict[str, dict[str, Any]] = {}
    for name in request["files"]:
        try:
            outputs, milliseconds = run(name, images, request)
        except Exception as error:  # A runtime may raise anything.
            results[name] = {"failure": f"{type(error).__name__}: {error}"}
            continue
        results[name] = {"milliseconds": milliseconds}
        file = request_file.with_name(f"{name}.npz")
        np.savez(file, **outputs)  # type: ignore[arg-type]
    text = json.dumps(results)
    request_file.with_name("results.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
