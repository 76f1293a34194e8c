"""Cut the classifier off a model, and rebuild the rest at another size."""

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
from ntaa_tf.zoo.errors import summarize


def cut_to_features(
    model: keras.Model, image_size: Size, name: str
) -> keras.Model:
    """Cut the classifier off a model, and rebuild the rest at an image size.

    Args:
        model: a functional or Sequential model with one input and one output.
        image_size: height and width in pixels; another size than the model's
            own rebuilds the model.
        name: the user's name for the model, for messages.

    Returns:
        A flat functional model from the input to the last feature map.

    Raises:
        ValueError: if the model has no such feature map, can't be rebuilt at
            the size, or has layers that can't be exported.
    """
    try:
        features = cut_classifier(model)
    except Exception:
        # A custom layer may raise any error when it is copied. Its name in
        # the message helps more than that error.
        _check_layers(model, name)
        raise
    # Custom layers of the classifier are cut off, so they do no harm.
    _check_layers(features, name)
    own_size = features.inputs[0].shape[1:3]
    if image_size == own_size:
        return features
    try:
        return rewrite(features, input_shape=(*image_size, 3))
    except Exception as error:  # A layer may refuse its new shape anyhow.
        height, width = image_size
        raise ValueError(
            f"Invalid value for `image_size`: {name} can't be rebuilt for "
            f"{height}x{width} images: {summarize(error)}. Use its own size, "
            f"{own_size[0]}x{own_size[1]}, or another one that its layers "
            "accept."
        ) from error


def takes_rgb(model: Any) -> bool:
    """Return whether a model maps one batch of RGB images to one output."""
    if not hasattr(model, "inputs") or isinstance(model.output, dict):
        return False
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    is_single = len(shapes) == 1 and len(model.outputs) == 1
    return is_single and len(shapes[0]) == 4 and shapes[0][-1] == 3


def _check_layers(model: keras.Model, name: str) -> None:
    """Raise a ValueError if an export of the model would not open elsewhere."""
    custom = sorted(
        {kind.__name__ for kind in _list_classes(model) if _is_custom(kind)}
    )
    if custom:
        raise invalid_model(
            name,
            f"has layers that can't be exported: {', '.join(custom)}",
            "Build it from Keras's own layers, without Lambda",
        )


def _list_classes(model: keras.Model) -> Iterator[type]:
    """List the classes of all layers, including those of nested models."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _list_classes(layer)
        else:
            yield type(layer)


def _is_custom(kind: type) -> bool:
    is_keras = kind.__module__.partition(".")[0] == "keras"
    return not is_keras or kind is keras.layers.Lambda


def cut_classifier(model: keras.Model) -> keras.Model:
    """Cut a model after its last spatial feature map.

    The classifier begins where the last feature map is globally pooled,
    flattened, or cropped into stripes. A model whose output is a feature map
    is copied whole.

    Args:
        model: a functional or Sequential model with one output.

    Returns:
        A flat functional copy with a 4-D output.

    Raises:
        ValueError: if the graph can't be walked, or the output does not
            depend on one feature map alone.
    """
    flat = flatten(model)
    if len(flat.output.shape) == 4:
        return flat
    last_map = _find_last_map(flat)
    if last_map is None:
        raise invalid_model(
            model.name,
            "has no feature map (batch, height, width, channels) between its "
            "layers and its classifier",
            "Build it with a feature map that global pooling or Flatten "
            "passes to the classifier",
        )
    return keras.Model(flat.input, last_map, name=flat.name)


def _find_last_map(model: keras.Model) -> Any:
    """Find the last feature map, None if the model has none.

    The search goes backwards through the bottlenecks of the graph. A 1×1 map
    may be either the last feature map or its global pooling with
    `keepdims=True`. So the first 1×1 map found is only remembered, and the
    search goes on to the map that was pooled.
    """
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
    """Return whether a call pools a whole feature map.

    AveragePooling2D counts as global where its output is `nearest`, a map
    that is flattened next.
    """
    if isinstance(call.operation, GLOBAL_POOLINGS):
        return True
    is_pooling = isinstance(call.operation, keras.layers.AveragePooling2D)
    return is_pooling and call.output is nearest


def _leaves_map(call: Call, pools: bool) -> bool:
    """Return whether a call belongs to the classifier.

    It does if it pools the map, returns vectors, or crops a stripe, which is
    pooled later.
    """
    is_crop = isinstance(call.operation, keras.layers.Cropping2D)
    return pools or is_crop or len(call.output.shape) == 2


def _list_bottlenecks(model: keras.Model) -> Iterator[tuple[Any, list[Call]]]:
    """List the tensors on which the output depends alone, the last one first.

    Walking backwards, `waiting` holds the tensors that are read by a visited
    call and made by an unvisited one. If only one is left, every path from
    the input to the output leads through it.

    Yields:
        Each such tensor, and the calls that read it.
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
