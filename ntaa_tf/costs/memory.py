"""Estimate of the memory of training.

The activation memory, saved for the backward pass, follows from the graph. The
other terms were fitted to the peak memory of whole processes that trained
VGG19, ResNet50 and EfficientNetB0 on CPUs, as plain models and as supernets.
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

# TensorFlow itself, and the nodes of its graph for each variable of the model.
BYTES_OF_RUNTIME = 100 * 2**20
BYTES_OF_A_VARIABLE = 2**20
GROWTH_BY_REMAT = 1.25
# A weight, its momentum, its gradient and, for most weights at the same time,
# its clipped gradient.
COPIES_OF_WEIGHTS = 3.7
# A merged kernel, the kernels of its candidates, and the gradients of both.
COPIES_OF_KERNELS = 5
# Fragmentation, and temporary tensors.
ACTIVATIONS_MARGIN = 1.1

# Operations whose gradient needs neither their input nor their output. By name,
# for Keras has layers and operations of the same name.
LINEAR = {
    *("Add", "Average", "AveragePooling2D", "Concatenate", "Cropping2D"),
    *("Dropout", "Flatten", "GlobalAveragePooling2D", "InputLayer"),
    *("Rescaling", "Reshape", "Subtract", "UpSampling2D", "ZeroPadding2D"),
}
# Activations whose gradient needs their output, but not their input.
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
    """Estimate the memory of the whole training process, in bytes.

    Args:
        model: a flat functional model.
        batch_size: images in a batch.
        mixed_precision: `none`, `float16` or `bfloat16`.
        remat: whether rematerialisation recomputes activations.
        accumulates: whether training uses gradient accumulation.
    """
    model = as_functional(model)
    size = SINGLE if mixed_precision == "none" else HALF
    saved = measure_saved(list_calls(model), size)
    activations = sum(saved)
    graph = float(BYTES_OF_A_VARIABLE * len(model.variables))
    if remat:
        graph *= GROWTH_BY_REMAT
        segments = cut_for_remat(model)
        # As in `cut_segments`: tensors that cross cuts, and the segment that
        # is recomputed.
        activations = size * count_crossing(segments) + max(
            sum(saved[call.index] for call in segment.calls)
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
    """Cut a flat functional model for rematerialisation in least memory."""
    saved = measure_saved(list_calls(as_functional(model)), SINGLE)
    return cut_segments(model, [size // SINGLE for size in saved])


def measure_saved(calls: Sequence[Call], size: int) -> list[int]:
    """Measure the activation memory of each call, in bytes for one image.

    The output of a call is saved once for the backward pass if the gradient
    of the call itself, or of any reader, needs it.

    Args:
        calls: all calls of a graph.
        size: bytes of a number in an activation.
    """
    consumers = find_consumers(list(calls))
    saved: list[int] = []
    for call in calls:
        readers = [reader.operation for reader in consumers[call.index]]
        kept = _saves_output(call.operation) or any(map(_saves_input, readers))
        normalized = any(map(_is_norm, readers))
        # Batch norm saves its input in single precision: the same tensor if
        # activations are single as well, else a copy beside it.
        copied = normalized and not (kept and size == SINGLE)
        numbers = math.prod(length or 1 for length in call.output.shape[1:])
        saved.append(
            numbers * (size * kept + SINGLE * copied)
            + size * _count_inside(call.operation, numbers)
        )
    return saved


def _saves_output(operation: keras.Operation) -> bool:
    return isinstance(operation, keras.layers.ReLU) or (
        getattr(operation, "activation", None) in ACTIVATIONS
    )


def _saves_input(operation: keras.Operation) -> bool:
    kind = (keras.layers.Activation, keras.layers.ReLU)
    if isinstance(operation, kind) and _saves_output(operation):
        return False
    return type(operation).__name__ not in LINEAR and not _is_norm(operation)


def _is_norm(operation: keras.Operation) -> bool:
    return isinstance(operation, keras.layers.BatchNormalization)


def _count_inside(operation: keras.Operation, numbers: int) -> int:
    """Count the numbers that are saved inside a call, for one image.

    Args:
        operation: the operation of the call.
        numbers: how many numbers its output has.
    """
    inside = 0
    if isinstance(operation, MixedOp):
        # Weight-free candidates that no merged kernel holds run beside the
        # convolution, at the smaller of the two channel counts.
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
        inside += numbers  # Input of the fused activation.
    return inside


def _count_merged(model: keras.Model) -> int:
    """Count the numbers in the merged kernels of dense sites.

    MACs per output pixel are the size of a kernel.
    """
    return sum(
        layer.count_macs() // math.prod(layer.geometry.output_size)
        for layer in model.layers
        if isinstance(layer, MixedOp) and layer.geometry.kind == "dense"
    )
