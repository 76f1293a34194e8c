"""What a plain model costs: parameters, multiply-adds, depth."""

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
    """The cost of a model for one image.

    Args:
        parameters: all weights, moving statistics included.
        macs: multiply-adds of convolutions and dense layers.
        depth: weighted layers on the longest path from input to output,
            those of squeeze-and-excitation gates left out.
        activations: numbers in all outputs of all layers, together.
    """

    parameters: int
    macs: int
    depth: int
    activations: int


def measure_cost(model: keras.Model) -> Cost:
    """Count what a flat functional model of known image size costs.

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
    """Count the multiply-adds of one call for one image."""
    layer: Any = call.operation
    if not isinstance(layer, (*CONVOLUTION_LAYERS, keras.layers.Dense)):
        return 0
    read, written = call.inputs[0].shape, call.output.shape
    if isinstance(layer, keras.layers.Dense):
        return math.prod(written[1:]) * read[-1]
    taps = math.prod(layer.kernel_size)
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return math.prod(written[1:]) * taps
    if isinstance(layer, keras.layers.SeparableConv2D):
        channels = read[-1] * layer.depth_multiplier
        return math.prod(written[1:3]) * channels * (taps + written[-1])
    if isinstance(layer, keras.layers.Conv2DTranspose):
        return math.prod(read[1:]) * taps * written[-1]
    return math.prod(written[1:]) * taps * read[-1] // layer.groups


def counts_into_depth(layer: Any) -> bool:
    """Whether a layer has weights that make a network deeper."""
    return isinstance(layer, (*CONVOLUTION_LAYERS, keras.layers.Dense))


def name_half(layer: Any) -> str:
    """Name which half of a separable convolution a layer may be, if any.

    Returns:
        `depthwise`, `pointwise`, or nothing. Right behind each other the two
        are one layer deep.
    """
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return "depthwise"
    is_dense = isinstance(layer, keras.layers.Conv2D)
    return "pointwise" if is_dense and layer.kernel_size == (1, 1) else ""


def _measure_depth(calls: list[Call]) -> int:
    roles = Roles(calls)
    depths: list[int] = []
    halves: list[str] = []  # Those that no second half has completed.
    for call in calls:
        counts = counts_into_depth(call.operation) and (
            roles.name(call) != "gate"
        )
        half = name_half(call.operation) if counts else ""
        before = {halves[parent] for parent in call.parents} - {""}
        completes = bool(half) and before == {_OTHER_HALF[half]}
        halves.append("" if completes else half)
        deepest = max((depths[parent] for parent in call.parents), default=0)
        depths.append(deepest + (counts and not completes))
    return max(depths)


_OTHER_HALF = {"depthwise": "pointwise", "pointwise": "depthwise"}
