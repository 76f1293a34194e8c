"""Geometry of a convolution, including ZeroPadding2D layers before it."""

from typing import Any

import keras

from ntaa_tf.geometry import Geometry
from ntaa_tf.geometry import Pair
from ntaa_tf.geometry import same_padding
from ntaa_tf.geometry import span
from ntaa_tf.graph.walk import trace_back


class UnsupportedConvolutionError(ValueError):
    """No candidate fits a convolution; the message is the reason."""


def measure_convolution(layer: keras.Layer, tensor: Any) -> Geometry:
    """Compute the geometry of a convolution that reads `tensor`.

    Args:
        layer: a Conv2D, DepthwiseConv2D or SeparableConv2D.
        tensor: the symbolic tensor that the layer is called on.

    Returns:
        The geometry. For a SeparableConv2D, the geometry of its depthwise
        part.

    Raises:
        UnsupportedConvolutionError: if no candidate fits the convolution.

    Example:
    >>> inputs = keras.Input((32, 32, 3))
    >>> padded = keras.layers.ZeroPadding2D(1)(inputs)
    >>> conv = keras.layers.Conv2D(8, 3, strides=2)
    >>> geometry = measure_convolution(conv, padded)
    >>> geometry.padding, geometry.offset, geometry.output_size
    (((1, 1), (1, 1)), (0, 0), (16, 16))
    """
    _check_supported(layer, tensor)
    source, padded = absorb_padding(tensor)
    kind = _name_kind(layer, source.shape[-1])
    return Geometry(
        kind=kind,
        kernel_size=tuple(layer.kernel_size),
        strides=tuple(layer.strides),
        dilation=tuple(layer.dilation_rate),
        padding=_total_padding(layer, source.shape[1:3], padded),
        input_size=tuple(source.shape[1:3]),
        in_channels=source.shape[-1],
        out_channels=(
            source.shape[-1] if kind == "depthwise" else layer.filters
        ),
    )


def absorb_padding(tensor: Any) -> tuple[Any, tuple[Pair, Pair]]:
    """Trace a tensor back through consecutive ZeroPadding2D layers.

    Returns:
        The tensor before these layers, and the sum of their paddings.
    """
    # Zeros of the layers and of the convolution's own padding add up. Any other
    # operation between them, even a ReLU, ends the search.
    total = ((0, 0), (0, 0))
    operation, inputs = trace_back(tensor)
    while isinstance(operation, keras.layers.ZeroPadding2D):
        total = _add(total, operation.padding)
        tensor = inputs[0]
        operation, inputs = trace_back(tensor)
    return tensor, total


def _check_supported(layer: keras.Layer, tensor: Any) -> None:
    """Raise an UnsupportedConvolutionError unless candidates fit a layer."""
    height, width = layer.kernel_size
    channels = tensor.shape[-1]
    groups = getattr(layer, "groups", 1)
    multiplier = getattr(layer, "depth_multiplier", 1)
    for unfit, reason in (
        (layer.data_format != "channels_last", "channels-first data format"),
        # A site trains its kernels, in the global dtype policy.
        (not layer.trainable, "frozen"),
        (
            layer.dtype_policy != keras.config.dtype_policy(),
            f"{layer.dtype_policy.name} is not the global dtype policy",
        ),
        (None in tensor.shape[1:], "image size unknown before run time"),
        (
            # One group for each channel is a depthwise convolution.
            groups > 1 and not groups == channels == layer.filters,
            f"{groups} groups of {channels} channels",
        ),
        (multiplier != 1, f"depth multiplier {multiplier}"),
        (len(set(layer.strides)) > 1, f"unequal strides {layer.strides}"),
        (
            height % 2 == 0 or width % 2 == 0,
            f"even kernel {height}×{width} has no centre",
        ),
    ):
        if unfit:
            raise UnsupportedConvolutionError(reason)


def _name_kind(layer: keras.Layer, channels: int) -> str:
    """Name the kind of a geometry.

    A Conv2D with one group for each channel is depthwise.
    """
    if not isinstance(layer, keras.layers.Conv2D) or (
        layer.groups == channels == layer.filters and channels > 1
    ):
        return "depthwise"
    return "pointwise" if layer.kernel_size == (1, 1) else "dense"


def _total_padding(
    layer: keras.Layer, size: Pair, absorbed: tuple[Pair, Pair]
) -> tuple[Pair, Pair]:
    """Add a layer's own padding to the padding of the layers before it."""
    if layer.padding == "valid":
        return absorbed
    # Keras pads `same` by the size it sees, which is the padded one.
    extent = span(layer.kernel_size, layer.dilation_rate)
    vertical, horizontal = (
        same_padding(size[axis] + sum(absorbed[axis]), pixels, stride)
        for axis, (pixels, stride) in enumerate(
            zip(extent, layer.strides, strict=True)
        )
    )
    return _add(absorbed, (vertical, horizontal))


def _add(
    left: tuple[Pair, Pair], right: tuple[Pair, Pair]
) -> tuple[Pair, Pair]:
    (top, bottom), (start, end) = left
    (more_top, more_bottom), (more_start, more_end) = right
    return (top + more_top, bottom + more_bottom), (
        start + more_start,
        end + more_end,
    )
