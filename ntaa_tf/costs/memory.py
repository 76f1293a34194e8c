"""What a training step holds in memory, estimated.

What is held for the backward pass follows from the graph. The rest was fitted
to peaks of whole processes that trained VGG19, ResNet50 and EfficientNetB0 on
CPUs, plainly and as supernets.
"""

import math
from collections.abc import Sequence

import keras

from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.segments import Segment
from ntaa_tf.graph.segments import count_crossing
from ntaa_tf.graph.segments import cut_segments
from ntaa_tf.graph.walk import Call
from ntaa_tf.graph.walk import find_consumers
from ntaa_tf.graph.walk import list_calls
from ntaa_tf.layers.cell_node import CellNode
from ntaa_tf.layers.mixed_op import MixedOp

SINGLE, HALF = 4, 2  # Bytes of a number.

# TensorFlow itself, and what its graph has for each variable of the model.
BYTES_OF_RUNTIME = 100 * 2**20
BYTES_OF_A_VARIABLE = 2**20
GROWTH_BY_REMAT = 1.25
# A weight, its momentum, its gradient and, mostly at one time, the clipped one.
COPIES_OF_WEIGHTS = 3.7
# A merged kernel, what it is merged of, and the gradients of both.
COPIES_OF_KERNELS = 5
# What lies between the tensors, and passes by.
ACTIVATIONS_MARGIN = 1.1

# By name, as Keras has layers and operations of the same: those whose gradient
# needs neither what they read nor what they write.
LINEAR = {
    *("Add", "Average", "AveragePooling2D", "Concatenate", "Cropping2D"),
    *("Dropout", "Flatten", "GlobalAveragePooling2D", "InputLayer"),
    *("Rescaling", "Reshape", "Subtract", "UpSampling2D", "ZeroPadding2D"),
}
# Those whose gradient needs what they write, and not what they read.
ACTIVATIONS = (
    keras.activations.relu,
    keras.activations.relu6,
    keras.activations.sigmoid,
    keras.activations.softmax,
    keras.activations.tanh,
)


def estimate_memory(
    model: keras.Model,
    batch_size: int,
    mixed_precision: str = "none",
    remat: bool = False,
    accumulates: bool = False,
) -> int:
    """Estimate the bytes that training a model takes, all in all.

    Args:
        model: a flat functional model.
        batch_size: images in a batch.
        mixed_precision: `none`, `float16` or `bfloat16`.
        remat: whether activations are recomputed.
        accumulates: whether gradients are accumulated over batches.
    """
    model = as_functional(model)
    size = SINGLE if mixed_precision == "none" else HALF
    held = measure_held(list_calls(model), size)
    activations = sum(held)
    graph = float(BYTES_OF_A_VARIABLE * len(model.variables))
    if remat:
        graph *= GROWTH_BY_REMAT
        segments = cut_for_remat(model)
        activations = size * count_crossing(segments) + max(
            sum(held[call.index] for call in segment.calls)
            for segment in segments
        )
    weights = (COPIES_OF_WEIGHTS + accumulates) * model.count_params()
    kernels = COPIES_OF_KERNELS * _count_merged(model)
    return int(
        BYTES_OF_RUNTIME
        + graph
        + SINGLE * (weights + kernels)
        + ACTIVATIONS_MARGIN * batch_size * activations
    )


def cut_for_remat(model: keras.Model) -> list[Segment]:
    """Cut a flat functional model so that recomputing it holds least."""
    held = measure_held(list_calls(as_functional(model)), SINGLE)
    return cut_segments(model, [size // SINGLE for size in held])


def measure_held(calls: Sequence[Call], size: int) -> list[int]:
    """Measure what each call leaves for the backward pass, in bytes an image.

    Args:
        calls: all of a graph.
        size: bytes of a number in an activation.
    """
    consumers = find_consumers(list(calls))
    held: list[int] = []
    for call in calls:
        readers = [reader.operation for reader in consumers[call.index]]
        kept = _keeps_output(call.operation) or any(map(_keeps_input, readers))
        normalized = any(map(_is_norm, readers))
        # Batch norm computes in single precision, from a copy of its own.
        copied = normalized and not (kept and size == SINGLE)
        numbers = math.prod(length or 1 for length in call.output.shape[1:])
        held.append(
            numbers * (size * kept + SINGLE * copied)
            + size * _count_inside(call.operation, numbers)
        )
    return held


def _keeps_output(operation: keras.Operation) -> bool:
    return isinstance(operation, keras.layers.ReLU) or (
        getattr(operation, "activation", None) in ACTIVATIONS
    )


def _keeps_input(operation: keras.Operation) -> bool:
    kind = (keras.layers.Activation, keras.layers.ReLU)
    if isinstance(operation, kind) and _keeps_output(operation):
        return False
    return type(operation).__name__ not in LINEAR and not _is_norm(operation)


def _is_norm(operation: keras.Operation) -> bool:
    return isinstance(operation, keras.layers.BatchNormalization)


def _count_inside(operation: keras.Operation, numbers: int) -> int:
    """Count what is held of one image inside a call, `numbers` its output."""
    inside = 0
    if isinstance(operation, MixedOp):
        geometry = operation.geometry
        channels = min(geometry.in_channels, geometry.out_channels)
        narrow = math.prod(geometry.output_size) * channels
        inside += operation.num_unmerged * narrow
    if isinstance(operation, CellNode):
        inside += operation.count_activations()
    activation = getattr(operation, "activation", keras.activations.linear)
    if not isinstance(operation, keras.layers.Activation) and (
        activation not in (keras.activations.linear, *ACTIVATIONS)
    ):
        inside += numbers  # What the activation is applied to.
    return inside


def _count_merged(model: keras.Model) -> int:
    """Count the numbers in the merged kernels of the dense sites."""
    return sum(
        layer.count_macs() // math.prod(layer.geometry.output_size)
        for layer in model.layers
        if isinstance(layer, MixedOp) and layer.geometry.kind == "dense"
    )
