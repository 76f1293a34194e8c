"""Source models from `.keras` files: read, check, cut the classifier."""

import collections
import json
import pathlib
import zipfile
from collections.abc import Iterator
from typing import Any

import keras

from ntaa_tf.graph.rewrite import flatten
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.select import GLOBAL_POOLINGS
from ntaa_tf.graph.walk import Call
from ntaa_tf.graph.walk import list_calls
from ntaa_tf.size import Size
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
        raise _invalid(
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
        raise _invalid(
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
        raise _invalid(
            "a Keras file whose layers are all Keras's own, or registered "
            "and imported",
            f"{path}, which does not load: {reason(error)}",
        ) from error
    features = cut_classifier(model)
    own_size = features.inputs[0].shape[1:3]
    if image_size == own_size:
        return features
    try:
        return rewrite(features, input_shape=(*image_size, 3))
    except Exception as error:  # Whatever a layer says about its new shape.
        raise ValueError(
            "Invalid value for `image_size`. Expected "
            f"{own_size[0]}x{own_size[1]}, the own size of {path}, or another "
            f"that its layers allow. Received: {image_size[0]}x{image_size[1]}"
            f": {reason(error)}."
        ) from error


def cut_classifier(model: keras.Model) -> keras.Model:
    """Cut a model after its last spatial feature map.

    That is what is pooled as a whole or flattened on the way to the output,
    or cut in stripes; a model that ends in a map is kept whole.

    Args:
        model: a functional or Sequential model with one output.

    Returns:
        A flat functional model with a 4-D output, apart from `model`.

    Raises:
        ValueError: if the graph can't be walked, or the output does not
            depend on one map alone.
    """
    flat = flatten(model)
    if len(flat.output.shape) == 4:
        return flat
    last_map = _find_last_map(flat)
    if last_map is None:
        raise _invalid(
            "a model with a feature map (batch, height, width, channels) "
            "that global pooling or Flatten takes to the classifier",
            f"{model.name!r}, which has none",
        )
    return keras.Model(flat.input, last_map, name=flat.name)


def _find_last_map(model: keras.Model) -> Any:
    """Find the last map, or of 1×1 maps the one that is pooled to the first."""
    nearest = None
    for tensor, readers in _list_bottlenecks(model):
        if len(tensor.shape) != 4:
            continue
        pools = [_pools(reader, nearest) for reader in readers]
        ends = all(map(_leaves_map, readers, pools))
        if any(pools) and ends:
            return tensor
        if nearest is None and ends:
            nearest = tensor
        if tensor.shape[1:3] != (1, 1):
            break
    return nearest


def _pools(call: Call, nearest: Any) -> bool:
    """Whether a call pools a whole map, to be flattened if not by its kind."""
    if isinstance(call.operation, GLOBAL_POOLINGS):
        return True
    is_pooling = isinstance(call.operation, keras.layers.AveragePooling2D)
    return is_pooling and call.output is nearest


def _leaves_map(call: Call, pools: bool) -> bool:
    """Whether a call pools, gives vectors, or stripes that become vectors."""
    is_crop = isinstance(call.operation, keras.layers.Cropping2D)
    return pools or is_crop or len(call.output.shape) == 2


def _list_bottlenecks(model: keras.Model) -> Iterator[tuple[Any, list[Call]]]:
    """List the tensors through which everything goes, the last one first.

    Yields:
        Each tensor, and the calls that read it.
    """
    waiting = {id(model.output): model.output}
    readers: dict[int, list[Call]] = collections.defaultdict(list)
    for call in reversed(list_calls(model)):
        for tensor in call.outputs:
            waiting.pop(id(tensor), None)
        for tensor in call.inputs:
            waiting[id(tensor)] = tensor
            readers[id(tensor)].append(call)
        if len(waiting) == 1:
            (tensor,) = waiting.values()
            yield tensor, readers[id(tensor)]


def _read_config(path: str) -> dict[str, Any]:
    if not pathlib.Path(path).is_file():
        raise _invalid("the path of a `.keras` file", f"{path}: no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise _invalid(
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


def _invalid(expected: str, received: str) -> ValueError:
    return ValueError(
        f"Invalid value for `model`. Expected {expected}. Received: {received}."
    )
