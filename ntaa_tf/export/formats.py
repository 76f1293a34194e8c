"""What an adapted model can be exported to, and what each format needs."""

import importlib.util
from dataclasses import dataclass

EXACT = 1e-4
TENSORFLOW = "tensorflow"


@dataclass(frozen=True)
class Format:
    """A form in which a model is served.

    Args:
        file: the name of the file, or of the directory of its files.
        runtime: what opens it.
        modules: that have to be installed, beside TensorFlow.
        tolerance: by how much an output may differ from the live model's, as
            a share of the largest. That of eight bits only tells what is
            broken: how good they are is for the user to judge.

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
    "saved_model": Format("saved_model", TENSORFLOW),
    "onnx": Format("model.onnx", "onnx", ("onnx", "onnxruntime", "tf2onnx")),
    "litert": Format("model.tflite", "litert", _LITERT),
    "litert_float16": Format("model_float16.tflite", "litert", _LITERT, 0.02),
    "litert_int8": Format("model_int8.tflite", "litert", _LITERT, 2.0),
    "openvino": Format("openvino", "openvino", ("openvino",)),
}


def parse_formats(text: str) -> tuple[str, ...]:
    """Read the names of formats, separated by commas.

    Args:
        text: such as `saved_model,onnx`.

    Returns:
        The names, each once.

    Raises:
        ValueError: if one is unknown, or needs what is not installed.

    Example:
    >>> parse_formats("saved_model")
    ('saved_model',)
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if not set(names) <= set(FORMATS):
        raise ValueError(
            "Invalid value for `export`. Expected formats separated by commas, "
            f"of {', '.join(FORMATS)}. Received: {text!r}."
        )
    needed = dict.fromkeys(m for name in names for m in FORMATS[name].modules)
    missing = [m for m in needed if importlib.util.find_spec(m) is None]
    if missing:
        raise ValueError(
            "Invalid value for `export`. Expected formats whose modules are "
            f"installed. Received: {text!r}, without {', '.join(missing)}. Run "
            '`pip install "ntaa-tf[export]"`.'
        )
    return names
