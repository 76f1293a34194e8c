"""Cost of a plain model: parameters, multiply-adds, depth, activations."""

import math
from dataclasses import dataclass
from typing import Any

import keras

from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.select import CONVOLUTION_LAYERS
from ntaa_tf.graph.select import Roles
from ntaa_tf.graph.walk import Call
from ntaa_tf.graph.walk import list_calls


@dataclass(frozen=True)
class Cost:
    """Cost of a model for one image.

    Args:
        parameters: number of weights, including moving statistics.
        macs: multiply-adds (MACs) of convolutions and dense layers.
        depth: number of weighted layers on the longest path from input to
            output, without the layers of squeeze-and-excitation gates.
        activations: numbers in the outputs of all layers, summed.
    """

    parameters: int
    macs: int
    depth: int
    activations: int


def measure_cost(model: keras.Model) -> Cost:
    """Measure the cost of a flat functional model with a fixed image size.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> outputs = keras.layers.Conv2D(4, 3, use_bias=False)(inputs)
    >>> measure_cost(keras.Model(inputs, outputs))
    Cost(parameters=108, macs=3888, depth=1, activations=336)
    """
    calls = list_calls(as_functional(model))
    return Cost(
        parameters=model.count_params(),
        macs=sum(count_macs(call) for call in calls),
        depth=_measure_depth(calls),
        activations=sum(math.prod(call.output.shape[1:]) for call in calls),
    )


def count_macs(call: Call) -> int:
    """Count the multiply-adds of one call for one image.

    Only convolutions and dense layers count.
    """
    layer: Any = call.operation
    if not isinstance(layer, (*CONVOLUTION_LAYERS, keras.layers.Dense)):
        return 0
    read, written = call.inputs[0].shape, call.output.shape
    if isinstance(layer, keras.layers.Dense):
        return math.prod(written[1:]) * read[-1]
    # A convolution sums taps × (channels read) products for each number it
    # writes; groups divide the channels read.
    taps = math.prod(layer.kernel_size)
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return math.prod(written[1:]) * taps
    if isinstance(layer, keras.layers.SeparableConv2D):
        # Per output pixel: the depthwise taps, then the 1×1 kernel.
        channels = read[-1] * layer.depth_multiplier
        return math.prod(written[1:3]) * channels * (taps + written[-1])
    if isinstance(layer, keras.layers.Conv2DTranspose):
        # Each number read is spread over all taps of all channels written.
        return math.prod(read[1:]) * taps * written[-1]
    return math.prod(written[1:]) * taps * read[-1] // layer.groups


def counts_into_depth(layer: Any) -> bool:
    """Return whether a layer counts into the depth of a network."""
    return isinstance(layer, (*CONVOLUTION_LAYERS, keras.layers.Dense))


def name_half(layer: Any) -> str:
    """Name the half of a separable convolution that a layer can be.

    A depthwise and a 1×1 convolution directly behind each other, in either
    order, count as one layer of depth.

    Returns:
        `depthwise`, `pointwise`, or an empty string for any other layer.
    """
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return "depthwise"
    is_dense = isinstance(layer, keras.layers.Conv2D)
    return "pointwise" if is_dense and layer.kernel_size == (1, 1) else ""


def _measure_depth(calls: list[Call]) -> int:
    """Measure the longest path, in weighted layers."""
    roles = Roles(calls)
    depths: list[int] = []
    # For each call, the half of a separable convolution that it is, as long
    # as no other half has completed it. A completed pair can't be completed
    # again: depthwise, 1×1, depthwise are two layers.
    open_halves: list[str] = []
    for call in calls:
        is_weighted = counts_into_depth(call.operation) and (
            roles.name(call) != "gate"
        )
        half = name_half(call.operation) if is_weighted else ""
        before = {open_halves[parent] for parent in call.parents} - {""}
        completes = bool(half) and before == {_OTHER_HALF[half]}
        open_halves.append("" if completes else half)
        deepest = max((depths[parent] for parent in call.parents), default=0)
        depths.append(deepest + (is_weighted and not completes))
    return max(depths)


_OTHER_HALF = {"depthwise": "pointwise", "pointwise": "depthwise"}
