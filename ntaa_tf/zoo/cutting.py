"""Cut a model's classifier, and rebuild what is left for another size."""

import collections
from collections.abc import Iterator
from typing import Any

import keras

from ntaa_tf.graph.rewrite import flatten
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.select import GLOBAL_POOLINGS
from ntaa_tf.graph.walk import Call
from ntaa_tf.graph.walk import list_calls
from ntaa_tf.image_size import Size
from ntaa_tf.zoo.errors import invalid_model
from ntaa_tf.zoo.errors import reason


def cut_to_features(
    model: keras.Model, image_size: Size, name: str
) -> keras.Model:
    """Cut a model's classifier, at an image size.

    Args:
        model: a functional or Sequential model with one input and one output.
        image_size: height and width in pixels; the model is rebuilt where
            that is not its own.
        name: what the user calls the model, for the message.

    Returns:
        A flat functional model from the model's input to its last feature
        map.

    Raises:
        ValueError: if it has no such map, can't be rebuilt at the size, or
            has layers that an export can't have.
    """
    try:
        features = cut_classifier(model)
    except Exception:  # Many can't even be copied, whatever they say then.
        _refuse_foreign(model, name)
        raise
    _refuse_foreign(features, name)
    own_size = features.inputs[0].shape[1:3]
    if image_size == own_size:
        return features
    try:
        return rewrite(features, input_shape=(*image_size, 3))
    except Exception as error:  # Whatever a layer says about its new shape.
        raise ValueError(
            "Invalid value for `image_size`. Expected "
            f"{own_size[0]}x{own_size[1]}, the own size of {name}, or another "
            f"that its layers allow. Received: {image_size[0]}x{image_size[1]}"
            f": {reason(error)}."
        ) from error


def takes_rgb(model: Any) -> bool:
    """Say whether a functional model takes one RGB image and gives one map."""
    if not hasattr(model, "inputs") or isinstance(model.output, dict):
        return False
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    is_single = len(shapes) == 1 and len(model.outputs) == 1
    return is_single and len(shapes[0]) == 4 and shapes[0][-1] == 3


def _refuse_foreign(model: keras.Model, name: str) -> None:
    """Raise a ValueError if there are layers that would not open everywhere."""
    foreign = sorted(
        {kind.__name__ for kind in _list_kinds(model) if _is_foreign(kind)}
    )
    if foreign:
        raise invalid_model(
            "one whose layers are all Keras's own, without Lambda, as the "
            "export has no others",
            f"{name}, which has {', '.join(foreign)}",
        )


def _list_kinds(model: keras.Model) -> Iterator[type]:
    """List the classes of all layers, those of nested models too."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _list_kinds(layer)
        else:
            yield type(layer)


def _is_foreign(kind: type) -> bool:
    is_keras = kind.__module__.partition(".")[0] == "keras"
    return not is_keras or kind is keras.layers.Lambda


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
        raise invalid_model(
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
