"""The rules by which operations read, make, pass on and tie channels.

A convolution or a Dense layer reads channels and makes new ones. Batch norm,
activations and pooling pass channels on. An addition ties the channels of its
terms. An operation without a rule pins the channels that it touches.
"""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

from ntaa_tf.graph.channel_trace import ChannelTrace
from ntaa_tf.graph.walk import Call
from ntaa_tf.graph.walk import list_calls

# Functions that act on each number alone. Softmax is none of them.
ELEMENTWISE = frozenset(
    (
        *("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu"),
        *("silu", "tanh", "sigmoid", "hard_sigmoid", "hard_silu", "softplus"),
        *("softsign", "exponential", "mish"),
    )
)
# Operations of `keras.ops` that act on each number alone, by class name.
UNARY = frozenset(
    (
        *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu", "Silu", "Tanh"),
        *("Sigmoid", "HardSigmoid", "HardSilu", "Softplus", "Clip", "Absolute"),
        *("Square", "Sqrt", "Exp", "Negative", "Cast"),
    )
)
BINARY = frozenset(
    (
        *("Add", "Subtract", "Multiply", "Divide", "TrueDivide"),
        *("Maximum", "Minimum"),
    )
)

Rule = Callable[[ChannelTrace, Call], bool]


def trace_channels(model: keras.Model) -> ChannelTrace:
    """Trace the channels through every call of a model.

    Args:
        model: functional model without nested models. It is not modified.
    """
    trace = ChannelTrace()
    for call in list_calls(model):
        _trace(trace, call)
    for tensor in model.outputs:
        trace.ties.pin(trace.of(tensor).numbers, "an output of the model")
    return trace


def _trace(trace: ChannelTrace, call: Call) -> None:
    """Trace one call: its outputs get channels."""
    if not call.inputs:
        for tensor in call.outputs:
            numbers = trace.add(tensor).numbers
            trace.ties.pin(numbers, "an input of the model")
        return
    rule = find_rule(call.operation)
    is_pinned = call.operation.name in trace.pinned
    if rule is None or is_pinned or not rule(trace, call):
        trace.pin(call)


def find_rule(operation: Any) -> Rule | None:
    """Return the rule of an operation; None if it has none.

    Only the exact class counts: a subclass may compute anything.
    """
    kind = type(operation)
    if kind in RULES:
        return RULES[kind]
    if kind.__module__.startswith("keras."):
        return _find_rule_of_function(kind.__name__)
    return None


def _find_rule_of_function(name: str) -> Rule | None:
    """Return the rule of a class of `keras.ops`, by its name."""
    if name in UNARY:
        return _pass_on
    if name in BINARY:
        return _merge
    return {
        "Concatenate": _concatenate,
        "GetItem": _cut_in_space,
        "Mean": _reduce_pixels,
        "Max": _reduce_pixels,
    }.get(name)


def _is_elementwise(layer: Any) -> bool:
    """Return whether a layer's activation acts on each number alone."""
    activation = getattr(layer, "activation", None)
    if activation is None:
        return True
    # A user's function may have the name of one of Keras's.
    is_keras_s = str(getattr(activation, "__module__", "")).startswith("keras.")
    return is_keras_s and activation.__name__ in ELEMENTWISE


def _make(trace: ChannelTrace, call: Call) -> bool:
    """Trace a layer whose kernel reads channels and makes new ones."""
    layer, numbers = call.operation, trace.read_last(call)
    is_plain = getattr(layer, "groups", 1) == 1 and _is_channels_last(layer)
    if numbers is None or not is_plain:
        return False
    made = trace.writes.get(layer.name)
    if made is None:
        made = trace.ties.add(call.output.shape[-1])
        trace.makers[layer.name] = made
    if not _is_elementwise(layer):  # Such as a softmax.
        trace.ties.pin(made, f"the activation of {layer.name} has no rule")
    trace.remember(layer.name, numbers, made)
    return trace.set(call, made)


def _multiply_depthwise(trace: ChannelTrace, call: Call) -> bool:
    """Trace a depthwise convolution: channel c becomes c·m to c·m + m − 1."""
    layer, numbers = call.operation, trace.read_last(call)
    if numbers is None or not (
        _is_elementwise(layer) and _is_channels_last(layer)
    ):
        return False
    made = np.repeat(numbers, layer.depth_multiplier)
    trace.remember(layer.name, numbers, made)
    return trace.set(call, made)


def _norm(trace: ChannelTrace, call: Call) -> bool:
    """Trace a batch norm: its weights belong to the channels."""
    numbers = trace.read_last(call)
    last = len(call.inputs[0].shape) - 1
    if numbers is None or call.operation.axis not in (-1, last):
        return False
    trace.remember(call.operation.name, numbers, numbers)
    return trace.set(call, numbers)


def _scale_negative(trace: ChannelTrace, call: Call) -> bool:
    """Trace a PReLU, whose slopes belong to the channels."""
    numbers = trace.read_last(call)
    last = len(call.inputs[0].shape) - 1
    if numbers is None or last in (call.operation.shared_axes or ()):
        return False
    trace.remember(call.operation.name, numbers, numbers)
    return trace.set(call, numbers)


def _pass_on(trace: ChannelTrace, call: Call) -> bool:
    """Trace an operation that acts on each channel alone."""
    numbers = trace.read_last(call)
    layer = call.operation
    if numbers is None or not (
        _is_elementwise(layer) and _is_channels_last(layer)
    ):
        return False
    return trace.set(call, numbers)


def _rescale(trace: ChannelTrace, call: Call) -> bool:
    """Trace a Rescaling by one number for all channels."""
    layer = call.operation
    is_scalar = np.size(layer.scale) == np.size(layer.offset) == 1
    return is_scalar and _pass_on(trace, call)


def _flatten(trace: ChannelTrace, call: Call) -> bool:
    """Trace a Flatten: the channels of each pixel follow one another."""
    numbers = trace.read_last(call)
    _, *pixels, _ = call.inputs[0].shape
    is_open = None in pixels
    if numbers is None or is_open or not _is_channels_last(call.operation):
        return False
    return trace.set(call, np.tile(numbers, int(np.prod(pixels, dtype=int))))


def _reshape(trace: ChannelTrace, call: Call) -> bool:
    """Trace a Reshape between (channels,) and (1, 1, channels)."""
    numbers = trace.read_last(call)
    if numbers is None:
        return False
    shapes = (call.inputs[0].shape, call.output.shape)
    if any({*shape[1:-1]} - {1} for shape in shapes):
        return False
    trace.reshaped.add(call.operation.name)
    return trace.set(call, numbers)


def _permute(trace: ChannelTrace, call: Call) -> bool:
    """Trace a Permute: the channels lie along another axis."""
    found = trace.of(call.inputs[0])
    axis = call.operation.dims.index(found.axis) + 1
    return trace.set_along(call, axis, found.numbers)


def _pad(trace: ChannelTrace, call: Call) -> bool:
    """Trace a ZeroPadding2D, in space or along permuted channels."""
    layer, found = call.operation, trace.of(call.inputs[0])
    if not _is_channels_last(layer):
        return False
    if found.axis == len(call.inputs[0].shape) - 1:
        trace.padded_pixels.add(layer.name)
        return layer.name not in trace.padding and trace.set(
            call, found.numbers
        )
    # One padding for two groups, or for pixels too, can't follow both.
    if layer.name in {*trace.padding, *trace.padded_pixels}:
        return False
    before, behind = map(trace.ties.add, layer.padding[found.axis - 1])
    trace.padding[layer.name] = before, behind, found.axis
    trace.makers[layer.name] = np.concatenate([before, behind])
    padded = np.concatenate([before, found.numbers, behind])
    return trace.set_along(call, found.axis, padded)


def _merge(trace: ChannelTrace, call: Call) -> bool:
    """Trace an addition, a product or the like: the terms are tied."""
    last = len(call.output.shape) - 1
    terms = [trace.of(tensor) for tensor in call.inputs]
    if any(term.axis != last for term in terms) or _reads_arrays(call):
        return False
    wide = [t.numbers for t in terms if len(t.numbers) == call.output.shape[-1]]
    if not wide:
        return False
    for term in terms:
        if len(term.numbers) != call.output.shape[-1]:
            reason = f"one channel for all others in {call.operation.name}"
            trace.ties.pin(term.numbers, reason)
    for numbers in wide[1:]:
        trace.ties.tie(wide[0], numbers)
    return trace.set(call, wide[0])


def _concatenate(trace: ChannelTrace, call: Call) -> bool:
    """Trace a concatenation, of channels or of pixels."""
    last = len(call.output.shape) - 1
    parts = [trace.of(tensor) for tensor in call.inputs]
    if any(part.axis != last for part in parts):
        return False
    if call.operation.axis in (-1, last):
        return trace.set(call, np.concatenate([p.numbers for p in parts]))
    for part in parts[1:]:
        trace.ties.tie(parts[0].numbers, part.numbers)
    return trace.set(call, parts[0].numbers)


def _cut_in_space(trace: ChannelTrace, call: Call) -> bool:
    """Trace slices of an image, such as `x[:, ::2, ::2]`."""
    numbers, key = trace.read_last(call), call.arguments.args[1]
    rank = len(call.inputs[0].shape)
    key = key if isinstance(key, tuple) else (key,)
    if Ellipsis in key or not all(isinstance(part, slice) for part in key):
        return False
    reaches_channels = len(key) == rank and key[-1] != slice(None)
    if numbers is None or reaches_channels:
        return False
    return trace.set(call, numbers)


def _reduce_pixels(trace: ChannelTrace, call: Call) -> bool:
    """Trace a mean or maximum over the pixels."""
    numbers, axes = trace.read_last(call), call.operation.axis
    rank = len(call.inputs[0].shape)
    if numbers is None or axes is None:
        return False
    axes = axes if isinstance(axes, (tuple, list)) else (axes,)
    if {0, rank - 1} & {axis % rank for axis in axes}:
        return False
    return trace.set(call, numbers)


def _reads_arrays(call: Call) -> bool:
    """Return whether a call has an argument with one number per channel."""
    arguments = keras.tree.flatten([call.arguments.args, call.arguments.kwargs])
    return any(
        not isinstance(argument, keras.KerasTensor) and np.size(argument) != 1
        for argument in arguments
    )


def _is_channels_last(layer: Any) -> bool:
    return getattr(layer, "data_format", None) in (None, "channels_last")


RULES: Mapping[type, Rule] = {
    **dict.fromkeys(
        (layers.Conv2D, layers.Dense, layers.SeparableConv2D), _make
    ),
    layers.DepthwiseConv2D: _multiply_depthwise,
    layers.BatchNormalization: _norm,
    layers.PReLU: _scale_negative,
    layers.Rescaling: _rescale,
    layers.Flatten: _flatten,
    layers.Reshape: _reshape,
    layers.Permute: _permute,
    layers.ZeroPadding2D: _pad,
    layers.Concatenate: _concatenate,
    **dict.fromkeys(
        (
            *(layers.Add, layers.Subtract, layers.Multiply, layers.Average),
            *(layers.Maximum, layers.Minimum),
        ),
        _merge,
    ),
    **dict.fromkeys(
        (
            *(layers.Activation, layers.ReLU, layers.LeakyReLU, layers.ELU),
            *(layers.Identity, layers.Dropout, layers.SpatialDropout2D),
            *(layers.GaussianNoise, layers.GaussianDropout),
            *(layers.MaxPooling2D, layers.AveragePooling2D),
            *(layers.GlobalMaxPooling2D, layers.GlobalAveragePooling2D),
            *(layers.UpSampling2D, layers.Cropping2D),
        ),
        _pass_on,
    ),
}
