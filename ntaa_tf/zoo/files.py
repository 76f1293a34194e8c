"""Source models from `.keras` files: read, check, load."""

import json
import pathlib
import zipfile
from typing import Any

import keras

from ntaa_tf.image_size import Size
from ntaa_tf.zoo.cutting import cut_to_features
from ntaa_tf.zoo.errors import invalid_model
from ntaa_tf.zoo.errors import reason


def read_input_size(path: str) -> Size | None:
    """Read the image size of a `.keras` file, without building the model.

    Args:
        path: a `.keras` file.

    Returns:
        Height and width in pixels, or None where the file leaves them open.

    Raises:
        ValueError: if there is no such file, if it is not a Keras file, or
            if its model does not take one RGB image and give one output.
    """
    saved = _read_config(path)
    if saved.get("class_name") not in ("Functional", "Sequential"):
        raise invalid_model(
            "a functional or Sequential model; rebuild a subclassed one with "
            "keras.Model(inputs, outputs)",
            f"{path}, whose model is a {saved.get('class_name')!r}",
        )
    config = saved["config"]
    shapes = [
        tuple(layer["config"]["batch_shape"])
        for layer in config["layers"]
        if layer["class_name"] == "InputLayer"
    ]
    # Each output is a layer's name and two indices.
    outputs = len(keras.tree.flatten(config.get("output_layers", "one"))) // 3
    if not _is_rgb(shapes) or outputs > 1:
        raise invalid_model(
            "a model with one input (None, height, width, 3), both in pixels "
            "or both open, and one output",
            f"{path} with inputs {shapes} and {max(outputs, 1)} output(s)",
        )
    _, height, width, _ = shapes[0]
    return (height, width) if height and width else None


def begins_with_rescaling(path: str) -> bool:
    """Say whether a `.keras` file's model preprocesses its images itself.

    Args:
        path: a `.keras` file that `read_input_size` accepts.

    Returns:
        Whether all that reads the input is Rescaling or Normalization, or a
        nested model of which that is true.
    """
    return _rescales(_read_config(path))


def load_file(path: str, image_size: Size) -> keras.Model:
    """Load a `.keras` file and cut its classifier.

    Args:
        path: a `.keras` file that `read_input_size` accepts.
        image_size: height and width in pixels; the model is rebuilt where
            that is not its own.

    Returns:
        A flat functional model from the file's input to its last feature map.

    Raises:
        ValueError: if the model does not load, has no feature map, or can't
            be rebuilt at `image_size`.
    """
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Anything may be wrong in a foreign file.
        raise invalid_model(
            "a Keras file whose layers are all Keras's own, or registered "
            "and imported",
            f"{path}, which does not load: {reason(error)}",
        ) from error
    return cut_to_features(model, image_size, path)


def _read_config(path: str) -> dict[str, Any]:
    if not pathlib.Path(path).is_file():
        raise invalid_model(
            "the path of a `.keras` file", f"{path}: no such file"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise invalid_model(
            "a file written by `model.save('name.keras')`",
            f"{path}, which is not one or is damaged: {reason(error)}",
        ) from error


def _rescales(layer: dict[str, Any]) -> bool:
    if layer["class_name"] in ("Functional", "Sequential"):
        first = _find_first(layer["config"])
        return bool(first) and all(map(_rescales, first))
    return layer["class_name"] in ("Rescaling", "Normalization")


def _find_first(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Find the saved layers of a model that read its input."""
    layers = [
        layer
        for layer in config["layers"]
        if layer["class_name"] != "InputLayer"
    ]
    if "input_layers" not in config:  # Sequential.
        return layers[:1]
    # A tensor is saved as the name of the layer that made it and two indices.
    inputs = set(keras.tree.flatten(config["input_layers"])[::3])
    return [
        layer
        for layer in layers
        if inputs & set(keras.tree.flatten(layer["inbound_nodes"]))
    ]


def _is_rgb(shapes: list[tuple[int | None, ...]]) -> bool:
    if len(shapes) != 1 or len(shapes[0]) != 4:
        return False
    _, height, width, channels = shapes[0]
    return (height is None) == (width is None) and channels == 3
