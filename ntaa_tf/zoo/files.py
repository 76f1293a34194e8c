"""Source models from `.keras` files."""

import json
import pathlib
import zipfile
from typing import Any

import keras

from ntaa_tf.image_size import Size
from ntaa_tf.zoo.cutting import cut_to_features
from ntaa_tf.zoo.errors import invalid_model
from ntaa_tf.zoo.errors import summarize


def read_input_size(path: str) -> Size | None:
    """Read the image size of a `.keras` file without building its model.

    Args:
        path: path of a `.keras` file.

    Returns:
        Height and width in pixels, or None if the model takes any size.

    Raises:
        ValueError: if the file does not exist or is not a Keras file, or if
            its model has other inputs than one RGB image, or several outputs.
    """
    saved = _read_config(path)
    if saved.get("class_name") not in ("Functional", "Sequential"):
        raise invalid_model(
            path,
            f"has a model of the class {saved.get('class_name')!r}",
            "Save a functional or Sequential model; rebuild a subclassed one "
            "with keras.Model(inputs, outputs)",
        )
    config = saved["config"]
    shapes = [
        tuple(layer["config"]["batch_shape"])
        for layer in config["layers"]
        if layer["class_name"] == "InputLayer"
    ]
    # An output is saved as the name of its layer and two indices.
    outputs = len(keras.tree.flatten(config.get("output_layers", "one"))) // 3
    if not _is_rgb(shapes) or outputs > 1:
        raise invalid_model(
            path,
            f"has inputs {shapes} and {max(outputs, 1)} output(s)",
            "The model must have one input (None, height, width, 3), with "
            "height and width both in pixels or both None, and one output",
        )
    _, height, width, _ = shapes[0]
    return (height, width) if height and width else None


def begins_with_rescaling(path: str) -> bool:
    """Return whether the model of a `.keras` file preprocesses its images.

    Args:
        path: path of a `.keras` file that `read_input_size` accepts.

    Returns:
        Whether every layer that reads the input is Rescaling, Normalization,
        or a nested model that begins with them.
    """
    return _rescales(_read_config(path))


def load_file(path: str, image_size: Size) -> keras.Model:
    """Load a `.keras` file and cut its classifier.

    Args:
        path: path of a `.keras` file that `read_input_size` accepts.
        image_size: height and width in pixels; another size than the file's
            own rebuilds the model.

    Returns:
        A flat functional model from the file's input to its last feature map.

    Raises:
        ValueError: if the file does not load, has no feature map, or can't
            be rebuilt at `image_size`.
    """
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # A damaged file may raise anything.
        raise invalid_model(
            path,
            f"does not load: {summarize(error)}",
            "Its layers must be Keras's own, or be registered and imported",
        ) from error
    return cut_to_features(model, image_size, path)


def _read_config(path: str) -> dict[str, Any]:
    if not pathlib.Path(path).is_file():
        raise invalid_model(
            path, "does not exist", "Pass the path of a `.keras` file"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise invalid_model(
            path,
            f"is no Keras file, or is damaged: {summarize(error)}",
            "Write it with `model.save('name.keras')`",
        ) from error


def _rescales(layer: dict[str, Any]) -> bool:
    """Return whether a saved layer or model begins by rescaling images."""
    if layer["class_name"] in ("Functional", "Sequential"):
        first = _list_first_layers(layer["config"])
        return bool(first) and all(map(_rescales, first))
    return layer["class_name"] in ("Rescaling", "Normalization")


def _list_first_layers(config: dict[str, Any]) -> list[dict[str, Any]]:
    """List the saved layers of a model that read its input."""
    layers = [
        layer
        for layer in config["layers"]
        if layer["class_name"] != "InputLayer"
    ]
    if "input_layers" not in config:  # A Sequential model.
        return layers[:1]
    # A tensor is saved as the name of its layer and two indices.
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
