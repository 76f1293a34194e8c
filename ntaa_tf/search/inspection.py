"""What a search would do to a model, before it does."""

import math

import keras

from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.select import Convolution
from ntaa_tf.graph.select import explain_selection
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.graph.walk import list_calls
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.search.joint import Supernet

# A weight has a gradient and a momentum; an activation has a gradient.
COPIES_OF_WEIGHTS = 3
COPIES_OF_ACTIVATIONS = 2
BYTES = 4


def describe_search(
    source: keras.Model, supernet: Supernet, batch_size: int
) -> str:
    """Describe every convolution, and the supernet's cost beside the source's.

    Args:
        source: the flat source model.
        supernet: what was made of it.
        batch_size: images in a training batch, for the estimate of memory.

    Returns:
        Text of several lines: a table of the convolutions, with the
        candidates of each site or why it is none, then the costs.
    """
    options = {choice.name: choice.options for choice in supernet.choices}
    rows = [("convolution", "kernel", "channels", "output", "candidates")]
    rows += [_describe(c, options) for c in find_convolutions(source)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join(
        [*lines, "", *_describe_costs(source, supernet, batch_size)]
    )


def estimate_memory(model: keras.Model, batch_size: int) -> int:
    """Estimate the bytes that a training step of a model holds.

    Args:
        model: a functional model; a supernet's mixed ops hold their output and
            that of each candidate that can't be merged.
        batch_size: images in a batch.
    """
    activations = 0
    for call in list_calls(as_functional(model)):
        kept = 1
        if isinstance(call.operation, MixedOp):
            kept += call.operation.num_unmerged
        activations += kept * math.prod(call.output.shape[1:])
    return BYTES * (
        COPIES_OF_WEIGHTS * model.count_params()
        + COPIES_OF_ACTIVATIONS * batch_size * activations
    )


def _describe(
    conv: Convolution, options: dict[str, tuple[str, ...]]
) -> tuple[str, str, str, str, str]:
    height, width = conv.layer.kernel_size
    candidates = ", ".join(options.get(conv.name, ()))
    channels = output = ""
    if conv.geometry is not None:
        geometry = conv.geometry
        channels = f"{geometry.in_channels}→{geometry.out_channels}"
        output = "×".join(map(str, geometry.output_size))
    return (
        conv.name,
        f"{height}×{width}",
        channels,
        output,
        candidates or f"no site: {explain_selection(conv, set(options))}",
    )


def _describe_costs(
    source: keras.Model, supernet: Supernet, batch_size: int
) -> list[str]:
    plain = measure_cost(source)
    mixed = measure_cost(supernet).macs + sum(
        choice.count_macs()
        for choice in supernet.choices
        if isinstance(choice, MixedOp)
    )
    memory = [
        estimate_memory(model, batch_size) / 2**20
        for model in (source, supernet)
    ]
    return [
        f"sites       {sum(isinstance(c, MixedOp) for c in supernet.choices)}",
        f"parameters  {plain.parameters:,} → {supernet.count_params():,}",
        f"MACs        {plain.macs:,} → {mixed:,}",
        f"memory      {memory[0]:,.0f} → {memory[1]:,.0f} MiB at batch "
        f"{batch_size} (estimated)",
    ]
