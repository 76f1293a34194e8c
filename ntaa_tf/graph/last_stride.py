"""Removal of the last downsampling, which doubles the final feature map."""

from typing import Any

import keras

from ntaa_tf.geometry import span
from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.walk import Call
from ntaa_tf.graph.walk import list_calls


def remove_last_stride(model: keras.Model) -> keras.Model:
    """Copy a model without its last downsampling.

    Every strided layer that writes the smallest feature map gets stride 1:
    usually the last strided convolution and the shortcut parallel to it. All
    weights stay the same. The layers behind see a larger feature map.

    Args:
        model: a functional model that ends in a feature map. It is not
            modified.

    Returns:
        The copy.

    Raises:
        ValueError: if no layer of the model has a stride, or if anything
            besides strides shrinks the last feature map.

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
            "`last_stride=1` removes the last downsampling, but no layer of "
            f"{model.name!r} has a stride. Use `last_stride=2`, which keeps "
            "the network as it is."
        )
    # By the size of the output: the shortcut of a block is as small as its
    # branch, and both must change, or their sum would not fit.
    last = [c for c in strided if _size(c.output) == _size(strided[-1].output)]
    replacements: dict[str, Any] = {}
    for call in last:
        replacements |= _replace(call, calls)
    try:
        copy = rewrite(model, replacements)
    except ValueError as error:
        raise ValueError(
            f"`last_stride=1` can't be used for {model.name!r}: not only the "
            f"strides of {[c.operation.name for c in last]} shrink its last "
            f"feature map ({error}). Use `last_stride=2`, which keeps the "
            "network as it is."
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
    """Build the replacements of a strided layer and of its padding, by name.

    A ZeroPadding2D directly before the layer was made for its stride: for
    stride 1 it must keep the size of the map, so it pads as `same` does.
    """
    layer = call.operation
    config = {**layer.get_config(), "strides": (1, 1), "padding": "same"}
    before = calls[call.parents[0]].operation
    if not isinstance(before, keras.layers.ZeroPadding2D):
        return {layer.name: type(layer).from_config(config)}
    config["padding"] = "valid"
    kernel = getattr(layer, "kernel_size", None) or layer.pool_size
    extent = span(kernel, getattr(layer, "dilation_rate", (1, 1)))
    # e − 1 zeros in all keep the size at stride 1.
    padding = tuple(((e - 1) // 2, e // 2) for e in extent)
    padded = keras.layers.ZeroPadding2D(padding, name=before.name)
    return {before.name: padded, layer.name: type(layer).from_config(config)}
