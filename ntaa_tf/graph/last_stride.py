"""Removing the last reduction of a network, for maps of twice the size."""

from typing import Any

import keras

from ntaa_tf.geometry import span
from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.walk import Call
from ntaa_tf.graph.walk import list_calls


def remove_last_stride(model: keras.Model) -> keras.Model:
    """Copy a model whose last reduction of the map is left out.

    All layers with a stride that give maps of the smallest size, beside one
    another, get stride 1. Kernels and all other weights stay; what comes after
    sees a map of the size before.

    Args:
        model: a functional model that ends in a feature map; it is left as
            it is.

    Returns:
        The copy.

    Raises:
        ValueError: if no layer of the model has a stride, or something else
            reduces the map beside them.

    Source: Sun et al., "Beyond Part Models"; Luo et al., "Bag of Tricks and a
    Strong Baseline for Deep Person Re-identification".

    Example:
    >>> inputs = keras.Input((16, 8, 3))
    >>> conv = keras.layers.Conv2D(4, 3, strides=2, padding="same")
    >>> remove_last_stride(keras.Model(inputs, conv(inputs))).output.shape
    (None, 16, 8, 4)
    """
    calls = list_calls(as_functional(model))
    strided = [call for call in calls if _has_stride(call)]
    if not strided:
        raise ValueError(
            "Invalid value for `last_stride`. Expected 2, the network's own, "
            f"as no layer of {model.name!r} has a stride. Received: 1."
        )
    last = [c for c in strided if _size(c.output) == _size(strided[-1].output)]
    replacements: dict[str, Any] = {}
    for call in last:
        replacements |= _replace(call, calls)
    try:
        copy = rewrite(model, replacements)
    except ValueError as error:
        raise ValueError(
            "Invalid value for `last_stride`. Expected 2 for a network in "
            "which more than strides reduces the last map. Received: 1 for "
            f"{model.name!r}, of which {[c.operation.name for c in last]} have "
            f"a stride: {error}"
        ) from error
    for call in last:
        layer = copy.get_layer(call.operation.name)
        layer.set_weights(call.operation.get_weights())
    return copy


def _has_stride(call: Call) -> bool:
    strides = getattr(call.operation, "strides", 1)
    return strides not in (1, (1, 1)) and len(call.output.shape) == 4


def _size(tensor: Any) -> tuple[int, int]:
    height, width = tensor.shape[1:3]
    return height, width


def _replace(call: Call, calls: list[Call]) -> dict[str, Any]:
    """Give what stands for a layer with a stride, and for its padding."""
    layer = call.operation
    config = {**layer.get_config(), "strides": (1, 1), "padding": "same"}
    before = calls[call.parents[0]].operation
    if not isinstance(before, keras.layers.ZeroPadding2D):
        return {layer.name: type(layer).from_config(config)}
    config["padding"] = "valid"
    kernel = getattr(layer, "kernel_size", None) or layer.pool_size
    extent = span(kernel, getattr(layer, "dilation_rate", (1, 1)))
    padding = tuple(((e - 1) // 2, e // 2) for e in extent)
    padded = keras.layers.ZeroPadding2D(padding, name=before.name)
    return {before.name: padded, layer.name: type(layer).from_config(config)}
