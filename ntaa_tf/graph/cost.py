"""What a plain model costs: parameters, multiply-adds, depth."""

import math
from dataclasses import dataclass
from typing import Any

import keras

from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.select import CONVOLUTIONS
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
    if not isinstance(layer, (*CONVOLUTIONS, keras.layers.Dense)):
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


def _measure_depth(calls: list[Call]) -> int:
    roles = Roles(calls)
    depths: list[int] = []
    for call in calls:
        counts = (
            isinstance(call.operation, (*CONVOLUTIONS, keras.layers.Dense))
            and not _completes_separable(call, calls)
            and roles.name(call) != "gate"
        )
        before = max((depths[parent] for parent in call.parents), default=0)
        depths.append(before + counts)
    return max(depths)


def _completes_separable(call: Call, calls: list[Call]) -> bool:
    """Whether this is the second half of one separable convolution."""
    before = [calls[parent] for parent in call.parents]
    return (_is_pointwise(call) and any(map(_is_depthwise, before))) or (
        _is_depthwise(call) and any(map(_is_pointwise, before))
    )


def _is_depthwise(call: Call) -> bool:
    return isinstance(call.operation, keras.layers.DepthwiseConv2D)


def _is_pointwise(call: Call) -> bool:
    return (
        isinstance(call.operation, keras.layers.Conv2D)
        and call.operation.kernel_size == (1, 1)
        and not _is_depthwise(call)
    )
