"""Formats of --export, and the modules that each of them needs.

Recipes import this module, so it imports neither TensorFlow nor Keras.
"""

import importlib.util
from dataclasses import dataclass

EXACT = 1e-4  # Tolerance of formats that compute in float32.
TENSORFLOW = "tensorflow"
SAVED_MODEL = "saved_model"  # The one format that CONVERTERS does not write.


@dataclass(frozen=True)
class Format:
    """A file format for serving a model.

    Args:
        file: name of the file or directory that is written.
        runtime: runtime that opens the file.
        modules: Python modules that the format needs beside TensorFlow.
        tolerance: largest accepted difference from an output of the live
            model, as a share of the largest output. The tolerance of 8-bit
            integers is wide: it detects broken exports only. The user judges
            their accuracy.

    Example:
    >>> FORMATS["onnx"].file
    'model.onnx'
    """

    file: str
    runtime: str
    modules: tuple[str, ...] = ()
    tolerance: float = EXACT


_LITERT = ("ai_edge_litert",)
FORMATS = {
    SAVED_MODEL: Format("saved_model", TENSORFLOW),
    "onnx": Format("model.onnx", "onnx", ("onnx", "onnxruntime", "tf2onnx")),
    "litert": Format("model.tflite", "litert", _LITERT),
    "litert_float16": Format("model_float16.tflite", "litert", _LITERT, 0.02),
    "litert_int8": Format("model_int8.tflite", "litert", _LITERT, 2.0),
    "openvino": Format("openvino", "openvino", ("openvino",)),
}


NO_EXPORT = "none"


def parse_formats(text: str) -> tuple[str, ...]:
    """Read names of formats that are separated by commas.

    Args:
        text: names such as "saved_model,onnx", or "none".

    Returns:
        The names without repetitions, in the order of `text`.

    Raises:
        ValueError: if a format is unknown, or needs a module that is not
            installed.

    Example:
    >>> parse_formats("saved_model")
    ('saved_model',)
    """
    if text == NO_EXPORT:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise ValueError(
            f"Invalid value for `export`: {text!r} has the unknown format "
            f"{unknown[0]!r}. Choose from {', '.join(FORMATS)}, separated by "
            "commas."
        )
    needed = dict.fromkeys(m for name in names for m in FORMATS[name].modules)
    missing = [m for m in needed if importlib.util.find_spec(m) is None]
    if missing:
        raise ValueError(
            f"Invalid value for `export`: {text!r} needs {', '.join(missing)}, "
            'not installed here. Run `pip install "ntaa-tf[export]"`.'
        )
    return names
