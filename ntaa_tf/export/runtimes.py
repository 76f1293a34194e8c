"""Exported models, each opened by its own runtime, and timed.

Imports nothing of the package: it is run as a program as well, `python
runtimes.py REQUEST`, in a process in which the package can't be imported.
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

# From uint8 images (batch, height, width, 3) to outputs by their names.
Infer = Callable[[np.ndarray], dict[str, np.ndarray]]
Request = Mapping[str, Any]


def open_keras(path: str, request: Request) -> dict[str, Infer]:
    """Open a `.keras` file, with any backend of Keras."""
    import keras

    model = keras.saving.load_model(path, compile=False, safe_mode=True)

    def infer(images: np.ndarray) -> dict[str, np.ndarray]:
        given = model.predict_on_batch(images.astype("float32"))
        return dict(
            zip(request["outputs"], keras.tree.flatten(given), strict=True)
        )

    return {"keras": infer}


def open_saved_model(path: str, request: Request) -> dict[str, Infer]:
    """Open a SavedModel; each of its signatures is called."""
    import tensorflow as tf

    served = tf.saved_model.load(path)

    def serve_by(name: str) -> Infer:
        signature = served.signatures[name]
        ((taken, spec),) = signature.structured_input_signature[1].items()

        def infer(images: np.ndarray) -> dict[str, np.ndarray]:
            if spec.dtype == tf.string:
                whole = surround(images, request["file_size"])
                batch = tf.stack([tf.io.encode_png(image) for image in whole])
            else:
                batch = tf.cast(images, spec.dtype)
            given = signature(**{taken: batch})
            return {output: value.numpy() for output, value in given.items()}

        return infer

    first = "serving_default"
    names = sorted(served.signatures, key=lambda name: (name != first, name))
    return {name: serve_by(name) for name in names}


def open_onnx(path: str, request: Request) -> dict[str, Infer]:
    """Open a file with ONNX Runtime, which takes all cores."""
    from onnxruntime import InferenceSession

    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    (taken,) = (given.name for given in session.get_inputs())
    names = [given.name for given in session.get_outputs()]

    def infer(images: np.ndarray) -> dict[str, np.ndarray]:
        given = session.run(names, {taken: images.astype("float32")})
        return dict(zip(names, given, strict=True))

    return {"onnx": infer}


def open_litert(path: str, request: Request) -> dict[str, Infer]:
    """Open a file with LiteRT, on all cores."""
    from ai_edge_litert.interpreter import Interpreter

    cores = len(os.sched_getaffinity(0))
    runner = Interpreter(path, num_threads=cores).get_signature_runner()
    (taken,) = runner.get_input_details()

    def infer(images: np.ndarray) -> dict[str, np.ndarray]:
        given: dict[str, np.ndarray] = runner(
            **{taken: images.astype("float32")}
        )
        return given

    return {"litert": infer}


def open_openvino(path: str, request: Request) -> dict[str, Infer]:
    """Open a directory with OpenVINO, on all cores and in float32.

    Left to itself, it computes in bfloat16 where a processor can.
    """
    import openvino

    model = openvino.Core().compile_model(
        f"{path}/model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )

    def infer(images: np.ndarray) -> dict[str, np.ndarray]:
        given = model([images.astype("float32")])
        return {name: given[name] for name in request["outputs"]}

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
    """Give larger images whose centre is left when they are cropped.

    Args:
        images: shape (batch, height, width, 3).
        size: height and width of the result.

    Example:
    >>> surround(np.zeros((1, 4, 4, 3), "uint8"), (5, 8)).shape
    (1, 5, 8, 3)
    """
    more = [w - k for w, k in zip(size, images.shape[1:3], strict=True)]
    margins = [(side // 2, side - side // 2) for side in more]
    return np.pad(images, [(0, 0), *margins, (0, 0)], mode="edge")


def answer(
    name: str, images: np.ndarray, request: Request
) -> tuple[dict[str, np.ndarray], float]:
    """Let a runtime answer, one image at a time, and time it.

    Args:
        name: of the format.
        images: uint8, shape (batch, height, width, 3).
        request: has the `files` by format, the names of the `outputs` in the
            model's order, and the `file_size` of what is decoded and cropped.

    Returns:
        The answers by signature and output, joined by a slash; the median
        milliseconds of a batch of one, by the first signature.
    """
    opened = OPENERS[name](request["files"][name], request)
    answers, durations = {}, []
    for signature, infer in opened.items():
        timed = [_time(infer, image[None]) for image in images]
        given = [each for each, _ in timed]
        for output in given[0]:
            answers[f"{signature}/{output}"] = np.concatenate(
                [each[output] for each in given]
            )
        durations.append(statistics.median(seconds for _, seconds in timed))
    return answers, 1000 * durations[0]


def _time(
    infer: Infer, images: np.ndarray
) -> tuple[dict[str, np.ndarray], float]:
    begin = time.perf_counter()
    given = infer(images)
    return given, time.perf_counter() - begin


def main(request_file: Path) -> None:
    """Answer a request of files of one runtime; results lie beside it."""
    sys.modules["ntaa_tf"] = None  # type: ignore[assignment]
    request = json.loads(request_file.read_text("utf-8"))
    with np.load(request_file.with_name("images.npz")) as kept:
        images = kept["images"]
    told: dict[str, dict[str, Any]] = {}
    for name in request["files"]:
        try:
            answers, milliseconds = answer(name, images, request)
        except Exception as error:  # Whatever a runtime may say.
            told[name] = {"failure": f"{type(error).__name__}: {error}"}
            continue
        told[name] = {"milliseconds": milliseconds}
        file = request_file.with_name(f"{name}.npz")
        np.savez(file, **answers)  # type: ignore[arg-type]
    text = json.dumps(told)
    request_file.with_name("told.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
